//! What a far side shows of a copy, part by part: a fingerprint to remember, and words for what a person has
//! changed there since.

use super::page::shorten;
use crate::article::sha256_hex;
use crate::text::Text;

/// Stands in a receipt for a copy that was found gone, and of which a person has been asked.
pub(super) const GONE: &str = "gone";
/// As much of a part as is quoted to people.
const QUOTED: usize = 80;

/// The parts of a copy that people can edit, as they stand on the far side.
#[derive(Debug)]
pub(super) struct Shows(Vec<Part>);

#[derive(Debug)]
struct Part {
    /// In the fingerprint; unique, without spaces.
    word: &'static str,
    name: Text,
    value: String,
}

impl Shows {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    /// The same with one part more.
    pub(super) fn with(mut self, word: &'static str, name: Text, value: impl Into<String>) -> Self {
        self.0.push(Part { word, name, value: value.into() });
        self
    }

    /// One short hash per part, so that it can be said later which of them changed.
    pub(super) fn fingerprint(&self) -> String {
        let parts: Vec<String> = self.0.iter().map(Part::hash).collect();
        parts.join(" ")
    }

    /// Whether this part is another than in the copy that had this fingerprint.
    pub(super) fn differs_in(&self, word: &str, seen: &str) -> bool {
        let hash = self.0.iter().find(|part| part.word == word).map(Part::hash);
        hash.is_some_and(|hash| seen.split(' ').all(|before| before != hash))
    }

    /// What differs from the copy that had this fingerprint, as it reads now.
    pub(super) fn difference(&self, seen: &str) -> Text {
        let before: Vec<&str> = seen.split(' ').collect();
        let changed = self.0.iter().filter(|part| !before.contains(&part.hash().as_str()));
        let quoted: Vec<(String, String)> = changed
            .map(|part| {
                let now = shorten(part.value.trim(), QUOTED);
                (format!("{} nay là “{now}”", part.name.vi), format!("{} is now “{now}”", part.name.en))
            })
            .collect();
        let (vi, en): (Vec<String>, Vec<String>) = quoted.into_iter().unzip();
        Text { vi: vi.join("; "), en: en.join("; ") }
    }
}

impl Part {
    fn hash(&self) -> String {
        let hash = sha256_hex(self.value.as_bytes());
        format!("{}:{}", self.word, hash.get(..16).unwrap_or(&hash))
    }
}

/// A mark that a copy carries, made of its own words: while they agree, it stands there as loa wrote it, whichever
/// revision it is and whether or not the answer to that write came back.
pub(super) fn mark(words: &[&str]) -> String {
    let hash = sha256_hex(words.join("\n").as_bytes());
    hash.get(..16).unwrap_or(&hash).to_owned()
}

/// The mark that follows `prefix` in a text, and the text without both.
pub(super) fn marked<'t>(text: &'t str, prefix: &str) -> Option<(&'t str, String)> {
    let (before, rest) = text.split_once(prefix)?;
    let mark = rest.get(..16).filter(|mark| mark.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    Some((mark, format!("{before}{}", rest.get(16..).unwrap_or_default())))
}

/// HTML as plain words: without tags, with the commonest entities resolved and white space collapsed. For
/// comparing, not for showing.
pub(super) fn plain(html: &str) -> String {
    let mut words = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                words.push(' ');
            }
            _ if !inside => words.push(c),
            _ => {}
        }
    }
    for (entity, c) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&amp;", "&"),
    ] {
        words = words.replace(entity, c);
    }
    collapsed(&words)
}

/// Runs of white space as one space, none at the ends.
pub(super) fn collapsed(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Shows, mark, marked, plain};
    use crate::text::Text;

    #[test]
    fn only_the_parts_that_changed_are_named() {
        let shows = |title: &str| {
            Shows::new().with("title", Text::same("title"), title).with("body", Text::same("body"), "the same")
        };
        let seen = shows("old").fingerprint();
        assert_eq!(shows("old").fingerprint(), seen);
        assert_eq!(shows("old").difference(&seen).en, "");
        assert_eq!(shows("new").difference(&seen).en, "title is now “new”");
        assert!(shows("new").differs_in("title", &seen) && !shows("new").differs_in("body", &seen));
    }

    #[test]
    fn a_mark_is_found_again_and_taken_out() {
        let text = format!("before <!--x {}--> after", mark(&["a", "b"]));
        assert_eq!(marked(&text, "<!--x "), Some((mark(&["a", "b"]).as_str(), "before --> after".to_owned())));
        for none in ["", "<!--x ", "<!--x 0123", "<!--x 0123456789abcdeg-->", "<!--x chữ có dấu ở đây-->"] {
            assert_eq!(marked(none, "<!--x "), None, "{none}");
        }
    }

    #[test]
    fn html_is_compared_by_its_words() {
        assert_eq!(plain("<p>a&nbsp;&amp;\n <b>b</b></p><p>c &lt;d&gt;</p>"), "a & b c <d>");
    }
}
