//! `[mail]`: letters that come back.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use crate::text;

/// Days on which a mailbox may put us off, of thirty, unless `soft_bounces` says otherwise.
const SOFT_BOUNCES: u32 = 5;

/// Letters that come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailConfig {
    /// The Maildir where they come in; `None`: they are handed to `loa email bounce`.
    pub bounces: Option<Maildir>,
    /// On how many of thirty days a mailbox may put us off before it is not written to any more.
    pub soft_bounces: u32,
}

/// A folder of letters as mail servers keep them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maildir {
    /// The folder, with `new` and `cur` in it.
    pub folder: PathBuf,
    file: PathBuf,
    line: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MailTable {
    bounces: Option<Spanned<PathBuf>>,
    soft_bounces: Option<NonZeroU32>,
}

impl MailTable {
    pub(super) fn read(self, file: &Path, source: &str, base: &Path) -> MailConfig {
        let maildir = |written: Spanned<PathBuf>| Maildir {
            folder: base.join(written.get_ref()),
            file: file.to_owned(),
            line: ConfigError::at(file, source, Some(written.span()), text!("", "")).line,
        };
        MailConfig {
            bounces: self.bounces.map(maildir),
            soft_bounces: self.soft_bounces.map_or(SOFT_BOUNCES, NonZeroU32::get),
        }
    }
}

impl Maildir {
    /// Whether the folder is one; touches no network.
    ///
    /// # Errors
    /// With the line of `config.toml` that names it.
    pub fn check(&self) -> Result<(), ConfigError> {
        if ["new", "cur"].iter().all(|inside| self.folder.join(inside).is_dir()) {
            return Ok(());
        }
        let folder = self.folder.display();
        let text = text!(
            "{folder} không phải Maildir: trong đó phải có thư mục new và cur. Tạo bằng: mkdir -p {folder}/new {folder}/cur {folder}/tmp",
            "{folder} is not a Maildir: it has to hold the folders new and cur. To make one: mkdir -p {folder}/new {folder}/cur {folder}/tmp"
        );
        Err(ConfigError { file: self.file.clone(), line: self.line, text })
    }
}
