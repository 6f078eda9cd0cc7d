//! What became of a delivery that is settled, in the words of the people who asked for it.

use super::DeliveryRow;
use crate::delivery::{State, Wanted};
use crate::text;
use crate::text::Text;

/// How a delivery settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The copy is there.
    Delivered,
    /// The copy was changed to the newest revision.
    Corrected,
    /// What was sent stays sent; a correction followed it.
    CorrectionSent,
    /// The copy is gone.
    Removed,
    /// The copy cannot be removed; a notice stands in its place or followed it.
    NoticeSent,
    /// It was withdrawn before it went out.
    Cancelled,
    /// It was rehearsed only.
    Rehearsed,
}

impl Fate {
    /// The word used in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Corrected => "corrected",
            Self::CorrectionSent => "correction_sent",
            Self::Removed => "removed",
            Self::NoticeSent => "notice_sent",
            Self::Cancelled => "cancelled",
            Self::Rehearsed => "rehearsed",
        }
    }

    /// In words.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Delivered => text!("đã phát", "delivered"),
            Self::Corrected => text!("đã đính chính", "corrected"),
            Self::CorrectionSent => text!("đã gửi đính chính", "correction sent"),
            Self::Removed => text!("đã gỡ", "removed"),
            Self::NoticeSent => text!("không gỡ được: đã gửi thông báo", "cannot be removed: notice sent"),
            Self::Cancelled => text!("đã hủy trước khi phát", "cancelled before it went out"),
            Self::Rehearsed => text!("đã diễn tập", "rehearsed"),
        }
    }
}

impl DeliveryRow {
    /// How the delivery settled; `None` while it has not. `letters`: the channels where what was sent stays sent.
    #[must_use]
    pub fn fate(&self, letters: &[String]) -> Option<Fate> {
        let delivery = &self.delivery;
        let letters = letters.contains(&delivery.channel);
        if delivery.state != State::Settled {
            return None;
        }
        let last = |errand: &str| self.last_errand.as_deref() == Some(errand);
        Some(match delivery.wanted {
            Wanted::Revision(_) if delivery.live.receipt().is_some_and(|receipt| receipt.rehearsal) => Fate::Rehearsed,
            Wanted::Revision(_) if last("update") && letters => Fate::CorrectionSent,
            Wanted::Revision(_) if last("update") => Fate::Corrected,
            Wanted::Revision(_) => Fate::Delivered,
            Wanted::Withdrawn if !last("withdraw") => Fate::Cancelled,
            Wanted::Withdrawn if self.last_outcome.as_deref() == Some("rehearsed") => Fate::Rehearsed,
            Wanted::Withdrawn if letters || self.last_outcome.as_deref() == Some("notice") => Fate::NoticeSent,
            Wanted::Withdrawn => Fate::Removed,
        })
    }
}
