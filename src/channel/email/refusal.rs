//! What a mail server's refusals mean: for the recipient, the login, the channel.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::Error;

use crate::channel::failure::{Attention, SendError};
use crate::text;

/// Whether an answer says that the mailbox itself is no good: one of these enhanced codes (RFC 3463, RFC 7505), or 556 for
/// a domain that takes no mail. The others of 5.1 are, or may be, about the sender.
pub(super) fn is_dead(words: &str) -> bool {
    const DEAD: [&str; 5] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"];
    words.split_whitespace().any(|word| DEAD.contains(&word.trim_end_matches(':'))) || words.contains("(556)")
}

/// 530, 534 and 535 are about the login, whatever command they answer.
pub(super) fn attention_of(words: &str) -> Attention {
    if ["530", "534", "535"].iter().any(|code| words.contains(code)) {
        Attention::Credential
    } else {
        Attention::Misconfigured
    }
}

pub(super) fn greeting(error: &Error, later: &impl Fn(String) -> SendError) -> SendError {
    if is_about_certificate(error) {
        return no_tls(error);
    }
    let words = error.to_string();
    if error.is_permanent() {
        let note = text!("máy chủ thư không nhận kết nối: {words}", "the mail server turns us away: {words}");
        return SendError::attention(Attention::Misconfigured, note);
    }
    later(words)
}

/// Whether the server's certificate is refused: the library reports that as a connection that failed, and somewhere behind
/// it stands why.
fn is_about_certificate(error: &Error) -> bool {
    let behind = |error: &(dyn std::error::Error + 'static)| match error.downcast_ref::<std::io::Error>() {
        // What it was made of is not its source, but the source's own.
        Some(io) => io.get_ref().is_some_and(|inner| is_invalid(inner)),
        None => is_invalid(error),
    };
    std::iter::successors(std::error::Error::source(error), |error| error.source()).any(behind)
}

fn is_invalid(error: &(dyn std::error::Error + 'static)) -> bool {
    let error = error.downcast_ref::<rustls::Error>();
    error.is_some_and(|error| {
        matches!(error, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
    })
}

pub(super) fn no_tls(error: &Error) -> SendError {
    let words = error.to_string();
    // Not now, or a connection that broke off: that passes.
    if !(error.is_permanent() || error.is_client() || error.is_tls() || is_about_certificate(error)) {
        return SendError::transient(text!(
            "chưa lập được kết nối TLS: {words}",
            "no TLS connection could be made yet: {words}"
        ));
    }
    SendError::attention(
        Attention::Misconfigured,
        text!(
            "không lập được kết nối TLS: {words}. Kiểm tra security và chứng thư của máy chủ",
            "no TLS connection could be made: {words}. Check security and the server's certificate"
        ),
    )
}

pub(super) fn refused_login(error: &Error, username: &str, password: &str) -> SendError {
    // Some servers repeat what they were told.
    let told = [format!("\0{username}\0{password}"), password.to_owned()].map(|secret| STANDARD.encode(secret));
    let secrets = told.iter().map(String::as_str).chain([password]).filter(|secret| !secret.is_empty());
    let words = secrets.fold(error.to_string(), |words, secret| words.replace(secret, "…"));
    if error.is_permanent() || error.is_client() {
        let note = text!(
            "máy chủ thư từ chối đăng nhập: {words}. Sửa username hoặc mật khẩu, rồi: loa resume TÊN_KÊNH",
            "the mail server refuses the login: {words}. Correct username or password, then: loa resume CHANNEL"
        );
        return SendError::attention(Attention::Credential, note);
    }
    SendError::transient(text!("chưa đăng nhập được: {words}", "the login did not work yet: {words}"))
}
