//! What the far side's answers mean.

use reqwest::StatusCode;
use serde_json::Value;

use super::super::client::Answer;
use super::super::failure::{Attention, SendError};
use super::super::page::shorten;
use super::plan::Call;
use super::pointer::scalar;
use crate::text;

/// Whether the far side did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Yes,
    /// What it should be done to is not there.
    Gone,
}

/// Judges the answer to a request that changes something. `asks` tells whether a lost answer to a create can be
/// looked up.
pub(super) fn judge(call: &Call, answer: &Answer, asks: bool) -> Result<Done, SendError> {
    let (status, code, step) = (answer.status, answer.status.as_u16(), call.shape.step);
    let creates = step == "create";
    if call.expect.contains(&code) || (call.expect.is_empty() && status.is_success()) {
        return if is_page(answer) { Err(unclear(call, not_theirs())) } else { Ok(Done::Yes) };
    }
    if !creates && call.gone.contains(&code) {
        return Ok(Done::Gone);
    }
    let said = said(answer);
    let note = text!(
        "nơi nhận trả lời {code} cho [settings.{step}]{said}",
        "the far side answered {code} to [settings.{step}]{said}"
    );
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SendError::attention(
            Attention::Credential,
            text!(
                "nơi nhận từ chối tài khoản ({code}){said}. Kiểm tra bí mật trong headers hoặc login, rồi: loa resume TÊN_KÊNH",
                "the far side refused the account ({code}){said}. Check the secrets in headers or login, then: loa resume CHANNEL"
            ),
        ),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE => SendError::attention(
            Attention::Misconfigured,
            text!(
                "địa chỉ trong [settings.{step}] không đúng ({code}){said}. Sửa url hoặc method, rồi: loa resume TÊN_KÊNH",
                "the address in [settings.{step}] is wrong ({code}){said}. Correct url or method, then: loa resume CHANNEL"
            ),
        ),
        _ if status.is_redirection() => SendError::attention(
            Attention::Misconfigured,
            text!(
                "nơi nhận chuyển hướng ({code}); loa không đi theo. Sửa url trong [settings.{step}], rồi: loa resume TÊN_KÊNH",
                "the far side redirects ({code}), which loa does not follow. Correct url in [settings.{step}], then: loa resume CHANNEL"
            ),
        ),
        StatusCode::TOO_MANY_REQUESTS => SendError::throttled(answer.retry_after, note),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => SendError::transient(note).after(answer.retry_after),
        // It has one already, or is at it.
        StatusCode::CONFLICT if creates && asks => SendError::ambiguous(note),
        StatusCode::CONFLICT if call.safe_to_repeat => SendError::transient(note).after(answer.retry_after),
        _ if status.is_server_error() || status.is_success() => unclear(call, note).after(answer.retry_after),
        _ => SendError::permanent(note),
    })
}

/// A request got no trustworthy answer: harmless where it may be repeated, but a create made something new.
pub(super) fn unclear(call: &Call, note: text::Text) -> SendError {
    if call.shape.step != "create" && call.safe_to_repeat {
        SendError::transient(note)
    } else {
        SendError::ambiguous(note)
    }
}

/// What went wrong before there was an answer, for this request.
pub(super) fn lost(call: &Call, error: SendError) -> SendError {
    match error.class {
        super::super::Class::Ambiguous { retry_after } => unclear(call, error.note).after(retry_after),
        _ => error,
    }
}

/// A web page: a proxy's, a captive portal's, never the API's.
pub(super) fn is_page(answer: &Answer) -> bool {
    let kinds = answer.headers.get_all(reqwest::header::CONTENT_TYPE);
    let is_html = |kind: &str| kind.trim_start().to_ascii_lowercase().starts_with("text/html");
    kinds.iter().any(|kind| kind.to_str().is_ok_and(is_html))
}

pub(super) fn not_theirs() -> text::Text {
    text!(
        "trả lời là một trang web, không phải của API (cổng đăng nhập mạng, máy chủ trung gian?)",
        "the answer is a web page, not the API's (a captive portal, a proxy?)"
    )
}

/// The far side's own words about its refusal, in front of which a colon stands.
pub(super) fn said(answer: &Answer) -> String {
    let places = [
        "/message",
        "/detail",
        "/error/message",
        "/error_description",
        "/errors/0/detail",
        "/errors/0/message",
        "/errors/0/title",
        "/title",
        "/error",
    ];
    let body: Option<Value> = answer.json();
    let words = body.and_then(|body| places.iter().find_map(|place| body.pointer(place).and_then(scalar)));
    words.map(|words| format!(": {}", shorten(words.trim(), 200))).unwrap_or_default()
}
