//! What the server's answers mean (docs.joinmastodon.org).

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::super::Allowance;
use super::super::client::Answer;
use super::super::failure::{Attention, SendError};
use super::super::page::shorten;
use crate::text;
use crate::text::Text;

/// Whether the request makes something new each time it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    Create,
    /// Sets, removes or reads: a repeat changes nothing.
    Repeatable,
}

/// Fails unless the status says that it was done. The API's own 404 is judged by the caller before.
pub(super) fn judge(does: Does, answer: &Answer, now: DateTime<Utc>) -> Result<(), SendError> {
    let (status, code) = (answer.status, answer.status.as_u16());
    if status.is_success() {
        return Ok(());
    }
    let said = said(answer);
    let note = text!("máy chủ Mastodon trả lời {code}{said}", "the Mastodon server answered {code}{said}");
    Err(match status {
        StatusCode::UNAUTHORIZED => SendError::attention(
            Attention::Credential,
            text!(
                "mã truy cập Mastodon không còn dùng được{said}. Lấy mã mới (Tùy chọn → Phát triển), thay vào, rồi: loa resume TÊN_KÊNH",
                "the Mastodon access token is not valid any more{said}. Get a new one (Preferences → Development), then: loa resume CHANNEL"
            ),
        ),
        StatusCode::FORBIDDEN => SendError::attention(
            Attention::Credential,
            text!(
                "Mastodon không cho phép{said}. Kiểm tra quyền của mã truy cập (write:statuses, write:media) và tình trạng tài khoản, rồi: loa resume TÊN_KÊNH",
                "Mastodon does not allow it{said}. Check the token's scopes (write:statuses, write:media) and the account, then: loa resume CHANNEL"
            ),
        ),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => misplaced(code),
        _ if status.is_redirection() => misplaced(code),
        StatusCode::TOO_MANY_REQUESTS => {
            let after = answer.retry_after.or_else(|| (reset(&answer.headers)? - now).to_std().ok());
            SendError::throttled(after, note)
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => SendError::transient(note).after(answer.retry_after),
        _ if status.is_server_error() && does == Does::Create => SendError::ambiguous(note).after(answer.retry_after),
        _ if status.is_server_error() => SendError::transient(note).after(answer.retry_after),
        _ => SendError::permanent(note),
    })
}

fn misplaced(code: u16) -> SendError {
    SendError::attention(
        Attention::Misconfigured,
        text!(
            "địa chỉ server không phải máy chủ Mastodon ({code}). Sửa server, rồi: loa resume TÊN_KÊNH",
            "server is not the address of a Mastodon server ({code}). Correct it, then: loa resume CHANNEL"
        ),
    )
}

/// A request got no trustworthy answer.
pub(super) fn unclear(does: Does, note: Text) -> SendError {
    match does {
        Does::Create => SendError::ambiguous(note),
        Does::Repeatable => SendError::transient(note),
    }
}

pub(super) fn unreadable() -> Text {
    text!("không hiểu trả lời của máy chủ Mastodon", "the Mastodon server's answer cannot be read")
}

/// `{"error": "…"}`, in front of which a colon stands.
fn said(answer: &Answer) -> String {
    let body = answer.json();
    let words = body.as_ref().and_then(|body| body.get("error")?.as_str());
    words.map(|words| format!(": {}", shorten(words, 200))).unwrap_or_default()
}

/// `X-RateLimit-Limit`, `-Remaining`, `-Reset` of the kind of request that was just made.
pub(super) fn allowance(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Allowance> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let (limit, remaining) = (number("x-ratelimit-limit")?, number("x-ratelimit-remaining")?);
    let used = limit.saturating_sub(remaining).saturating_mul(100).checked_div(limit)?;
    Some(Allowance {
        used: u8::try_from(used).unwrap_or(u8::MAX),
        regained_in: reset(headers).and_then(|reset| (reset - now).to_std().ok()),
    })
}

fn reset(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let words = headers.get("x-ratelimit-reset")?.to_str().ok()?;
    DateTime::parse_from_rfc3339(words.trim()).ok().map(|at| at.to_utc())
}
