//! Random tokens. Whoever holds one is let in; the store keeps only hashes.

use std::fmt;

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::article::sha256_hex;

const BYTES: usize = 32;

/// The operating system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandomness;

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// 256 random bits as hexadecimal digits. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// The machine has no randomness.
    pub fn new() -> Result<Self, NoRandomness> {
        Ok(Self(hex::encode(random::<BYTES>()?)))
    }

    /// One that somebody brings; `None` if it cannot be one.
    #[must_use]
    pub fn brought(words: &str) -> Option<Self> {
        let fits = words.len() == 2 * BYTES && words.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self(words.to_owned()))
    }

    /// For the cookie, the link or the form that carries it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> String {
        sha256_hex(self.0.as_bytes())
    }
}
