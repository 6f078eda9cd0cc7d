//! Looking after the channels that there are: how they stand, trying them out, pausing them.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde::Serialize;

use super::ChannelSummary;
use crate::article::ArticleId;
use crate::queue::{By, Pause, Refusable, StoreError};
use crate::text::Text;

/// What a check-up found.
#[derive(Clone, Debug, Serialize)]
pub struct CheckUp {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the channel could be used.
    pub well: bool,
    /// Whether that was really proved.
    pub proven: bool,
    /// In words.
    pub note: Text,
}

/// How much of a channel's rate is used.
#[derive(Clone, Debug, Serialize)]
pub struct Used {
    /// Tries within the last `seconds`.
    pub used: u32,
    /// How many there may be.
    pub most: u32,
    /// The window.
    pub seconds: u64,
}

/// How a channel stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// As its file says.
    pub summary: ChannelSummary,
    /// Its file's name without ending: several targets share one.
    pub file: String,
    /// What its kind is.
    pub about: Text,
    /// Why it is paused, if it is.
    pub pause: Option<Pause>,
    /// Until when it rests because the far side asked for that.
    pub rests_until: Option<DateTime<Utc>>,
    /// The last check-up since loa was started.
    pub check_up: Option<CheckUp>,
    /// Its rate, if it is limited.
    pub used: Option<Used>,
    /// The channel it waits for.
    pub after: Option<String>,
    /// Whether each article has to be approved.
    pub approval: bool,
    /// Its cron lines; none: it sends at once.
    pub timing: Vec<String>,
    /// How late something may go out, in seconds.
    pub grace: u64,
    /// Whether its file says something newer than what is in force.
    pub behind: bool,
}

/// What would be sent.
#[derive(Clone, Debug, Serialize)]
pub struct Trial {
    /// The beginning of the payload, as text.
    pub shown: String,
    /// Whether there is more of it.
    pub cut: bool,
    /// The payload's size in bytes.
    pub bytes: usize,
    /// Its file ending.
    pub extension: String,
    /// SHA-256 of the payload.
    pub hash: String,
    /// The file that it was rehearsed into.
    pub place: String,
    /// What people should know of how it was made.
    pub note: Option<Text>,
}

/// Whether a channel would take an article.
#[derive(Clone, Debug, Serialize)]
pub struct Routed {
    /// Which.
    pub article: ArticleId,
    /// Its title.
    pub title: String,
    /// Its topics.
    pub topics: Vec<String>,
    /// Why not; `None`: it would.
    pub why_not: Option<Text>,
}

/// The care of channels.
pub trait ChannelCare: Send + Sync {
    /// How every channel stands.
    fn standings(&self) -> BoxFuture<'_, Result<Vec<Standing>, StoreError>>;

    /// How one channel stands.
    fn standing(&self, channel: String) -> BoxFuture<'_, Result<Option<Standing>, StoreError>>;

    /// Pauses a channel; refused where there is none.
    fn pause(&self, channel: String, by: By) -> BoxFuture<'_, Refusable<()>>;

    /// Lets a channel go on; refused where it was not paused.
    fn resume(&self, channel: String, by: By) -> BoxFuture<'_, Refusable<()>>;

    /// Asks the far side whether the channel can be used. The public sees nothing of it.
    fn check(&self, channel: String) -> BoxFuture<'_, Result<CheckUp, Text>>;

    /// Renders a sample article and rehearses it: it becomes a file, and nothing is sent.
    fn try_out(&self, channel: String, by: By) -> BoxFuture<'_, Refusable<Trial>>;

    /// Which of the last articles the channel would take.
    fn routing(&self, channel: String) -> BoxFuture<'_, Refusable<Vec<Routed>>>;
}
