//! The calls of Zalo's article API that loa makes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use reqwest::{Client, Method, StatusCode, Url};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::super::Allowance;
use super::super::client::{self, Answer};
use super::super::failure::{Attention, SendError};
use super::article::{Listed, Piece};
use super::errors::{self, Means};
use super::tokens::{Tokens, Want, code};
use crate::text;

/// Articles on one page of the list.
const PAGE: usize = 10;
/// No share of the allowance is known.
const UNKNOWN: u8 = u8::MAX;

/// Where Zalo is and how to speak to it.
pub(super) struct Api {
    client: Client,
    /// Ends with a slash.
    base: Url,
    tokens: Arc<Tokens>,
    zone: Tz,
    used: AtomicU8,
}

/// A call that was refused or lost.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Zalo's code, where it is Zalo that said no.
    pub(super) code: Option<i64>,
    pub(super) error: SendError,
}

impl Refusal {
    fn is(&self, means: Means) -> bool {
        self.code.is_some_and(|code| errors::means(code) == means)
    }

    /// The failure of a step that may simply be done again.
    fn repeatable(self) -> SendError {
        self.error.repeatable()
    }
}

/// How far the processing of an article is.
pub(super) enum Verified {
    Done(String),
    Processing,
    /// They do not know the token (any more).
    Unknown,
}

impl Api {
    pub(super) fn new(client: Client, base: Url, tokens: Arc<Tokens>, zone: Tz) -> Self {
        Self { client, base, tokens, zone, used: AtomicU8::new(UNKNOWN) }
    }

    /// Hands in a new article; its token comes back. The one step that must not be done twice.
    pub(super) async fn create(&self, article: &Value, now: DateTime<Utc>) -> Result<String, SendError> {
        let data = self.post("article/create", article, now).await.map_err(|refusal| refusal.error)?;
        token(&data).ok_or_else(unreadable)
    }

    /// Hands in an article that replaces the one with that id; a token comes back.
    pub(super) async fn update(&self, id: &str, article: &Value, now: DateTime<Utc>) -> Result<String, SendError> {
        let mut article = article.clone();
        if let Some(fields) = article.as_object_mut() {
            fields.insert("id".to_owned(), json!(id));
        }
        let data = self.post("article/update", &article, now).await.map_err(Refusal::repeatable)?;
        token(&data).ok_or_else(|| unreadable().repeatable())
    }

    /// Asks what became of an article that was handed in.
    pub(super) async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Verified, SendError> {
        match self.post("article/verify", &json!({ "token": token }), now).await {
            Ok(data) => word(&data, "id").map(Verified::Done).ok_or_else(|| unreadable().repeatable()),
            Err(refusal) if refusal.is(Means::Processing) => Ok(Verified::Processing),
            Err(refusal) if refusal.is(Means::Parameter) => Ok(Verified::Unknown),
            Err(refusal) => Err(refusal.repeatable()),
        }
    }

    /// The article with that id; `None` when there is none.
    pub(super) async fn detail(&self, id: &str, now: DateTime<Utc>) -> Result<Option<Piece>, SendError> {
        match self.call(Method::GET, "article/getdetail", &[("id", id)], None, Some(now)).await {
            Ok(data) => Piece::new(data).map(Some).ok_or_else(|| unreadable().repeatable()),
            Err(refusal) if refusal.is(Means::Parameter) => Ok(None),
            Err(refusal) => Err(refusal.repeatable()),
        }
    }

    /// A page of the list, newest first, and whether it was a whole one.
    pub(super) async fn list(&self, page: usize, now: Option<DateTime<Utc>>) -> Result<(Vec<Listed>, bool), SendError> {
        let (offset, limit) = ((page * PAGE).to_string(), PAGE.to_string());
        let query = [("offset", offset.as_str()), ("limit", limit.as_str()), ("type", "normal")];
        let data = self.call(Method::GET, "article/getslice", &query, None, now).await.map_err(Refusal::repeatable)?;
        // Older answers call them articles.
        let list = data.get("medias").or_else(|| data.get("articles")).and_then(Value::as_array);
        let list = list.ok_or_else(|| unreadable().repeatable())?;
        Ok((list.iter().filter_map(Listed::new).collect(), list.len() >= PAGE))
    }

    /// Removes an article; false when there is none with that id.
    pub(super) async fn remove(&self, id: &str, now: DateTime<Utc>) -> Result<bool, SendError> {
        match self.post("article/remove", &json!({ "id": id }), now).await {
            Ok(_) => Ok(true),
            Err(refusal) if refusal.is(Means::Parameter) => Ok(false),
            Err(refusal) => Err(refusal.repeatable()),
        }
    }

    /// Proves that the tokens work; when their grant ends, where that is known.
    pub(super) async fn prove(&self) -> Result<Option<DateTime<Utc>>, SendError> {
        self.list(0, None).await?;
        Ok(self.tokens.stored().await?.ends())
    }

    /// What Zalo last said about the calls of this minute.
    pub(super) fn allowance(&self) -> Option<Allowance> {
        let used = self.used.load(Ordering::Relaxed);
        (used != UNKNOWN).then_some(Allowance { used, regained_in: Some(Duration::from_mins(1)) })
    }

    async fn post(&self, path: &str, body: &Value, now: DateTime<Utc>) -> Result<Value, Refusal> {
        self.call(Method::POST, path, &[], Some(body), Some(now)).await
    }

    /// One call. A token that is refused is renewed once.
    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
        now: Option<DateTime<Utc>>,
    ) -> Result<Value, Refusal> {
        let mut url = self.base.join(path).map_err(|error| {
            bare(SendError::attention(
                Attention::Misconfigured,
                text!("api_url không dùng được: {error}", "api_url cannot be used: {error}"),
            ))
        })?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut want = Want { now, refused: None, probing: now.is_none() };
        loop {
            let again = want.refused.is_none();
            let token = self.tokens.access(want.clone()).await.map_err(bare)?;
            let mut request =
                self.client.request(method.clone(), url.clone()).header("access_token", token.expose_secret());
            if let Some(body) = body {
                request = request.header("content-type", "application/json").body(body.to_string());
            }
            let answer = client::send(request, now.unwrap_or_default()).await.map_err(bare)?;
            self.note_allowance(&answer);
            let now = now.or_else(|| answer.date());
            match self.read(&answer, now.unwrap_or_default()) {
                Err(refusal) if again && refusal.is(Means::Token) => {
                    want.refused = Some(token);
                    want.now = now;
                }
                done => return done,
            }
        }
    }

    /// The `data` of an answer, or what its code says.
    fn read(&self, answer: &Answer, now: DateTime<Utc>) -> Result<Value, Refusal> {
        let status = answer.status;
        let mut body = answer.json();
        let code = body.as_ref().and_then(|body| code(body.get("error")?));
        match code {
            Some(0) if status.is_success() => {
                return Ok(body.as_mut().and_then(|body| Some(body.get_mut("data")?.take())).unwrap_or_default());
            }
            Some(code) if code != 0 => {
                let said = body.as_ref().and_then(|body| body.get("message")?.as_str()).unwrap_or_default();
                let mut error = errors::failure(code, said, now, self.zone);
                if errors::means(code) == Means::Minute && answer.retry_after.is_some() {
                    error = SendError::throttled(answer.retry_after, error.note);
                }
                return Err(Refusal { code: Some(code), error });
            }
            _ => {}
        }
        Err(match status {
            // Some answer so what others word as -216.
            StatusCode::UNAUTHORIZED => {
                Refusal { code: Some(-216), error: errors::failure(-216, "401", now, self.zone) }
            }
            _ => bare(by_status(answer)),
        })
    }

    /// `X-RateLimit-Limit` and `X-RateLimit-Remain`, as percent used.
    fn note_allowance(&self, answer: &Answer) {
        let number = |name: &str| answer.headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        if let (Some(limit @ 1..), Some(left)) = (number("x-ratelimit-limit"), number("x-ratelimit-remain")) {
            let used = limit.saturating_sub(left).saturating_mul(100) / limit;
            self.used.store(u8::try_from(used.min(100)).unwrap_or(100), Ordering::Relaxed);
        }
    }
}

fn bare(error: SendError) -> Refusal {
    Refusal { code: None, error }
}

/// An answer that carries none of Zalo's codes: something in between spoke.
fn by_status(answer: &Answer) -> SendError {
    let (status, code) = (answer.status, answer.status.as_u16());
    let note = text!("Zalo trả lời {code}, không đọc được", "Zalo answered {code}, which cannot be read");
    match status {
        StatusCode::TOO_MANY_REQUESTS => SendError::throttled(answer.retry_after, note),
        StatusCode::PAYLOAD_TOO_LARGE => SendError::permanent(note),
        _ if status.is_redirection() || status.is_client_error() => SendError::attention(
            Attention::Misconfigured,
            text!(
                "không thấy API của Zalo ở địa chỉ này ({code}). Kiểm tra api_url",
                "there is no Zalo API at this address ({code}). Check api_url"
            ),
        ),
        _ => SendError::ambiguous(note).after(answer.retry_after),
    }
}

fn unreadable() -> SendError {
    SendError::ambiguous(text!("trả lời của Zalo thiếu dữ liệu", "Zalo's answer lacks its data"))
}

fn token(data: &Value) -> Option<String> {
    word(data, "token")
}

/// A field that is a word or a number.
pub(super) fn word(data: &Value, name: &str) -> Option<String> {
    match data.get(name)? {
        Value::String(word) if !word.is_empty() => Some(word.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
