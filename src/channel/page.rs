//! Words and shapes that several adapters share.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Output, State, Value};
use unicode_normalization::UnicodeNormalization as _;

use crate::article::{Article, sha256_hex};

/// A name for an article in file names and URLs: readable, ASCII, the same for every revision, different
/// for every article.
pub(super) fn slug(article: &Article) -> String {
    let readable: String = ascii(&article.key.external_id).chars().take(60).collect();
    let hash = sha256_hex(article.key.to_string().as_bytes());
    let short = hash.get(..8).unwrap_or(&hash);
    match readable.trim_matches('-') {
        "" => short.to_owned(),
        readable => format!("{readable}-{short}"),
    }
}

/// Vietnamese to `a-z0-9-`: "Lịch tiếp công dân" → "lich-tiep-cong-dan".
#[must_use]
pub fn ascii(words: &str) -> String {
    let mut out = String::new();
    for c in words.to_lowercase().nfd() {
        match c {
            'đ' => out.push('d'),
            'a'..='z' | '0'..='9' => out.push(c),
            '\u{300}'..='\u{36f}' => {}
            _ if out.ends_with('-') || out.is_empty() => {}
            _ => out.push('-'),
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// "cải cách hành chính" → `#CảiCáchHànhChính`.
pub(super) fn hashtag(topic: &str) -> Option<String> {
    let mut tag = String::from("#");
    for word in topic.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut chars = word.chars();
        tag.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        tag.push_str(chars.as_str());
    }
    (tag.len() > 1).then_some(tag)
}

/// At most `most` characters, cut after a whole word and marked with "…".
pub(super) fn shorten(words: &str, most: usize) -> String {
    if words.chars().count() <= most {
        return words.to_owned();
    }
    let head: String = words.chars().take(most.saturating_sub(1)).collect();
    let cut = head.rfind(char::is_whitespace).and_then(|end| head.get(..end)).unwrap_or(&head);
    format!("{}…", cut.trim_end_matches([' ', ',', ';', ':', '-', '\n']))
}

/// A date and time as readers write it: "07:30, 23/11/2026".
pub(super) fn written_time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%H:%M, %d/%m/%Y").to_string()
}

/// The same for machines (RFC 3339).
pub(super) fn iso_time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// Steps that one rendering may take: far more than the longest article needs.
const FUEL: u64 = 20_000_000;

/// An environment for templates of this ending: tags that stand alone on a line leave no empty line behind,
/// and in HTML and XML whatever is not marked safe is escaped.
pub(super) fn templates(escape: AutoEscape) -> Environment<'static> {
    let mut templates = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    if let Ok(syntax) = syntax {
        templates.set_syntax(syntax);
    }
    // A loop in a loop of a template must not hold up the office.
    templates.set_fuel(Some(FUEL));
    templates.set_auto_escape_callback(move |_| escape.clone());
    templates.set_formatter(write_value);
    templates
}

/// As minijinja does, but slashes stay readable: they are harmless in text and in quoted attributes.
fn write_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    let escape = matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe();
    let Some(words) = value.as_str().filter(|_| escape) else {
        return minijinja::escape_formatter(out, state, value);
    };
    for c in words.chars() {
        let written = match c {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            '\'' => out.write_str("&#39;"),
            _ => out.write_char(c),
        };
        written.map_err(|_| minijinja::Error::from(minijinja::ErrorKind::WriteFailure))?;
    }
    Ok(())
}
