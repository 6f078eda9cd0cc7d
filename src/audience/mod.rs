//! Who reads a channel's letters: addresses, lists of them, and whether somebody may be written to.

mod address;
mod bounce;
mod columns;
mod fold;
mod list;
mod marks;
mod status;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use address::{Address, domain_of};
pub use bounce::{Bounce, Verdict, read_bounce};
pub use columns::EXPORTED;
pub use fold::folded;
pub use list::{BadLine, Entries, Line, Lines, entries, lines};
pub use marks::{UNSUBSCRIBE_PATH, letter_id, without_token};

/// Somebody on a list, before anything else is known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Their address.
    pub address: Address,
    /// Their name, where the list gives one.
    pub name: Option<String>,
}

impl Entry {
    /// Somebody with a name on one line; a name without anything in it is none.
    #[must_use]
    pub fn new(address: Address, name: &str) -> Self {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { address, name: Some(name).filter(|name| !name.is_empty()) }
    }
}

/// Whether somebody may be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Yes.
    Active,
    /// No: they asked not to be. Only their own word, handed on by a person, ends it.
    Unsubscribed,
    /// No: their mailbox refuses for good.
    Bounced,
    /// No: they reported a letter as unwanted.
    Complained,
}

impl Standing {
    /// Whether this one stays where the other is reported: somebody's own word counts more than their mailbox's. An
    /// end of it all, `Active`, is said by a person and always counts.
    #[must_use]
    pub fn outlasts(self, other: Self) -> bool {
        let weight = |standing| match standing {
            Self::Active => 0,
            Self::Bounced => 1,
            Self::Complained => 2,
            Self::Unsubscribed => 3,
        };
        other != Self::Active && weight(self) >= weight(other)
    }

    /// The word used in the store, in exports and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Unsubscribed => "unsubscribed",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    /// The standing that is called so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Active, Self::Unsubscribed, Self::Bounced, Self::Complained].into_iter().find(|one| one.name() == name)
    }
}

/// Somebody whom a channel has written to, who asked it to, or who asked it not to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// The channel.
    pub channel: String,
    /// Their address.
    pub address: Address,
    /// Their name, where it is known.
    pub name: Option<String>,
    /// Opaque name of this address on this channel, in unsubscribe links and bounce addresses. Made with a key
    /// that only the store knows.
    pub token: String,
    /// Whether they are on the channel's own list in the store; otherwise a file named them.
    pub listed: bool,
    /// Whether they may be written to.
    pub standing: Standing,
    /// Why they may not, in the words of whoever said so.
    pub reason: Option<String>,
    /// Days with a temporary bounce, of the thirty before the last one.
    pub soft_bounces: u32,
    /// Since when they stand so.
    pub since: DateTime<Utc>,
}
