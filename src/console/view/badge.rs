//! States, each a word, a sign and a tone: never the colour alone.

use serde::Serialize;

use crate::delivery::State;
use crate::ledger::{DeliveryRow, Fate};
use crate::queue::Pause;
use crate::text;
use crate::text::Text;

/// How a state is shown; `parts.html` has the macro.
#[derive(Clone, Debug, Serialize)]
pub(in crate::console) struct Badge {
    /// A class of the style sheet: `well`, `going`, `person`, `trouble`, `quiet`.
    pub(in crate::console) tone: &'static str,
    /// A sign.
    pub(in crate::console) sign: &'static str,
    /// The word.
    pub(in crate::console) word: Text,
}

impl Badge {
    pub(in crate::console) fn new(tone: &'static str, sign: &'static str, word: Text) -> Self {
        Self { tone, sign, word }
    }
}

/// How a delivery stands. `letters`: the channels where what was sent stays sent.
pub(in crate::console) fn badge(row: &DeliveryRow, pause: Option<&Pause>, letters: &[String]) -> Badge {
    match &row.delivery.state {
        State::Settled => match row.fate(letters) {
            Some(fate @ (Fate::Removed | Fate::Cancelled | Fate::NoticeSent)) => Badge::new("quiet", "↩", fate.text()),
            Some(fate @ Fate::Rehearsed) => Badge::new("quiet", "◌", fate.text()),
            Some(fate) => Badge::new("well", "✓", fate.text()),
            None => Badge::new("well", "✓", text!("đã xong", "settled")),
        },
        State::Waiting { .. } if pause.is_some() => paused(),
        State::Waiting { .. } => Badge::new("going", "…", text!("đang chờ giờ", "waiting for its hour")),
        State::Sending { .. } => Badge::new("going", "→", text!("đang gửi", "being sent")),
        State::Uncertain { .. } => Badge::new("person", "?", text!("chưa rõ", "uncertain")),
        State::Held { .. } => Badge::new("person", "!", text!("chờ người", "waits for a person")),
        State::Failed { .. } => Badge::new("trouble", "✗", text!("thất bại", "failed")),
    }
}

/// A channel that is paused.
pub(in crate::console) fn paused() -> Badge {
    Badge::new("person", "‖", text!("tạm dừng", "paused"))
}
