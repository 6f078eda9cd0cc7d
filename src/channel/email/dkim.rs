//! Signatures by DKIM (RFC 6376, RFC 8463): relaxed/relaxed, over the bytes that leave.
//!
//! lettre's own signer is not used: it signs a message that it has composed itself, takes the hour from the system,
//! goes over the body for every recipient, and cannot sign a field that must not be added.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ring::digest::{self, SHA256};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use ring::signature::{RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::quoted::Run;
use crate::channel::SendError;
use crate::text;
use crate::text::Text;

/// What is signed where it stands in the letter.
const SIGNED: [&str; 15] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Reply-To",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "Feedback-ID",
];
/// Named once more than they stand there: a second one, added on the way, breaks the signature.
const ONLY_ONCE: [&str; 4] = ["From", "To", "Subject", "Date"];
/// Names to a line of `h=`.
const NAMES: usize = 5;
/// Characters to a line of `b=`.
const LINE: usize = 72;
const FOLD: &str = "\r\n ";

/// A private key.
pub(super) enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// A key and the name under which its public half stands in the DNS.
pub(super) struct Signer {
    pub(super) selector: String,
    pub(super) key: Key,
}

/// Signs for a domain.
pub(super) struct Dkim {
    pub(super) domain: String,
    pub(super) signers: Vec<Signer>,
}

impl Key {
    /// A key in PEM: RSA as PKCS#8 or PKCS#1, Ed25519 as PKCS#8.
    pub(super) fn from_pem(pem: &str) -> Result<Self, Text> {
        let bad = |detail: String| {
            text!(
                "không phải khóa riêng RSA 2048–4096 bit hay Ed25519 dạng PEM ({detail}); tạo khóa mới: loa email dns KÊNH \
                 --new-key TỆP",
                "this is no private RSA key of 2048 to 4096 bits, nor an Ed25519 key, in PEM ({detail}); make a new one: \
                 loa email dns CHANNEL --new-key FILE"
            )
        };
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| bad(error.to_string()))?;
        let rsa = match &key {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => {
                if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()) {
                    return Ok(Self::Ed25519(key));
                }
                RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
            }
            _ => return Err(bad("EC".to_owned())),
        };
        rsa.map(|key| Self::Rsa(Box::new(key))).map_err(|error| bad(error.to_string()))
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa",
            Self::Ed25519(_) => "ed25519",
        }
    }

    pub(super) fn bits(&self) -> usize {
        match self {
            Self::Rsa(key) => key.public().modulus_len() * 8,
            Self::Ed25519(_) => 256,
        }
    }

    /// The public half as the DNS record has it: for RSA a `SubjectPublicKeyInfo`, for Ed25519 the bare key.
    pub(super) fn published(&self) -> String {
        match self {
            Self::Rsa(key) => STANDARD.encode(subject_public_key_info(key.public_key().as_ref())),
            Self::Ed25519(key) => STANDARD.encode(key.public_key().as_ref()),
        }
    }

    fn sign(&self, words: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), words, &mut signature).ok()?;
                Some(signature)
            }
            Self::Ed25519(key) => Some(key.sign(digest::digest(&SHA256, words).as_ref()).as_ref().to_vec()),
        }
    }

    /// Whether the public half accepts what the private half signs.
    pub(super) fn is_a_pair(&self) -> bool {
        let words = b"loa";
        let Some(signature) = self.sign(words) else { return false };
        match self {
            Self::Rsa(key) => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref())
                .verify(words, &signature)
                .is_ok(),
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key.public_key().as_ref())
                .verify(digest::digest(&SHA256, words).as_ref(), &signature)
                .is_ok(),
        }
    }
}

/// The signatures of one job's letters. The body is gone over once.
pub(super) struct Seal {
    dkim: Arc<Dkim>,
    time: i64,
    body: Vec<u8>,
    /// Where the recipient's token stands in it.
    runs: Vec<Run>,
    /// The digest of what stands before the first of them.
    begun: digest::Context,
    begun_to: usize,
}

impl Seal {
    /// `body` holds `placeholder` where each letter has its recipient's token.
    pub(super) fn new(dkim: Arc<Dkim>, body: &[u8], placeholder: &str, now: DateTime<Utc>) -> Self {
        let body = relaxed_body(body);
        let runs: Vec<Run> = super::quoted::find(&body, placeholder.as_bytes()).into_iter().flatten().collect();
        let begun_to = runs.first().map_or(body.len(), |run| run.at);
        let mut begun = digest::Context::new(&SHA256);
        begun.update(body.get(..begun_to).unwrap_or_default());
        Self { dkim, time: now.timestamp(), body, runs, begun, begun_to }
    }

    /// The signatures that go in front of `head`, the letter's header fields.
    pub(super) fn fields(&self, head: &str, token: &str) -> Result<String, SendError> {
        let bh = STANDARD.encode(self.body_hash(token.as_bytes()));
        let fields = relaxed_fields(head);
        let (mut names, mut signed) = (Vec::new(), String::new());
        for name in SIGNED {
            if let Some((_, field)) = fields.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)) {
                names.push(name);
                signed.push_str(field);
            }
        }
        names.extend(ONLY_ONCE);
        let names: Vec<String> = names.chunks(NAMES).map(|line| line.join(":")).collect();
        let names = names.join(&format!(":{FOLD}"));
        let mut out = String::new();
        for signer in &self.dkim.signers {
            let (algorithm, domain, selector) = (signer.key.name(), &self.dkim.domain, &signer.selector);
            let tags = format!(
                "v=1; a={algorithm}-sha256; c=relaxed/relaxed; d={domain};{FOLD}s={selector}; t={time};{FOLD}h={names};\
                 {FOLD}bh={bh};{FOLD}b=",
                time = self.time,
            );
            let words = format!("{signed}dkim-signature:{}", tags.replace(FOLD, " "));
            let signature = signer.key.sign(words.as_bytes()).ok_or_else(|| {
                SendError::permanent(text!(
                    "không ký được thư bằng khóa DKIM {selector}",
                    "the letter could not be signed with the DKIM key {selector}"
                ))
            })?;
            out.push_str("DKIM-Signature: ");
            out.push_str(&tags);
            let signature = STANDARD.encode(signature);
            for (number, line) in signature.as_bytes().chunks(LINE).enumerate() {
                out.push_str(if number == 0 { "" } else { FOLD });
                out.push_str(&String::from_utf8_lossy(line));
            }
            out.push_str("\r\n");
        }
        Ok(out)
    }

    fn body_hash(&self, token: &[u8]) -> digest::Digest {
        let (mut hash, mut from) = (self.begun.clone(), self.begun_to);
        for run in &self.runs {
            hash.update(self.body.get(from..run.at).unwrap_or_default());
            hash.update(token.get(run.of.clone()).unwrap_or_default());
            from = run.at + run.of.len();
        }
        hash.update(self.body.get(from..).unwrap_or_default());
        hash.finish()
    }
}

/// The body as the relaxed algorithm sees it (RFC 6376 §3.4.4).
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut ended = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        let before = out.len();
        let mut space = false;
        for byte in line {
            match byte {
                b' ' | b'\t' => space = true,
                byte => {
                    if std::mem::take(&mut space) {
                        out.push(b' ');
                    }
                    out.push(*byte);
                }
            }
        }
        let is_empty = out.len() == before;
        out.extend_from_slice(b"\r\n");
        if !is_empty {
            ended = out.len();
        }
    }
    out.truncate(ended);
    out
}

/// Every header field: its name, and the field as the relaxed algorithm sees it (RFC 6376 §3.4.2).
fn relaxed_fields(head: &str) -> Vec<(&str, String)> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in head.split("\r\n").filter(|line| !line.is_empty()) {
        let more = line.starts_with([' ', '\t']);
        let (name, value) = if more { ("", line) } else { line.split_once(':').unwrap_or((line, "")) };
        if !more {
            fields.push((name.trim_end(), format!("{}:", name.trim_end().to_ascii_lowercase())));
        }
        let Some((_, field)) = fields.last_mut() else { continue };
        for word in value.split([' ', '\t']).filter(|word| !word.is_empty()) {
            if !field.ends_with(':') || field.find(':') != Some(field.len() - 1) {
                field.push(' ');
            }
            field.push_str(word);
        }
    }
    for (_, field) in &mut fields {
        field.push_str("\r\n");
    }
    fields
}

/// An RSA public key (PKCS#1) in the wrapping that DNS records have (RFC 5280 §4.1.2.7).
fn subject_public_key_info(key: &[u8]) -> Vec<u8> {
    const RSA: [u8; 15] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let bits = der(0x03, &[&[0], key].concat());
    der(0x30, &[&RSA, bits.as_slice()].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    match (length.as_slice(), u8::try_from(length.len())) {
        ([short], _) if *short < 0x80 => out.push(*short),
        (long, count) => {
            out.push(0x80 | count.unwrap_or_default());
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 6376 §3.4.5.
    #[test]
    fn the_examples_of_the_rfc_are_met() {
        let fields = relaxed_fields("A: X\r\nB : Y\t\r\n\tZ  \r\n");
        let fields: String = fields.into_iter().map(|(_, field)| field).collect();
        assert_eq!(fields, "a:X\r\nb:Y Z\r\n");
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
        assert_eq!(relaxed_body(b"a"), b"a\r\n");
    }
}
