//! An adapter's own table of a channel file, with its place in the file kept for error messages.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::DeTable;

use super::Office;
use crate::text;
use crate::text::Text;

/// The `[settings]` table, not yet understood.
pub struct Settings<'i>(pub Spanned<DeTable<'i>>);

/// A mistake in `[settings]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SettingsError {
    /// Bytes of the file it is about, where known.
    pub span: Option<Range<usize>>,
    /// What is wrong, and what would be right.
    pub text: Text,
    /// True when `text` is the parser's own message, which the caller puts into words.
    pub from_parser: bool,
}

impl SettingsError {
    /// A mistake in the meaning of a value.
    #[must_use]
    pub fn new(text: Text) -> Self {
        Self { span: None, text, from_parser: false }
    }

    /// A mistake in the value that stands there.
    #[must_use]
    pub fn at(span: Range<usize>, text: Text) -> Self {
        Self { span: Some(span), text, from_parser: false }
    }
}

/// What an adapter may know when it is opened.
pub struct OpenContext<'a> {
    /// The channel's name: its file name without `.toml`.
    pub channel: &'a str,
    /// Folder that relative paths in the file start from.
    pub base: &'a Path,
    /// The folder of the channel files, with templates and lexicon beside them.
    pub folder: &'a Path,
    /// Who speaks.
    pub office: &'a Office,
    /// Longest time one step of a try may take.
    pub timeout: Duration,
    /// Whether it will really send; a rehearsal needs no secrets.
    pub live: bool,
}

impl OpenContext<'_> {
    /// `path` as the file means it.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    /// What a file beside the channel files says: the one that is named, or the usual one if it is there.
    pub(super) fn beside(&self, named: Option<&Path>, usual: &str) -> Result<Option<String>, SettingsError> {
        let path = named.map_or_else(|| self.folder.join(usual), |named| self.path(named));
        if named.is_none() && !path.exists() {
            return Ok(None);
        }
        std::fs::read_to_string(&path).map(Some).map_err(|error| {
            let path = path.display();
            SettingsError::new(text!("không đọc được {path}: {error}", "cannot read {path}: {error}"))
        })
    }
}

impl Settings<'_> {
    /// Reads the table into the adapter's own type.
    ///
    /// # Errors
    /// [`SettingsError`] with the place of the first mistake.
    pub fn parse<T: DeserializeOwned>(self) -> Result<T, SettingsError> {
        T::deserialize(toml::Deserializer::from(self.0)).map_err(|error| SettingsError {
            span: error.span(),
            text: Text::same(error.message()),
            from_parser: true,
        })
    }
}
