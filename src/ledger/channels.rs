//! What is asked about one channel: bounded, and from an index.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use crate::article::{Article, ArticleId};
use crate::queue::StoreError;

/// An article as it is now.
pub type Recent = (ArticleId, Arc<Article>);

/// What channels did, and what they could be given.
pub trait ChannelLedger: Send + Sync {
    /// How many tries a channel has begun since then, look-ups aside; counted up to `most`. Those that are not over yet
    /// count where a rate limit is in force, and in editions.
    fn tries_since(&self, channel: String, since: DateTime<Utc>, most: u32) -> BoxFuture<'_, Result<u32, StoreError>>;

    /// The last articles that were handed over, as they are now; the newest first.
    fn recent(&self, most: u32) -> BoxFuture<'_, Result<Vec<Recent>, StoreError>>;
}
