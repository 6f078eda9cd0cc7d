//! An article as it is handed over: nothing is trusted yet.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization as _;

use super::error::IntakeError;
use super::inline::Inline;
use super::plain::to_plain;
use super::{inline, markup};
use crate::article::{Article, ArticleKey, Image, Kept, Priority, Revision};
use crate::text;
use crate::text::Text;

const MOST_TITLE: usize = 500;
const MOST_ID: usize = 200;
const MOST_BODY: usize = 2 * 1024 * 1024;

/// The fields of the article JSON and of front matter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Draft {
    /// The system it comes from; the way in if left out.
    pub source: Option<String>,
    /// What that system calls it; the file's name if left out.
    pub external_id: Option<String>,
    /// The source's own count, if it keeps one.
    pub revision: Option<u32>,
    /// Headline.
    pub title: Option<String>,
    /// Lead.
    pub summary: Option<String>,
    /// Body; one of these three.
    pub body_html: Option<String>,
    /// Body as Markdown.
    pub body_markdown: Option<String>,
    /// Body as plain text.
    pub body_text: Option<String>,
    /// Who wrote it.
    pub byline: Option<String>,
    /// Where the original stands.
    pub canonical_url: Option<String>,
    /// RFC 3339, or `2026-11-23 07:30` or `23/11/2026 07:30` in the office's time.
    pub published_at: Option<String>,
    /// Nothing goes out before.
    pub embargo_until: Option<String>,
    /// Nothing goes out from then on.
    pub expires_at: Option<String>,
    /// BCP 47; `vi` if left out.
    pub language: Option<String>,
    /// A list, or one text with commas.
    #[serde(deserialize_with = "list")]
    pub topics: Vec<String>,
    /// The body that speaks.
    pub organisation: Option<String>,
    /// `urgent`, `normal` or `low`.
    pub priority: Priority,
    /// Pictures.
    pub images: Vec<Picture>,
}

/// A picture, by its address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Where it can be fetched.
    pub url: String,
    /// What it shows, for those who do not see it.
    #[serde(default)]
    pub alt: String,
    /// The line printed under it.
    pub caption: Option<String>,
    /// The picture itself, where it is kept already. Whoever hands an article over from outside cannot say so.
    #[serde(skip)]
    pub kept: Option<Kept>,
}

/// What a draft does not say itself.
#[derive(Clone, Debug)]
pub struct DraftContext<'a> {
    /// Source of drafts that name none.
    pub source: &'a str,
    /// External id of drafts that name none, such as the file's name.
    pub external_id: Option<&'a str>,
    /// Where wall-clock times are counted.
    pub zone: Tz,
}

fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        List(Vec<String>),
        Words(String),
    }
    Ok(match Form::deserialize(deserializer)? {
        Form::List(list) => list,
        Form::Words(words) => words.split(',').map(str::to_owned).collect(),
    })
}

impl Draft {
    /// Validates, normalises and sanitises.
    ///
    /// # Errors
    /// [`IntakeError::Invalid`] naming the field and what it should be.
    pub fn into_article(self, cx: &DraftContext<'_>) -> Result<(Article, Option<Revision>), IntakeError> {
        let key = ArticleKey {
            source: identifier("source", self.source.as_deref().or(Some(cx.source)))?,
            external_id: identifier("external_id", self.external_id.as_deref().or(cx.external_id))?,
        };
        if key.source.contains('/') {
            return Err(invalid(text!("source không được chứa dấu /", "source must not contain a slash")));
        }
        if self.revision == Some(0) {
            return Err(invalid(text!("revision đếm từ 1", "revision is counted from 1")));
        }
        let title = one_line(&self.title.unwrap_or_default());
        let title_length = title.chars().count();
        if title.is_empty() {
            return Err(invalid(text!("thiếu tiêu đề (title)", "the title is missing")));
        }
        if title_length > MOST_TITLE {
            return Err(invalid(text!(
                "tiêu đề dài {title_length} ký tự; tối đa {MOST_TITLE}",
                "the title has {title_length} characters; at most {MOST_TITLE} are allowed"
            )));
        }
        let (body_html, body_text, inline) = body(self.body_html, self.body_markdown, self.body_text)?;
        let mut images: Vec<Image> = self.images.into_iter().map(image).collect::<Result<_, _>>()?;
        for Inline { url, alt } in inline {
            // A body knows addresses that only its own page can resolve: those lead nowhere else.
            let Ok(found) = image(Picture { url, alt, caption: None, kept: None }) else { continue };
            if !images.iter().any(|listed| listed.url == found.url) {
                images.push(found);
            }
        }
        let article = Article {
            key,
            title,
            summary: optional(self.summary),
            body_html,
            body_text,
            byline: optional(self.byline),
            canonical_url: self.canonical_url.as_deref().map(|url| web_address("canonical_url", url)).transpose()?,
            published_at: instant("published_at", self.published_at.as_deref(), cx.zone)?,
            embargo_until: instant("embargo_until", self.embargo_until.as_deref(), cx.zone)?,
            expires_at: instant("expires_at", self.expires_at.as_deref(), cx.zone)?,
            language: optional(self.language).unwrap_or_else(|| "vi".to_owned()),
            topics: topics(&self.topics),
            organisation: optional(self.organisation),
            priority: self.priority,
            images,
        };
        if let (Some(from), Some(to)) = (article.embargo_until, article.expires_at)
            && from >= to
        {
            return Err(invalid(text!(
                "expires_at phải sau embargo_until",
                "expires_at has to be later than embargo_until"
            )));
        }
        Ok((article, self.revision.map(Revision)))
    }
}

fn invalid(text: Text) -> IntakeError {
    IntakeError::Invalid(text)
}

/// NFC, without characters that nobody can see.
pub(super) fn clean(words: &str) -> String {
    let cleaned: String = words
        .chars()
        .filter(|c| !matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}'))
        .filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .map(|c| if c == '\u{a0}' { ' ' } else { c })
        .collect();
    if cleaned.chars().all(is_composed) { cleaned } else { cleaned.nfc().collect() }
}

/// Whether a letter is as NFC has it, whatever stands beside it, and known to be so without looking it up: everything
/// Vietnamese is written in, unless by combining marks.
fn is_composed(c: char) -> bool {
    matches!(c, '\0'..='\u{2ff}' | '\u{1e00}'..='\u{1eff}' | '\u{2010}'..='\u{2027}' | '\u{20ab}')
}

pub(super) fn one_line(words: &str) -> String {
    clean(words).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn optional(words: Option<String>) -> Option<String> {
    words.map(|words| one_line(&words)).filter(|words| !words.is_empty())
}

fn identifier(field: &str, words: Option<&str>) -> Result<String, IntakeError> {
    let words = one_line(words.unwrap_or_default());
    let length = words.chars().count();
    if words.is_empty() {
        return Err(invalid(text!("thiếu {field}", "{field} is missing")));
    }
    if length > MOST_ID {
        return Err(invalid(text!(
            "{field} dài {length} ký tự; tối đa {MOST_ID}",
            "{field} has {length} characters; at most {MOST_ID} are allowed"
        )));
    }
    Ok(words)
}

fn body(
    html: Option<String>,
    markdown: Option<String>,
    plain: Option<String>,
) -> Result<(String, String, Vec<Inline>), IntakeError> {
    let given = usize::from(html.is_some()) + usize::from(markdown.is_some()) + usize::from(plain.is_some());
    if given > 1 {
        return Err(invalid(text!(
            "chỉ dùng một trong body_html, body_markdown, body_text",
            "give only one of body_html, body_markdown, body_text"
        )));
    }
    let size = [&html, &markdown, &plain].into_iter().flatten().map(String::len).sum::<usize>();
    if size > MOST_BODY {
        return Err(invalid(text!(
            "nội dung dài {size} byte; tối đa {MOST_BODY}",
            "the body has {size} bytes; at most {MOST_BODY} are allowed"
        )));
    }
    let html = match (html, markdown, plain) {
        (Some(html), ..) => markup::sanitise(&clean(&html))?,
        (_, Some(markdown), _) => markup::sanitise(&markup::from_markdown(&clean(&markdown)))?,
        (.., plain) => markup::from_plain(&clean(&plain.unwrap_or_default())),
    };
    let (html, inline) = inline::lift(&html);
    let text = to_plain(&html)?;
    if text.is_empty() {
        return Err(invalid(text!(
            "thiếu nội dung (body_html, body_markdown hoặc body_text)",
            "the body is missing (body_html, body_markdown or body_text)"
        )));
    }
    Ok((html, text, inline))
}

fn topics(given: &[String]) -> Vec<String> {
    let mut topics: Vec<String> = Vec::new();
    for topic in given.iter().map(|topic| one_line(topic)) {
        if !topic.is_empty() && !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    topics
}

fn image(given: Picture) -> Result<Image, IntakeError> {
    Ok(Image {
        url: web_address("images.url", &given.url)?,
        alt: one_line(&given.alt),
        caption: optional(given.caption),
        kept: given.kept,
    })
}

fn web_address(field: &str, address: &str) -> Result<String, IntakeError> {
    match reqwest::Url::parse(address.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url.to_string()),
        _ => Err(invalid(text!(
            "{field} \"{address}\" không phải địa chỉ http(s)://…",
            "{field} \"{address}\" is not an http(s):// address"
        ))),
    }
}

fn instant(field: &str, words: Option<&str>, zone: Tz) -> Result<Option<DateTime<Utc>>, IntakeError> {
    let Some(words) = words.map(str::trim).filter(|words| !words.is_empty()) else { return Ok(None) };
    if let Ok(instant) = DateTime::parse_from_rfc3339(words) {
        return Ok(Some(instant.to_utc()));
    }
    let wall = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(words, form).ok())
        .or_else(|| {
            let day = ["%Y-%m-%d", "%d/%m/%Y"].iter().find_map(|form| NaiveDate::parse_from_str(words, form).ok());
            day.map(|day| day.and_time(NaiveTime::MIN))
        });
    let instant = wall.and_then(|wall| zone.from_local_datetime(&wall).earliest());
    instant.map(|instant| Some(instant.to_utc())).ok_or_else(|| {
        invalid(text!(
            "{field} \"{words}\" không phải thời điểm; viết như 2026-11-23T07:30:00+07:00 hoặc 23/11/2026 07:30",
            "{field} \"{words}\" is not a time; write it like 2026-11-23T07:30:00+07:00 or 23/11/2026 07:30"
        ))
    })
}

#[cfg(test)]
mod tests {
    use unicode_normalization::{IsNormalized, is_nfc_quick};

    use super::{clean, is_composed};

    #[test]
    fn what_is_taken_for_composed_is() {
        let looked_up = |c: char| is_nfc_quick(std::iter::once(c)) == IsNormalized::Yes;
        let mistaken: Vec<char> = (char::MIN..=char::MAX).filter(|c| is_composed(*c) && !looked_up(*c)).collect();
        assert_eq!(mistaken, []);
        assert_eq!(clean("tie\u{302}\u{301}ng\u{a0}V\u{200b}iệt"), "tiếng Việt");
    }
}
