//! What officers are writing: kept until it is handed over, so that neither a closed window nor a preview loses it.
//! `store` keeps it.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::article::{ArticleId, Kept, Priority, Revision};

/// An article as an officer typed it: nothing is checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Written {
    /// Headline.
    pub title: String,
    /// Lead.
    pub summary: String,
    /// Body as Markdown.
    pub body: String,
    /// Subjects.
    pub topics: Vec<String>,
    /// How pressing it is.
    pub priority: Priority,
    /// Nothing goes out before; as typed.
    pub embargo: String,
    /// Nothing goes out from then on; as typed.
    pub expires: String,
    /// Who wrote it.
    pub byline: String,
    /// Where the original stands.
    pub canonical_url: String,
    /// Pictures, in order.
    pub pictures: Vec<WrittenPicture>,
}

/// A picture, as an officer described it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrittenPicture {
    /// The picture, where it is kept.
    pub kept: Option<Kept>,
    /// Where it came from, if it was not uploaded here.
    pub url: Option<String>,
    /// What it shows.
    pub alt: String,
    /// The line under it.
    pub caption: String,
    /// Only an ornament, of which there is nothing to say.
    pub decorative: bool,
}

/// What one officer is writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manuscript {
    /// Names it in addresses and forms; drawn by lot.
    pub token: String,
    /// Who wrote it last.
    pub who: String,
    /// Everybody who has typed in it.
    pub writers: Vec<String>,
    /// When it was saved last.
    pub saved_at: DateTime<Utc>,
    /// The article that it corrects, and the revision that was there when the correction was begun.
    pub corrects: Option<(ArticleId, Revision)>,
    /// What is typed.
    pub written: Written,
    /// The article that it became.
    pub became: Option<ArticleId>,
}

/// A picture's type, such as `image/jpeg`, and its bytes.
pub type PictureFile = (String, Vec<u8>);

/// Manuscripts.
pub trait Manuscripts: Send + Sync {
    /// Keeps what is typed, and the revision that it is to follow, in place of what was saved at `replaces`; `None`: of
    /// whatever is there. False when it was handed over or saved meanwhile, and then nothing is changed.
    fn save(&self, manuscript: Manuscript, replaces: Option<DateTime<Utc>>) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// One of them.
    fn manuscript(&self, token: String) -> BoxFuture<'_, Result<Option<Manuscript>, StoreError>>;

    /// Those that were not handed over yet, the last saved first.
    fn unfinished(&self, most: u32) -> BoxFuture<'_, Result<Vec<Manuscript>, StoreError>>;

    /// Notes that it was handed over.
    fn handed_over(
        &self,
        token: String,
        became: ArticleId,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Throws one away that was not handed over; false when there is none.
    fn throw_away(&self, token: String) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// The subjects of the newest articles, the most frequent first.
    fn recent_topics(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;

    /// When an article was handed over for the first time.
    fn first_accepted(&self, article: ArticleId) -> BoxFuture<'_, Result<Option<DateTime<Utc>>, StoreError>>;

    /// The bytes and the type of a picture that an article shows, for whoever has its address.
    fn shown_picture(&self, hash: String) -> BoxFuture<'_, Result<Option<PictureFile>, StoreError>>;
}
