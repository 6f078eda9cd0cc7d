//! What the feed holds: one small file per article in the feed's own folder, so that it can be made again from
//! there by any process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::files::{self, FileError};

/// One article in every form of the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) slug: String,
    pub(super) revision: u32,
    pub(super) updated: DateTime<Utc>,
    pub(super) withdrawn: bool,
    /// The entry, or its tombstone.
    pub(super) atom: String,
    pub(super) rss: String,
    pub(super) json: String,
}

/// The articles that the feed shows, and those that it has taken back.
pub(super) struct Entries {
    folder: PathBuf,
    all: BTreeMap<String, Entry>,
    most: usize,
}

impl Entries {
    /// Reads what the folder holds; `most` of each sort are shown.
    pub(super) async fn load(folder: &Path, most: usize) -> Result<Self, FileError> {
        let mut entries = BTreeMap::new();
        for path in files::list(folder, "json").await? {
            let Some(bytes) = files::read(&path).await? else { continue };
            match serde_json::from_slice::<Entry>(&bytes) {
                Ok(entry) => drop(entries.insert(entry.slug.clone(), entry)),
                Err(error) => {
                    let file = path.display();
                    tracing::warn!(%file, %error, "an entry of the feed cannot be read and is left out");
                }
            }
        }
        Ok(Self { folder: folder.to_owned(), all: entries, most })
    }

    /// Adds or replaces one article, on disk first.
    pub(super) async fn put(&mut self, entry: Entry) -> Result<(), FileError> {
        if self.all.get(&entry.slug) == Some(&entry) {
            return Ok(());
        }
        let json = serde_json::to_vec(&entry).unwrap_or_default();
        files::write(&self.path(&entry.slug), &json).await?;
        self.all.insert(entry.slug.clone(), entry);
        Ok(())
    }

    /// Forgets what has long been too old to be shown, so that the folder does not grow for ever.
    pub(super) async fn prune(&mut self) {
        let kept =
            |sorted: Vec<&Entry>| sorted.into_iter().skip(self.most * 2).map(|entry| entry.slug.clone()).collect();
        let (old, gone): (Vec<String>, Vec<String>) = (kept(self.newest(false)), kept(self.newest(true)));
        for slug in old.into_iter().chain(gone) {
            if let Err(error) = tokio::fs::remove_file(self.path(&slug)).await {
                tracing::warn!(%slug, %error, "an old entry of the feed could not be removed");
            }
            self.all.remove(&slug);
        }
    }

    /// The public articles, the newest and the newly corrected first.
    pub(super) fn live(&self) -> Vec<&Entry> {
        self.newest(false).into_iter().take(self.most).collect()
    }

    /// The articles that were taken back last.
    pub(super) fn deleted(&self) -> Vec<&Entry> {
        self.newest(true).into_iter().take(self.most).collect()
    }

    /// The last change of anything.
    pub(super) fn updated(&self) -> DateTime<Utc> {
        self.all.values().map(|entry| entry.updated).max().unwrap_or_default()
    }

    fn newest(&self, withdrawn: bool) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = self.all.values().filter(|entry| entry.withdrawn == withdrawn).collect();
        entries.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.slug.cmp(&b.slug)));
        entries
    }

    fn path(&self, slug: &str) -> PathBuf {
        self.folder.join(format!("{slug}.json"))
    }
}
