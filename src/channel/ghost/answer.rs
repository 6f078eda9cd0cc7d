//! What Ghost's answers mean.

use reqwest::header::LOCATION;
use serde::Deserialize;
use serde_json::Value;

use super::super::client::Answer;
use super::super::failure::{Attention, SendError};
use super::super::seen::{Shows, collapsed, mark, marked};
use super::render::MARK;
use crate::text;
use crate::text::Text;

/// What an error of Ghost's means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// The token's time is over: this machine's clock may be wrong.
    Expired,
    /// The key is wrong or may not do this.
    Key,
    /// There is no such post.
    Missing,
    /// Somebody changed the post after we read it.
    Collision,
    /// They will never take this.
    Refused,
    /// Later.
    Rest,
    /// The settings name a place or a version that does not work.
    Settings,
    /// It cannot be told what was done.
    Unclear,
}

/// Ghost's errors by status and by a word that stands in the error's code, type or message (any, if empty). The
/// first row that fits counts.
const TABLE: &[(u16, &str, Means)] = &[
    (400, "INVALID_JWT", Means::Key),
    (400, "MISSING_ADMIN_API_KID", Means::Key),
    (400, "INVALID_AUTH_HEADER", Means::Key),
    (400, "INVALID_API_KEY_TYPE", Means::Key),
    (400, "", Means::Refused),
    (401, "jwt expired", Means::Expired),
    (401, "maxAge exceeded", Means::Expired),
    (401, "", Means::Key),
    (403, "", Means::Key),
    (404, "NotFoundError", Means::Missing),
    (404, "", Means::Settings),
    (405, "", Means::Settings),
    (406, "", Means::Settings),
    (408, "", Means::Unclear),
    (409, "UPDATE_COLLISION", Means::Collision),
    (409, "UpdateCollisionError", Means::Collision),
    (409, "", Means::Refused),
    (413, "", Means::Refused),
    (415, "", Means::Refused),
    (422, "", Means::Refused),
    (429, "", Means::Rest),
    // Only Ghost itself says that it is being maintained; a proxy's 503 says nothing about what was done.
    (503, "MaintenanceError", Means::Rest),
];

/// The first of an answer's errors, in Ghost's own words.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Trouble {
    message: Option<String>,
    context: Option<String>,
    r#type: Option<String>,
    code: Option<String>,
}

impl Trouble {
    fn of(answer: &Answer) -> Self {
        let first = answer.json().and_then(|mut body| Some(body.get_mut("errors")?.get_mut(0)?.take()));
        first.and_then(|error| serde_json::from_value(error).ok()).unwrap_or_default()
    }

    fn says(&self, word: &str) -> bool {
        let is = |field: &Option<String>| field.as_deref() == Some(word);
        word.is_empty()
            || is(&self.code)
            || is(&self.r#type)
            || self.message.as_deref().is_some_and(|message| message.contains(word))
    }

    fn words(&self) -> String {
        let parts = [self.message.as_deref(), self.context.as_deref()];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// What an answer that is no success means.
pub(super) fn means(answer: &Answer) -> Means {
    let status = answer.status;
    if status.is_redirection() {
        return Means::Settings;
    }
    let trouble = Trouble::of(answer);
    let row = TABLE.iter().find(|(code, word, _)| *code == status.as_u16() && trouble.says(word));
    match row {
        Some((_, _, means)) => *means,
        None if status.is_client_error() => Means::Refused,
        None => Means::Unclear,
    }
}

/// The failure that an answer is; a step that may be repeated calls [`SendError::repeatable`] on it.
pub(super) fn failure(answer: &Answer) -> SendError {
    let (code, trouble) = (answer.status.as_u16(), Trouble::of(answer));
    let said = match trouble.words() {
        words if words.is_empty() => code.to_string(),
        words => format!("{code}: {words}"),
    };
    match means(answer) {
        Means::Expired => SendError::attention(
            Attention::Credential,
            text!(
                "Ghost báo chữ ký đã quá hạn ({said}). Chỉnh lại đồng hồ của máy này hoặc của máy chủ Ghost; loa sẽ tự chạy tiếp",
                "Ghost says the token is too old ({said}). Correct the clock of this machine or of Ghost's; loa goes on by itself"
            ),
        ),
        Means::Key => SendError::attention(
            Attention::Credential,
            text!(
                "Ghost không nhận khóa Admin API ({said}). Tạo lại khóa trong Settings → Integrations, ghi vào nơi giữ bí mật; loa sẽ tự chạy tiếp",
                "Ghost does not accept the Admin API key ({said}). Make a new one under Settings → Integrations and put it where the secret is kept; loa goes on by itself"
            ),
        ),
        Means::Settings => SendError::attention(Attention::Misconfigured, misdirected(answer, &said)),
        Means::Refused | Means::Missing | Means::Collision => {
            SendError::permanent(text!("Ghost từ chối ({said})", "Ghost refused it ({said})"))
        }
        Means::Rest => {
            let note = text!("Ghost yêu cầu chờ ({said})", "Ghost asks to wait ({said})");
            SendError::throttled(answer.retry_after, note)
        }
        Means::Unclear => {
            SendError::ambiguous(text!("Ghost trả lời {said}", "Ghost answered {said}")).after(answer.retry_after)
        }
    }
}

fn misdirected(answer: &Answer, said: &str) -> Text {
    let place = answer.headers.get(LOCATION).and_then(|place| place.to_str().ok());
    match place.filter(|_| answer.status.is_redirection()) {
        Some(place) => text!(
            "Ghost chuyển hướng đến {place}; loa không đi theo. Sửa url thành địa chỉ mà trang quản trị thật sự dùng (https, đúng tên miền)",
            "Ghost redirects to {place}, which loa does not follow. Set url to the address that its admin pages really have (https, the right domain)"
        ),
        None => text!(
            "không thấy Admin API của Ghost ở địa chỉ này ({said}). Kiểm tra url và api_version",
            "there is no Ghost Admin API at this address ({said}). Check url and api_version"
        ),
    }
}

/// A post as Ghost shows it to us.
#[derive(Debug, Deserialize)]
pub(super) struct Post {
    pub(super) id: String,
    #[serde(default)]
    pub(super) slug: String,
    #[serde(default)]
    pub(super) status: String,
    /// Not understood, only handed back: it is compared to the millisecond.
    #[serde(default)]
    pub(super) updated_at: Value,
    pub(super) url: Option<String>,
    #[serde(default)]
    title: String,
    html: Option<String>,
    custom_excerpt: Option<String>,
    canonical_url: Option<String>,
    pub(super) feature_image: Option<String>,
    feature_image_alt: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    name: String,
}

#[derive(Deserialize)]
struct Posts {
    posts: Vec<Value>,
}

impl Post {
    /// The post in an answer; `None` when it cannot be read.
    pub(super) fn of(answer: &Answer) -> Option<Self> {
        let posts: Posts = serde_json::from_slice(&answer.body).ok()?;
        serde_json::from_value(posts.posts.into_iter().next()?).ok()
    }

    pub(super) fn is_public(&self) -> bool {
        matches!(self.status.as_str(), "published" | "sent")
    }

    /// What people could have edited.
    pub(super) fn shows(&self) -> Shows {
        let of = |field: &Option<String>| field.clone().unwrap_or_default();
        Shows::new()
            .with("status", text!("trạng thái", "the status"), &self.status)
            .with("title", text!("tiêu đề", "the title"), &self.title)
            .with("body", text!("nội dung", "the body"), body(&of(&self.html)))
            .with("excerpt", text!("tóm tắt", "the excerpt"), of(&self.custom_excerpt))
            .with("canonical", text!("địa chỉ gốc", "the canonical address"), of(&self.canonical_url))
            .with("image", text!("ảnh", "the picture"), of(&self.feature_image))
            .with("alt", text!("mô tả ảnh", "the picture's description"), of(&self.feature_image_alt))
            .with("tags", text!("thẻ", "the tags"), self.tags().join(", "))
    }

    /// Whether loa, and nobody since, wrote what stands there: a revision whose answer was lost, for instance.
    pub(super) fn is_as_written(&self) -> bool {
        let html = body(self.html.as_deref().unwrap_or_default());
        let marked = marked(&html, MARK);
        marked.is_some_and(|(found, rest)| self.is_public() && found == mark(&[&self.title, &collapsed(&rest)]))
    }

    /// Whether the public sees in it what this payload says.
    pub(super) fn shows_payload(&self, payload: &Value) -> bool {
        let ours = payload.get("posts").and_then(|posts| posts.get(0)).and_then(Self::of_payload);
        ours.is_some_and(|ours| {
            let same =
                |a: &Option<String>, b: &Option<String>| a.as_deref().unwrap_or("") == b.as_deref().unwrap_or("");
            let html = |post: &Self| body(post.html.as_deref().unwrap_or_default());
            self.is_public()
                && self.title == ours.title
                && html(self) == html(&ours)
                && same(&self.custom_excerpt, &ours.custom_excerpt)
                && same(&self.canonical_url, &ours.canonical_url)
                && same(&self.feature_image_alt, &ours.feature_image_alt)
                && self.tags() == ours.tags()
        })
    }

    fn of_payload(post: &Value) -> Option<Self> {
        let mut post = post.clone();
        post.as_object_mut()?.insert("id".to_owned(), Value::String(String::new()));
        serde_json::from_value(post).ok()
    }

    fn tags(&self) -> Vec<String> {
        let mut names: Vec<String> = self.tags.iter().map(|tag| tag.name.to_lowercase()).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// The inside of the HTML card, whatever the white space.
fn body(html: &str) -> String {
    collapsed(&html.replace("<!--kg-card-begin: html-->", " ").replace("<!--kg-card-end: html-->", " "))
}
