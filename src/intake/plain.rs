//! Safe HTML to plain text. `html2text` does it; but an article is mostly paragraphs of nothing but words, and those before
//! and after everything else are read directly, in a tenth of the time and with the same result.

use super::error::IntakeError;
use crate::text;

/// Wider than any paragraph, so that the text keeps the paragraphs the author made.
const NEVER_WRAP: usize = 1_000_000;

/// Tags that change how words look and not what they are.
const LOOKS: [&str; 10] = ["strong", "/strong", "em", "/em", "b", "/b", "i", "/i", "u", "/u"];

/// The text of safe HTML, its paragraphs separated by one blank line.
pub(super) fn to_plain(html: &str) -> Result<String, IntakeError> {
    let mut begin = leading(html);
    let from = begin.last().map_or(0, |last| last.to);
    let mut end = trailing(html, from);
    let to = end.last().map_or(html.len(), |first| first.from);
    let middle = if is_blank(html.get(from..to).unwrap_or_default()) {
        String::new()
    } else {
        // How it is set off from its neighbours is the library's affair.
        let from = give(&mut begin).map_or(0, |neighbour| neighbour.from);
        let to = give(&mut end).map_or(html.len(), |neighbour| neighbour.to);
        read(html.get(from..to).unwrap_or_default())?
    };
    let words = |simple: &Simple| format!("{}\n\n", simple.words);
    let before: String = begin.iter().map(words).collect();
    let after: String = end.iter().rev().map(words).collect();
    Ok(paragraphs(&format!("{before}{middle}\n\n{after}")))
}

/// A paragraph of nothing but words, and where it stands.
struct Simple {
    words: String,
    from: usize,
    to: usize,
}

/// Takes away the nearest paragraph in which there is something, and those on the way to it.
fn give(paragraphs: &mut Vec<Simple>) -> Option<Simple> {
    loop {
        let nearest = paragraphs.pop()?;
        if paragraphs.is_empty() || !nearest.words.trim().is_empty() {
            return Some(nearest);
        }
    }
}

fn read(html: &str) -> Result<String, IntakeError> {
    let plain = html2text::config::plain_no_decorate().no_table_borders();
    plain.string_from_read(html.as_bytes(), NEVER_WRAP).map_err(|error| {
        IntakeError::Invalid(text!("không đọc được nội dung HTML: {error}", "cannot read the HTML body: {error}"))
    })
}

/// The simple paragraphs at the beginning.
fn leading(html: &str) -> Vec<Simple> {
    let mut found = Vec::new();
    let mut rest = html;
    loop {
        let begun = rest.trim_start_matches(BLANK);
        let inside = begun.strip_prefix("<p>").and_then(|begun| begun.split_once("</p>"));
        let Some((words, after)) = inside.and_then(|(inside, after)| Some((simple(inside)?, after))) else {
            return found;
        };
        found.push(Simple { words, from: html.len() - begun.len(), to: html.len() - after.len() });
        rest = after;
    }
}

/// The simple paragraphs at the end and after `from`, the last first. Safe HTML is balanced: what is before them is so too, and they stand
/// in nothing else.
fn trailing(html: &str, from: usize) -> Vec<Simple> {
    let mut found = Vec::new();
    let mut rest = html.get(from..).unwrap_or_default();
    loop {
        let ended = rest.trim_end_matches(BLANK);
        let inside = ended.strip_suffix("</p>").and_then(|ended| ended.rsplit_once("<p>"));
        let Some((words, before)) = inside.and_then(|(before, inside)| Some((simple(inside)?, before))) else {
            return found;
        };
        found.push(Simple { words, from: from + before.len(), to: from + ended.len() });
        rest = before;
    }
}

const BLANK: [char; 2] = [' ', '\n'];

fn is_blank(html: &str) -> bool {
    html.chars().all(|c| BLANK.contains(&c))
}

/// The lines of a paragraph in which there is nothing but words.
fn simple(inside: &str) -> Option<String> {
    let mut lines = String::with_capacity(inside.len());
    let mut pieces = inside.split('<');
    push(&mut lines, pieces.next()?)?;
    for piece in pieces {
        let (tag, words) = piece.split_once('>')?;
        if tag == "br" {
            lines.push('\n');
        } else if !LOOKS.contains(&tag) {
            return None;
        }
        push(&mut lines, words)?;
    }
    Some(lines)
}

/// Adds words, their white space as it is shown. `None`: there is something in them that has to be looked at closely.
fn push(lines: &mut String, words: &str) -> Option<()> {
    let mut rest = words.chars();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\n' if lines.ends_with(BLANK) || lines.is_empty() => {}
            ' ' | '\n' => lines.push(' '),
            '&' => {
                let known = [("amp;", '&'), ("lt;", '<'), ("gt;", '>')];
                let (after, meant) =
                    known.iter().find_map(|(name, meant)| Some((rest.as_str().strip_prefix(name)?, *meant)))?;
                lines.push(meant);
                rest = after.chars();
            }
            c if is_ordinary(c) => lines.push(c),
            _ => return None,
        }
    }
    Some(())
}

/// Letters, digits and signs as Vietnamese is written in, none of which stands for a space or has no width.
fn is_ordinary(c: char) -> bool {
    matches!(c, '!'..='~' | '¡'..='¬' | '®'..='\u{24f}' | 'Ḁ'..='ỿ' | '‐'..='‧' | '‰'..='‾' | '₫' | '€')
}

/// Lines that follow one another are one paragraph.
fn paragraphs(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut open = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            open = false;
            continue;
        }
        if !joined.is_empty() {
            joined.push_str(if open { "\n" } else { "\n\n" });
        }
        joined.push_str(line);
        open = true;
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{IntakeError, paragraphs, read, to_plain};
    use crate::intake::markup::sanitise;

    /// Everything by the library, as it would be without the short way.
    fn the_long_way(html: &str) -> Result<String, IntakeError> {
        read(html).map(|text| paragraphs(&text))
    }

    #[test]
    fn paragraphs_of_words_are_read_as_everything_else_is() {
        for html in [
            "<p>Một</p>\n<p>Hai &amp; ba &lt;bốn&gt;</p>",
            "<p>a<br>b<br><br>c</p><p></p><p> d </p>",
            "<p>a</p>chữ ngoài<p>b</p>",
            "<blockquote><p>a</p><p>b</p></blockquote><p>c</p>",
            "<p>1</p><h2>Mục</h2><ul><li>x</li><li><p>y</p></li></ul><p>z <strong>đậm</strong>, <em>nghiêng</em></p>",
            "<p>a&nbsp;b</p><p>c\u{3000}d</p><p>e\u{301}</p>",
        ] {
            let html = sanitise(html).unwrap_or_default();
            assert_eq!(to_plain(&html), the_long_way(&html), "{html}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn whatever_is_around_them(pieces in prop::collection::vec(piece(), 0..20)) {
            let html = sanitise(&pieces.concat()).unwrap_or_default();
            prop_assert_eq!(to_plain(&html), the_long_way(&html), "{}", html);
        }
    }

    fn piece() -> impl Strategy<Value = String> {
        let tags = [
            "<p>",
            "</p>",
            "<p>",
            "</p>",
            "<p>",
            "</p>",
            "<br>",
            "<strong>",
            "</strong>",
            "<em>",
            "</em>",
            "<ul>",
            "</ul>",
            "<li>",
            "</li>",
            "<h2>",
            "</h2>",
            "<blockquote>",
            "</blockquote>",
            "<table>",
            "<tr>",
            "<td>",
            "</td>",
            "</table>",
            "<pre>",
            "</pre>",
            "<div>",
            "</div>",
            "<hr>",
            "<a href=\"https://a.vn\">",
            "</a>",
            "&nbsp;",
            "&amp;",
            "&lt;",
            " ",
            "\n",
            "  \n ",
        ];
        prop_oneof![
            3 => prop::sample::select(tags.to_vec()).prop_map(str::to_owned),
            1 => "[a-zA-Z0-9đĐươăâêôẠ-ỹ.,;:!?\\-–—“”‘’…•%₫ \n\u{a0}\u{301}日]{0,12}",
        ]
    }
}
