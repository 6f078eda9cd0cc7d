//! An email channel on a bench, with a real store that remembers its copies.

use std::sync::Arc;

use loa::article::ArticleId;
use loa::audience::Entry;
use loa::channel::{Channel, Copies, Item, Job};
use loa::clock::Clock;
use loa::queue::{About, Queue as _};
use loa::store::{SqliteOptions, Store};
use tempfile::TempDir;

use crate::channels::bench;
use crate::sample::utc;

pub(crate) const TO_FILES: &str =
    "from = \"UBND xã An Bình <tin@anbinh.example.vn>\"\ntransport = \"file\"\nfolder = \"thu\"";

/// A channel, its folder and its store.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    pub(crate) channel: Arc<dyn Channel>,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
}

impl Desk {
    /// A channel with these settings and these people in its file.
    pub(crate) async fn new(settings: &str, people: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("nguoi-nhan.txt"), people.join("\n")).expect("a list");
        let settings = format!("recipients = \"nguoi-nhan.txt\"\n{settings}");
        let channel = bench::open(folder.path(), "email", &settings).unwrap_or_else(|error| panic!("{error}"));
        let path = folder.path().join("loa.db");
        let store = Store::open(SqliteOptions { path, max_size: None }).await.expect("a store");
        Self { folder, channel, store, clock: Clock::still_at(utc("2026-11-24T09:00:05+07:00")) }
    }

    /// A job with one item, whose copies the store remembers.
    pub(crate) fn job(&self, item: Item) -> Job {
        let mut job = bench::job(&*self.channel, item);
        job.copies = self.copies(&job.key);
        job
    }

    pub(crate) fn copies(&self, key: &str) -> Arc<dyn Copies> {
        self.store.copies("kenh", key, About::Article(ArticleId(1)), &self.clock)
    }

    /// The letters that were written to files, by recipient.
    pub(crate) fn letters(&self) -> Vec<Vec<u8>> {
        let folder = self.folder.path().join("thu");
        let entries = std::fs::read_dir(folder).map_or_else(|_| Vec::new(), Iterator::collect::<Vec<_>>);
        entries.into_iter().map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a letter")).collect()
    }
}

pub(crate) fn people(names: &[&str]) -> Vec<Entry> {
    names.iter().map(|name| Entry { address: name.parse().expect("an address"), name: None }).collect()
}
