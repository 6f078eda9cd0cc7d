//! The calls of Ghost's Admin API that loa makes. Every one carries a token of its own.

use chrono::{DateTime, Utc};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::{Value, json};

use super::super::client::{self, Answer};
use super::super::failure::{Attention, SendError};
use super::super::pictures::Picture;
use super::super::secret::Secret;
use super::answer::{Means, Post, failure, means};
use super::key::Key;
use crate::text;
use crate::text::Text;

/// Where the site is and how to speak to it.
pub(super) struct Api {
    pub(super) client: Client,
    /// Ends with a slash.
    pub(super) base: Url,
    pub(super) version: String,
    /// Read anew for every try: a person may replace it while loa runs. `None` in a rehearsal.
    pub(super) key: Option<Secret>,
}

/// What a request carries.
enum Load<'a> {
    Nothing,
    Json(&'a Value),
    Picture(&'a Picture),
}

/// What became of a change that names the instant of the last one.
pub(super) enum Change {
    Done(Box<Post>),
    Missing,
    /// Somebody was faster.
    Collision,
}

const SHOWN: &str = "formats=html";
const FROM_HTML: &str = "source=html&formats=html";

impl Api {
    pub(super) fn read_key(secret: &Secret) -> Result<Key, Text> {
        let words = secret.read().map_err(|error| error.0)?;
        Key::parse(&words).ok_or_else(|| {
            text!(
                "khóa Admin API của Ghost phải có dạng id:secret, hai chuỗi chữ số 0-9 a-f",
                "Ghost's Admin API key has to look like id:secret, two words of 0-9 a-f"
            )
        })
    }

    /// The post with that id; `None` when there is none.
    pub(super) async fn post(&self, id: &str, now: DateTime<Utc>) -> Result<Option<Post>, SendError> {
        self.shown(&format!("posts/{id}/"), now).await
    }

    /// The post with that slug; `None` when there is none.
    pub(super) async fn by_slug(&self, slug: &str, now: DateTime<Utc>) -> Result<Option<Post>, SendError> {
        self.shown(&format!("posts/slug/{slug}/"), now).await
    }

    async fn shown(&self, path: &str, now: DateTime<Utc>) -> Result<Option<Post>, SendError> {
        let answer = self.call(Method::GET, path, SHOWN, &Load::Nothing, now).await.map_err(SendError::repeatable)?;
        match Post::of(&answer) {
            Some(post) if answer.status.is_success() => Ok(Some(post)),
            _ if answer.status.is_success() => Err(unreadable(&answer).repeatable()),
            _ if means(&answer) == Means::Missing => Ok(None),
            _ => Err(failure(&answer).repeatable()),
        }
    }

    /// Makes a draft. The one step that must not be done twice.
    pub(super) async fn create(&self, post: &Value, now: DateTime<Utc>) -> Result<Post, SendError> {
        let answer = self.call(Method::POST, "posts/", FROM_HTML, &Load::Json(&wrapped(post)), now).await?;
        if !answer.status.is_success() {
            return Err(if means(&answer) == Means::Missing { no_api(&answer) } else { failure(&answer) });
        }
        Post::of(&answer).ok_or_else(|| unreadable(&answer))
    }

    /// Sets fields of a post, if it has not changed since `from` was read.
    pub(super) async fn set(&self, from: &Post, mut fields: Value, now: DateTime<Utc>) -> Result<Change, SendError> {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("updated_at".to_owned(), from.updated_at.clone());
        }
        let query = if fields.get("html").is_some() { FROM_HTML } else { SHOWN };
        let path = format!("posts/{}/", from.id);
        let answer = self
            .call(Method::PUT, &path, query, &Load::Json(&wrapped(&fields)), now)
            .await
            .map_err(SendError::repeatable)?;
        if answer.status.is_success() {
            let post = Post::of(&answer).filter(|post| post.id == from.id);
            return post.map(|post| Change::Done(Box::new(post))).ok_or_else(|| unreadable(&answer).repeatable());
        }
        match means(&answer) {
            Means::Missing => Ok(Change::Missing),
            Means::Collision => Ok(Change::Collision),
            _ => Err(failure(&answer).repeatable()),
        }
    }

    /// Deletes a post; one that is gone already is deleted.
    pub(super) async fn delete(&self, id: &str, now: DateTime<Utc>) -> Result<(), SendError> {
        let path = format!("posts/{id}/");
        let answer = self.call(Method::DELETE, &path, "", &Load::Nothing, now).await.map_err(SendError::repeatable)?;
        // Ghost answers 204 without a body; a page with 200 comes from something in between.
        if answer.status == reqwest::StatusCode::NO_CONTENT || means(&answer) == Means::Missing {
            return Ok(());
        }
        let error = if answer.status.is_success() { unreadable(&answer) } else { failure(&answer) };
        Err(error.repeatable())
    }

    /// Uploads a picture; its address comes back. Nobody sees it before a post names it.
    pub(super) async fn upload(&self, picture: &Picture, now: DateTime<Utc>) -> Result<String, SendError> {
        let load = Load::Picture(picture);
        let answer = self.call(Method::POST, "images/upload/", "", &load, now).await.map_err(SendError::repeatable)?;
        if !answer.status.is_success() {
            let error = if means(&answer) == Means::Missing { no_api(&answer) } else { failure(&answer) };
            return Err(error.repeatable());
        }
        let url = answer.json().and_then(|body| Some(body.get("images")?.get(0)?.get("url")?.as_str()?.to_owned()));
        url.ok_or_else(|| unreadable(&answer).repeatable())
    }

    /// Proves the key by reading; the version of the site comes back, where it says it.
    pub(super) async fn prove(&self, now: DateTime<Utc>) -> Result<Option<String>, SendError> {
        let query = "limit=1&fields=id";
        let answer =
            self.call(Method::GET, "posts/", query, &Load::Nothing, now).await.map_err(SendError::repeatable)?;
        if !answer.status.is_success() {
            return Err(if means(&answer) == Means::Missing { no_api(&answer) } else { failure(&answer) }.repeatable());
        }
        if !answer.json().is_some_and(|body| body.get("posts").is_some_and(Value::is_array)) {
            return Err(unreadable(&answer).repeatable());
        }
        Ok(answer.headers.get("content-version").and_then(|version| version.to_str().ok()).map(str::to_owned))
    }

    /// The hour as the site's own clock shows it; needs no key.
    pub(super) async fn hour(&self) -> Result<Option<DateTime<Utc>>, SendError> {
        let request = self.request(Method::GET, "site/", "")?;
        let answer = client::send(request, DateTime::UNIX_EPOCH).await.map_err(SendError::repeatable)?;
        Ok(answer.date())
    }

    /// Sends one request. A token that the far side finds too old is minted once more by the far side's clock.
    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &str,
        load: &Load<'_>,
        now: DateTime<Utc>,
    ) -> Result<Answer, SendError> {
        let missing = || text!("chưa có khóa Admin API", "there is no Admin API key");
        let key = self.key.as_ref().ok_or_else(|| SendError::attention(Attention::Misconfigured, missing()))?;
        let key = Self::read_key(key).map_err(|note| SendError::attention(Attention::Credential, note))?;
        let mut iat = now;
        for again in [true, false] {
            let token =
                key.token(iat.timestamp()).ok_or_else(|| SendError::attention(Attention::Credential, missing()))?;
            let request = self.request(method.clone(), path, query)?.header("authorization", format!("Ghost {token}"));
            let request = match load {
                Load::Nothing => request,
                Load::Json(json) => request.header("content-type", "application/json").body(json.to_string()),
                Load::Picture(picture) => request.multipart(form(picture)?),
            };
            let answer = client::send(request, now).await?;
            if !again || answer.status.is_success() || means(&answer) != Means::Expired {
                return Ok(answer);
            }
            iat = answer.date().unwrap_or(now);
        }
        Err(SendError::transient(text!("Ghost chưa nhận", "Ghost has not taken it")))
    }

    fn request(&self, method: Method, path: &str, query: &str) -> Result<RequestBuilder, SendError> {
        let mut url = self.base.join(path).map_err(|error| {
            SendError::attention(
                Attention::Misconfigured,
                text!("url không dùng được: {error}", "url cannot be used: {error}"),
            )
        })?;
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        Ok(self.client.request(method, url).header("accept-version", &self.version))
    }
}

fn wrapped(post: &Value) -> Value {
    json!({ "posts": [post] })
}

fn form(picture: &Picture) -> Result<Form, SendError> {
    let part = Part::bytes(picture.bytes.clone()).file_name(picture.file_name.clone()).mime_str(picture.media_type);
    let bad = |error| SendError::permanent(text!("không gửi được ảnh: {error}", "the picture cannot be sent: {error}"));
    Ok(Form::new().text("purpose", "image").text("ref", picture.file_name.clone()).part("file", part.map_err(bad)?))
}

/// A success that is not Ghost's: a proxy's page, a body that broke off.
fn unreadable(answer: &Answer) -> SendError {
    let code = answer.status.as_u16();
    SendError::ambiguous(text!("không đọc được trả lời của Ghost ({code})", "Ghost's answer cannot be read ({code})"))
}

/// A whole collection that does not exist: that is no Admin API.
fn no_api(answer: &Answer) -> SendError {
    let code = answer.status.as_u16();
    SendError::attention(
        Attention::Misconfigured,
        text!(
            "không thấy Admin API của Ghost ở địa chỉ này ({code}). Kiểm tra url",
            "there is no Ghost Admin API at this address ({code}). Check url"
        ),
    )
}
