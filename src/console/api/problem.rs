//! Errors as `application/problem+json` (RFC 9457), in the reader's language.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::console::Face;
use crate::text;
use crate::text::{Language, Text};

/// More bytes of somebody else's explanation are not repeated.
const MOST_SAID: usize = 4 * 1024;

/// An error answer.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    detail: Text,
}

impl Problem {
    /// An error with a status and what to do about it.
    #[must_use]
    pub fn new(status: StatusCode, detail: Text) -> Self {
        Self { status, detail }
    }

    /// 422: understood, but not right.
    #[must_use]
    pub fn unprocessable(detail: Text) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    fn body(&self, language: Language) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail.get(language),
        });
        let kind = HeaderValue::from_static("application/problem+json");
        (self.status, [(header::CONTENT_TYPE, kind)], Json(body)).into_response()
    }
}

/// The words are chosen later, by [`in_language`], which knows the reader.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

pub(super) async fn nothing() -> Problem {
    none()
}

fn none() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, text!("không có địa chỉ này", "there is nothing at this address"))
}

/// The same where the language is known already.
pub(in crate::console) fn not_found(language: Language) -> Response {
    none().body(language)
}

/// Writes problems in the language the request prefers, or else the office's.
pub(super) async fn in_language(State(face): State<Arc<Face>>, request: Request, next: Next) -> Response {
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = accepted.and_then(Language::from_locale).unwrap_or(face.console.language);
    let response = next.run(request).await;
    if let Some(problem) = response.extensions().get::<Problem>() {
        let mut answer = problem.body(language);
        if let Some(challenge) = response.headers().get(header::WWW_AUTHENTICATE) {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge.clone());
        }
        return answer;
    }
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => {
            let detail = text!("địa chỉ này không nhận phương thức đó", "this address does not take that method");
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).body(language)
        }
        // What axum itself refuses, such as a parameter that is no number, it explains as plain text.
        status if status.is_client_error() => {
            let said = axum::body::to_bytes(response.into_body(), MOST_SAID).await.unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            Problem::new(status, text!("yêu cầu không hợp lệ: {said}", "the request is not valid: {said}"))
                .body(language)
        }
        _ => response,
    }
}
