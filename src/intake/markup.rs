//! HTML, Markdown and plain text: to safe HTML, and to plain text.

use pulldown_cmark::{Options, Parser, html};

use super::error::IntakeError;
use crate::text;

/// Wider than any paragraph, so that the text keeps the paragraphs the author made.
const NEVER_WRAP: usize = 1_000_000;

/// Removes everything that could act on the reader: scripts, styles, handlers, odd schemes.
pub(super) fn sanitise(html: &str) -> String {
    ammonia::Builder::default().strip_comments(true).clean(html).to_string().trim().to_owned()
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

/// Safe HTML to plain text, paragraphs separated by one blank line.
pub(super) fn to_plain(html: &str) -> Result<String, IntakeError> {
    let text = html2text::config::plain_no_decorate()
        .no_table_borders()
        .string_from_read(html.as_bytes(), NEVER_WRAP)
        .map_err(|error| {
            IntakeError::Invalid(text!("không đọc được nội dung HTML: {error}", "cannot read the HTML body: {error}"))
        })?;
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines().map(str::trim) {
        match paragraphs.last_mut() {
            _ if line.is_empty() => open = false,
            Some(paragraph) if open => {
                paragraph.push('\n');
                paragraph.push_str(line);
            }
            _ => {
                paragraphs.push(line.to_owned());
                open = true;
            }
        }
    }
    Ok(paragraphs.join("\n\n"))
}
