//! Writing articles by hand, and seeing them as every channel will show them.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::article::{ArticleId, Kept, Revision};
use crate::queue::{By, Manuscript, PictureFile, StoreError, Written};
use crate::text::Text;

/// Something that was typed and cannot be taken as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The field of the form.
    pub field: String,
    /// What is wrong, and what would be right.
    pub text: Text,
}

/// Where to begin a correction.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The newest revision, as an officer would have typed it.
    pub written: Written,
    /// Which that is.
    pub revision: Revision,
    /// Since when the article is withdrawn.
    pub withdrawn: Option<DateTime<Utc>>,
}

/// What became of a manuscript that was handed over.
#[derive(Clone, Copy, Debug)]
pub struct HandedOver {
    /// The article.
    pub article: ArticleId,
    /// Its revision.
    pub revision: Revision,
    /// Whether that is new.
    pub changed: bool,
    /// To how many channels it goes.
    pub channels: usize,
    /// How many of its pictures could not be fetched.
    pub missing_pictures: usize,
}

/// Why something was not done.
#[derive(Clone, Debug)]
pub enum Unable {
    /// For this reason; nothing was changed.
    Refused(Text),
    /// There is no such thing.
    Missing,
    /// The store does not answer.
    Store(StoreError),
}

impl From<StoreError> for Unable {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// An article as the channels will show it.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// The instant that it shows: handed over as seen then, exactly this is sent.
    pub at: DateTime<Utc>,
    /// Since when the article is withdrawn, which comes back by this.
    pub withdrawn: Option<DateTime<Utc>>,
    /// The newest revision, where that is not the one which the correction was begun from.
    pub overtaken: Option<Revision>,
    /// One for each channel.
    pub channels: Vec<ChannelView>,
    /// How many of its pictures could not be fetched.
    pub missing_pictures: usize,
}

/// What one channel will do with an article.
#[derive(Clone, Debug, Serialize)]
pub struct ChannelView {
    /// File name without `.toml`.
    pub channel: String,
    /// The name people use.
    pub name: String,
    /// What kind of channel it is.
    pub about: Text,
    /// What it will do.
    pub outlook: Outlook,
    /// What else there is to know, each a sentence.
    pub notes: Vec<Text>,
    /// What it will send, if it sends anything.
    pub payload: Option<PayloadView>,
}

/// What a channel will do.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outlook {
    /// It sends at this time, or as soon as it may.
    Sends {
        /// When.
        at: DateTime<Utc>,
        /// Whether that is now.
        now: bool,
        /// Whether it corrects a copy that is there.
        corrects: bool,
    },
    /// It records what it would send.
    Rehearses,
    /// It does not take the article.
    Refuses {
        /// Why.
        why: Text,
    },
    /// It is switched off.
    Off,
    /// It cannot show the article, or cannot be opened.
    Fails {
        /// Why.
        why: Text,
    },
}

/// The bytes that will be sent, for people.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadView {
    /// SHA-256 of the bytes, as the ledger will have it.
    pub hash: String,
    /// How many.
    pub bytes: usize,
    /// What they say, in pieces.
    pub parts: Vec<Part>,
    /// How long it takes to read it aloud, in seconds.
    pub seconds: Option<u64>,
    /// Words whose reading is not certain.
    pub doubts: Vec<Doubt>,
    /// What people should know of how it was made.
    pub note: Option<Text>,
}

/// A piece of a payload.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// What it is.
    pub title: Text,
    /// What it says.
    pub body: PartBody,
}

/// What a piece says.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "is", content = "words", rename_all = "snake_case")]
pub enum PartBody {
    /// A page: shown in a frame of its own.
    Page(String),
    /// Words as they stand, with their line breaks.
    Plain(String),
    /// The same, of interest to those who look after the machine.
    Technical(String),
    /// Single values with their names.
    Values(Vec<(Text, String)>),
}

/// A word whose reading is not certain.
#[derive(Clone, Debug, Serialize)]
pub struct Doubt {
    /// As it is written.
    pub written: String,
    /// As it is read.
    pub read_as: String,
    /// Why it is in doubt.
    pub why: Text,
    /// Other readings.
    pub others: Vec<String>,
    /// The sentence that it stands in.
    pub sentence: String,
}

/// Writing.
pub trait Writing: Send + Sync {
    /// The topics that the channels and the newest articles know.
    fn topics(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;

    /// The topics that some channel asks about by name.
    fn routed_topics(&self) -> Vec<String>;

    /// Where to begin a correction of an article.
    fn begin(&self, article: ArticleId) -> BoxFuture<'_, Result<Begun, Unable>>;

    /// Everything that is wrong with what was typed, field by field.
    fn check(&self, written: &Written) -> Vec<Mistake>;

    /// Keeps a picture that was uploaded.
    fn keep_picture(&self, name: String, bytes: Vec<u8>) -> BoxFuture<'_, Result<Kept, Unable>>;

    /// A picture that is kept, its type and its bytes, small enough for a form.
    fn picture(&self, hash: String) -> BoxFuture<'_, Result<PictureFile, Unable>>;

    /// What somebody pasted, as Markdown.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn pasted(&self, html: &str) -> Result<String, Text>;

    /// What every channel will show of it at this instant, or one alone. Hands nothing over.
    fn preview(
        &self,
        manuscript: Manuscript,
        only: Option<String>,
        at: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Preview, Unable>>;

    /// Hands it over, as it was seen at this instant; `again`: though the article is withdrawn.
    fn hand_over(
        &self,
        manuscript: Manuscript,
        by: By,
        seen: DateTime<Utc>,
        again: bool,
    ) -> BoxFuture<'_, Result<HandedOver, Unable>>;
}
