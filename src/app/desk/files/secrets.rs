//! Secrets that were typed into a form: each in a file that nobody else can read, beside `config.toml`.

use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::channel::{Input, kind};

/// The folder's and the files' modes.
const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// Secrets that were written, and what was there before.
#[derive(Default)]
pub(super) struct Written(Vec<(PathBuf, Option<SecretString>)>);

/// Where a channel's secret is kept.
pub(super) fn path(base: &Path, channel: &str, key: &str) -> io::Result<PathBuf> {
    let key = key.strip_prefix("settings.").unwrap_or(key);
    Ok(std::path::absolute(base.join("secrets"))?.join(format!("{channel}.{key}")))
}

/// What a file said, without secrets that somebody wrote into it by hand: it is kept, and shown to people.
pub(super) fn hidden(said: &str) -> String {
    let keys = said.parse::<toml_edit::DocumentMut>().ok().and_then(|file| {
        let kind = kind(file.get("kind")?.as_str()?)?;
        let rows = super::form::rows(kind).into_iter();
        Some(
            rows.filter(|(_, field)| matches!(field.input, Input::Secret | Input::SecretLines))
                .map(|(key, _)| key)
                .collect(),
        )
    });
    let keys: Vec<String> = keys.unwrap_or_default();
    let Ok(mut file) = said.parse::<toml_edit::DocumentMut>() else { return said.to_owned() };
    for key in keys {
        let mut item = Some(file.as_item_mut());
        for part in key.split('.') {
            item = item.and_then(|item| item.get_mut(part));
        }
        if let Some(item) = item.filter(|item| item.is_str()) {
            *item = toml_edit::value("***");
        }
    }
    file.to_string()
}

impl Written {
    /// Writes a secret whole.
    pub(super) fn write(&mut self, path: PathBuf, secret: &SecretString) -> io::Result<()> {
        let before = match std::fs::read_to_string(&path) {
            Ok(before) => Some(SecretString::from(before)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        put(&path, secret)?;
        self.0.push((path, before));
        Ok(())
    }

    /// Puts back what was there before.
    pub(super) fn undo(self) {
        for (path, before) in self.0 {
            let undone = before.map_or_else(|| std::fs::remove_file(&path), |before| put(&path, &before));
            if let Err(error) = undone {
                tracing::error!(path = %path.display(), %error, "a secret could not be put back");
            }
        }
    }
}

fn put(path: &Path, secret: &SecretString) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    if !folder.exists() {
        std::fs::DirBuilder::new().recursive(true).mode(FOLDER).create(folder)?;
    }
    // Temporary files are nobody else's from the start.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(FILE))?;
    file.write_all(secret.expose_secret().as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    std::fs::File::open(folder)?.sync_all()
}
