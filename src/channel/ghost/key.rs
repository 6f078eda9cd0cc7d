//! The Admin API key, and the token that each request carries (Ghost Admin API, "Token authentication").

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use sha2::Sha256;

/// A token's life in seconds; Ghost takes no longer one.
const LIFE: i64 = 300;

/// An integration's key, `id:secret`.
pub(super) struct Key {
    id: String,
    secret: SecretSlice<u8>,
}

impl Key {
    /// `None` unless it looks like a key: two hexadecimal words with a colon in between.
    pub(super) fn parse(words: &SecretString) -> Option<Self> {
        let (id, secret) = words.expose_secret().trim().split_once(':')?;
        let id = Some(id).filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let secret = hex::decode(secret).ok().filter(|secret| !secret.is_empty())?;
        Some(Self { id: id.to_owned(), secret: SecretSlice::from(secret) })
    }

    /// A fresh token, issued at `iat` (seconds since 1970).
    pub(super) fn token(&self, iat: i64) -> Option<String> {
        let header = format!(r#"{{"alg":"HS256","kid":"{}","typ":"JWT"}}"#, self.id);
        let claims = format!(r#"{{"iat":{iat},"exp":{},"aud":"/admin/"}}"#, iat + LIFE);
        let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret()).ok()?;
        mac.update(token.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        // Writing into a string cannot fail.
        let _ = write!(token, ".{signature}");
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::Key;

    #[test]
    fn a_token_is_the_one_that_was_computed_elsewhere() {
        let hex = "00112233445566778899aabbccddeeff".repeat(2);
        let key = Key::parse(&SecretString::from(format!("64f0c0ffee64f0c0ffee64f0:{hex}")))
            .map(|key| key.token(1_763_859_723));
        let expected = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjY0ZjBjMGZmZWU2NGYwYzBmZmVlNjRmMCIsInR5cCI6IkpXVCJ9.\
                        eyJpYXQiOjE3NjM4NTk3MjMsImV4cCI6MTc2Mzg2MDAyMywiYXVkIjoiL2FkbWluLyJ9.\
                        Iu_MILuH0NRP49qLh-66A9syAIbW_ciaUUeoBU95rT8";
        assert_eq!(key, Some(Some(expected.to_owned())));
    }

    #[test]
    fn what_does_not_look_like_a_key_is_none() {
        for words in ["", "abc", "abc:", ":00ff", "xyz:00ff", "abc:0", "abc:zz", "abc:é0"] {
            assert!(Key::parse(&SecretString::from(words)).is_none(), "{words}");
        }
    }
}
