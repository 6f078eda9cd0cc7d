//! Fanpage over a signed webhook (Standard Webhooks 1.0.0): one event per change of an article.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use reqwest::{Client, StatusCode, Url};
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};
use toml::Spanned;

use super::render;
use crate::channel::client::{self, Answer};
use crate::channel::failure::{Attention, RenderError, SendError};
use crate::channel::{
    Channel, Health, Item, Job, Keys, OpenContext, Payload, Progress, RenderContext, Repeat, Secret, Seen, Settings,
    SettingsError,
};
use crate::delivery::Action;
use crate::text;

/// The keys that only this transport has.
pub(super) const KEYS: &[&str] = &["url", "secret", "receiver_honours_id"];

/// All its keys.
pub(super) fn keys() -> Keys {
    Keys::of::<Table>()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default, rename = "transport")]
    _transport: Option<IgnoredAny>,
    url: Spanned<String>,
    secret: Secret,
    #[serde(default = "yes")]
    receiver_honours_id: bool,
    #[serde(default = "most_text")]
    text_limit: usize,
    #[serde(default = "yes")]
    hashtags: bool,
    #[serde(default = "yes")]
    images: bool,
}

fn yes() -> bool {
    true
}

/// A comfortable length for a post; Standard Webhooks asks for payloads under about 20 kB.
fn most_text() -> usize {
    2_000
}

struct Hook {
    client: Client,
    url: Url,
    /// `None` in a rehearsal, which signs nothing.
    key: Option<hmac::Key>,
    honours_id: bool,
    shape: render::Shape,
    /// The shape in words.
    alike: String,
}

pub(super) fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let table: Table = settings.parse()?;
    let bad_url = || {
        SettingsError::at(
            table.url.span(),
            text!("url phải là địa chỉ http(s)://… của nơi nhận", "url has to be the receiver's http(s):// address"),
        )
    };
    let url = Url::parse(table.url.get_ref()).map_err(|_| bad_url())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad_url());
    }
    let secret = cx.live.then(|| table.secret.read()).transpose().map_err(|error| SettingsError::new(error.0))?;
    let bad_secret = || {
        SettingsError::new(text!(
            "khóa bí mật của webhook phải có dạng whsec_… (base64)",
            "the webhook secret has to look like whsec_… (base64)"
        ))
    };
    let key = secret.map(|secret| key(&secret).ok_or_else(bad_secret)).transpose()?;
    let shape = render::Shape { text_limit: table.text_limit, hashtags: table.hashtags, images: table.images };
    Ok(Arc::new(Hook {
        client: client::client(cx.timeout)?,
        url,
        key,
        honours_id: table.receiver_honours_id,
        alike: format!("webhook {shape:?}"),
        shape,
    }))
}

/// The bytes that a secret stands for.
fn key(secret: &SecretString) -> Option<hmac::Key> {
    let secret = secret.expose_secret();
    let bytes = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?;
    Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// The signature of one message. The standard's own library signs several times slower, which shows where many go out.
fn sign(key: &hmac::Key, id: &str, timestamp: i64, body: &[u8]) -> String {
    let mut signing = hmac::Context::with_key(key);
    signing.update(format!("{id}.{timestamp}.").as_bytes());
    signing.update(body);
    format!("v1,{}", STANDARD.encode(signing.sign()))
}

impl Channel for Hook {
    fn repeat(&self) -> Repeat {
        if self.honours_id { Repeat::Safe } else { Repeat::Never }
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        render::render(items, cx, self.shape)
    }

    fn alike(&self) -> Option<&str> {
        Some(&self.alike)
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let item = job.first()?;
            let answer = self.post(job).await?;
            classify(&answer)?;
            if item.action == Action::Withdraw {
                return Ok(Progress::Gone);
            }
            let url = public_url(&answer.body);
            Ok(Progress::Live(job.receipt(item.article.key.to_string(), url)))
        })
    }

    /// A receiver cannot be asked what it has.
    fn look_up<'a>(&'a self, _: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async {
            Ok(Seen::Unknown(text!(
                "nơi nhận không cho tra cứu; hãy xem Fanpage",
                "the receiver cannot be asked; look at the Fanpage"
            )))
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(async {
            Ok(Health {
                proven: false,
                credential_ends: None,
                note: text!("webhook chỉ kiểm tra được khi gửi thật", "a webhook can only be proved by sending"),
            })
        })
    }
}

impl Hook {
    async fn post(&self, job: &Job) -> Result<Answer, SendError> {
        let body = &job.payload.bytes;
        let timestamp = job.now.timestamp();
        let key = self.key.as_ref().ok_or_else(|| {
            let note = text!("chưa có khóa ký webhook", "there is no secret to sign with");
            SendError::attention(Attention::Misconfigured, note)
        })?;
        let signature = sign(key, &job.key, timestamp, body);
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header(HEADER_WEBHOOK_ID, &job.key)
            .header(HEADER_WEBHOOK_TIMESTAMP, timestamp)
            .header(HEADER_WEBHOOK_SIGNATURE, signature)
            .body(body.clone());
        client::send(request, job.now).await
    }
}

/// What the receiver's status means (Standard Webhooks, "Deliverability and reliability").
fn classify(answer: &Answer) -> Result<(), SendError> {
    let status = answer.status;
    let code = status.as_u16();
    if status.is_success() {
        return Ok(());
    }
    let note = text!("nơi nhận trả lời {code}", "the receiver answered {code}");
    Err(match status {
        StatusCode::GONE => SendError::attention(
            Attention::Stopped,
            text!(
                "nơi nhận trả lời 410: không nhận nữa. Hỏi lại bên nhận, sửa url, rồi: loa resume TÊN_KÊNH",
                "the receiver answered 410: it wants no more. Ask them, correct url, then: loa resume CHANNEL"
            ),
        ),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SendError::attention(
            Attention::Credential,
            text!(
                "nơi nhận từ chối chữ ký ({code}). Kiểm tra khóa bí mật và đồng hồ máy, rồi: loa resume TÊN_KÊNH",
                "the receiver refused the signature ({code}). Check the secret and this machine's clock, then: loa resume CHANNEL"
            ),
        ),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => SendError::attention(
            Attention::Misconfigured,
            text!(
                "địa chỉ webhook không đúng ({code}). Sửa url, rồi: loa resume TÊN_KÊNH",
                "the webhook's address is wrong ({code}). Correct url, then: loa resume CHANNEL"
            ),
        ),
        _ if status.is_redirection() => SendError::attention(
            Attention::Misconfigured,
            text!(
                "nơi nhận chuyển hướng ({code}); loa không đi theo. Sửa url thành địa chỉ mới, rồi: loa resume TÊN_KÊNH",
                "the receiver redirects ({code}), which loa does not follow. Set url to the new address, then: loa resume CHANNEL"
            ),
        ),
        StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            SendError::transient(note).after(answer.retry_after)
        }
        _ if status.is_server_error() => SendError::ambiguous(note).after(answer.retry_after),
        _ => SendError::permanent(note),
    })
}

/// The public address of the post, if the receiver tells it: `{"url": "https://…"}`.
fn public_url(body: &[u8]) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let url = answer.get("url")?.as_str()?;
    url.starts_with("http").then(|| url.to_owned())
}
