//! One channel on its own, with its secrets in files that a test may change.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use loa::article::{Article, Image, Kept, Revision, sha256_hex};
use loa::channel::{Channel, Job, Pictures, Progress, SendError};
use loa::config::ChannelSpec;
use loa::delivery::{Action, Live, Receipt};
use tempfile::TempDir;

use super::bench;
pub(crate) use super::bench::LINK;
use super::bench::office;
use crate::sample::HANOI;

pub(crate) const CREATE: Action = Action::Create(Revision(1));
pub(crate) const UPDATE: Action = Action::Update(Revision(2));

/// A channel of one kind, opened from settings; its secrets are files in a folder of its own.
pub(crate) struct Single {
    pub(crate) channel: Arc<dyn Channel>,
    folder: TempDir,
}

impl Single {
    /// `settings` names a secret as `secret(NAME)`; `secrets` gives them.
    pub(crate) fn open(kind: &str, settings: &str, secrets: &[(&str, &str)]) -> Self {
        Self::try_open(kind, settings, secrets).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same, or what is said about the settings, with the line.
    pub(crate) fn try_open(kind: &str, settings: &str, secrets: &[(&str, &str)]) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = settings.to_owned();
        for (name, secret) in secrets {
            let path = folder.path().join(name);
            std::fs::write(&path, secret).expect("a secret");
            let path = toml::Value::String(path.display().to_string());
            settings = settings.replace(&format!("secret({name})"), &format!("{{ file = {path} }}"));
        }
        let source = format!("kind = \"{kind}\"\n[limits]\ntimeout = \"1s\"\n[settings]\n{settings}\n");
        let file = std::path::Path::new("kenh.toml");
        let spec = ChannelSpec::parse(file, &source, HANOI).map_err(|error| error.to_string())?;
        // A rehearsal needs no secrets.
        let rehearsed = settings.replace("{ file =", "{ env = \"LOA_TEST_KHONG_CO\" } #");
        let rehearsed = source.replace(&settings, &rehearsed);
        let opened = ChannelSpec::parse(file, &rehearsed, HANOI).map(|spec| spec.open(&office(), folder.path(), false));
        let channel = spec
            .open(&office(), folder.path(), true)
            .map_err(|error| format!("{}: {}", error.line.unwrap_or_default(), error.text.vi))?;
        opened.map_err(|error| error.to_string())?.unwrap_or_else(|error| panic!("{error}"));
        Ok(Self { channel, folder })
    }

    /// Writes another secret into the file.
    pub(crate) fn secret(&self, name: &str, secret: &str) {
        std::fs::write(self.folder.path().join(name), secret).expect("a secret");
    }

    pub(crate) fn job(&self, article: &Article, action: Action, live: Live) -> Job {
        self.job_at(article, action, live, start())
    }

    pub(crate) fn job_at(&self, article: &Article, action: Action, live: Live, now: DateTime<Utc>) -> Job {
        let item = bench::item_of(article.clone(), action, live, start());
        bench::job_of(&*self.channel, item, now, Arc::new(Album))
    }

    pub(crate) async fn advance(&self, article: &Article, action: Action, live: Live) -> Result<Progress, SendError> {
        self.channel.advance(&self.job(article, action, live)).await
    }

    /// Makes a public copy, as the dispatcher does, and returns what is then live.
    pub(crate) async fn publish(&self, article: &Article) -> Live {
        let mut progress = self.advance(article, CREATE, Live::Nothing).await.unwrap_or_else(|error| panic!("{error}"));
        if let Progress::Staged(remote_id) = &progress {
            let staged = Live::Staged { revision: Revision(1), remote_id: remote_id.clone() };
            progress = self.advance(article, CREATE, staged).await.unwrap_or_else(|error| panic!("{error}"));
        }
        let Progress::Live(receipt) = progress else { panic!("{progress:?}") };
        shown(receipt)
    }
}

pub(crate) fn shown(receipt: Receipt) -> Live {
    Live::Shown { revision: Revision(1), receipt }
}

pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(crate::support::far::graph::START, 0).expect("a time")
}

/// Holds the pictures that [`picture`] makes.
struct Album;

impl Pictures for Album {
    fn bytes<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, SendError>> {
        let known: BTreeMap<String, Vec<u8>> = (0..16).map(png).map(|bytes| (sha256_hex(&bytes), bytes)).collect();
        Box::pin(async move { Ok(known.get(hash).cloned()) })
    }
}

fn png(number: u8) -> Vec<u8> {
    bench::png(16, 12, [number, 90, 200])
}

/// A picture that the intake has kept.
pub(crate) fn picture(number: u8) -> Image {
    let hash = sha256_hex(&png(number));
    Image {
        url: format!("https://anbinh.example.vn/anh/{number}.png"),
        alt: format!("Ảnh số {number}"),
        caption: None,
        kept: Some(Kept { hash, media_type: "image/png".to_owned(), width: 16, height: 12 }),
    }
}
