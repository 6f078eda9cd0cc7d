//! The office's own readings: the lexicon that the announcer's script is made with.

use futures_util::future::BoxFuture;
use serde::Serialize;

use super::Unable;
use crate::queue::By;
use crate::text::Text;

/// A reading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReadingEntry {
    /// As it is written.
    pub written: String,
    /// As it is read.
    pub spoken: String,
    /// For colleagues.
    pub note: String,
}

/// What a search found.
#[derive(Clone, Debug, Serialize)]
pub struct FoundReadings {
    /// The office's own.
    pub own: Vec<ReadingEntry>,
    /// How many of those there are.
    pub own_count: usize,
    /// Those that are built in and not overruled.
    pub built_in: Vec<ReadingEntry>,
    /// How many of those there are.
    pub built_in_count: usize,
    /// Lines of the file that cannot be used: then none of it is.
    pub trouble: Vec<Text>,
}

/// A change of the office's readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadingChange {
    /// A new one.
    Add(ReadingEntry),
    /// Another one in place of one that is there.
    Replace {
        /// The one that is there.
        before: ReadingEntry,
        /// The one that takes its place.
        after: ReadingEntry,
    },
    /// One is taken away.
    Remove(ReadingEntry),
    /// The whole file as it was in a version.
    PutBack(i64),
}

/// How a text is read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tried {
    /// In words.
    pub spoken: String,
    /// Pieces whose reading is not certain: written, read as.
    pub doubts: Vec<(String, String)>,
}

/// The office's readings.
pub trait Readings: Send + Sync {
    /// Those that `words` are found in, at most `most` of each sort; all for no words.
    fn find(&self, words: &str, most: usize) -> BoxFuture<'_, Result<FoundReadings, Unable>>;

    /// Changes the file.
    fn change(&self, change: ReadingChange, by: By) -> BoxFuture<'_, Result<(), Unable>>;

    /// How a text is read.
    fn try_out(&self, text: &str) -> BoxFuture<'_, Result<Tried, Unable>>;
}
