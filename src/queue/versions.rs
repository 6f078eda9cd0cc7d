//! Earlier versions of the files that officers change in the console. `store` keeps them.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::{Record, StoreError};

/// One version of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub id: i64,
    /// The file, by a name of its own such as `lexicon.tsv`.
    pub file: String,
    /// Who wrote it; empty: it was changed outside the console.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What it said; `None`: it was removed.
    pub content: Option<String>,
}

/// A change of a file.
#[derive(Clone, Debug)]
pub struct FileChange {
    /// The file.
    pub file: String,
    /// What it said until now; `None`: there was none.
    pub before: Option<String>,
    /// What it says from now on; `None`: it is removed.
    pub after: Option<String>,
    /// The line in the ledger.
    pub record: Record,
}

/// Versions of files.
pub trait Versions: Send + Sync {
    /// Keeps a change and writes it into the ledger. What stood there before is kept too, where somebody changed it
    /// elsewhere.
    fn keep(&self, change: FileChange) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The versions of a file, the newest first, without what they say.
    fn versions(&self, file: String, most: u32) -> BoxFuture<'_, Result<Vec<Version>, StoreError>>;

    /// One version.
    fn version(&self, id: i64) -> BoxFuture<'_, Result<Option<Version>, StoreError>>;
}
