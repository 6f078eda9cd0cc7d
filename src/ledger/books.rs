//! The books: who decided what and when, beside what was tried. Every question is bounded and answered from an index.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::{AttemptRow, Break, Room};
use crate::article::{ArticleId, ArticleKey};
use crate::delivery::DeliveryId;
use crate::queue::StoreError;
use crate::text::Text;

/// One line of the ledger of decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedRow {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// What, in one word.
    pub what: String,
    /// About which article.
    pub article: Option<ArticleId>,
    /// That article's identity, as long as it is kept.
    pub key: Option<ArticleKey>,
    /// What it is called now.
    pub title: Option<String>,
    /// About which delivery.
    pub delivery: Option<DeliveryId>,
    /// On which channel.
    pub channel: Option<String>,
    /// In words.
    pub note: Option<Text>,
    /// Its place in the chain.
    pub seq: Option<i64>,
    /// The chain's hash at this place.
    pub hash: Option<String>,
}

/// One line of the ledger of attempts, with what it was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TryRow {
    /// Its number.
    pub id: i64,
    /// Of which article.
    pub article: ArticleId,
    /// That article's identity.
    pub key: ArticleKey,
    /// What it is called now.
    pub title: String,
    /// On which channel.
    pub channel: String,
    /// The attempt.
    pub attempt: AttemptRow,
}

/// A place between two lines: when the one before it was written, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When.
    pub at: DateTime<Utc>,
    /// The number.
    pub id: i64,
}

/// Which lines are asked for.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// Of this person, or this machine.
    pub who: Option<String>,
    /// On this channel.
    pub channel: Option<String>,
    /// About this article.
    pub article: Option<ArticleId>,
    /// Not before.
    pub from: DateTime<Utc>,
    /// Before.
    pub until: DateTime<Utc>,
    /// Whether the oldest comes first.
    pub oldest_first: bool,
    /// Beyond this place.
    pub after: Option<Place>,
    /// At most so many.
    pub most: u32,
}

/// How many attempts of a channel ended in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// The channel.
    pub channel: String,
    /// How they ended, in one word.
    pub outcome: String,
    /// How many.
    pub number: i64,
}

/// Who did what, what was tried, and whether the books are whole.
pub trait Books: Send + Sync {
    /// Decisions by when they were taken.
    fn decisions(&self, asked: Lookup) -> BoxFuture<'_, Result<Vec<DecidedRow>, StoreError>>;

    /// Attempts by when they began; `who` is not asked for, for loa tried. Without a channel those of every channel.
    fn tries(&self, asked: Lookup) -> BoxFuture<'_, Result<Vec<TryRow>, StoreError>>;

    /// Channels with attempts.
    fn tried_channels(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;

    /// Everybody who ever decided something, by name: the first so many.
    fn deciders(&self, most: u32) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;

    /// The first place where the ledger of decisions is not what was sealed. Reads all of it.
    fn chain(&self) -> BoxFuture<'_, Result<Option<Break>, StoreError>>;

    /// How the attempts that began since then ended.
    fn outcomes(&self, since: DateTime<Utc>) -> BoxFuture<'_, Result<Vec<Outcomes>, StoreError>>;

    /// How large the store is.
    fn room(&self) -> BoxFuture<'_, Result<Room, StoreError>>;
}
