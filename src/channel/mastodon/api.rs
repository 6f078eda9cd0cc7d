//! The requests of the Mastodon API that loa makes.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::super::client::{self, Answer};
use super::super::failure::{Attention, Class, SendError};
use super::super::pictures::Picture;
use super::super::{Allowance, Job};
use super::answer::{Does, allowance, judge, unclear, unreadable};
use super::render::Status;
use crate::text;

/// One server, as one account.
pub(super) struct Api {
    client: Client,
    server: Url,
    /// `None` in a rehearsal, which asks nothing.
    token: Option<SecretString>,
    /// The most that any request of the last try had used up.
    allowance: Mutex<Option<Allowance>>,
}

/// A status that is there.
pub(super) struct Posted {
    pub(super) id: String,
    pub(super) url: Option<String>,
    pub(super) created: Option<DateTime<Utc>>,
    /// As HTML.
    pub(super) content: String,
    /// Name and description of each picture.
    pub(super) pictures: Vec<(String, String)>,
}

impl Posted {
    fn read(value: &Value) -> Option<Self> {
        let words = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let picture = |value: &Value| {
            let description = value.get("description").and_then(Value::as_str).unwrap_or_default();
            Some((value.get("id")?.as_str()?.to_owned(), description.to_owned()))
        };
        Some(Self {
            id: words("id").filter(|id| !id.is_empty())?,
            url: words("url").filter(|url| url.starts_with("https://") || url.starts_with("http://")),
            created: words("created_at").and_then(|at| Some(DateTime::parse_from_rfc3339(&at).ok()?.to_utc())),
            content: words("content").unwrap_or_default(),
            pictures: {
                let pictures = value.get("media_attachments").and_then(Value::as_array);
                pictures.into_iter().flatten().filter_map(picture).collect()
            },
        })
    }
}

impl Api {
    pub(super) fn new(client: Client, server: Url, token: Option<SecretString>) -> Self {
        Self { client, server, token, allowance: Mutex::new(None) }
    }

    /// What the server last said about the account's allowance.
    pub(super) fn allowance(&self) -> Option<Allowance> {
        *self.allowance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new try begins: what an earlier one used is regained by and by.
    pub(super) fn begin(&self) {
        *self.allowance.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Posts a status. Within an hour the same key gives the same status.
    pub(super) async fn post(&self, job: &Job, status: &Status, media: &[String]) -> Result<Posted, SendError> {
        let request = self.request(Method::POST, "api/v1/statuses")?.header("idempotency-key", &job.key);
        let answer = self.ask(Does::Create, body(request, status, media), job.now).await?;
        judge(Does::Create, &answer, job.now)?;
        answer.json().as_ref().and_then(Posted::read).ok_or_else(|| unclear(Does::Create, unreadable()))
    }

    /// Makes a status show something else. `None`: it is not there.
    pub(super) async fn edit(
        &self,
        job: &Job,
        id: &str,
        status: &Status,
        media: &[String],
    ) -> Result<Option<Posted>, SendError> {
        let request = self.request(Method::PUT, &format!("api/v1/statuses/{}", segment(id)))?;
        self.found(body(request, status, media), job.now).await
    }

    /// Reads a status.
    pub(super) async fn status(&self, id: &str, now: DateTime<Utc>) -> Result<Option<Posted>, SendError> {
        self.found(self.request(Method::GET, &format!("api/v1/statuses/{}", segment(id)))?, now).await
    }

    /// Deletes a status, with its pictures; one that is not there is deleted already.
    pub(super) async fn delete(&self, id: &str, now: DateTime<Utc>) -> Result<(), SendError> {
        let request = self.request(Method::DELETE, &format!("api/v1/statuses/{}?delete_media=true", segment(id)))?;
        let answer = self.ask(Does::Repeatable, request, now).await?;
        if is_gone(&answer) { Ok(()) } else { judge(Does::Repeatable, &answer, now) }
    }

    /// Uploads a picture; nobody sees it before a status shows it.
    pub(super) async fn upload(&self, job: &Job, picture: Picture, description: &str) -> Result<String, SendError> {
        let part = Part::bytes(picture.bytes).file_name(picture.file_name).mime_str(picture.media_type);
        let part = part.map_err(|error| {
            let detail = error.without_url();
            SendError::permanent(text!("không gửi được ảnh: {detail}", "the picture cannot be sent: {detail}"))
        })?;
        let form = Form::new().part("file", part).text("description", description.to_owned());
        let request = self.request(Method::POST, "api/v2/media")?.multipart(form);
        let answer = self.ask(Does::Repeatable, request, job.now).await?;
        judge(Does::Repeatable, &answer, job.now)?;
        let id = |answer: &Answer| Some(answer.json()?.get("id")?.as_str()?.to_owned());
        let id = id(&answer).ok_or_else(|| SendError::transient(unreadable()))?;
        if answer.status != StatusCode::ACCEPTED {
            return Ok(id);
        }
        // It is still being worked on; a status with it would be refused.
        let request = self.request(Method::GET, &format!("api/v1/media/{}", segment(&id)))?;
        let answer = self.ask(Does::Repeatable, request, job.now).await?;
        judge(Does::Repeatable, &answer, job.now)?;
        if answer.status == StatusCode::OK {
            return Ok(id);
        }
        Err(SendError::transient(text!(
            "máy chủ Mastodon chưa xử lý xong ảnh; sẽ gửi lại",
            "the Mastodon server is still working on a picture; it will be sent again"
        )))
    }

    /// The account that the token belongs to: its id and name.
    pub(super) async fn account(&self, now: DateTime<Utc>) -> Result<(String, String), SendError> {
        let request = self.request(Method::GET, "api/v1/accounts/verify_credentials")?;
        let value = self.read(request, now).await?;
        let words = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, name) = (words("id"), words("acct"));
        if id.is_empty() { Err(SendError::transient(unreadable())) } else { Ok((id, name)) }
    }

    /// A page of the account's own statuses, newest first.
    pub(super) async fn own(
        &self,
        account: &str,
        before: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Posted>, SendError> {
        let account = segment(account);
        let mut path = format!("api/v1/accounts/{account}/statuses?limit=40&exclude_reblogs=true");
        if let Some(before) = before {
            path = format!("{path}&max_id={}", segment(before));
        }
        let value = self.read(self.request(Method::GET, &path)?, now).await?;
        let list = value.as_array().ok_or_else(|| SendError::transient(unreadable()))?;
        // One that cannot be read might be ours.
        let read = |value| Posted::read(value).ok_or_else(|| SendError::transient(unreadable()));
        list.iter().map(read).collect()
    }

    /// How many characters the server takes, where it says.
    pub(super) async fn most_characters(&self, now: DateTime<Utc>) -> Result<Option<u64>, SendError> {
        let request = self.request(Method::GET, "api/v2/instance")?;
        let answer = self.ask(Does::Repeatable, request, now).await?;
        let value = answer.json().filter(|_| answer.status.is_success());
        Ok(value.and_then(|value| value.pointer("/configuration/statuses/max_characters")?.as_u64()))
    }

    async fn found(&self, request: RequestBuilder, now: DateTime<Utc>) -> Result<Option<Posted>, SendError> {
        let answer = self.ask(Does::Repeatable, request, now).await?;
        if is_gone(&answer) {
            return Ok(None);
        }
        judge(Does::Repeatable, &answer, now)?;
        let posted = answer.json().as_ref().and_then(Posted::read);
        posted.map(Some).ok_or_else(|| SendError::transient(unreadable()))
    }

    async fn read(&self, request: RequestBuilder, now: DateTime<Utc>) -> Result<Value, SendError> {
        let answer = self.ask(Does::Repeatable, request, now).await?;
        judge(Does::Repeatable, &answer, now)?;
        answer.json().ok_or_else(|| SendError::transient(unreadable()))
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, SendError> {
        let broken = |note| SendError::attention(Attention::Misconfigured, note);
        let url = self.server.join(path).map_err(|_| broken(text!("server không đúng", "server is wrong")))?;
        let token = self
            .token
            .as_ref()
            .ok_or_else(|| broken(text!("chưa có mã truy cập Mastodon", "there is no Mastodon access token")))?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| {
            let note = text!("mã truy cập Mastodon có ký tự lạ", "the Mastodon access token holds a strange character");
            SendError::attention(Attention::Credential, note)
        })?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        Ok(self.client.request(method, url).headers(headers))
    }

    async fn ask(&self, does: Does, request: RequestBuilder, now: DateTime<Utc>) -> Result<Answer, SendError> {
        let answer = client::send(request, now).await.map_err(|error| match error.class {
            Class::Ambiguous { .. } => unclear(does, error.note),
            _ => error,
        })?;
        if let Some(said) = allowance(&answer.headers, now) {
            let mut kept = self.allowance.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.is_none_or(|kept| kept.used <= said.used) {
                *kept = Some(said);
            }
        }
        Ok(answer)
    }
}

fn is_gone(answer: &Answer) -> bool {
    matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) && answer.json().is_some()
}

/// Names that the server gave are numbers; whatever else stands there does not change the path.
fn segment(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}

fn body(request: RequestBuilder, status: &Status, media: &[String]) -> RequestBuilder {
    let mut value = json!({ "status": status.text, "language": status.language, "media_ids": media });
    if let (Some(value), Some(visibility)) = (value.as_object_mut(), status.visibility) {
        value.insert("visibility".to_owned(), json!(visibility));
    }
    request.header(CONTENT_TYPE, "application/json").body(value.to_string())
}
