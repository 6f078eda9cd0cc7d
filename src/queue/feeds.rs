//! How the feeds stand that articles come in by. `store` keeps it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::sync::Notify;

use super::StoreError;
use crate::text::Text;

/// What a feed's server said of the content that it gave: with it the next question is "has it changed?".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// Whose they are: the address that answered, after redirects.
    pub url: String,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    pub modified: Option<String>,
}

/// What a feed has with its hub (`WebSub`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubTie {
    /// The hub's address.
    pub hub: String,
    /// The feed, as the hub knows it.
    pub topic: String,
    /// The last part of our address: nobody else can guess it.
    pub callback: String,
    /// What the hub signs with.
    pub secret: String,
    /// Since when the hub has been asked and has not asked back.
    pub asked_at: Option<DateTime<Utc>>,
    /// Until when the hub tells us.
    pub until: Option<DateTime<Utc>>,
}

/// The right to poll a feed once; nobody else polls it meanwhile.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Counts the polls of a feed. Whoever has an older one has lost it.
    pub number: i64,
    /// From the last poll that was taken over whole.
    pub validators: Option<Validators>,
    /// How many polls failed in a row.
    pub failures: u32,
    /// The address that the feed has moved to, if it said so.
    pub moved_to: Option<String>,
    /// What it has with its hub.
    pub tie: Option<HubTie>,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryState {
    /// It stood there before loa came: a person may ask for it.
    Left,
    /// It has to be taken.
    Open,
    /// It is an article.
    Taken,
    /// It was refused; it is looked at again when it changes.
    Refused,
}

/// An entry that stands in a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// What the article will be called.
    pub entry: String,
    /// Its title.
    pub title: String,
    /// When it was published, in milliseconds, as the feed says.
    pub published: Option<i64>,
}

/// What is known of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// What the article is called.
    pub entry: String,
    /// Its title.
    pub title: String,
    /// What became of it.
    pub state: EntryState,
    /// SHA-256 of what the feed said when it was taken or refused.
    pub content: Option<String>,
    /// When it was published, as the feed said first.
    pub published: Option<DateTime<Utc>>,
    /// When it was seen first.
    pub since: DateTime<Utc>,
    /// Why it was refused.
    pub note: Option<Text>,
}

/// What became of a poll.
#[derive(Clone, Debug, Default)]
pub struct Polled {
    /// When to poll next.
    pub due: DateTime<Utc>,
    /// Whether everything that the feed holds is known now.
    pub succeeded: bool,
    /// How many failed in a row.
    pub failures: u32,
    /// What is wrong.
    pub note: Option<Text>,
    /// The feed is gone for good.
    pub stopped: bool,
    /// Where it has moved to.
    pub moved_to: Option<String>,
    /// For the next question.
    pub validators: Option<Validators>,
}

/// A feed.
#[derive(Clone, Debug)]
pub struct FeedRow {
    /// Its name in `config.toml`.
    pub name: String,
    /// Its address in `config.toml`, when it was polled last.
    pub url: String,
    /// When it is to be polled next.
    pub due: DateTime<Utc>,
    /// Until when somebody polls it at this moment.
    pub busy_until: DateTime<Utc>,
    /// The last poll.
    pub polled_at: Option<DateTime<Utc>>,
    /// The last poll that went well.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// How many failed since.
    pub failures: u32,
    /// The feed is gone for good.
    pub stopped: bool,
    /// What is wrong.
    pub note: Option<Text>,
    /// Where it has moved to.
    pub moved_to: Option<String>,
    /// Until when its hub tells us.
    pub subscribed_until: Option<DateTime<Utc>>,
    /// How many entries are left, open, taken, refused.
    pub counts: EntryCounts,
}

/// How many entries a feed has had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EntryCounts {
    /// Stood there before loa came.
    pub left: usize,
    /// Have to be taken.
    pub open: usize,
    /// Are articles.
    pub taken: usize,
    /// Were refused.
    pub refused: usize,
}

/// Feeds, one poll at a time over all machines. Methods that name a turn do nothing, and say so, once somebody else has
/// the next one.
pub trait Feeds: Send + Sync {
    /// Takes the turn to poll a feed that is due and that nobody polls, until `until`. A new address makes it a new feed:
    /// what stands in it is left once more, but for what is known.
    fn claim(
        &self,
        feed: String,
        url: String,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<Turn>, StoreError>>;

    /// Keeps the turn until `until`; false when it is lost.
    fn hold(&self, feed: String, turn: i64, until: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Notes which entries stand in a feed, the newest first, and says what is known of them. Entries that are new are
    /// open; the first time all but the newest `backfill` are left. Open ones that have vanished are left, too.
    fn see(
        &self,
        feed: String,
        turn: i64,
        entries: Vec<Seen>,
        backfill: usize,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<Vec<EntryRow>>, StoreError>>;

    /// Notes what became of an entry, and of which content.
    fn mark(
        &self,
        feed: String,
        entry: String,
        state: EntryState,
        content: String,
        note: Option<Text>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Gives the turn back.
    fn end_turn(&self, feed: String, turn: i64, polled: Polled) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Gives back the turns that a process held which is known to be gone.
    fn free_all(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Every feed that was ever polled.
    fn feeds(&self) -> BoxFuture<'_, Result<Vec<FeedRow>, StoreError>>;

    /// The entries of a feed, those that stand in it first, the newest first.
    fn entries(&self, feed: String, most: usize) -> BoxFuture<'_, Result<Vec<EntryRow>, StoreError>>;

    /// Opens the newest entries that were left and still stand in the feed; how many there are.
    fn open_left(&self, feed: String, most: usize, now: DateTime<Utc>) -> BoxFuture<'_, Result<usize, StoreError>>;

    /// Has a feed polled at once, though it was stopped, but for a moment's rest after the last poll; false when it was
    /// never polled.
    fn poll_now(&self, feed: String, now: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Ties a feed to a hub, or unties it.
    fn tie(&self, feed: String, turn: i64, tie: Option<HubTie>) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Whose callback this is.
    fn by_callback(&self, callback: String) -> BoxFuture<'_, Result<Option<(String, HubTie)>, StoreError>>;

    /// The hub has asked back whether it was us, and tells us until `until`; `None`: it will not. False when it was not
    /// asked.
    fn confirm(
        &self,
        callback: String,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Rings when a feed may be due.
    fn feeds_bell(&self) -> Arc<Notify>;
}
