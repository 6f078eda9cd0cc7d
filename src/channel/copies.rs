//! Durable memory of single copies, for channels that send one message to each of many people.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::SendError;
use crate::audience::Entry;

/// Somebody who is to have a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// Their address, folded as [`crate::audience::Address`] does.
    pub address: String,
    /// Their name, where it is known.
    pub name: Option<String>,
    /// Opaque name of this address on this channel: 26 characters of lower-case base32. Opens their unsubscribe page
    /// and tells whose a bounce is.
    pub token: String,
}

/// What became of one recipient's copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyChange {
    /// It did not leave after all, and may at once.
    NotBegun,
    /// They have it.
    Sent,
    /// They will not take it, for this reason.
    Refused {
        /// In the far side's words.
        reason: String,
        /// Whether the mailbox itself is no good: it is not written to again.
        dead: bool,
    },
    /// Not now; again after this long.
    Later {
        /// At least this long.
        wait: Duration,
        /// In the far side's words.
        reason: String,
        /// Refused for good once its first try is longer ago than this.
        patience: Duration,
    },
}

/// How far the copies of one job are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyCount {
    /// Still to be sent, now or later.
    pub open: usize,
    /// Begun without an answer.
    pub begun: usize,
    /// Sent.
    pub sent: usize,
    /// Refused for good.
    pub refused: usize,
    /// Not sent, because their recipient may not be written to.
    pub left_out: usize,
    /// How long until the next open one is due; zero where one is due now.
    pub next: Option<Duration>,
}

/// Whether a copy may leave now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It may.
    Now,
    /// Not this one: it is not open any more, or its recipient may not be written to any more.
    NotThisOne,
    /// None: a person has paused the channel.
    Paused,
    /// An article that they show has been withdrawn: none.
    Withdrawn,
}

/// Copies about to leave.
#[derive(Clone, Debug, Default)]
pub struct Departures {
    /// Whose; nobody twice.
    pub recipients: Vec<String>,
    /// They say that the article is withdrawn: then its withdrawal does not stop them.
    pub withdraw: bool,
    /// What became of copies that left before.
    pub news: Vec<(String, CopyChange)>,
}

/// A state whose copies can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyState {
    /// Begun without an answer.
    Begun,
    /// Refused for good.
    Refused,
    /// Put off.
    Open,
}

/// Remembers the copies of one job: who is on its list, and how each copy ended. Everything is on disk before a
/// method returns.
pub trait Copies: Send + Sync {
    /// Puts people on the job's list. Who is on it stays as they are.
    fn invite(&self, people: Vec<Entry>) -> BoxFuture<'_, Result<(), SendError>>;

    /// Puts everybody on it who is on the channel's own list.
    fn invite_subscribers(&self) -> BoxFuture<'_, Result<(), SendError>>;

    /// Puts everybody on it who holds a copy of any revision of the job's article on this channel.
    fn invite_holders(&self) -> BoxFuture<'_, Result<(), SendError>>;

    /// The list is complete: nobody is added any more.
    fn complete(&self) -> BoxFuture<'_, Result<(), SendError>>;

    /// Whether it is.
    fn is_complete(&self) -> BoxFuture<'_, Result<bool, SendError>>;

    /// Open copies that are due, whose recipient may be written to: `most` of them by address after `after`.
    fn open(&self, after: Option<String>, most: usize) -> BoxFuture<'_, Result<Vec<Addressee>, SendError>>;

    /// Records what became of others, and puts these copies on record as begun, as far as they may leave as things stand
    /// at this moment: in one step, right before they do. The answers stand in the order of the recipients.
    fn begin(&self, departures: Departures) -> BoxFuture<'_, Result<Vec<Leave>, SendError>>;

    /// Records what became of copies.
    fn record(&self, changes: Vec<(String, CopyChange)>) -> BoxFuture<'_, Result<(), SendError>>;

    /// Leaves out the open copies of those who may not be written to, and counts.
    fn count(&self) -> BoxFuture<'_, Result<CopyCount, SendError>>;

    /// `most` of the copies in a state, with the reason noted.
    fn named(&self, state: CopyState, most: usize) -> BoxFuture<'_, Result<Vec<(String, String)>, SendError>>;

    /// How many copies the channel has begun in the last `span`, by the recipients' domains.
    fn recent(&self, span: Duration) -> BoxFuture<'_, Result<BTreeMap<String, u32>, SendError>>;
}

/// Knows nobody: for previews and for channels with a single copy.
pub struct NoCopies;

impl Copies for NoCopies {
    fn invite(&self, _: Vec<Entry>) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }

    fn invite_subscribers(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }

    fn invite_holders(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }

    fn complete(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }

    fn is_complete(&self) -> BoxFuture<'_, Result<bool, SendError>> {
        Box::pin(async { Ok(true) })
    }

    fn open(&self, _: Option<String>, _: usize) -> BoxFuture<'_, Result<Vec<Addressee>, SendError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn begin(&self, departures: Departures) -> BoxFuture<'_, Result<Vec<Leave>, SendError>> {
        Box::pin(async move { Ok(vec![Leave::Now; departures.recipients.len()]) })
    }

    fn record(&self, _: Vec<(String, CopyChange)>) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }

    fn count(&self) -> BoxFuture<'_, Result<CopyCount, SendError>> {
        Box::pin(async { Ok(CopyCount::default()) })
    }

    fn named(&self, _: CopyState, _: usize) -> BoxFuture<'_, Result<Vec<(String, String)>, SendError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn recent(&self, _: Duration) -> BoxFuture<'_, Result<BTreeMap<String, u32>, SendError>> {
        Box::pin(async { Ok(BTreeMap::new()) })
    }
}
