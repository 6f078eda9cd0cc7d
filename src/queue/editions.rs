//! Editions to come, and what officers do with what is in them. `store` keeps it.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde::Serialize;

use super::{By, Refusable, StoreError};
use crate::article::ArticleId;
use crate::delivery::{DeliveryId, Slot};

/// An edition that has not gone out yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComingEdition {
    /// Its slot.
    pub slot: Slot,
    /// Whether it has begun to go out: then nothing in it is moved any more.
    pub begun: bool,
    /// How many items it has, counted up to [`MOST_COUNTED`].
    pub number: u32,
    /// The first of them, in the order in which they will be read.
    pub items: Vec<EditionItem>,
}

/// An article in an edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditionItem {
    /// Its delivery.
    pub delivery: DeliveryId,
    /// The article.
    pub article: ArticleId,
    /// What that is called.
    pub title: String,
    /// Whether it is urgent.
    pub urgent: bool,
    /// When it is due.
    pub due: DateTime<Utc>,
    /// What is done with it: `create`, `update` or `withdraw`.
    pub action: &'static str,
}

/// No more items of an edition are counted or put into an order.
pub const MOST_COUNTED: u32 = 1_000;

/// A person's word about an item of an edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Into the edition of this slot.
    Into(Slot),
    /// So many places towards the end; less than none: towards the beginning.
    By(i32),
}

/// The editions of a channel.
pub trait Editions: Send + Sync {
    /// The next editions in which something waits: at most so many, with at most so many items each.
    fn coming(&self, channel: String, most: u32, items: u32) -> BoxFuture<'_, Result<Vec<ComingEdition>, StoreError>>;

    /// Moves an item that waits. Refused where its edition has begun, or the one that it shall go into. Each move is a
    /// line in the ledger.
    fn move_item(&self, delivery: DeliveryId, asked: Move, by: By) -> BoxFuture<'_, Refusable<()>>;
}
