//! Words and shapes that several adapters share.

use chrono::{DateTime, Datelike as _, Utc};
use chrono_tz::Tz;
use unicode_normalization::UnicodeNormalization as _;

use crate::article::{Article, sha256_hex};
use crate::text::Language;

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
pub(super) fn ascii(words: &str) -> String {
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

/// "cải cách hành chính" → "#CảiCáchHànhChính".
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

/// A day as readers write it: "thứ hai, 23/11/2026".
pub(super) fn written_day(at: DateTime<Utc>, zone: Tz, language: Language) -> String {
    let local = at.with_timezone(&zone);
    if language == Language::En {
        return local.format("%A, %d/%m/%Y").to_string();
    }
    let weekday = match local.weekday() {
        chrono::Weekday::Mon => "thứ Hai",
        chrono::Weekday::Tue => "thứ Ba",
        chrono::Weekday::Wed => "thứ Tư",
        chrono::Weekday::Thu => "thứ Năm",
        chrono::Weekday::Fri => "thứ Sáu",
        chrono::Weekday::Sat => "thứ Bảy",
        chrono::Weekday::Sun => "Chủ nhật",
    };
    format!("{weekday}, {}", local.format("%d/%m/%Y"))
}

/// Template tags that stand alone on a line leave no empty line behind.
pub(super) fn whole_lines(templates: &mut minijinja::Environment<'_>) {
    if let Ok(syntax) = minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        templates.set_syntax(syntax);
    }
}
