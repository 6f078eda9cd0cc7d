//! Who may be written to, and who asked for it. `store` keeps it.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::StoreError;
use crate::audience::{Address, Entry, Standing, Subscriber};

/// What became of people who were put on a channel's list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// On the list now, and not before.
    pub added: usize,
    /// On the list before.
    pub known: usize,
    /// Not put on it: they asked not to be written to, or their mailbox refuses.
    pub kept_out: usize,
}

/// Somebody's new standing, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStanding {
    /// The standing.
    pub standing: Standing,
    /// Why, in the words of whoever said so.
    pub reason: Option<String>,
    /// Who says so, for the ledger.
    pub who: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// A temporary bounce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoftBounce {
    /// SHA-256 of the letter that came back: the same letter counts once.
    pub message: String,
    /// In the far side's words.
    pub reason: String,
    /// On how many of thirty days a mailbox may put us off before it counts as bounced.
    pub limit: u32,
    /// When it came.
    pub at: DateTime<Utc>,
}

/// People who were looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// By address.
    pub people: Vec<Subscriber>,
    /// Up to where it was looked, where there are more.
    pub looked_until: Option<Address>,
}

/// Somebody, with the keys of the jobs that they had a copy of.
pub type WithJobs = (Subscriber, Vec<String>);

/// Subscribers of channels that write letters. Each change of somebody's standing, and each change of a list by a
/// person, is a line in the ledger.
pub trait Subscribers: Send + Sync {
    /// Puts people on the channel's list, in one transaction. `again`: those too who once asked not to be written to,
    /// or whose mailbox refused. Somebody named twice counts once.
    fn import(
        &self,
        channel: String,
        people: Vec<Entry>,
        again: bool,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Imported, StoreError>>;

    /// Takes somebody off the list; an import may put them on again. False when they were not on it.
    fn remove(
        &self,
        channel: String,
        address: Address,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Sets how somebody stands, unless how they stand already outlasts it ([`Standing::outlasts`]); a person who is
    /// not known yet becomes known by it. Says how they stood before.
    fn stand(
        &self,
        channel: String,
        address: Address,
        new: NewStanding,
    ) -> BoxFuture<'_, Result<Option<Standing>, StoreError>>;

    /// Counts a temporary bounce, at most one a day and each letter once; with the limit they stand as bounced. Says
    /// how they stand now; `None` when they are not known.
    fn soft_bounce(
        &self,
        channel: String,
        address: Address,
        bounce: SoftBounce,
    ) -> BoxFuture<'_, Result<Option<Standing>, StoreError>>;

    /// Everybody known on a channel by address, `most` of them after `after`.
    fn page(
        &self,
        channel: String,
        after: Option<Address>,
        most: usize,
    ) -> BoxFuture<'_, Result<Vec<Subscriber>, StoreError>>;

    /// The same, but only those whose address or name has these words in it, with or without accents; a whole address
    /// finds its owner alone. Looks at no more than some thousands at once.
    fn search(
        &self,
        channel: String,
        words: String,
        after: Option<Address>,
        most: usize,
    ) -> BoxFuture<'_, Result<Found, StoreError>>;

    /// What is known of these people on a channel.
    fn known(&self, channel: String, addresses: Vec<Address>) -> BoxFuture<'_, Result<Vec<Subscriber>, StoreError>>;

    /// How many on the channel's list may be written to, counted up to `most`.
    fn how_many(&self, channel: String, most: u32) -> BoxFuture<'_, Result<u32, StoreError>>;

    /// Who has this token.
    fn by_token(&self, token: String) -> BoxFuture<'_, Result<Option<Subscriber>, StoreError>>;

    /// Everywhere an address is known, with the keys of the jobs that it was sent a copy of.
    fn find(&self, address: Address) -> BoxFuture<'_, Result<Vec<WithJobs>, StoreError>>;
}
