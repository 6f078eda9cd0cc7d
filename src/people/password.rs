//! Passwords: only their Argon2id hashes are kept, with the parameters that the library recommends (19 MiB, two passes).

use std::fmt;
use std::sync::OnceLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

use super::token::{NoRandomness, random};
use crate::text;
use crate::text::Text;

/// Shortest password, in characters.
const SHORTEST: usize = 10;
/// Longest, so that nobody has megabytes hashed.
const LONGEST: usize = 200;
const SALT: usize = 16;

/// A password as it was typed. It does not print itself.
#[derive(Clone)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

impl Password {
    /// What somebody typed to sign in; any length that is not absurd.
    #[must_use]
    pub fn typed(words: &str) -> Self {
        Self(words.chars().take(LONGEST + 1).collect())
    }

    /// A new password.
    ///
    /// # Errors
    /// What a good one looks like.
    pub fn new(words: &str) -> Result<Self, Text> {
        let length = words.chars().count();
        if length < SHORTEST {
            return Err(text!(
                "mật khẩu cần ít nhất {SHORTEST} chữ; một câu ngắn dễ nhớ là tốt nhất",
                "a password has at least {SHORTEST} characters; a short sentence is best"
            ));
        }
        if length > LONGEST {
            return Err(text!("mật khẩu dài quá {LONGEST} chữ", "a password has at most {LONGEST} characters"));
        }
        let mut letters: Vec<char> = words.chars().collect();
        letters.sort_unstable();
        letters.dedup();
        if letters.len() < 4 {
            return Err(text!("mật khẩu chỉ lặp lại vài chữ, quá dễ đoán", "the password repeats a few characters"));
        }
        Ok(Self(words.to_owned()))
    }
}

/// The hash of a password. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl PasswordHash {
    /// Hashes a password. Takes tens of milliseconds and 19 MiB, on purpose.
    ///
    /// # Errors
    /// The machine has no randomness.
    pub fn of(password: &Password) -> Result<Self, NoRandomness> {
        let salt = random::<SALT>()?;
        let hash: Phc =
            Argon2::default().hash_password_with_salt(password.0.as_bytes(), &salt).map_err(|_| NoRandomness)?;
        Ok(Self(hash.to_string()))
    }

    /// As the store keeps it.
    #[must_use]
    pub fn kept(hash: String) -> Self {
        Self(hash)
    }

    /// For the store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the password. Takes as long as making the hash.
    #[must_use]
    pub fn is_of(&self, password: &Password) -> bool {
        let Ok(hash) = Phc::new(&self.0) else { return false };
        Argon2::default().verify_password(password.0.as_bytes(), &hash).is_ok()
    }

    /// The hash of a password that nobody knows: comparing with it costs as much as with anybody's, so that an answer
    /// does not tell which names there are.
    #[must_use]
    pub fn nobodys() -> &'static Self {
        static NOBODYS: OnceLock<PasswordHash> = OnceLock::new();
        NOBODYS.get_or_init(|| {
            let words = random::<32>().map(hex::encode);
            let made = words.and_then(|words| Self::of(&Password(words)));
            // Without randomness nobody can sign in at all.
            made.unwrap_or_else(|_| Self(String::new()))
        })
    }
}
