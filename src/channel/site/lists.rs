//! What the index, the feed and the sitemap are made from: one small file per article, so that the website
//! can be rebuilt from its own folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::Item;
use super::super::files::{self, FileError};
use crate::article::Priority;

/// One article in the lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) lead: String,
    pub(super) topics: Vec<String>,
    pub(super) urgent: bool,
    pub(super) published: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
    pub(super) revision: u32,
    pub(super) withdrawn: bool,
}

impl Entry {
    pub(super) fn of(item: &Item, withdrawn: bool) -> Self {
        let article = &item.article;
        Self {
            slug: item.slug(),
            title: article.title.clone(),
            lead: super::super::page::shorten(article.lead(), 240),
            topics: article.topics.clone(),
            urgent: article.priority == Priority::Urgent,
            published: item.published,
            updated: item.updated,
            revision: item.revision.0,
            withdrawn,
        }
    }
}

/// Every article the website has shown.
pub(super) struct Lists {
    entries: BTreeMap<String, Entry>,
}

impl Lists {
    /// Reads what the folder holds.
    pub(super) async fn load(folder: &Path) -> Result<Self, FileError> {
        let mut entries = BTreeMap::new();
        for path in files::list(&entries_folder(folder), "json").await? {
            let Some(bytes) = files::read(&path).await? else { continue };
            match serde_json::from_slice::<Entry>(&bytes) {
                Ok(entry) => drop(entries.insert(entry.slug.clone(), entry)),
                Err(error) => {
                    let file = path.display();
                    tracing::warn!(%file, %error, "an entry of the website cannot be read and is left out");
                }
            }
        }
        Ok(Self { entries })
    }

    /// Adds or replaces one article, on disk first.
    pub(super) async fn with(mut self, folder: &Path, entry: Entry) -> Result<Self, FileError> {
        let path = entries_folder(folder).join(format!("{}.json", entry.slug));
        let json = serde_json::to_vec(&entry).unwrap_or_default();
        files::write(&path, &json).await?;
        self.entries.insert(entry.slug.clone(), entry);
        Ok(self)
    }

    /// The public articles, newest first.
    pub(super) fn newest(&self) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = self.entries.values().filter(|entry| !entry.withdrawn).collect();
        entries.sort_by(|a, b| b.published.cmp(&a.published).then_with(|| a.slug.cmp(&b.slug)));
        entries
    }

    /// The last change of anything.
    pub(super) fn updated(&self) -> DateTime<Utc> {
        self.entries.values().map(|entry| entry.updated).max().unwrap_or_default()
    }
}

fn entries_folder(folder: &Path) -> PathBuf {
    folder.join(".loa").join("entries")
}
