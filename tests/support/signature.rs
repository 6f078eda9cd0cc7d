//! Standard Webhooks 1.0.0 signatures, checked independently of the library that loa signs with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How far a timestamp may lie from the receiver's clock, either way, in seconds.
pub(crate) const TOLERANCE_SECONDS: u64 = 300;

/// A receiver's secret.
#[derive(Clone)]
pub(crate) struct Secret(Vec<u8>);

/// Why a request was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disbelief {
    /// `webhook-id`, `webhook-timestamp` or `webhook-signature` is missing or empty.
    MissingHeader,
    /// The timestamp is not a number of seconds.
    UnreadableTimestamp,
    /// The timestamp is more than [`TOLERANCE_SECONDS`] off.
    WrongTime,
    /// None of the signatures fits.
    NoSignatureFits,
}

impl Secret {
    /// Reads `whsec_…`, base64 of 24 to 64 bytes as the specification asks.
    pub(crate) fn parse(text: &str) -> Self {
        let encoded = text.strip_prefix("whsec_").expect("a webhook secret starts with whsec_");
        let bytes = STANDARD.decode(encoded).expect("a webhook secret is base64");
        assert!((24..=64).contains(&bytes.len()), "a webhook secret has 24 to 64 bytes, not {}", bytes.len());
        Self(bytes)
    }

    /// The `v1,…` signature of a message.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let code = self.mac(id, &timestamp.to_string(), body).finalize().into_bytes();
        format!("v1,{}", STANDARD.encode(code))
    }

    /// Checks time and signature; `now` is the receiver's clock in unix seconds.
    pub(crate) fn check(
        &self,
        id: Option<&str>,
        timestamp: Option<&str>,
        signatures: Option<&str>,
        body: &[u8],
        now: i64,
    ) -> Result<(), Disbelief> {
        let present = |header: Option<&'_ str>| header.is_some_and(|value| !value.is_empty());
        if !(present(id) && present(timestamp) && present(signatures)) {
            return Err(Disbelief::MissingHeader);
        }
        let (id, timestamp, signatures) =
            (id.unwrap_or_default(), timestamp.unwrap_or_default(), signatures.unwrap_or_default());
        let seconds: i64 = timestamp.parse().map_err(|_| Disbelief::UnreadableTimestamp)?;
        if seconds.abs_diff(now) > TOLERANCE_SECONDS {
            return Err(Disbelief::WrongTime);
        }
        let fits = signatures
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .any(|code| self.mac(id, timestamp, body).verify_slice(&code).is_ok());
        if fits { Ok(()) } else { Err(Disbelief::NoSignatureFits) }
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}
