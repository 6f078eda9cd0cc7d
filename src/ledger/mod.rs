//! The ledger's read side: what went where, when, why not, and a balance that adds up.

mod archive;
mod board;
mod channels;
mod books;
mod exam;
mod fate;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::article::{Article, ArticleId, ArticleKey, Revision};
use crate::delivery::{Delivery, DeliveryId, Wanted};
use crate::queue::{Pause, StoreError};
use crate::text::Text;

pub use archive::{ApprovalRow, Archive, DecisionRow, Listed, Page, RevisionRow, Sought};
pub use board::{Board, Due, Out};
pub use books::{Books, DecidedRow, Lookup, Outcomes, Place, TryRow};
pub use channels::{ChannelLedger, Recent};
pub use exam::{Answered, Break, Exam, Room, Stray};
pub use fate::Fate;

/// A delivery as people ask about it.
#[derive(Clone, Debug)]
pub struct DeliveryRow {
    /// The delivery.
    pub delivery: Delivery,
    /// Whose.
    pub key: ArticleKey,
    /// The newest revision's title.
    pub title: String,
    /// What its last try was about, look-ups aside: `create`, `update` or `withdraw`.
    pub last_errand: Option<String>,
    /// How that try ended, in one word.
    pub last_outcome: Option<String>,
}

/// An article as people ask about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleRow {
    /// Its number.
    pub id: ArticleId,
    /// Its identity.
    pub key: ArticleKey,
    /// Its newest revision.
    pub revision: Revision,
    /// That revision's title.
    pub title: String,
    /// Since when it is withdrawn.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

/// One line of the ledger of attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// Which attempt of it.
    pub attempt: u32,
    /// `create`, `update`, `withdraw` or `look_up`.
    pub errand: String,
    /// The revision that was sent.
    pub revision: Option<Revision>,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended; `None` while it runs.
    pub finished: Option<DateTime<Utc>>,
    /// How it ended, in one word.
    pub outcome: Option<String>,
    /// In words.
    pub note: Option<Text>,
    /// SHA-256 of the payload.
    pub payload_hash: Option<String>,
    /// Where the public finds the copy.
    pub url: Option<String>,
}

/// One recipient's copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CopyRow {
    /// The job that it was sent by: the first publication, a correction, a withdrawal or an edition.
    pub job: String,
    /// Whose.
    pub recipient: String,
    /// `open`, `begun`, `sent`, `refused` or `left_out`.
    pub state: String,
    /// Why it was refused, put off or left out.
    pub note: Option<String>,
    /// Since when it is in that state.
    pub at: DateTime<Utc>,
}

/// A channel that rests, and until when.
pub type Rest = (String, DateTime<Utc>);

/// Which deliveries are asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this article.
    pub article: Option<ArticleId>,
    /// On this channel.
    pub channel: Option<String>,
    /// This one.
    pub delivery: Option<DeliveryId>,
    /// In this state, by name.
    pub state: Option<String>,
    /// With a number below this one.
    pub before: Option<DeliveryId>,
    /// With at least this number.
    pub since: Option<DeliveryId>,
    /// At most this many, newest first; `None`: all.
    pub most: Option<u32>,
}

/// One channel's accounts: `received` is the sum of the five after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// The channel.
    pub channel: String,
    /// Deliveries ever promised.
    pub received: i64,
    /// The channel shows what is wanted.
    pub delivered: i64,
    /// On their way: waiting for their hour or being sent.
    pub waiting: i64,
    /// Waiting for a person, uncertain ones among them.
    pub held: i64,
    /// Given up.
    pub failed: i64,
    /// Taken back, or never sent because they were withdrawn before.
    pub withdrawn: i64,
    /// Of those held: the far side may or may not have taken them.
    pub uncertain: i64,
}

impl Balance {
    /// Counts `number` deliveries in the named state.
    pub fn count(&mut self, state: &str, wanted: Wanted, number: i64) {
        self.received += number;
        match (state, wanted) {
            ("settled", Wanted::Revision(_)) => self.delivered += number,
            ("settled", Wanted::Withdrawn) => self.withdrawn += number,
            ("held", _) => self.held += number,
            ("uncertain", _) => {
                self.held += number;
                self.uncertain += number;
            }
            ("failed", _) => self.failed += number,
            _ => self.waiting += number,
        }
    }

    /// Whether the accounts add up.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.received == self.delivered + self.waiting + self.held + self.failed + self.withdrawn
    }
}

/// What can be asked of the store without changing anything.
pub trait Ledger: Send + Sync {
    /// Articles that a person may mean by `words`: a number, `source/external_id`, or an external id.
    fn find(&self, words: &str) -> BoxFuture<'_, Result<Vec<ArticleRow>, StoreError>>;

    /// One article.
    fn article(&self, id: ArticleId) -> BoxFuture<'_, Result<Option<ArticleRow>, StoreError>>;

    /// Deliveries, newest first.
    fn deliveries(&self, filter: Filter) -> BoxFuture<'_, Result<Vec<DeliveryRow>, StoreError>>;

    /// The number of the newest delivery.
    fn newest_delivery(&self) -> BoxFuture<'_, Result<Option<DeliveryId>, StoreError>>;

    /// One delivery.
    fn delivery(&self, id: DeliveryId) -> BoxFuture<'_, Result<Option<DeliveryRow>, StoreError>>;

    /// The content of an article's newest revision.
    fn content(&self, id: ArticleId) -> BoxFuture<'_, Result<Arc<Article>, StoreError>>;

    /// The attempts of one delivery, oldest first.
    fn attempts(&self, delivery: DeliveryId) -> BoxFuture<'_, Result<Vec<AttemptRow>, StoreError>>;

    /// The single copies of one delivery, in one state or in any, by job and recipient: `most` of them after `after`.
    fn copies_of(
        &self,
        delivery: DeliveryId,
        state: Option<String>,
        after: Option<(String, String)>,
        most: u32,
    ) -> BoxFuture<'_, Result<Vec<CopyRow>, StoreError>>;

    /// Every channel's accounts.
    fn balance(&self) -> BoxFuture<'_, Result<Vec<Balance>, StoreError>>;

    /// The paused channels.
    fn pauses(&self) -> BoxFuture<'_, Result<Vec<(String, Pause)>, StoreError>>;

    /// Channels that rest because the far side asked for it, and until when.
    fn rests(&self, now: DateTime<Utc>) -> BoxFuture<'_, Result<Vec<Rest>, StoreError>>;

    /// Whether the store answers.
    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}
