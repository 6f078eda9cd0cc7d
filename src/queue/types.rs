//! What goes into the queue and comes out of it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Gate;
use crate::article::{Article, ArticleId, ArticleKey, Revision};
use crate::delivery::{Action, Approved, Delivery, DeliveryId, Event, Live, Plan, Slot, Wanted};
use crate::text::Text;

/// What the store already knows of an article that is handed over.
#[derive(Clone, Debug)]
pub struct Current {
    /// Its number.
    pub id: ArticleId,
    /// Its newest revision.
    pub revision: Revision,
    /// That revision's content.
    pub article: Arc<Article>,
    /// Whether it is withdrawn.
    pub withdrawn: bool,
    /// Its deliveries.
    pub deliveries: Vec<Delivery>,
}

/// What becomes of it.
#[derive(Clone, Debug)]
pub enum Change {
    /// The same content again.
    Unchanged,
    /// A revision.
    Revise {
        /// Its number.
        revision: Revision,
        /// Its content.
        article: Arc<Article>,
        /// The channels that shall show it, and when. Channels without a delivery get one.
        plans: Vec<(String, Plan)>,
    },
    /// As a new article, even where it was forgotten: somebody asked for that by name.
    Anew {
        /// Its number; a higher one if that was used before.
        revision: Revision,
        /// Its content.
        article: Arc<Article>,
        /// The channels that shall show it, and when.
        plans: Vec<(String, Plan)>,
    },
    /// An order to take it back.
    Withdraw {
        /// When each channel does so.
        plans: Vec<(String, Plan)>,
    },
}

/// The answer to an article handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Taken over, on disk.
    Accepted(Accepted),
    /// Not taken, for this reason; nothing was changed.
    Refused(Text),
    /// The request's key was used before for something else; nothing was changed.
    KeyReused,
}

/// Who hands something over, and under which request.
#[derive(Clone, Debug)]
pub struct Handover {
    /// Whose article.
    pub key: ArticleKey,
    /// The person or system, for the ledger.
    pub who: String,
    /// Whose words they are, where others than `who` have written them.
    pub writers: Vec<String>,
    /// The present instant.
    pub now: DateTime<Utc>,
    /// The instant that copies show: the present, or when somebody saw how they would look.
    pub as_of: DateTime<Utc>,
    /// The request's own key and what it carried, so that a repeat is recognised.
    pub request: Option<(String, String)>,
}

/// An article that was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its number.
    pub id: ArticleId,
    /// The revision that counts now.
    pub revision: Revision,
    /// Whether this changed anything.
    pub changed: bool,
    /// To how many channels it goes.
    pub deliveries: usize,
    /// How many of its pictures could not be fetched: copies carry their addresses alone.
    pub missing_pictures: usize,
}

/// A delivery that is due, with what is needed to judge it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The delivery.
    pub delivery: Delivery,
    /// The content it would send.
    pub article: Arc<Article>,
    /// Whether the channel it follows shows what is wanted, or never will have to.
    pub after_ready: bool,
}

/// A worker asks for work.
#[derive(Clone)]
pub struct LeaseRequest {
    /// For this channel.
    pub channel: String,
    /// The asking process.
    pub node: String,
    /// The present instant.
    pub now: DateTime<Utc>,
    /// End of the leases.
    pub until: DateTime<Utc>,
    /// At most this many jobs.
    pub most: usize,
    /// The channel's rate limit.
    pub rate: Option<Rate>,
    /// The channel's last word on each.
    pub gate: Arc<dyn Gate>,
}

/// At most `most` tries in any span of `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub most: u32,
    /// In how long.
    pub per: Duration,
}

impl std::fmt::Debug for LeaseRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeaseRequest").field("channel", &self.channel).finish_non_exhaustive()
    }
}

/// What a worker got.
#[derive(Debug, Default)]
pub struct Leased {
    /// Work to do now.
    pub work: Vec<Work>,
    /// Where there is no work: when to ask again if nothing rings before.
    pub next: Option<DateTime<Utc>>,
}

/// One job: a delivery, or the deliveries of one edition.
#[derive(Clone, Debug)]
pub struct Work {
    /// `None` to send; otherwise to find out whether an earlier try arrived, with the number of look-ups
    /// that could not tell.
    pub looks: Option<u32>,
    /// The edition it is.
    pub edition: Option<Slot>,
    /// When it was planned to go out.
    pub planned: DateTime<Utc>,
    /// With what; never empty.
    pub items: Vec<LeasedItem>,
}

/// One delivery in a job.
#[derive(Clone, Debug)]
pub struct LeasedItem {
    /// Which.
    pub delivery: DeliveryId,
    /// Whose.
    pub article_id: ArticleId,
    /// The lease's fence.
    pub attempt: u32,
    /// Failed tries before this one.
    pub tries: u32,
    /// What is done with it.
    pub action: Action,
    /// What the channel shows of it.
    pub live: Live,
    /// The content: of the revision that is sent, or of the copy that is taken back.
    pub article: Arc<Article>,
    /// Its revision.
    pub revision: Revision,
    /// When the article was first published.
    pub published: DateTime<Utc>,
    /// When this revision, or the withdrawal, was handed over.
    pub updated: DateTime<Utc>,
    /// Its public address on the channel that this one follows.
    pub link: Option<String>,
    /// What a person has approved of it.
    pub approved: Option<Approved>,
    /// Since when another copy than the one before is wanted.
    pub again: Option<DateTime<Utc>>,
}

/// A delivery with what it would send, leased or not.
#[derive(Clone, Debug)]
pub struct Considered {
    /// The delivery.
    pub delivery: Delivery,
    /// What it would send.
    pub item: LeasedItem,
    /// Whether the channel it follows shows what is wanted, or never will have to.
    pub after_ready: bool,
}

/// What the copies of a job are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// One article: a correction of it goes to those who have them.
    Article(ArticleId),
    /// An edition that shows these.
    Edition(Vec<ArticleId>),
}

/// What became of one leased delivery.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Which.
    pub delivery: DeliveryId,
    /// What happens to it.
    pub event: Event,
    /// What the ledger records; `None` while the try goes on.
    pub report: Option<AttemptReport>,
}

/// One line of the ledger.
#[derive(Clone, Debug, Default)]
pub struct AttemptReport {
    /// Under which lease.
    pub attempt: u32,
    /// When it ended.
    pub finished: DateTime<Utc>,
    /// How, in one word.
    pub outcome: &'static str,
    /// In words.
    pub note: Option<Text>,
    /// SHA-256 of the payload.
    pub payload_hash: Option<String>,
    /// What the far side calls the copy.
    pub remote_id: Option<String>,
    /// Where the public finds it.
    pub url: Option<String>,
}

/// What a person found out about copies of which nobody knew whether they arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whose copies.
    pub recipients: Vec<String>,
    /// Whether they have them.
    pub went_out: bool,
}

/// Why a channel is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who or what paused it.
    pub cause: PauseCause,
    /// Since when.
    pub since: DateTime<Utc>,
    /// In words.
    pub note: Text,
}

/// Who or what paused a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseCause {
    /// This person; only a person ends it.
    Person(String),
    /// A failure that needs attention; it ends when the trouble is gone.
    Attention(String),
}

impl Current {
    /// What is wanted of the article everywhere.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        if self.withdrawn { Wanted::Withdrawn } else { Wanted::Revision(self.revision) }
    }
}
