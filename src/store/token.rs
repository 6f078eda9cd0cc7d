//! Opaque names of recipients, in links and bounce addresses.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::queue::StoreError;

const ALPHABET: [char; 32] = [
    'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '2', '3', '4', '5', '6', '7',
];
/// 130 bits: beyond guessing, short enough for the local part of an address (RFC 5321: 64 characters).
const LENGTH: usize = 26;

/// The name of `address` on `channel`: lower-case base32 (RFC 4648) of an HMAC, so that mail servers which change the
/// case of letters do no harm and nobody without the key can make one.
pub(super) fn token(key: &[u8], channel: &str, address: &str) -> Result<String, StoreError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|error| StoreError::Other(error.to_string()))?;
    mac.update(channel.as_bytes());
    mac.update(b"\n");
    mac.update(address.as_bytes());
    let digest = mac.finalize().into_bytes();
    let bit = |at: usize| digest.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0);
    let letter = |at: usize| {
        let number = (0..5).fold(0, |number, one| number * 2 + usize::from(bit(at * 5 + one)));
        ALPHABET.get(number).copied().unwrap_or('a')
    };
    Ok((0..LENGTH).map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_belongs_to_one_address_on_one_channel_under_one_key() {
        let of = |key: &str, channel, address| token(key.as_bytes(), channel, address).unwrap_or_default();
        let one = of("khóa", "tin", "an@example.vn");
        assert_eq!(one, of("khóa", "tin", "an@example.vn"));
        assert!(one.len() == 26 && one.chars().all(|c| ALPHABET.contains(&c)), "{one}");
        for other in
            [of("khoá", "tin", "an@example.vn"), of("khóa", "thu", "an@example.vn"), of("khóa", "tin", "b@example.vn")]
        {
            assert_ne!(one, other);
        }
    }
}
