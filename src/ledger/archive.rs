//! What was published, for people who look for it: found by words, topic, channel, state and day, and each article with
//! all that was ever done about it. Every question is answered from an index and looks at no more than it says.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::{ArticleRow, DeliveryRow};
use crate::article::{Article, ArticleId, Revision};
use crate::delivery::DeliveryId;
use crate::queue::StoreError;
use crate::text::Text;

/// What is looked for. Everything that is given has to fit.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// Words of the title, the names or the number of an article, however typed; their beginnings are enough.
    pub words: String,
    /// Under this topic.
    pub topic: Option<String>,
    /// With a delivery on this channel.
    pub channel: Option<String>,
    /// With a delivery in this state, on that channel if one is given.
    pub state: Option<String>,
    /// Taken over at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Taken over before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Older than this one.
    pub before: Option<ArticleId>,
    /// At most this many.
    pub most: u32,
}

/// One article with where it stands.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The article.
    pub article: ArticleRow,
    /// When it was taken over first.
    pub accepted: DateTime<Utc>,
    /// Its deliveries.
    pub deliveries: Vec<DeliveryRow>,
}

/// What was found, the newest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The articles.
    pub rows: Vec<Listed>,
    /// There may be more, older than this one: also where none was found among as many as are looked at in one go.
    pub older: Option<ArticleId>,
}

/// One revision of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRow {
    /// Its number.
    pub revision: Revision,
    /// Who handed it over, where that was noted.
    pub authors: Vec<String>,
    /// When.
    pub accepted: DateTime<Utc>,
}

/// A line of the ledger of decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// What, in one word.
    pub what: String,
    /// About which delivery.
    pub delivery: Option<DeliveryId>,
    /// On which channel.
    pub channel: Option<String>,
    /// In words.
    pub note: Option<Text>,
}

/// What a named person has approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRow {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// The revision.
    pub revision: Revision,
    /// SHA-256 of the payload.
    pub payload_hash: String,
    /// Who.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Looking things up.
pub trait Archive: Send + Sync {
    /// Articles, the newest first.
    fn seek(&self, sought: Sought) -> BoxFuture<'_, Result<Page, StoreError>>;

    /// Topics that there are, by name.
    fn topics(&self, most: u32) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;

    /// The revisions of an article that are still there, the newest first.
    fn revisions(&self, article: ArticleId) -> BoxFuture<'_, Result<Vec<RevisionRow>, StoreError>>;

    /// What a revision says; `None` where it is not there any more.
    fn revision(
        &self,
        article: ArticleId,
        revision: Revision,
    ) -> BoxFuture<'_, Result<Option<Arc<Article>>, StoreError>>;

    /// What was decided about an article, the newest first.
    fn decisions(&self, article: ArticleId, most: u32) -> BoxFuture<'_, Result<Vec<DecisionRow>, StoreError>>;

    /// What was approved of an article, the newest first.
    fn approvals(&self, article: ArticleId, most: u32) -> BoxFuture<'_, Result<Vec<ApprovalRow>, StoreError>>;

    /// Deliveries that wait for an approval, or were sent back, the oldest first, after `after`.
    fn unapproved(&self, after: Option<DeliveryId>, most: u32) -> BoxFuture<'_, Result<Vec<DeliveryRow>, StoreError>>;
}
