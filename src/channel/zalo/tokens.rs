//! Tokens that are renewed: a refresh token works once, and its successor comes in the same answer. A new pair is
//! on disk before its access token is used.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret as _, SecretString};

use super::super::client::{self, Answer};
use super::super::failure::{Attention, Class, SendError};
use super::super::secret::Secret;
use super::pair::{self, Pair};
use crate::text;

/// A renewal whose answer was lost is tried once more with the same token, then a person is told.
const MOST_ASKED: u8 = 2;

/// Where tokens come from.
pub(super) struct Tokens {
    pub(super) client: Client,
    /// `…/v4/oa/access_token`.
    pub(super) url: Url,
    pub(super) app_id: String,
    /// `None` in a rehearsal.
    pub(super) app_secret: Option<Secret>,
    pub(super) file: PathBuf,
}

/// Why a token is wanted.
#[derive(Clone)]
pub(super) struct Want {
    /// `None` in a probe, which is not told the hour: then only a refusal asks for a new one.
    pub(super) now: Option<DateTime<Utc>>,
    /// The one that was refused; without it, one is wanted because of its age.
    pub(super) refused: Option<SecretString>,
    /// A probe may ask when a try may not any more: there is nothing left to lose.
    pub(super) probing: bool,
}

impl Want {
    /// Whether this pair will do.
    fn is_met_by(&self, pair: &Pair) -> bool {
        match &self.refused {
            Some(refused) => refused.expose_secret() != pair.access.expose_secret(),
            None => self.now.is_none_or(|now| pair.is_fresh(now)),
        }
    }
}

/// How a renewal ended that brought no pair.
enum Failed {
    /// It never left, or was refused before anything was done: the token is as good as before.
    Untouched(SendError),
    /// It may have been done: the token may be spent.
    Lost(SendError),
}

impl Tokens {
    /// The pair as it stands on disk.
    pub(super) async fn stored(&self) -> Result<Pair, SendError> {
        pair::read(&self.file).await
    }

    /// An access token that can be used now.
    pub(super) async fn access(self: &Arc<Self>, want: Want) -> Result<SecretString, SendError> {
        let stored = self.stored().await?;
        if want.is_met_by(&stored) {
            return Ok(stored.access);
        }
        // On a task of its own: once it is under way it is finished, whatever becomes of the try.
        let tokens = Arc::clone(self);
        tokio::spawn(async move { tokens.renew(&want).await }).await.unwrap_or_else(|error| {
            Err(SendError::transient(text!("làm mới token bị ngắt: {error}", "the renewal was cut off: {error}")))
        })
    }

    async fn renew(&self, want: &Want) -> Result<SecretString, SendError> {
        let _lock = pair::lock(&self.file).await?;
        // Somebody may have been faster.
        let mut pair = self.stored().await?;
        if want.is_met_by(&pair) {
            return Ok(pair.access);
        }
        if pair.asked >= MOST_ASKED && !want.probing {
            return Err(lost_for_good());
        }
        let now = want.now.ok_or_else(|| {
            let note = text!("Zalo không cho biết giờ để làm mới token", "Zalo does not tell the hour for a renewal");
            SendError::transient(note)
        })?;
        let asked = pair.asked;
        pair.asked = asked.saturating_add(1);
        // Before it is sent: a process that ends in the middle must not forget that it asked.
        pair::write(&self.file, &pair).await?;
        match self.ask(&pair, now).await {
            Ok(new) => {
                pair::write(&self.file, &new).await?;
                tracing::info!(file = %self.file.display(), "Zalo's tokens were renewed");
                Ok(new.access)
            }
            Err(Failed::Untouched(error)) => {
                pair.asked = asked;
                pair::write(&self.file, &pair).await?;
                Err(error)
            }
            Err(Failed::Lost(_)) if pair.asked >= MOST_ASKED => Err(lost_for_good()),
            Err(Failed::Lost(error)) => Err(error),
        }
    }

    async fn ask(&self, pair: &Pair, now: DateTime<Utc>) -> Result<Pair, Failed> {
        let secret = self.app_secret.as_ref().map(Secret::read).transpose();
        let secret = secret.map_err(|error| Failed::Untouched(SendError::attention(Attention::Credential, error.0)))?;
        let secret = secret.ok_or_else(|| {
            let note = text!("chưa có khóa bí mật của ứng dụng", "there is no app secret");
            Failed::Untouched(SendError::attention(Attention::Misconfigured, note))
        })?;
        let mut form = self.url.clone();
        form.query_pairs_mut()
            .clear()
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", pair.refresh.expose_secret())
            .append_pair("app_id", &self.app_id);
        let request = self
            .client
            .post(self.url.clone())
            .header("secret_key", secret.expose_secret())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned());
        let answer = client::send(request, now).await.map_err(|error| match error.class {
            Class::Ambiguous { .. } => Failed::Lost(error.repeatable()),
            _ => Failed::Untouched(error),
        })?;
        read(&answer, now, pair.asked > 1)
    }
}

/// What the answer to a renewal says. Zalo's words are not repeated: they may quote a token.
fn read(answer: &Answer, now: DateTime<Utc>, before: bool) -> Result<Pair, Failed> {
    let status = answer.status;
    let lost = || {
        let code = status.as_u16();
        Failed::Lost(SendError::transient(text!(
            "không đọc được trả lời khi làm mới token của Zalo ({code}); sẽ thử lại một lần",
            "the answer to the renewal of Zalo's tokens cannot be read ({code}); it will be tried once more"
        )))
    };
    if status.is_redirection() || (status.is_client_error() && answer.json().is_none()) {
        return Err(Failed::Untouched(refused_by_status(answer)));
    }
    let Some(body) = answer.json() else { return Err(lost()) };
    match body.get("error").and_then(code) {
        None | Some(0) => {}
        // A second try that is told that the token was used: the first one was done.
        Some(code) if before => return Err(Failed::Untouched(spent(code))),
        Some(code) => return Err(Failed::Untouched(refused(code))),
    }
    match Pair::parse(&answer.body) {
        Some(new) if status.is_success() => Ok(Pair { issued_at: Some(now), asked: 0, ..new }),
        _ => Err(lost()),
    }
}

/// A code, as a number or as words.
pub(super) fn code(value: &serde_json::Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

const HOW_VI: &str = "Quản trị OA cấp quyền lại cho ứng dụng và thay tệp token; loa sẽ tự chạy tiếp";
const HOW_EN: &str =
    "The OA's administrator has to authorise the app again and replace the token file; loa goes on by itself";

fn refused(code: i64) -> SendError {
    SendError::attention(
        Attention::Credential,
        text!(
            "Zalo không nhận refresh token: hết hạn (3 tháng), đã dùng, hoặc sai app_id, app_secret (Zalo {code}). {HOW_VI}",
            "Zalo does not accept the refresh token: expired (3 months), used, or app_id or app_secret is wrong (Zalo {code}). {HOW_EN}"
        ),
    )
}

fn spent(code: i64) -> SendError {
    SendError::attention(
        Attention::Credential,
        text!(
            "cặp token mới của Zalo đã mất trên đường về, token cũ không dùng lại được (Zalo {code}). {HOW_VI}",
            "Zalo's new pair of tokens was lost on its way, and the old one cannot be used again (Zalo {code}). {HOW_EN}"
        ),
    )
}

fn lost_for_good() -> SendError {
    SendError::attention(
        Attention::Credential,
        text!(
            "hai lần làm mới token của Zalo đều không có trả lời. {HOW_VI}, hoặc đợi Zalo hoạt động lại",
            "two renewals of Zalo's tokens brought no answer. {HOW_EN}, or when Zalo answers again"
        ),
    )
}

/// A status that is not Zalo's own way of saying no.
fn refused_by_status(answer: &Answer) -> SendError {
    let code = answer.status.as_u16();
    if answer.status == reqwest::StatusCode::TOO_MANY_REQUESTS {
        let note = text!("Zalo yêu cầu chờ ({code})", "Zalo asks to wait ({code})");
        return SendError::throttled(answer.retry_after, note);
    }
    SendError::attention(
        Attention::Misconfigured,
        text!(
            "địa chỉ cấp token của Zalo không đúng ({code}). Kiểm tra oauth_url",
            "the address of Zalo's tokens is wrong ({code}). Check oauth_url"
        ),
    )
}
