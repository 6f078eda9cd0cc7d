//! Words for people, in both languages at once, so that neither is ever missing.

pub mod fold;
pub mod nearest;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The language a person reads; chosen in `config.toml` or by `LOA_LANG`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Vietnamese, the default.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    /// Reads a locale such as `vi`, `en` or `en_GB.UTF-8`; `None` for any other language.
    #[must_use]
    pub fn from_locale(locale: &str) -> Option<Self> {
        match locale.get(..2)? {
            "vi" => Some(Self::Vi),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

/// One message, written once in Vietnamese and once in English.
///
/// Kept whole in the ledger, so that a reason recorded today can be read in either language later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Text {
    /// As a Vietnamese officer would write it.
    pub vi: String,
    /// The same in English.
    pub en: String,
}

impl Text {
    /// A text that is the same in both languages: a name, a figure, a far side's own words.
    pub fn same(words: impl Into<String>) -> Self {
        let words = words.into();
        Self { vi: words.clone(), en: words }
    }

    /// The words in one language.
    #[must_use]
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Vi => &self.vi,
            Language::En => &self.en,
        }
    }
}

/// English, for logs; people are shown [`Text::get`].
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

impl std::error::Error for Text {}

/// `text!("Không mở được {path}", "cannot open {path}")`: a [`Text`] from two format strings.
#[macro_export]
macro_rules! text {
    ($vi:literal, $en:literal $(, $name:ident = $value:expr)* $(,)?) => {{
        $(let $name = $value;)*
        $crate::text::Text { vi: format!($vi), en: format!($en) }
    }};
}
