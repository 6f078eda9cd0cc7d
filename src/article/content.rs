//! The content of one revision, already validated, normalised (NFC) and sanitised.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ArticleKey;

/// One revision's content. Only the intake makes one, so every field can be trusted: text is NFC,
/// `body_html` is sanitised, `body_text` says the same without markup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Identity; the same for every revision.
    pub key: ArticleKey,
    /// Headline, one line.
    pub title: String,
    /// Lead; one paragraph of plain text.
    pub summary: Option<String>,
    /// Body as safe HTML.
    pub body_html: String,
    /// Body as plain text, paragraphs separated by one blank line.
    pub body_text: String,
    /// Who wrote it.
    pub byline: Option<String>,
    /// Where the original stands, if it is published somewhere already.
    pub canonical_url: Option<String>,
    /// When the source says it was published.
    pub published_at: Option<DateTime<Utc>>,
    /// Nothing goes out before this instant.
    pub embargo_until: Option<DateTime<Utc>>,
    /// Nothing goes out from this instant on.
    pub expires_at: Option<DateTime<Utc>>,
    /// BCP 47 tag.
    pub language: String,
    /// Subjects, as the office names them; routing compares them without regard to case.
    pub topics: Vec<String>,
    /// The body that speaks, for offices that publish for several.
    pub organisation: Option<String>,
    /// How pressing it is.
    pub priority: Priority,
    /// Pictures, in order.
    pub images: Vec<Image>,
}

impl Article {
    /// SHA-256 of the content in hexadecimal; equal content has an equal hash, whatever way it came in.
    #[must_use]
    pub fn content_hash(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        sha256_hex(&json)
    }

    /// The paragraphs of the plain text.
    pub fn paragraphs(&self) -> impl Iterator<Item = &str> {
        self.body_text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty())
    }

    /// The lead: the summary, or else the first paragraph.
    #[must_use]
    pub fn lead(&self) -> &str {
        self.summary.as_deref().or_else(|| self.paragraphs().next()).unwrap_or_default()
    }
}

/// A picture that belongs to an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Where it can be fetched.
    pub url: String,
    /// What it shows, for those who do not see it.
    #[serde(default)]
    pub alt: String,
    /// The line printed under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The picture itself, as the intake fetched it. Whoever hands the article over does not give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// A picture that the intake has kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// SHA-256 of its bytes, in hexadecimal.
    pub hash: String,
    /// Such as `image/jpeg`.
    pub media_type: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// How pressing an article is. Urgent ones pass quiet hours and go first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Goes out at once, at any hour.
    Urgent,
    /// The usual.
    #[default]
    Normal,
    /// After the others.
    Low,
}

impl Priority {
    /// The word used in files and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
