//! Bearer tokens: the file keeps only their SHA-256.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Problem;
use crate::article::sha256_hex;
use crate::console::Face;
use crate::text;

/// A token that may call.
#[derive(Clone, Debug)]
pub struct Token {
    /// Whose it is; the source of articles that name none, and the name in the ledger.
    pub name: String,
    /// SHA-256 of the token, in lower-case hexadecimal.
    pub sha256: String,
}

/// Who calls.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token's name.
    pub name: String,
}

/// Lets recognised callers through. Comparing hashes gives nothing away about the tokens themselves.
pub(super) async fn require_token(State(face): State<Arc<Face>>, mut request: Request, next: Next) -> Response {
    let tokens = &face.console.tokens;
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| sha256_hex(token.trim().as_bytes()))
    });
    let known = given.and_then(|given| tokens.iter().find(|token| token.sha256 == given));
    match known {
        Some(token) => {
            request.extensions_mut().insert(Caller { name: token.name.clone() });
            next.run(request).await
        }
        None => refused(tokens.is_empty()),
    }
}

fn refused(no_tokens: bool) -> Response {
    let detail = if no_tokens {
        text!(
            "chưa có mã truy cập nào: thêm mục [[http.tokens]] vào config.toml",
            "no token is configured: add [[http.tokens]] to config.toml"
        )
    } else {
        text!("cần mã truy cập hợp lệ: Authorization: Bearer …", "a valid token is needed: Authorization: Bearer …")
    };
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}
