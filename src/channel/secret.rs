//! Secrets: named in files, never written there, never printed.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::text;
use crate::text::Text;
use crate::text::nearest::SECRET_IS_NAMED;

/// Whether something of this name, such as a header, is a secret.
#[must_use]
pub fn names_secret(name: &str) -> bool {
    const WORDS: [&str; 8] =
        ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey", "access-key"];
    let lower = name.to_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

/// Where a secret is kept: `{ env = "NAME" }` or `{ file = "/run/secrets/name" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// In an environment variable.
    Env(String),
    /// In a file; a newline at its end does not count.
    File(PathBuf),
}

/// A secret could not be read. Names where it should be, never what it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub Text);

impl Secret {
    /// Reads the secret.
    ///
    /// # Errors
    /// [`SecretError`] when the variable or file is missing, unreadable or empty.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let found = match self {
            Self::Env(name) => env_var(name).ok_or_else(|| {
                text!(
                    "biến môi trường {name} chưa được đặt (đặt nó rồi khởi động lại loa)",
                    "the environment variable {name} is not set (set it and start loa again)"
                )
            }),
            Self::File(path) => std::fs::read_to_string(path).map_err(|error| {
                let path = path.display();
                text!("không đọc được tệp bí mật {path}: {error}", "cannot read the secret file {path}: {error}")
            }),
        };
        let found = found.map_err(SecretError)?;
        let secret = found.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            let place = self.place();
            return Err(SecretError(text!("bí mật ở {place} để trống", "the secret in {place} is empty")));
        }
        Ok(SecretString::from(secret.to_owned()))
    }

    fn place(&self) -> String {
        match self {
            Self::Env(name) => name.clone(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads secrets from the environment")]
fn env_var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Place {
            env: Option<String>,
            file: Option<PathBuf>,
        }
        // Whatever stands there instead is not repeated: it may be the secret itself.
        let place = Place::deserialize(deserializer).map_err(|error| {
            // That nothing stands there is said as of any key.
            if error.to_string().starts_with("missing field") { error } else { D::Error::custom(SECRET_IS_NAMED) }
        });
        match place? {
            Place { env: Some(name), file: None } => Ok(Self::Env(name)),
            Place { env: None, file: Some(path) } => Ok(Self::File(path)),
            Place { .. } => Err(D::Error::custom(SECRET_IS_NAMED)),
        }
    }
}

/// What stands for a secret in words that are shown.
const HIDDEN: &str = "***";

/// A far side's own words without our secrets: some repeat the token that they refuse.
pub(crate) fn scrub(words: &str, secrets: &[&SecretString]) -> String {
    secrets.iter().fold(words.to_owned(), |words, secret| words.replace(secret.expose_secret(), HIDDEN))
}
