//! Header fields: written and folded by RFC 5322, words that are not ASCII encoded by RFC 2047.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// A header's line, and a line with encoded words, has at most so many characters (RFC 2047 §2).
const LINE: usize = 76;
/// An encoded word has at most so many.
const WORD: usize = 75;
/// What an encoded word costs beside its content: `=?utf-8?b?` and `?=`.
const AROUND: usize = 12;

/// The head of a message, field by field.
#[derive(Default)]
pub(super) struct Headers(String);

impl Headers {
    /// A field whose value is ASCII already, on one line.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        for part in [name, ": ", value, "\r\n"] {
            self.0.push_str(part);
        }
    }

    /// A field of plain words.
    pub(super) fn words(&mut self, name: &str, words: &str) {
        let words = one_line(words);
        let fits = name.len() + 2 + words.len() <= LINE;
        let value = if is_plain(&words) && fits { words } else { encoded(&words, name.len() + 2) };
        self.add(name, &value);
    }

    /// A field with a name for machines: folded only where it cannot stand as it is.
    pub(super) fn name(&mut self, name: &str, words: &str) {
        let words = one_line(words);
        if is_plain(&words) { self.add(name, &words) } else { self.words(name, &words) }
    }

    /// A field with one mailbox.
    pub(super) fn mailbox(&mut self, name: &str, person: Option<&str>, address: &str) {
        let Some(person) = person.map(one_line).filter(|person| !person.is_empty()) else {
            return self.add(name, address);
        };
        let quoted = format!("\"{}\"", person.replace('\\', "\\\\").replace('"', "\\\""));
        let fits = name.len() + 2 + quoted.len() <= LINE;
        let phrase = if is_plain(&person) && fits { quoted } else { encoded(&person, name.len() + 2) };
        let used = phrase.rsplit("\r\n").next().map_or(0, str::len);
        let first = if phrase.contains("\r\n") { 0 } else { name.len() + 2 };
        let gap = if first + used + address.len() + 3 > LINE { "\r\n " } else { " " };
        self.add(name, &format!("{phrase}{gap}<{address}>"));
    }

    /// The fields, each ended by CRLF.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// A date as letters bear it, with the office's own offset.
pub(super) fn date(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a, %d %b %Y %H:%M:%S %z").to_string()
}

/// Nothing that is put into a head may begin another line of it.
fn one_line(words: &str) -> String {
    let mut out: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    out.truncate(out.trim_end().len());
    out.trim_start().to_owned()
}

fn is_plain(words: &str) -> bool {
    words.chars().all(|c| c.is_ascii_graphic() || c == ' ') && !words.contains("=?")
}

/// Encoded words, one to a line; the first line has `used` characters before it. No character is split.
fn encoded(words: &str, used: usize) -> String {
    let mut out = String::new();
    let mut room = LINE.saturating_sub(used).min(WORD);
    let mut piece = String::new();
    let mut put = |piece: &str| {
        if !out.is_empty() {
            out.push_str("\r\n ");
        }
        out.push_str("=?utf-8?b?");
        STANDARD.encode_string(piece, &mut out);
        out.push_str("?=");
    };
    for c in words.chars() {
        // Four characters stand for three bytes.
        if piece.len() + c.len_utf8() > room.saturating_sub(AROUND) / 4 * 3 {
            put(&piece);
            piece.clear();
            room = WORD;
        }
        piece.push(c);
    }
    put(&piece);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fill: impl FnOnce(&mut Headers)) -> String {
        let mut headers = Headers::default();
        fill(&mut headers);
        headers.into_string()
    }

    #[test]
    fn plain_words_stay_plain_and_nothing_begins_a_line_of_its_own() {
        assert_eq!(written(|head| head.words("Subject", "Lich 5/12")), "Subject: Lich 5/12\r\n");
        assert_eq!(written(|head| head.words("Subject", "a\r\nBcc: x@y.vn")), "Subject: a  Bcc: x@y.vn\r\n");
        let quoted = written(|head| head.mailbox("To", Some("Lan \"Bé\\"), "lan@x.vn"));
        assert!(quoted.starts_with("To: =?utf-8?b?"), "{quoted}");
        assert_eq!(written(|head| head.mailbox("To", Some("Lan, P."), "l@x.vn")), "To: \"Lan, P.\" <l@x.vn>\r\n");
        assert_eq!(written(|head| head.mailbox("To", None, "l@x.vn")), "To: l@x.vn\r\n");
    }

    #[test]
    fn long_words_are_folded_between_characters() {
        let title = "Thông báo: Lịch tiếp công dân định kỳ tháng 12 năm 2026 của Chủ tịch Uỷ ban nhân dân xã";
        for cut in 0..30 {
            let title: String = title.chars().skip(cut).collect();
            let head = written(|head| head.words("Subject", &title));
            let mut back = Vec::new();
            for line in head.trim_end().split("\r\n") {
                assert!(line.len() <= LINE, "{line}");
                let word = line.trim_start_matches("Subject:").trim();
                assert!(word.len() <= WORD && word.is_ascii(), "{word}");
                let inner = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
                let bytes = STANDARD.decode(inner.unwrap_or_default()).unwrap_or_default();
                assert!(std::str::from_utf8(&bytes).is_ok_and(|words| !words.is_empty()), "whole characters: {word}");
                back.extend(bytes);
            }
            assert_eq!(String::from_utf8_lossy(&back), title.trim());
        }
    }
}
