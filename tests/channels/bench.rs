//! One channel on a bench: opened from its settings, given one job at a time, without an office around it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use loa::article::{Article, Image, Kept, Revision, sha256_hex};
use loa::channel::{Channel, Item, Job, NoCopies, NoPictures, Office, Pictures, RenderContext, SendError};
use loa::config::{ChannelSpec, ConfigError};
use loa::delivery::{Action, Live, Receipt, job_key};
use loa::text::Language;

use crate::sample::{HANOI, utc};

pub(crate) const LINK: &str = "https://anbinh.example.vn/bai/1.html";

pub(crate) fn office() -> Office {
    Office { name: "UBND xã An Bình".to_owned(), timezone: HANOI, language: Language::Vi, public_url: None }
}

/// Opens `channels/kenh.toml` with these settings (the inside of `[settings]`, and tables below it).
pub(crate) fn open(base: &Path, kind: &str, settings: &str) -> Result<Arc<dyn Channel>, ConfigError> {
    let source = format!("kind = \"{kind}\"\n[limits]\ntimeout = \"1s\"\n[settings]\n{settings}\n");
    ChannelSpec::parse(Path::new("kenh.toml"), &source, HANOI)?.open(&office(), base, true)
}

pub(crate) fn create(article: Article) -> Item {
    item(article, Action::Create(Revision(1)), Live::Nothing)
}

/// A correction of the copy that `receipt` tells of.
pub(crate) fn update(article: Article, receipt: &Receipt) -> Item {
    item(article, Action::Update(Revision(2)), shown(receipt))
}

pub(crate) fn withdraw(article: Article, receipt: &Receipt) -> Item {
    item(article, Action::Withdraw, shown(receipt))
}

pub(crate) fn shown(receipt: &Receipt) -> Live {
    Live::Shown { revision: Revision(1), receipt: receipt.clone() }
}

pub(crate) fn item(article: Article, action: Action, live: Live) -> Item {
    let published = utc("2026-11-24T09:00:00+07:00");
    let mut item = item_of(article, action, live, published);
    if item.revision != Revision(1) {
        item.updated = utc("2026-11-24T09:30:00+07:00");
    }
    item
}

/// The article of a job, handed over at `published`.
pub(crate) fn item_of(article: Article, action: Action, live: Live, published: DateTime<Utc>) -> Item {
    let revision = action.revision().or(live.revision()).unwrap_or(Revision(1));
    let link = Some(LINK.to_owned());
    Item { article: Arc::new(article), revision, action, live, published, updated: published, link, again: None }
}

pub(crate) fn job(channel: &dyn Channel, item: Item) -> Job {
    with_pictures(channel, item, Arc::new(NoPictures))
}

pub(crate) fn with_pictures(channel: &dyn Channel, item: Item, pictures: Arc<dyn Pictures>) -> Job {
    job_of(channel, item, utc("2026-11-24T09:00:05+07:00"), pictures)
}

/// One item, rendered and ready to be tried at `now`.
pub(crate) fn job_of(channel: &dyn Channel, item: Item, now: DateTime<Utc>, pictures: Arc<dyn Pictures>) -> Job {
    let cx = RenderContext { office: office(), at: item.updated, edition: None };
    let items = vec![item];
    let payload = channel.render(&items, &cx).unwrap_or_else(|error| panic!("{error}"));
    let first = &items[0];
    let key = job_key("kenh", &first.article.key, first.action, &first.live, first.updated, first.again);
    Job {
        key,
        items,
        edition: None,
        hash: payload.hash(),
        payload,
        now,
        copies: Arc::new(NoCopies),
        pictures,
        halt: tokio_util::sync::CancellationToken::new(),
    }
}

/// A picture of one colour, as a PNG.
pub(crate) fn png(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(width, height, image::Rgb(colour));
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a PNG");
    bytes.into_inner()
}

/// Pictures in memory.
#[derive(Default)]
pub(crate) struct Album(BTreeMap<String, Vec<u8>>);

impl Album {
    /// A small picture of one colour; it is kept here, and named as the intake names it.
    pub(crate) fn picture(&mut self, red: u8, alt: &str) -> Image {
        let bytes = png(8, 8, [red, 0, 0]);
        let hash = sha256_hex(&bytes);
        self.0.insert(hash.clone(), bytes);
        Image {
            url: format!("https://cms.example.vn/anh-{red}.png"),
            alt: alt.to_owned(),
            caption: None,
            kept: Some(Kept { hash, media_type: "image/png".to_owned(), width: 8, height: 8 }),
        }
    }

    pub(crate) fn bytes_of(&self, image: &Image) -> &[u8] {
        &self.0[&image.kept.as_ref().expect("a kept picture").hash]
    }
}

impl Pictures for Album {
    fn bytes<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, SendError>> {
        Box::pin(async { Ok(self.0.get(hash).cloned()) })
    }
}
