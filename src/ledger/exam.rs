//! What an examination of the store found, before anybody says what it means.

use chrono::{DateTime, Utc};

use super::Balance;
use crate::queue::StoreError;

/// One answer: a damaged store may give some and not others.
pub type Answered<T> = Result<T, StoreError>;

/// Room, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Of the store.
    pub store: u64,
    /// Of the write-ahead log beside a file.
    pub log: u64,
    /// Free inside a file.
    pub spare: u64,
    /// Whether a file gives back what it no longer needs; `None`: that is the server's business.
    pub shrinks: Option<bool>,
    /// Left on the disk of a file.
    pub left: Option<u64>,
    /// How large a file may become until nothing more is taken in, if that is limited.
    pub most: Option<u64>,
}

/// Something that nothing refers to, or that refers to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stray {
    /// An article whose newest content is missing.
    Contentless,
    /// Copies of letters of an article that is not there.
    Copies,
    /// Pictures that no revision shows, and that are not fresh.
    Pictures,
    /// Attempts of a delivery that is not there.
    Attempts,
}

/// Where the ledger of decisions is not what was sealed when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// The decision of this number was changed.
    Changed(i64),
    /// The decision at this place of the chain was taken away.
    Missing(i64),
    /// The decision of this number was never sealed: loa did not write it.
    Added(i64),
}

/// What is known of a store after a look at all of it. Nothing was changed.
#[derive(Clone, Debug)]
pub struct Exam {
    /// What the database says of itself, a line for each damage.
    pub damage: Answered<Vec<String>>,
    /// Rows that refer to something that is not there, by table.
    pub broken: Answered<Vec<(String, i64)>>,
    /// The schema's version, and the newest that this loa knows.
    pub schema: Answered<(Option<i64>, i64)>,
    /// The newest instant at which something happened.
    pub newest: Answered<Option<DateTime<Utc>>>,
    /// Room.
    pub room: Answered<Room>,
    /// Strays, and how many.
    pub strays: Answered<Vec<(Stray, i64)>>,
    /// Channels with deliveries, and how many of those are not settled.
    pub channels: Answered<Vec<(String, i64)>>,
    /// Leases that have been over for a while.
    pub leases_over: Answered<i64>,
    /// Deliveries whose columns contradict one another: number, and how.
    pub contradictions: Answered<Vec<(i64, String)>>,
    /// Every channel's accounts, counted from what each delivery says of itself.
    pub balance: Answered<Vec<Balance>>,
    /// Every channel's number of deliveries, counted by the database.
    pub received: Answered<Vec<(String, i64)>>,
    /// The first place where the ledger of decisions is not what was sealed.
    pub chain: Answered<Option<Break>>,
    /// Approvals that no decision in the ledger bears out.
    pub unproven: Answered<Vec<(i64, String)>>,
    /// Channels that nobody has let go since the store was put back from a backup.
    pub not_let_go: Answered<Vec<String>>,
}
