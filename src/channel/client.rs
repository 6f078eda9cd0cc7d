//! The HTTP client that adapters share, and what its answers mean.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use rustls::ClientConfig;
use rustls_platform_verifier::ConfigVerifierExt as _;
use tokio::time::Instant;

use super::failure::SendError;
use super::settings::SettingsError;
use crate::text;

/// More of an answer than this is not read: nobody needs to fill our memory.
const MOST_ANSWER: usize = 2 * 1024 * 1024;
const CONNECT: Duration = Duration::from_secs(10);
/// For so long the system's certificates are not read again: channels that are opened together read them once, and
/// whoever adds one and opens a channel anew has it.
const TRUSTED_FOR: Duration = Duration::from_secs(3);

/// An answer that was read, at least in part.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; `None` for anything else, a warning in front of it and a body that broke off included.
    pub(crate) fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What the far side's own clock showed, where it says so.
    pub(crate) fn date(&self) -> Option<DateTime<Utc>> {
        let words = self.headers.get(DATE)?.to_str().ok()?;
        httpdate::parse_http_date(words).ok().map(DateTime::<Utc>::from)
    }
}

/// Gives every TLS user of the process, the mail transport among them, one implementation.
pub fn provide_tls() {
    // Fails only when that has been done already.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Whom the system trusts, in a form that clients share.
fn trust() -> Result<ClientConfig, rustls::Error> {
    static TRUST: Mutex<Option<(Instant, ClientConfig)>> = Mutex::new(None);
    let mut trust = TRUST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, config)) = trust.as_ref().filter(|(since, _)| since.elapsed() < TRUSTED_FOR) {
        return Ok(config.clone());
    }
    provide_tls();
    let mut config = ClientConfig::with_platform_verifier()?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    *trust = Some((Instant::now(), config.clone()));
    Ok(config)
}

/// A client that follows no redirects and gives up after `timeout`.
pub(crate) fn client(timeout: Duration) -> Result<Client, SettingsError> {
    let unable = |error: &dyn std::error::Error| {
        SettingsError::new(text!("không tạo được kết nối HTTP: {error}", "cannot make an HTTP client: {error}"))
    };
    let trust = trust().map_err(|error| unable(&error))?;
    #[expect(clippy::disallowed_methods, reason = "the one place that makes a client")]
    let builder = Client::builder();
    builder
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT.min(timeout))
        .timeout(timeout)
        .tcp_nodelay(true)
        .user_agent(concat!("loa/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(trust)
        .build()
        .map_err(|error| unable(&error))
}

/// Sends a request. An error here says how far it got: a connection that was never made took nothing;
/// anything later may have arrived.
pub(crate) async fn send(request: RequestBuilder, now: DateTime<Utc>) -> Result<Answer, SendError> {
    let mut response = request.send().await.map_err(|error| {
        // The address may hold a secret: it is not repeated.
        let error = error.without_url();
        let detail = root_cause(&error);
        if error.is_connect() {
            SendError::transient(text!("không kết nối được: {detail}", "cannot connect: {detail}"))
        } else if error.is_timeout() {
            SendError::ambiguous(text!("đã gửi nhưng không có trả lời", "it was sent, but no answer came in time"))
        } else {
            SendError::ambiguous(text!(
                "mất kết nối khi đang gửi: {detail}",
                "the connection was lost while sending: {detail}"
            ))
        }
    })?;
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let retry_after = retry_after(&headers, now);
    let mut body = Vec::new();
    // The status is the answer; a body that breaks off is judged by whoever needs it.
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= MOST_ANSWER {
            break;
        }
    }
    Ok(Answer { status, headers, retry_after, body })
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date, which is measured against the far side's own clock
/// when it tells it. Rubbish counts as nothing.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let words = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = words.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |words: &str| httpdate::parse_http_date(words).ok().map(DateTime::<Utc>::from);
    let until = date(words)?;
    let theirs = headers.get(DATE).and_then(|value| value.to_str().ok()).and_then(date);
    (until - theirs.unwrap_or(now)).to_std().ok().or(Some(Duration::ZERO))
}

/// Whether an address is one that can be asked over HTTP.
pub(crate) fn is_web(url: &reqwest::Url) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.as_str().starts_with(scheme)) && url.has_host()
}
