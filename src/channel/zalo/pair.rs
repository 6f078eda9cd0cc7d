//! The pair of tokens in its file: replaced whole, readable by nobody else, one writer at a time.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use super::super::failure::{Attention, SendError};
use super::super::files;
use crate::text;
use crate::text::Text;

/// An access token lives 25 hours; it is renewed with time to spare, because the renewal may fail.
const RENEW_AFTER: TimeDelta = TimeDelta::hours(20);
/// A refresh token lives three months from its issue.
const REFRESH_LIFE: TimeDelta = TimeDelta::days(90);

/// What Zalo's authorisation brings: the file may be exactly that answer, as a person saved it.
pub(super) struct Pair {
    pub(super) access: SecretString,
    pub(super) refresh: SecretString,
    /// Seconds that the access token lives from its issue.
    pub(super) expires_in: Option<i64>,
    /// Unknown in a file that a person made.
    pub(super) issued_at: Option<DateTime<Utc>>,
    /// How often this refresh token was sent without an answer that could be read.
    pub(super) asked: u8,
}

#[derive(Deserialize)]
struct Stored {
    access_token: String,
    refresh_token: String,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<i64>,
    #[serde(default)]
    issued_at: Option<DateTime<Utc>>,
    #[serde(default)]
    asked: u8,
}

#[derive(Serialize)]
struct ToStore<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "no")]
    asked: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn no(asked: &u8) -> bool {
    *asked == 0
}

/// Zalo writes numbers as words in some answers.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Words(String),
    }
    match Option::<Either>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Either::Number(number)) => Ok(Some(number)),
        // What stands there is not repeated: this is a file of secrets.
        Some(Either::Words(words)) => words.trim().parse().map(Some).map_err(|_| D::Error::custom("expires_in")),
    }
}

impl Pair {
    /// `None` for anything that holds no pair.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(bytes).ok()?;
        let word = |word: &str| !word.trim().is_empty() && word.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
        (word(&stored.access_token) && word(&stored.refresh_token)).then(|| Self {
            access: SecretString::from(stored.access_token),
            refresh: SecretString::from(stored.refresh_token),
            expires_in: stored.expires_in,
            issued_at: stored.issued_at,
            asked: stored.asked,
        })
    }

    /// Whether its access token is young enough to be used.
    pub(super) fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        // One that lives shorter than usual is renewed in the same proportion.
        let life = self.expires_in.map_or(RENEW_AFTER, |life| TimeDelta::seconds(life.saturating_mul(4) / 5));
        self.issued_at.is_some_and(|issued| now < issued + life.min(RENEW_AFTER))
    }

    /// When the grant ends unless it is renewed before.
    pub(super) fn ends(&self) -> Option<DateTime<Utc>> {
        self.issued_at.map(|issued| issued + REFRESH_LIFE)
    }
}

/// Reads the pair.
pub(super) async fn read(path: &Path) -> Result<Pair, SendError> {
    let place = path.display();
    let note: Text = match files::read(path).await {
        Ok(Some(bytes)) => match Pair::parse(&bytes) {
            Some(pair) => return Ok(pair),
            None => text!(
                "tệp token của Zalo {place} không đọc được: cần một đối tượng JSON có access_token và refresh_token",
                "Zalo's token file {place} cannot be read: it has to be a JSON object with access_token and refresh_token"
            ),
        },
        Ok(None) => text!(
            "chưa có tệp token của Zalo {place}. Quản trị OA cấp quyền cho ứng dụng rồi lưu câu trả lời của Zalo vào đó (xem: loa kinds)",
            "Zalo's token file {place} is not there. The OA's administrator authorises the app and saves Zalo's answer there (see: loa kinds)"
        ),
        Err(error) => text!("không đọc được tệp token của Zalo: {error}", "cannot read Zalo's token file: {error}"),
    };
    Err(SendError::attention(Attention::Credential, note))
}

/// Writes the pair; it is on disk when this returns.
pub(super) async fn write(path: &Path, pair: &Pair) -> Result<(), SendError> {
    let stored = ToStore {
        access_token: pair.access.expose_secret(),
        refresh_token: pair.refresh.expose_secret(),
        expires_in: pair.expires_in,
        issued_at: pair.issued_at,
        asked: pair.asked,
    };
    let bytes = serde_json::to_vec_pretty(&stored).map_err(|error| {
        SendError::transient(text!("không ghi được tệp token: {error}", "the token file cannot be written: {error}"))
    })?;
    files::write_private(path, &bytes).await.map_err(files::FileError::into_send_error)
}

/// Waits until nobody else, in this process or another, renews the pair; until the lock is dropped nobody does.
pub(super) async fn lock(path: &Path) -> Result<File, SendError> {
    // Beside the file, which is replaced at every renewal.
    let beside = PathBuf::from(format!("{}.lock", path.display()));
    let locked = tokio::task::spawn_blocking(move || {
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(beside)?;
        file.lock()?;
        Ok(file)
    });
    locked.await.map_err(std::io::Error::other).flatten().map_err(|error| {
        SendError::attention(
            Attention::Misconfigured,
            text!("không khóa được tệp token của Zalo: {error}", "Zalo's token file cannot be locked: {error}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::Pair;

    #[test]
    fn numbers_are_taken_as_numbers_and_as_words() {
        for (expires, life) in [("\"90000\"", 72_000), ("90000", 72_000), ("null", 72_000), ("3600", 2_880)] {
            let file = format!(
                r#"{{"access_token":"a","refresh_token":"r","expires_in":{expires},"issued_at":"2026-11-24T02:00:00Z"}}"#
            );
            let Some((pair, issued)) = Pair::parse(file.as_bytes()).zip(DateTime::from_timestamp(1_795_485_600, 0))
            else {
                unreachable!("{expires}");
            };
            assert!(pair.is_fresh(issued + TimeDelta::seconds(life - 1)), "{expires}");
            assert!(!pair.is_fresh(issued + TimeDelta::seconds(life)), "{expires}");
        }
    }

    #[test]
    fn a_pair_of_unknown_age_is_not_fresh_and_half_a_pair_is_none() {
        let saved = Pair::parse(br#"{"access_token":"a","refresh_token":"r","expires_in":"90000"}"#);
        assert!(saved.is_some_and(|pair| !pair.is_fresh(DateTime::UNIX_EPOCH) && pair.ends().is_none()));
        for half in ["", "{}", r#"{"access_token":"a"}"#, r#"{"access_token":"a b","refresh_token":"r"}"#] {
            assert!(Pair::parse(half.as_bytes()).is_none(), "{half}");
        }
    }
}
