//! Cookies: tokens alone, out of reach of scripts, sent to this site only.

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::TimeDelta;

use crate::people::Token;

/// The session's cookie.
pub(in crate::console) const SESSION: &str = "loa";
/// The cookie of whoever opened the set-up link.
pub(in crate::console) const SETUP: &str = "loa-setup";

/// Over `https` browsers keep others from planting a cookie of this name.
fn name(cookie: &str, secure: bool) -> String {
    if secure { format!("__Host-{cookie}") } else { cookie.to_owned() }
}

/// The token that a cookie carries.
pub(in crate::console) fn brought(headers: &HeaderMap, cookie: &str, secure: bool) -> Option<Token> {
    let name = name(cookie, secure);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(named, _)| *named == name).and_then(|(_, value)| Token::brought(value))
}

/// Has the browser keep a token for so long.
pub(in crate::console) fn set(headers: &mut HeaderMap, cookie: &str, token: &Token, life: TimeDelta, secure: bool) {
    write(headers, cookie, token.reveal(), life.num_seconds(), secure);
}

/// Has the browser forget it.
pub(in crate::console) fn clear(headers: &mut HeaderMap, cookie: &str, secure: bool) {
    write(headers, cookie, "", 0, secure);
}

fn write(headers: &mut HeaderMap, cookie: &str, value: &str, seconds: i64, secure: bool) {
    let (name, only) = (name(cookie, secure), if secure { "; Secure" } else { "" });
    let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{only}");
    if let Ok(line) = HeaderValue::from_str(&line) {
        headers.append(header::SET_COOKIE, line);
    }
}
