//! The configured channels.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Where a channel's list of people is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListPlace {
    /// In the store.
    Store,
    /// In a file that the channel's own file names: the one in the store is not used.
    File,
}

/// One configured channel.
#[derive(Clone, Debug, Serialize)]
pub struct ChannelSummary {
    /// File name without `.toml`.
    pub channel: String,
    /// The name people use.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// Whether it takes articles.
    pub enabled: bool,
    /// Whether what it has sent stays sent, so that corrections and withdrawals go out as notices.
    #[serde(skip)]
    pub letters: bool,
    /// Where the list of people is that it writes to, if they may join and leave.
    #[serde(skip)]
    pub audience: Option<ListPlace>,
    /// `live` or `rehearsal`.
    pub mode: &'static str,
    /// Its next slot, for channels that have slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_slot: Option<DateTime<Utc>>,
    /// Its quiet hours, such as `21:30-05:30`.
    #[serde(skip)]
    pub quiet: Option<String>,
    /// When its credential ends, if the far side said so at the last check-up.
    #[serde(skip)]
    pub credential_ends: Option<DateTime<Utc>>,
}

/// The channels as their files are at the moment of asking.
pub trait Channels: Send + Sync {
    /// One line per channel.
    fn summaries(&self) -> Vec<ChannelSummary>;
}
