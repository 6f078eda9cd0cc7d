//! Durable memory of single copies, for channels that send one message to each of many people.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;

use super::SendError;

/// How far one recipient's copy got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyState {
    /// It was begun and no answer is known.
    Begun,
    /// They have it.
    Sent,
    /// They will not take it, for this reason.
    Refused(String),
}

/// Remembers, on disk before it returns, which copies of one job were begun and how they ended.
pub trait Copies: Send + Sync {
    /// All copies of this job so far, by recipient.
    fn all(&self) -> BoxFuture<'_, Result<BTreeMap<String, CopyState>, SendError>>;

    /// Recipients who hold a copy of any revision of the job's article on this channel.
    fn holders(&self) -> BoxFuture<'_, Result<BTreeSet<String>, SendError>>;

    /// Records copies; `Begun` must be on disk before the message may leave.
    fn record(&self, copies: Vec<(String, CopyState)>) -> BoxFuture<'_, Result<(), SendError>>;

    /// Forgets a copy that was begun and provably not taken.
    fn forget(&self, recipient: String) -> BoxFuture<'_, Result<(), SendError>>;
}

/// Remembers nothing: for previews and for channels with a single copy.
pub struct NoCopies;

impl Copies for NoCopies {
    fn all(&self) -> BoxFuture<'_, Result<BTreeMap<String, CopyState>, SendError>> {
        Box::pin(async { Ok(BTreeMap::new()) })
    }

    fn holders(&self) -> BoxFuture<'_, Result<BTreeSet<String>, SendError>> {
        Box::pin(async { Ok(BTreeSet::new()) })
    }

    fn record(&self, _: Vec<(String, CopyState)>) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }

    fn forget(&self, _: String) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }
}
