//! Quoted-printable text (RFC 2045 §6.7), and places in it that a line's soft end may run through.

use std::fmt::Write as _;
use std::ops::Range;

use lettre::message::Body;
use lettre::message::header::ContentTransferEncoding;

const SOFT_END: &str = "=\r\n";
/// A line without its end may have 76 characters, the soft end's "=" included.
const LINE: usize = 75;

/// `words` with lines of at most 76 characters, all ASCII, ended by CRLF.
pub(super) fn encode(words: &str) -> Vec<u8> {
    // Quoted-printable holds anything: it is never refused.
    Body::new_with_encoding(words.to_owned(), ContentTransferEncoding::QuotedPrintable)
        .map_or_else(|bytes| bytes, Body::into_vec)
}

/// A stretch of the text, and which bytes of the needle stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) at: usize,
    pub(super) of: Range<usize>,
}

/// Everywhere that `needle` stands in `text`, in order; each place is one run or, around soft ends, several.
pub(super) fn find(text: &[u8], needle: &[u8]) -> Vec<Vec<Run>> {
    let Some(first) = needle.first() else { return Vec::new() };
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(step) = text.get(from..).and_then(|rest| rest.iter().position(|byte| byte == first)) {
        let start = from + step;
        match place(text, start, needle) {
            Some(runs) => {
                from = runs.last().map_or(start + 1, |run| run.at + run.of.len());
                found.push(runs);
            }
            None => from = start + 1,
        }
    }
    found
}

fn place(text: &[u8], start: usize, needle: &[u8]) -> Option<Vec<Run>> {
    let (mut runs, mut at, mut done) = (Vec::new(), start, 0);
    while done < needle.len() {
        let same = text.get(at..)?.iter().zip(needle.get(done..)?).take_while(|(a, b)| a == b).count();
        if same > 0 {
            runs.push(Run { at, of: done..done + same });
            (at, done) = (at + same, done + same);
        }
        if done < needle.len() {
            if !text.get(at..)?.starts_with(SOFT_END.as_bytes()) {
                return None;
            }
            at += SOFT_END.len();
        }
    }
    Some(runs)
}

/// `text` with other words in place of `old`, which stands in quoted-printable lines. What stands around it stays as
/// it is: the new words get lines of their own.
pub(super) fn replace(text: &[u8], old: &str, new: &str) -> Vec<u8> {
    let encoded: String = new.chars().map(escaped).collect();
    let mut lines = vec![String::new()];
    let mut rest = encoded.as_str();
    while let Some(c) = rest.chars().next() {
        // An escape stays whole.
        let unit = rest.get(..if c == '=' { 3 } else { 1 }).unwrap_or(rest);
        if lines.last().is_some_and(|line| line.len() + unit.len() > LINE) {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(unit);
        }
        rest = rest.get(unit.len()..).unwrap_or_default();
    }
    let put = format!("{SOFT_END}{}{SOFT_END}", lines.join(SOFT_END));
    let mut out = Vec::with_capacity(text.len() + put.len());
    let mut from = 0;
    for runs in find(text, old.as_bytes()) {
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else { continue };
        out.extend_from_slice(text.get(from..first.at).unwrap_or_default());
        out.extend_from_slice(put.as_bytes());
        from = last.at + last.of.len();
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
    out
}

fn escaped(c: char) -> String {
    if c.is_ascii_graphic() && c != '=' {
        return c.to_string();
    }
    let mut bytes = [0; 4];
    c.encode_utf8(&mut bytes).bytes().fold(String::new(), |mut out, byte| {
        // Writing into a string cannot fail.
        let _ = write!(out, "={byte:02X}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_the_reference_is_met() {
        let encoded = encode("Lịch tiếp công dân = ngày 05/12");
        assert_eq!(encoded, b"L=E1=BB=8Bch ti=E1=BA=BFp c=C3=B4ng d=C3=A2n =3D ng=C3=A0y 05/12");
    }

    #[test]
    fn words_are_found_across_soft_ends_and_nowhere_else() {
        let text = b"abc a=\r\nbc ab=\r\n=\r\nc ab\r\nc abx";
        let found = find(text, b"abc");
        let whole: Vec<Vec<(usize, Range<usize>)>> =
            found.into_iter().map(|runs| runs.into_iter().map(|run| (run.at, run.of)).collect()).collect();
        assert_eq!(whole, [vec![(0, 0..3)], vec![(4, 0..1), (8, 1..3)], vec![(11, 0..2), (19, 2..3)]]);
        assert!(find(b"", b"abc").is_empty() && find(text, b"").is_empty());
    }

    #[test]
    fn replaced_words_keep_every_line_short() {
        let text = encode(&format!("<img src=\"cid:abc@x.vn\" alt=\"{}\">", "ảnh ".repeat(40)));
        let url = format!("https://x.vn/{}?a=1&b=ả", "y".repeat(200));
        let out = replace(&text, "cid:abc@x.vn", &url);
        assert!(out.split(|byte| *byte == b'\n').all(|line| line.len() <= 77), "{}", String::from_utf8_lossy(&out));
        let joined = String::from_utf8_lossy(&out).replace("=\r\n", "");
        assert!(
            joined.contains("src=3D\"https://x.vn/yyy")
                && joined.contains("?a=3D1&b=3D=E1=BA=A3\" alt=3D\"=E1=BA=A3nh")
        );
        assert!(!joined.contains("cid:"));
    }
}
