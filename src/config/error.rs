//! A mistake in a file: which file, which line, what was expected.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::channel::SettingsError;
use crate::text::{Language, Text, nearest};

/// One mistake in one file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {text}", file.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct ConfigError {
    /// Which file.
    pub file: PathBuf,
    /// Which line, from 1, where that is known.
    pub line: Option<usize>,
    /// What is wrong, and what would be right.
    pub text: Text,
}

impl ConfigError {
    /// A mistake at some bytes of a file.
    #[must_use]
    pub fn at(file: &Path, source: &str, span: Option<Range<usize>>, text: Text) -> Self {
        let line = span.map(|span| 1 + source.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
        Self { file: file.to_owned(), line, text }
    }

    /// What the TOML parser found.
    #[must_use]
    pub fn parser(file: &Path, source: &str, error: &toml::de::Error) -> Self {
        Self::at(file, source, error.span(), nearest::parser_text(error.message()))
    }

    /// What an adapter found in its settings.
    #[must_use]
    pub fn settings(file: &Path, source: &str, error: SettingsError) -> Self {
        let text = if error.from_parser { nearest::parser_text(&error.text.en) } else { error.text };
        Self::at(file, source, error.span, text)
    }

    /// `channels/fanpage.toml:7: …`, in one language.
    #[must_use]
    pub fn show(&self, language: Language) -> String {
        let (file, text) = (self.file.display(), self.text.get(language));
        match self.line {
            Some(line) => format!("{file}:{line}: {text}"),
            None => format!("{file}: {text}"),
        }
    }
}
