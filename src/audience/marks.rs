//! What a letter carries that says whose it is: the recipient's token, and the id made for this recipient.

use std::collections::BTreeSet;

use crate::article::sha256_hex;

/// Where the public finds the page to unsubscribe; the recipient's token follows.
pub const UNSUBSCRIBE_PATH: &str = "/huy-nhan-thu/";

/// Letters in a token, and in the local part of a letter's `Message-ID`.
const TOKEN: usize = 26;
const ID: usize = 32;
/// More marks than this in one message are nobody's.
const MOST: usize = 16;

/// The local part of the `Message-ID` of a recipient's letter: the same for every repeat of a job, and known to nobody
/// but the recipient and the servers on the way.
#[must_use]
pub fn letter_id(job_key: &str, recipient: &str) -> String {
    let hash = sha256_hex(format!("{job_key} {recipient}").as_bytes());
    hash.get(..ID).unwrap_or(&hash).to_owned()
}

/// The tokens of bounce addresses (`bounce+TOKEN@…`) in some text.
pub(super) fn bounce_tokens(text: &[u8]) -> Vec<String> {
    runs(text, is_of_token, TOKEN, |before, after| before.ends_with(b"+") && after.starts_with(b"@"))
}

/// The tokens of links to the page to unsubscribe.
pub(super) fn link_tokens(text: &[u8]) -> Vec<String> {
    runs(text, is_of_token, TOKEN, |before, _| before.ends_with(UNSUBSCRIBE_PATH.as_bytes()))
}

/// What looks like the id of one of our letters.
pub(super) fn letter_ids(text: &[u8]) -> Vec<String> {
    runs(text, |byte| byte.is_ascii_hexdigit(), ID, |before, after| before.ends_with(b"<") && after.starts_with(b"@"))
}

/// Somebody's words without this token, in whatever case they repeat it: it opens the recipient's page.
#[must_use]
pub fn without_token(words: &str, token: &str) -> String {
    let (mut words, token) = (words.to_owned(), token.to_ascii_lowercase());
    while let Some(at) = words.to_ascii_lowercase().find(&token).filter(|_| !token.is_empty()) {
        words.replace_range(at..at + token.len(), "…");
    }
    words
}

/// The same for whatever tokens they repeat.
pub(super) fn without_tokens(words: &str) -> String {
    let mut words = words.to_owned();
    loop {
        let tokens = [bounce_tokens(words.as_bytes()), link_tokens(words.as_bytes())].concat();
        if tokens.is_empty() {
            return words;
        }
        words = tokens.iter().fold(words, |words, token| without_token(&words, token));
    }
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'2'..=b'7')
}

/// Whole runs of `length` such bytes whose surroundings fit, in lower case, each once, the first ones.
fn runs(text: &[u8], fits: fn(u8) -> bool, length: usize, between: fn(&[u8], &[u8]) -> bool) -> Vec<String> {
    let (mut seen, mut found, mut start) = (BTreeSet::new(), Vec::new(), None);
    for (at, byte) in text.iter().copied().chain([b'\n']).enumerate() {
        let began = match (fits(byte), start) {
            (true, None) => {
                start = Some(at);
                continue;
            }
            (false, Some(began)) => began,
            _ => continue,
        };
        start = None;
        let (before, run) = (text.get(..began).unwrap_or_default(), text.get(began..at).unwrap_or_default());
        if run.len() == length && between(before, text.get(at..).unwrap_or_default()) {
            let run = String::from_utf8_lossy(run).to_ascii_lowercase();
            if seen.insert(run.clone()) {
                found.push(run);
            }
            if found.len() == MOST {
                break;
            }
        }
    }
    found
}
