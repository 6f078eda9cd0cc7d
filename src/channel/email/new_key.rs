//! New keys for signing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use rsa::PrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::rand_core::{TryCryptoRng, TryRng};
use secrecy::SecretString;

use crate::text;
use crate::text::Text;

/// Receivers want 2,048 bits; larger public keys do not fit into one DNS answer of the old size.
const BITS: usize = 2048;

/// The system's own source of random numbers.
struct System(SystemRandom);

/// The system has no random numbers.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no random numbers")]
struct NoRandom;

impl TryRng for System {
    type Error = NoRandom;

    fn try_next_u32(&mut self) -> Result<u32, NoRandom> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandom> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), NoRandom> {
        self.0.fill(bytes).map_err(|_| NoRandom)
    }
}

impl TryCryptoRng for System {}

/// A new private RSA key of 2,048 bits for signing letters, as PKCS#8 in PEM.
///
/// # Errors
/// In words, when the system gives no random numbers.
pub fn new_signing_key() -> Result<SecretString, Text> {
    let failed = |detail: String| text!("không tạo được khóa: {detail}", "no key could be made: {detail}");
    let key = PrivateKey::new(&mut System(SystemRandom::new()), BITS).map_err(|error| failed(error.to_string()))?;
    let der = key.to_pkcs8_der().map_err(|error| failed(error.to_string()))?;
    let base64 = STANDARD.encode(der.as_bytes());
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in base64.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Ok(SecretString::from(pem))
}
