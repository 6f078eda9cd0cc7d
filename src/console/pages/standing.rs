//! How deliveries stand, for the pages that show them: with the channels' names, their pauses and their ways.

use serde_json::{Value, json};

use crate::console::guard::Stop;
use crate::console::view::{badge, why};
use crate::console::{ChannelSummary, Face, pause_of, stops};
use crate::delivery::State;
use crate::ledger::DeliveryRow;
use crate::queue::Pause;
use crate::text;
use crate::text::Text;

/// The channels as they are now.
pub(super) struct Standing {
    pub(super) summaries: Vec<ChannelSummary>,
    pauses: Vec<(String, Pause)>,
    letters: Vec<String>,
}

impl Standing {
    /// For these deliveries.
    pub(super) async fn of(face: &Face, rows: &[DeliveryRow]) -> Result<Self, Stop> {
        let summaries = face.console.desk.channels.summaries();
        let on: Vec<String> = summaries.iter().filter(|one| one.enabled).map(|one| one.channel.clone()).collect();
        let letters = summaries.iter().filter(|one| one.letters).map(|one| one.channel.clone()).collect();
        let pauses = stops(face.console.ledger.pauses().await?, rows, &on);
        Ok(Self { summaries, pauses, letters })
    }

    /// What people call a channel.
    pub(super) fn name(&self, channel: &str) -> String {
        let known = self.summaries.iter().find(|summary| summary.channel == channel);
        known.map_or_else(|| channel.to_owned(), |summary| summary.name.clone())
    }

    /// Whether what was sent there stays sent.
    pub(super) fn is_letters(&self, channel: &str) -> bool {
        self.letters.iter().any(|known| known == channel)
    }

    fn why(&self, row: &DeliveryRow, pause: Option<&Pause>) -> Option<Text> {
        match row.delivery.state {
            // Which they are stands on a page of its own.
            State::Uncertain { look: None, .. } if self.is_letters(&row.delivery.channel) => Some(text!(
                "chưa rõ một số người đã nhận thư hay chưa",
                "it is not known whether some people have their letter"
            )),
            _ => why(&row.delivery.state, pause),
        }
    }

    /// What every page shows of a delivery.
    pub(super) fn shown(&self, row: &DeliveryRow) -> Value {
        let delivery = &row.delivery;
        let pause = pause_of(&self.pauses, row);
        json!({
            "id": delivery.id,
            "article": delivery.article,
            "title": row.title,
            "channel": delivery.channel,
            "name": self.name(&delivery.channel),
            "badge": badge(row, pause, &self.letters),
            "why": self.why(row, pause),
            "due": delivery.state.due(),
        })
    }
}
