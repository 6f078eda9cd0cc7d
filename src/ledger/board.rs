//! What the console's first page asks. Every question is answered from an index, however much the store holds.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::DeliveryRow;
use crate::article::ArticleId;
use crate::delivery::DeliveryId;
use crate::queue::StoreError;

/// Something that a channel put out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// Of which article.
    pub article: ArticleId,
    /// What that is called now.
    pub title: String,
    /// `create`, `update` or `withdraw`.
    pub errand: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Where the public finds it.
    pub url: Option<String>,
}

/// Something that a channel will put out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// Of which article.
    pub article: ArticleId,
    /// What that is called.
    pub title: String,
    /// When.
    pub due: DateTime<Utc>,
}

/// The board of an office: what needs somebody, and what each channel does.
pub trait Board: Send + Sync {
    /// What waits for a person: `uncertain`, `held` or `failed`; the newest first.
    fn needs(&self, state: &'static str, most: u32) -> BoxFuture<'_, Result<Vec<DeliveryRow>, StoreError>>;

    /// How many are in such a state, counted up to `most`.
    fn how_many(&self, state: &'static str, most: u32) -> BoxFuture<'_, Result<u32, StoreError>>;

    /// What went out last on a channel, at most so many, the newest first. Only its latest attempts are looked at.
    fn outs(&self, channel: String, most: u32) -> BoxFuture<'_, Result<Vec<Out>, StoreError>>;

    /// What goes out next on a channel, at most so many, the next first.
    fn dues(&self, channel: String, most: u32) -> BoxFuture<'_, Result<Vec<Due>, StoreError>>;

    /// Changes whenever something in the store may have changed. What other machines do is noticed a little later.
    fn changes(&self) -> watch::Receiver<u64>;
}
