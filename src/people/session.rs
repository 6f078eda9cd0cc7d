//! Somebody who is signed in.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Account, AccountId, Token};
use crate::text::Text;

/// Who does nothing for this long has to sign in again.
pub const IDLE: TimeDelta = TimeDelta::hours(12);
/// After this long everybody has to.
pub const ABSOLUTE: TimeDelta = TimeDelta::days(7);

/// A session that begins.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// SHA-256 of its token.
    pub hash: String,
    /// Whose.
    pub account: AccountId,
    /// What its forms carry.
    pub csrf: Token,
    /// From where, for the ledger.
    pub address: String,
    /// When.
    pub now: DateTime<Utc>,
}

/// A session that goes on. Its role is the account's at this moment.
#[derive(Clone, Debug)]
pub struct Session {
    /// SHA-256 of its token.
    pub hash: String,
    /// Whose.
    pub account: Account,
    /// What its forms carry.
    pub csrf: Token,
    /// What is shown once, on the next page.
    pub notice: Option<Notice>,
    /// When it was used last, to the minute.
    pub seen_at: DateTime<Utc>,
}

/// Something that is said once, on the page after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// How it is meant.
    pub tone: Tone,
    /// In words.
    pub text: Text,
}

/// How a notice is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// It is done.
    Done,
    /// It was not done.
    Refused,
}

impl Notice {
    /// It is done.
    #[must_use]
    pub fn done(text: Text) -> Self {
        Self { tone: Tone::Done, text }
    }

    /// It was not done.
    #[must_use]
    pub fn refused(text: Text) -> Self {
        Self { tone: Tone::Refused, text }
    }
}
