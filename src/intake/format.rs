//! The forms in which a file can hold an article: JSON, Markdown with front matter, plain text.

use std::path::Path;

use serde_json::Value;

use super::draft::Draft;
use super::error::IntakeError;
use crate::text;
use crate::text::Text;
use crate::text::nearest;

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object.
    Json,
    /// Markdown, with TOML (`+++`) or YAML (`---`) front matter.
    Markdown,
    /// Plain text, the first line of which is the title.
    Plain,
}

impl Format {
    /// The form that a file's ending stands for.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "md" | "markdown" => Some(Self::Markdown),
            "txt" => Some(Self::Plain),
            _ => None,
        }
    }
}

/// Larger files are not read: no article is.
const MOST_FILE: u64 = 8 * 1024 * 1024;

/// Reads an article file.
///
/// # Errors
/// [`IntakeError::Invalid`] for a kind of file that is not taken, one that cannot be read or is too large, or
/// as for [`parse`].
pub fn read(path: &Path) -> Result<Draft, IntakeError> {
    let format = Format::of(path).ok_or_else(|| {
        invalid(text!(
            "loại tệp không nhận; dùng .json, .md hoặc .txt",
            "this kind of file is not taken; use .json, .md or .txt"
        ))
    })?;
    let unreadable =
        |error: std::io::Error| invalid(text!("không đọc được tệp: {error}", "cannot read the file: {error}"));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MOST_FILE {
        return Err(invalid(text!(
            "tệp dài {size} byte; tối đa {MOST_FILE}",
            "the file has {size} bytes; at most {MOST_FILE} are allowed"
        )));
    }
    parse(&std::fs::read(path).map_err(unreadable)?, format)
}

/// Reads a file's bytes as an article.
///
/// # Errors
/// [`IntakeError::Invalid`] saying where the form is broken.
pub fn parse(bytes: &[u8], format: Format) -> Result<Draft, IntakeError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
        invalid(text!(
            "tệp không phải UTF-8 (hỏng từ dòng {line}); hãy lưu lại với mã hóa UTF-8",
            "the file is not UTF-8 (broken in line {line}); save it again as UTF-8"
        ))
    })?;
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    match format {
        Format::Json => json(&text),
        Format::Markdown => markdown(&text),
        Format::Plain => Ok(plain(&text)),
    }
}

fn invalid(text: Text) -> IntakeError {
    IntakeError::Invalid(text)
}

fn json(text: &str) -> Result<Draft, IntakeError> {
    let value = serde_json::from_str(text).map_err(|error| {
        let (line, column) = place(text, &error);
        let whole = error.to_string();
        let detail = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(detail, _)| detail);
        invalid(text!(
            "JSON sai ở dòng {line}, cột {column}: {detail}",
            "the JSON is broken in line {line}, column {column}: {detail}"
        ))
    })?;
    draft(value)
}

/// Where a person finds the mistake: the parser counts bytes, and a line break as column 0 of the next line.
fn place(text: &str, error: &serde_json::Error) -> (usize, usize) {
    let (line, column) = (error.line(), error.column());
    let written = |line: usize| text.split('\n').nth(line - 1).unwrap_or_default();
    match column {
        0 if line > 1 => (line - 1, written(line - 1).chars().count() + 1),
        _ => {
            let before: Vec<u8> = written(line.max(1)).bytes().take(column).collect();
            (line, String::from_utf8_lossy(&before).chars().count())
        }
    }
}

/// From fields to a draft, with the nearest name for one that does not exist.
fn draft(value: Value) -> Result<Draft, IntakeError> {
    serde_json::from_value(value).map_err(|error| {
        let message = error.to_string();
        invalid(match nearest::from_parser(&message) {
            Some(unknown) => unknown.text(),
            None => text!("trường không hợp lệ: {message}", "a field is not valid: {message}"),
        })
    })
}

fn markdown(text: &str) -> Result<Draft, IntakeError> {
    let (front, body) = match (fenced(text, "+++"), fenced(text, "---")) {
        (Some((front, body)), _) => (toml_fields(front)?, body),
        (None, Some((front, body))) => (yaml_fields(front)?, body),
        (None, None) => (Value::Object(serde_json::Map::new()), text),
    };
    let mut draft = draft(front)?;
    let mut body = body.trim_start();
    // Without a title in front, a leading heading is the title.
    if draft.title.is_none()
        && let Some(rest) = body.strip_prefix("# ")
    {
        let (title, after) = rest.split_once('\n').unwrap_or((rest, ""));
        draft.title = Some(title.to_owned());
        body = after;
    }
    if draft.body_html.is_none() && draft.body_text.is_none() && draft.body_markdown.is_none() {
        draft.body_markdown = Some(body.to_owned());
    }
    Ok(draft)
}

/// Splits `+++\n…\n+++\n` off the head of a text.
fn fenced<'t>(text: &'t str, fence: &str) -> Option<(&'t str, &'t str)> {
    let rest = text.strip_prefix(fence)?.strip_prefix('\n')?;
    if let Some(body) = rest.strip_prefix(fence).filter(|body| body.is_empty() || body.starts_with('\n')) {
        return Some(("", body));
    }
    let (front, body) = rest.split_once(&format!("\n{fence}"))?;
    (body.is_empty() || body.starts_with('\n')).then_some((front, body))
}

fn toml_fields(front: &str) -> Result<Value, IntakeError> {
    let table: toml::Table = toml::from_str(front).map_err(|error| {
        let detail = error.to_string();
        invalid(text!("phần đầu TOML sai: {detail}", "the TOML front matter is broken: {detail}"))
    })?;
    Ok(plain_values(toml::Value::Table(table)))
}

/// TOML has dates of its own; a draft reads them as text, like the other forms.
fn plain_values(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(datetime) => Value::String(datetime.to_string()),
        toml::Value::Array(list) => list.into_iter().map(plain_values).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(name, value)| (name, plain_values(value))).collect())
        }
        toml::Value::String(words) => Value::String(words),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(yes) => yes.into(),
    }
}

fn yaml_fields(front: &str) -> Result<Value, IntakeError> {
    if front.trim().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_saphyr::from_str(front).map_err(|error| {
        let detail = error.to_string();
        invalid(text!("phần đầu YAML sai: {detail}", "the YAML front matter is broken: {detail}"))
    })
}

fn plain(text: &str) -> Draft {
    let text = text.trim_start();
    let (title, body) = text.split_once('\n').unwrap_or((text, ""));
    Draft { title: Some(title.to_owned()), body_text: Some(body.to_owned()), ..Draft::default() }
}
