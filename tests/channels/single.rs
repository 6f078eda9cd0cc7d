//! One channel by itself, opened from settings, and jobs for it.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use loa::article::{Article, Image, Kept, Revision, sha256_hex};
use loa::channel::{Channel, Item, Job, NoCopies, Office, Pictures, Progress, RenderContext, SendError};
use loa::config::ChannelSpec;
use loa::delivery::{Action, Live, Receipt};
use loa::text::Language;

use crate::sample::HANOI;

/// When the far sides' clocks stand, in [`crate::support::hostile_api`].
pub(crate) const NOW: i64 = 1_795_485_600;

pub(crate) const CREATE: Action = Action::Create(Revision(1));
pub(crate) const UPDATE: Action = Action::Update(Revision(2));

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

fn office() -> Office {
    Office { name: "UBND xã An Bình".to_owned(), timezone: HANOI, language: Language::Vi }
}

/// A channel of `kind` with the inside of `[settings]`.
pub(crate) fn open(base: &Path, kind: &str, settings: &str) -> Arc<dyn Channel> {
    try_open(base, kind, settings).unwrap_or_else(|error| panic!("{error}"))
}

/// The same, or what is said about the settings.
pub(crate) fn try_open(base: &Path, kind: &str, settings: &str) -> Result<Arc<dyn Channel>, String> {
    let source = format!("kind = \"{kind}\"\n[limits]\ntimeout = \"1s\"\n[settings]\n{settings}\n");
    let spec = ChannelSpec::parse(Path::new("kenh.toml"), &source, HANOI).map_err(|error| error.to_string())?;
    spec.open(&office(), base, true).map_err(|error| error.to_string())
}

/// A job of `action` for an article whose copy stands like `live`.
pub(crate) fn job(channel: &dyn Channel, article: Article, action: Action, live: Live) -> Job {
    let item = Item {
        article: Arc::new(article),
        revision: action.revision().unwrap_or(Revision(1)),
        action,
        live,
        published: now(),
        updated: now(),
        link: Some("https://anbinh.example.vn/bai/1.html".to_owned()),
    };
    let context = RenderContext { office: office(), at: now(), edition: None };
    let payload = channel.render(std::slice::from_ref(&item), &context).unwrap_or_else(|error| panic!("{error}"));
    let key = format!("loa_{}_{}", action.name(), item.revision);
    let pictures = Arc::new(Album);
    Job { key, items: vec![item], edition: None, payload, now: now(), copies: Arc::new(NoCopies), pictures }
}

/// The copy is there, as this receipt says.
pub(crate) fn shown(receipt: &Receipt) -> Live {
    Live::Shown { revision: Revision(1), receipt: receipt.clone() }
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
        Box::pin(async { Ok(Some(png())) })
    }
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(1_600, 900, image::Rgb([200, 30, 30]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
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
