//! The kinds of channel: one row per adapter. Parsing, `loa kinds`, tests and documentation read this table.

use std::sync::Arc;

use super::form::{Field, Keys};
use super::settings::{OpenContext, Settings, SettingsError};
use super::{Channel, email, fanpage, feed, ghost, http, mastodon, package, radio, site, telegram, wordpress, zalo};
use crate::text::Text;

/// Reads the settings and builds the channel.
pub type Open = fn(Settings<'_>, &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError>;

/// One kind of channel.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the medium")]
pub struct Kind {
    /// The word in `kind = "…"`.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: fn() -> Text,
    /// A commented channel file.
    pub example: &'static str,
    /// What people fill in: a row for each key of its settings.
    pub fields: &'static [Field],
    /// The keys of its settings, as the code that reads them names them.
    pub keys: fn() -> Keys,
    /// Whether a cron schedule collects articles into one edition.
    pub bundles: bool,
    /// Whether what was sent stays sent, so that a correction and a withdrawal go out as notices.
    pub letters: bool,
    /// Whether a withdrawal quietly removes the copy, so that it need not wait for the morning.
    pub removes_quietly: bool,
    /// Whether it writes to people one by one, who may join and leave.
    pub audience: bool,
    /// Whether what it makes is read aloud.
    pub spoken: bool,
    /// Reads the settings and builds the channel. Touches no network.
    pub open: Open,
}

/// A further example of a kind whose channels differ much.
pub struct Example {
    /// The kind that it is of.
    pub kind: &'static str,
    /// Its name after `loa kinds KIND`.
    pub name: &'static str,
    /// A commented channel file.
    pub text: &'static str,
}

/// A text with gaps that a kind of channel fills in; an office may lay its own over it.
pub struct Template {
    /// The kind that fills it in.
    pub kind: &'static str,
    /// The office's own, below the folder of the channel files.
    pub file: &'static str,
    /// What it is for.
    pub about: fn() -> Text,
    /// The one that is built in.
    pub built_in: &'static str,
    /// How many articles it shows at the least.
    pub articles: usize,
}

/// Templates, of the kinds that have some.
const TEMPLATES: &[&[Template]] = &[email::TEMPLATES, radio::TEMPLATES];

/// Every template that an office may make its own.
pub fn templates() -> impl Iterator<Item = &'static Template> {
    TEMPLATES.iter().copied().flatten()
}

/// Further examples, for the kinds that have some.
const EXAMPLES: &[&[Example]] = &[http::EXAMPLES];

/// Every kind, in the order in which people are told about them.
pub const KINDS: &[Kind] = &[
    site::KIND,
    wordpress::KIND,
    ghost::KIND,
    http::KIND,
    fanpage::KIND,
    email::KIND,
    radio::KIND,
    feed::KIND,
    package::KIND,
    zalo::KIND,
    telegram::KIND,
    mastodon::KIND,
];

/// The further examples of a kind.
pub fn examples(kind: &Kind) -> impl Iterator<Item = &'static Example> {
    let name = kind.name;
    EXAMPLES.iter().copied().flatten().filter(move |example| example.kind == name)
}

/// The kind of that name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
