//! One channel by itself for far sides that stage: it is tried until the public copy is there.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use loa::article::{Article, Image, Kept, Revision, sha256_hex};
use loa::channel::{Channel, Job, Pictures, Progress, SendError};
use loa::delivery::{Action, Live, Receipt};

use super::bench;
pub(crate) use super::bench::shown;

/// When the far sides' clocks stand, in [`crate::support::hostile_api`].
pub(crate) const NOW: i64 = 1_795_485_600;

pub(crate) const CREATE: Action = Action::Create(Revision(1));
pub(crate) const UPDATE: Action = Action::Update(Revision(2));

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

/// A channel of `kind` with the inside of `[settings]`.
pub(crate) fn open(base: &Path, kind: &str, settings: &str) -> Arc<dyn Channel> {
    try_open(base, kind, settings).unwrap_or_else(|error| panic!("{error}"))
}

/// The same, or what is said about the settings.
pub(crate) fn try_open(base: &Path, kind: &str, settings: &str) -> Result<Arc<dyn Channel>, String> {
    bench::open(base, kind, settings).map_err(|error| error.to_string())
}

/// A job of `action` for an article whose copy stands like `live`.
pub(crate) fn job(channel: &dyn Channel, article: Article, action: Action, live: Live) -> Job {
    bench::job_of(channel, bench::item_of(article, action, live, now()), now(), Arc::new(Album))
}

/// A hidden copy is there.
pub(crate) fn staged(remote_id: &str) -> Live {
    Live::Staged { revision: Revision(1), remote_id: remote_id.to_owned() }
}

/// Tries until the public copy is there, as the dispatcher does within one try.
pub(crate) async fn through(channel: &dyn Channel, mut job: Job) -> Result<Progress, SendError> {
    for _ in 0..4 {
        match channel.advance(&job).await {
            Ok(Progress::Staged(remote_id)) => {
                job.items[0].live = staged(&remote_id);
            }
            other => return other,
        }
    }
    panic!("staged and staged again")
}

/// Publishes and brings the receipt back.
pub(crate) async fn published(channel: &dyn Channel, article: Article) -> Receipt {
    match through(channel, job(channel, article, CREATE, Live::Nothing)).await {
        Ok(Progress::Live(receipt)) => receipt,
        other => panic!("{other:?}"),
    }
}

/// Holds one picture under every hash: 1,600 × 900, as a PNG.
pub(crate) struct Album;

impl Pictures for Album {
    fn bytes<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, SendError>> {
        Box::pin(async { Ok(Some(bench::png(1_600, 900, [200, 30, 30]))) })
    }
}

/// A picture that the intake has kept.
pub(crate) fn kept_image(media_type: &str, width: u32) -> Image {
    Image {
        url: "https://anbinh.example.vn/anh/ho-ba-be.jpg".to_owned(),
        alt: "Toàn cảnh hồ".to_owned(),
        caption: Some("Hồ & đồi".to_owned()),
        kept: Some(Kept { hash: sha256_hex(b"ho"), media_type: media_type.to_owned(), width, height: 900 }),
    }
}

/// The same article with another body.
pub(crate) fn corrected(article: Article) -> Article {
    Article {
        body_html: "<p>Nội dung đã sửa.</p>".to_owned(), body_text: "Nội dung đã sửa.".to_owned(), ..article
    }
}

/// A quarter past nine, on another day: for what takes time.
pub(crate) fn later(job: Job, hours: i64) -> Job {
    Job { now: job.now + chrono::TimeDelta::hours(hours), ..job }
}
