//! Requests of the HTTP API that carry a key of their own, so that a repeat is recognised. `store` keeps them.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::StoreError;

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: whoever asks does it, and nobody else meanwhile.
    Mine,
    /// Somebody is at it.
    Busy,
    /// The key was used for something else.
    Reused,
    /// It was done before, and answered so.
    Done {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
}

/// The memory of requests that change something other than an article; articles keep theirs in the same transaction.
pub trait Requests: Send + Sync {
    /// Takes a request over. Whoever had it and has not answered by `until` is gone.
    fn claim(
        &self,
        key: String,
        fingerprint: String,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Claim, StoreError>>;

    /// Keeps its answer.
    fn answered(&self, key: String, status: u16, body: String) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Gives it back: nothing was changed.
    fn give_up(&self, key: String) -> BoxFuture<'_, Result<(), StoreError>>;
}
