//! Looking at the channels.

use std::sync::PoisonError;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::config::ChannelSpec;
use crate::console::{ChannelSummary, Channels, ListPlace};

impl Channels for App {
    fn summaries(&self) -> Vec<ChannelSummary> {
        let now = self.clock.now();
        let ends = self.credentials.read().unwrap_or_else(PoisonError::into_inner);
        let summary = |spec: &ChannelSpec| ChannelSummary {
            channel: spec.channel.clone(),
            name: spec.name.clone(),
            kind: spec.kind.name,
            letters: spec.kind.letters,
            audience: spec.kind.audience.then(
                || {
                    if spec.sets("recipients") { ListPlace::File } else { ListPlace::Store }
                },
            ),
            enabled: spec.enabled,
            mode: if spec.rehearsal { "rehearsal" } else { "live" },
            next_slot: spec.schedule.next_slot(now),
            quiet: spec.schedule.quiet.map(|quiet| quiet.to_string()),
            credential_ends: ends.get(&spec.channel).copied(),
        };
        self.specs().iter().map(summary).collect()
    }
}

impl App {
    /// Notes when a channel's credential ends, as its far side said.
    pub(crate) fn credential_ends(&self, channel: &str, ends: Option<DateTime<Utc>>) {
        let mut known = self.credentials.write().unwrap_or_else(PoisonError::into_inner);
        match ends {
            Some(ends) => drop(known.insert(channel.to_owned(), ends)),
            None => drop(known.remove(channel)),
        }
    }
}
