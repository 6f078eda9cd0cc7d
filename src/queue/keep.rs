//! How long things are kept.

use chrono::{DateTime, TimeDelta, Utc};

/// How long the store keeps what has come to rest. Nothing that is still to be done is ever taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The trail of an article: its attempts but the last, contents of older revisions, who did not get a letter.
    /// `None`: for ever.
    pub trail: Option<TimeDelta>,
    /// The article itself, with its receipts and the holders of its letters: counted from the last thing that happened
    /// to it, never shorter than the trail. `None`: for ever.
    pub article: Option<TimeDelta>,
}

impl Default for Keep {
    /// Thirteen months, and ten years.
    fn default() -> Self {
        Self { trail: Some(TimeDelta::days(400)), article: Some(TimeDelta::days(3_650)) }
    }
}

impl Keep {
    /// What came to rest before this instant loses its trail.
    #[must_use]
    pub fn trail_from(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        now.checked_sub_signed(self.trail?)
    }

    /// What came to rest before this instant is forgotten.
    #[must_use]
    pub fn articles_from(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        now.checked_sub_signed(self.article?)
    }
}

/// What one round of tidying took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Articles whose trail went.
    pub at_rest: u64,
    /// Articles that were forgotten.
    pub forgotten: u64,
    /// Single rows that went with neither: requests, pictures that nobody shows, editions, decisions about channels.
    pub rows: u64,
    /// Pages that were given back to the disk.
    pub pages: u64,
}
