//! The second step of signing in: codes that an app on the officer's phone shows (TOTP, RFC 6238).

use std::fmt;

use chrono::{DateTime, Utc};
use totp_rs::{Builder, Secret};

use super::token::{NoRandomness, random};

/// The secret that the phone and loa share. It does not print itself.
#[derive(Clone)]
pub struct TwoSteps(Secret);

impl fmt::Debug for TwoSteps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TwoSteps")
    }
}

impl TwoSteps {
    /// A new one.
    ///
    /// # Errors
    /// The machine has no randomness.
    pub fn new() -> Result<Self, NoRandomness> {
        Ok(Self(Secret::new_stack(random::<20>()?)))
    }

    /// As it was written down; `None` if it cannot be one.
    #[must_use]
    pub fn written(base32: &str) -> Option<Self> {
        let secret = Secret::try_from_base32(base32).ok()?;
        (secret.as_bytes().len() >= 16).then_some(Self(secret))
    }

    /// To be typed into the app, and for the store.
    #[must_use]
    pub fn reveal(&self) -> String {
        self.0.to_base32()
    }

    /// The step that this code belongs to, if it is of this minute: a code counts once, so the step is kept.
    #[must_use]
    pub fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let code: String = code.chars().filter(char::is_ascii_digit).collect();
        let totp = Builder::new().with_secret(self.0.clone()).build().ok()?;
        let step = totp.check(&code, u64::try_from(now.timestamp()).ok()?)?;
        i64::try_from(step).ok()
    }

    /// A link that opens the app with everything filled in.
    #[must_use]
    pub fn link(&self, office: &str, name: &str) -> String {
        let escape = |words: &str| -> String { words.bytes().map(escaped).collect() };
        let (issuer, name, secret) = (escape(office), escape(name), self.reveal());
        format!("otpauth://totp/{issuer}:{name}?secret={secret}&issuer={issuer}&digits=6&period=30")
    }
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}
