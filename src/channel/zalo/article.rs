//! An article as Zalo shows it to us.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::super::seen::{Shows, collapsed, mark, marked, plain};
use super::api::word;
use super::render::MARK;
use super::tokens::code;
use crate::text;

/// What `getdetail` shows.
#[derive(Debug)]
pub(super) struct Piece(Value);

/// One line of the list.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) link: Option<String>,
    /// When it was made, where the list says it in a form that is known.
    pub(super) made: Option<DateTime<Utc>>,
}

impl Listed {
    pub(super) fn new(media: &Value) -> Option<Self> {
        Some(Self {
            id: word(media, "id")?,
            title: word(media, "title").unwrap_or_default(),
            link: word(media, "link_view").filter(|link| link.starts_with("http")),
            made: media.get("create_date").and_then(code).and_then(instant),
        })
    }
}

/// Seconds or milliseconds since 1970: they differ by a factor that leaves no doubt.
fn instant(number: i64) -> Option<DateTime<Utc>> {
    const FAR_IN_SECONDS: i64 = 100_000_000_000;
    if number < FAR_IN_SECONDS { DateTime::from_timestamp(number, 0) } else { DateTime::from_timestamp_millis(number) }
}

impl Piece {
    /// `None` for what is no article.
    pub(super) fn new(data: Value) -> Option<Self> {
        data.get("title").is_some_and(Value::is_string).then_some(Self(data))
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn is_public(&self) -> bool {
        self.text("status") == "show"
    }

    pub(super) fn link(&self) -> Option<String> {
        word(&self.0, "link_view").filter(|link| link.starts_with("http"))
    }

    /// What people could have edited. Zalo keeps pictures under changing addresses of its own: a cover counts
    /// without what follows its name.
    pub(super) fn shows(&self) -> Shows {
        let cover = self.0.get("cover").and_then(|cover| cover.get("photo_url")?.as_str()).unwrap_or_default();
        Shows::new()
            .with("status", text!("trạng thái", "the status"), self.text("status"))
            .with("title", text!("tiêu đề", "the title"), self.text("title"))
            .with("author", text!("tác giả", "the author"), self.text("author"))
            .with("description", text!("mô tả", "the description"), self.text("description"))
            .with("cover", text!("ảnh bìa", "the cover"), cover.split('?').next().unwrap_or_default())
            .with("body", text!("nội dung", "the body"), body(&self.0, collapsed))
            .with("comment", text!("bình luận", "the comments"), self.text("comment"))
    }

    /// Whether loa, and nobody since, wrote what stands there: a revision that was processed late, for instance.
    pub(super) fn is_as_written(&self) -> bool {
        let first = self.0.get("body").and_then(|body| body.get(0)?.get("content")?.as_str()).unwrap_or_default();
        marked(first, MARK).is_some_and(|(found, rest)| {
            let words = [self.text("title"), self.text("author"), self.text("description"), &plain(&rest)];
            self.is_public() && found == mark(&words)
        })
    }

    /// Whether it says what this payload says, hidden or not. Zalo may write HTML in its own way: words count.
    pub(super) fn says(&self, payload: &Value) -> bool {
        let ours = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
        let same = |name: &str| collapsed(self.text(name)) == collapsed(ours(name));
        same("title") && same("description") && same("author") && body(&self.0, plain) == body(payload, plain)
    }
}

/// The body's parts as words; `words` is what becomes of HTML. Of a picture only its caption is ours: its address
/// may be Zalo's.
fn body(article: &Value, words: fn(&str) -> String) -> String {
    let parts = article.get("body").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let part = |part: &Value| {
        let text = |name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default();
        format!("{} {}{}", text("type"), words(text("content")), text("caption"))
    };
    parts.iter().map(part).collect::<Vec<_>>().join("\n")
}
