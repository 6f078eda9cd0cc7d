//! HTML, Markdown and plain text, to safe HTML.

use std::sync::LazyLock;

use ammonia::UrlRelative;
use pulldown_cmark::{Options, Parser, html};
use reqwest::Url;

use super::error::IntakeError;
use crate::text;

/// Deeper than any article is nested; beyond it a parser's work grows with the square of the text.
const MOST_DEPTH: usize = 256;

/// Elements that are never inside themselves unless said so: left open they end where the next one begins, or hold
/// nothing at all.
const SHALLOW: [&str; 24] = [
    "p", "li", "dt", "dd", "option", "td", "th", "tr", "thead", "tbody", "tfoot", "col", "colgroup", "br", "hr", "img",
    "wbr", "meta", "link", "input", "source", "area", "base", "embed",
];

/// Made once: what it lets through is a list of lists.
static SANITISER: LazyLock<ammonia::Builder<'_>> = LazyLock::new(|| {
    let mut builder = ammonia::Builder::default();
    builder.strip_comments(true);
    builder
});

/// Removes everything that could act on the reader: scripts, styles, handlers, odd schemes.
///
/// # Errors
/// [`IntakeError::Invalid`] for HTML that is nested so deep that no person can have written it.
pub(super) fn sanitise(html: &str) -> Result<String, IntakeError> {
    if depth(html) > MOST_DEPTH {
        return Err(IntakeError::Invalid(text!(
            "HTML lồng nhau quá {MOST_DEPTH} lớp; dán lại nội dung dạng văn bản thường rồi gửi lại",
            "the HTML is nested more than {MOST_DEPTH} deep; paste the text without its formatting and hand it over again"
        )));
    }
    Ok(SANITISER.clean(html).to_string().trim().to_owned())
}

/// HTML with its relative addresses made whole, as far as it can be read: what is nested too deep stays as it is, and
/// is refused at the door.
pub(super) fn resolved(html: &str, base: &Url) -> String {
    if depth(html) > MOST_DEPTH {
        return html.to_owned();
    }
    let mut builder = ammonia::Builder::default();
    builder.strip_comments(true).url_relative(UrlRelative::RewriteWithBase(base.clone()));
    builder.clean(html).to_string()
}

/// How many elements stand inside each other at the most, by a look at the tags alone.
fn depth(html: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        let closes = tag.starts_with('/');
        let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if name.is_empty() || SHALLOW.contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        open = if closes { open.saturating_sub(1) } else { open + 1 };
        most = most.max(open);
    }
    most
}

/// Markdown to HTML (not yet safe: Markdown may hold HTML).
pub(super) fn from_markdown(markdown: &str) -> String {
    let mut out = String::new();
    html::push_html(&mut out, Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH));
    out
}

/// Plain text to HTML: a blank line ends a paragraph, a line break stays one.
pub(super) fn from_plain(plain: &str) -> String {
    let paragraphs = plain.split("\n\n").map(|paragraph| {
        paragraph.lines().map(str::trim).filter(|line| !line.is_empty()).map(escape).collect::<Vec<_>>()
    });
    paragraphs
        .filter(|lines| !lines.is_empty())
        .fold(String::new(), |html, lines| html + "<p>" + &lines.join("<br>\n") + "</p>\n")
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
