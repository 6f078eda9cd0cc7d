//! The week: slots, quiet hours, and the editions to come with what is in them.

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::future::BoxFuture;
use serde::Serialize;

use super::writing::Doubt;
use crate::article::ArticleId;
use crate::delivery::{DeliveryId, Slot};
use crate::queue::{By, ComingEdition, Refusable, StoreError};

/// A channel's week.
#[derive(Clone, Debug, Serialize)]
pub struct ChannelWeek {
    /// The channel.
    pub channel: String,
    /// The name people use.
    pub name: String,
    /// Whether it has slots; otherwise it sends at once.
    pub slots: bool,
    /// Its quiet hours.
    pub quiet: Option<String>,
    /// Its days.
    pub days: Vec<Day>,
}

/// A channel's day.
#[derive(Clone, Debug, Serialize)]
pub struct Day {
    /// Which, where the channel counts its hours.
    pub date: NaiveDate,
    /// Its slots as `HH:MM`, the first of them.
    pub slots: Vec<String>,
    /// Whether there are more.
    pub more: bool,
}

/// The editions to come of a channel.
#[derive(Clone, Debug)]
pub struct Editions {
    /// The channel.
    pub channel: String,
    /// The name people use.
    pub name: String,
    /// The editions, the next first.
    pub coming: Vec<ComingEdition>,
}

/// An article of the next edition whose reading is in doubt.
#[derive(Clone, Debug)]
pub struct Flagged {
    /// The article.
    pub article: ArticleId,
    /// What it is called.
    pub title: String,
    /// The name people use of the channel.
    pub channel: String,
    /// The edition.
    pub slot: Slot,
    /// The words.
    pub doubts: Vec<Doubt>,
}

/// What an officer does with an item of an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// One place towards the beginning.
    Up,
    /// One place towards the end.
    Down,
    /// Into the edition after.
    Later,
    /// Into the next edition that there is.
    Sooner,
}

/// The timetable.
pub trait Timetable: Send + Sync {
    /// Seven days of every channel that is switched on.
    fn week(&self, from: DateTime<Utc>) -> Vec<ChannelWeek>;

    /// The editions to come of every channel that has some.
    fn editions(&self) -> BoxFuture<'_, Result<Vec<Editions>, StoreError>>;

    /// What stands in the next edition of a channel that is read aloud, and may be read wrongly. Only the first items of
    /// each are looked at.
    fn flagged(&self) -> BoxFuture<'_, Result<Vec<Flagged>, StoreError>>;

    /// Moves an item. Refused where its edition has begun to go out.
    fn shift(&self, delivery: DeliveryId, shift: Shift, by: By) -> BoxFuture<'_, Refusable<()>>;
}
