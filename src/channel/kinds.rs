//! The kinds of channel: one row per adapter. Parsing, `loa kinds`, tests and documentation read this table.

use std::sync::Arc;

use super::settings::{OpenContext, Settings, SettingsError};
use super::{Channel, email, fanpage, radio, site, wordpress};
use crate::text::Text;

/// Reads the settings and builds the channel.
pub type Open = fn(Settings<'_>, &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError>;

/// One kind of channel.
pub struct Kind {
    /// The word in `kind = "…"`.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: fn() -> Text,
    /// A commented channel file.
    pub example: &'static str,
    /// Whether a cron schedule collects articles into one edition.
    pub bundles: bool,
    /// Whether what was sent stays sent, so that a correction and a withdrawal go out as notices.
    pub letters: bool,
    /// Whether a withdrawal quietly removes the copy, so that it need not wait for the morning.
    pub removes_quietly: bool,
    /// Reads the settings and builds the channel. Touches no network.
    pub open: Open,
}

/// Every kind, in the order in which people are told about them.
pub const KINDS: &[Kind] = &[site::KIND, wordpress::KIND, fanpage::KIND, email::KIND, radio::KIND];

/// The kind of that name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
