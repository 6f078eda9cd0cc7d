//! Channels: the trait every adapter implements, and the words they share.
//!
//! An adapter renders (pure), tries once, looks up and classifies. It never retries, sleeps or reads a
//! clock: the dispatcher does that.

mod client;
mod copies;
mod dns;
mod failure;
mod files;
mod form;
mod kinds;
mod page;
mod pictures;
mod rehearsal;
mod secret;
mod seen;
mod settings;

mod email;
mod fanpage;
mod feed;
mod ghost;
mod http;
mod mastodon;
mod package;
mod radio;
mod site;
mod telegram;
mod wordpress;
mod zalo;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::article::{Article, Revision, sha256_hex};
use crate::delivery::{Action, Live, Receipt, Slot};
use crate::text::{Language, Text};

pub use client::provide_tls;
pub use copies::{Addressee, Copies, CopyChange, CopyCount, CopyState, Departures, Leave, NoCopies};
pub use dns::{DnsPlan, DnsRecord, Finding};
pub use email::new_signing_key;
pub use failure::{Attention, Class, RenderError, SendError};
pub use form::{Choice, Field, Input, Keys};
pub use kinds::{Example, KINDS, Kind, Open, Template, examples, kind, templates};
pub use page::ascii;
pub use pictures::{NoPictures, Pictures};
pub use rehearsal::Rehearsal;
pub use secret::{Secret, SecretError, names_secret};
pub use settings::{OpenContext, Settings, SettingsError};

/// Whether a try whose answer was lost may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// A repeat of the same job changes nothing.
    Safe,
    /// Only after [`Channel::look_up`] found it absent.
    AfterLookup,
    /// Never: a person decides.
    Never,
}

/// One configured way of reaching people.
pub trait Channel: Send + Sync {
    /// Whether a job whose answer was lost may simply be done again.
    fn repeat(&self) -> Repeat;

    /// The exact bytes that will be sent. Pure: the same items and context give the same payload, and
    /// preview shows the same bytes.
    ///
    /// # Errors
    /// [`RenderError`] when these items can never be sent on this channel.
    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError>;

    /// What, beside its arguments, [`Channel::render`] depends on: channels that say the same render alike, and the
    /// dispatcher does it once for all of them. `None`: only this one renders so.
    fn alike(&self) -> Option<&str> {
        None
    }

    /// Which of an edition's items have no room in it and wait for the next one, by position. Pure. At
    /// least one item always has room.
    fn overflow(&self, _items: &[Item], _cx: &RenderContext) -> Vec<usize> {
        Vec::new()
    }

    /// One try of `job`; it is told where an earlier try got to by `job.items[..].live`.
    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>>;

    /// Whether an earlier try of `job`, whose answer was lost, was done.
    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>>;

    /// What the far side last said about the account's allowance, if it speaks of one. The dispatcher slows down
    /// before it is used up.
    fn allowance(&self) -> Option<Allowance> {
        None
    }

    /// The style sheet that lies beside its pages, so that a preview of one looks as the page will.
    fn style(&self) -> Option<&'static str> {
        None
    }

    /// What has to stand in the domain name system for its messages to be believed; `None` for channels that need
    /// nothing there. Touches no network.
    fn dns(&self) -> Option<DnsPlan> {
        None
    }

    /// What an office should know of its settings, though they are valid. Touches no network.
    fn advice(&self) -> Vec<Text> {
        Vec::new()
    }

    /// Whether the channel could be used now. Sends nothing that the public could see.
    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>>;
}

/// Progress of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A hidden copy exists under this remote id; call `advance` again to reveal it.
    Staged(String),
    /// The public sees it.
    Live(Receipt),
    /// Everybody has been written to, but whether some of them got it only a person can find out; each copy is on
    /// record.
    InDoubt {
        /// For the copies of the others.
        receipt: Receipt,
        /// Who is in doubt, and what to do.
        note: Text,
    },
    /// The copy is gone, or there was none.
    Gone,
    /// The copy could not be removed; a notice stands in its place.
    Notice,
}

/// How much of the account's allowance is used, as the far side last said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Percent, 0 to 100 and beyond.
    pub used: u8,
    /// When it will be regained, where the far side said.
    pub regained_in: Option<Duration>,
}

/// What a look-up saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The job was done: the copy that it makes is there, or for a withdrawal, what it takes back is gone.
    Present(Receipt),
    /// A hidden copy that the create made is there under this remote id; the reveal is still to be done.
    Staged(String),
    /// It was provably not done and may be done again.
    Absent,
    /// Part of its audience has it, and the same job may be finished for the others.
    Begun,
    /// It is not there now, but the far side may show a new copy late: only a second look in vain proves it.
    NotYet,
    /// It cannot be told.
    Unknown(Text),
}

/// State of a channel as a probe found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether the probe really proved that the channel can be used; false where nothing but a real
    /// send could tell.
    pub proven: bool,
    /// When the credential ends, where that is known.
    pub credential_ends: Option<DateTime<Utc>>,
    /// In words.
    pub note: Text,
}

/// One article in a job.
#[derive(Clone, Debug)]
pub struct Item {
    /// The content to show; for a withdrawal, the content that is taken back.
    pub article: Arc<Article>,
    /// Its revision.
    pub revision: Revision,
    /// What is done with it.
    pub action: Action,
    /// What the channel showed of it before.
    pub live: Live,
    /// When the article was first published.
    pub published: DateTime<Utc>,
    /// When this revision (or the withdrawal) was handed over.
    pub updated: DateTime<Utc>,
    /// Where readers find the original: the public copy on the channel that this one follows, or the address
    /// that the source gave. Known before the first try, so that a repeat has the same bytes.
    pub link: Option<String>,
    /// Since when another copy than the one before is wanted, where a person asked for one.
    pub again: Option<DateTime<Utc>>,
}

impl Item {
    /// A name for the article that is stable, readable and safe in file names and URLs.
    #[must_use]
    pub fn slug(&self) -> String {
        page::slug(&self.article)
    }
}

/// What rendering may know beside the items.
#[derive(Clone, Debug)]
pub struct RenderContext {
    /// Who speaks.
    pub office: Office,
    /// When it was planned to go out; stands for "now", so that rendering is repeatable.
    pub at: DateTime<Utc>,
    /// The edition it is part of.
    pub edition: Option<Slot>,
}

/// The office as its readers know it.
#[derive(Clone, Debug)]
pub struct Office {
    /// Its name.
    pub name: String,
    /// Where its hours are counted.
    pub timezone: Tz,
    /// The language of what loa itself adds to a copy.
    pub language: Language,
    /// Where the public reaches loa's own pages, without a slash at the end; `None`: nowhere.
    pub public_url: Option<String>,
}

/// The exact bytes of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// File ending that fits the bytes, without the dot.
    pub extension: &'static str,
    /// The bytes.
    pub bytes: Bytes,
    /// Companions of the same name with other endings, such as a machine's version of a script.
    pub beside: Vec<(&'static str, Vec<u8>)>,
    /// What people should know of how it was made, for the ledger.
    pub note: Option<Text>,
}

impl Payload {
    /// A payload without companions.
    #[must_use]
    pub fn alone(extension: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { extension, bytes: bytes.into(), beside: Vec::new(), note: None }
    }

    /// SHA-256 in hexadecimal, as recorded in the ledger.
    #[must_use]
    pub fn hash(&self) -> String {
        sha256_hex(&self.bytes)
    }
}

/// One try's worth of work, ready to send.
pub struct Job {
    /// Stable name of this job: the same after any crash or retry, different for every revision.
    pub key: String,
    /// What is shown or taken back; more than one in an edition.
    pub items: Vec<Item>,
    /// The slot, for an edition.
    pub edition: Option<Slot>,
    /// The bytes.
    pub payload: Payload,
    /// Their SHA-256.
    pub hash: String,
    /// The present instant, for signatures.
    pub now: DateTime<Utc>,
    /// Durable memory of who has had a copy, for channels that send many.
    pub copies: Arc<dyn Copies>,
    /// The pictures of its articles.
    pub pictures: Arc<dyn Pictures>,
    /// Cancelled when the channel is to stop: a job of many copies then ends between two of them.
    pub halt: CancellationToken,
}

/// Bytes of an address that browsers and portals take.
const LONGEST_URL: usize = 2_048;

impl Job {
    /// A receipt for this job's payload. An address that no browser takes is not kept.
    #[must_use]
    pub fn receipt(&self, remote_id: impl Into<String>, url: Option<String>) -> Receipt {
        let url = url.filter(|url| url.len() <= LONGEST_URL);
        Receipt { remote_id: remote_id.into(), url, payload_hash: self.hash.clone(), rehearsal: false, seen: None }
    }

    /// The first item; jobs are never empty.
    ///
    /// # Errors
    /// A permanent failure for an empty job, which would be a mistake of ours.
    pub fn first(&self) -> Result<&Item, SendError> {
        self.items
            .first()
            .ok_or_else(|| SendError::permanent(crate::text!("lượt phát không có bài nào", "the job holds no article")))
    }
}

/// Longest time one step of a try may take, unless the channel's file says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
