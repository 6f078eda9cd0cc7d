//! `Idempotency-Key`: a repeated request gets the answer that the first one got, and changes nothing.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;

use super::read::unavailable;
use super::{Caller, Problem};
use crate::article::sha256_hex;
use crate::console::Face;
use crate::queue::Claim;
use crate::text;

/// Largest body, in bytes.
const MOST: usize = 4 * 1024 * 1024;
/// Longest key.
const LONGEST: usize = 255;
/// Whoever has not answered for this long is gone.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);

pub(super) async fn once(State(face): State<Arc<Face>>, request: Request, next: Next) -> Response {
    match pass(&face, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn pass(face: &Face, request: Request, next: Next) -> Result<Response, Problem> {
    let given = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
    let given = given.map(|key| key.trim().trim_matches('"').to_owned()).filter(|key| !key.is_empty());
    let (Some(given), Some(caller)) = (given, request.extensions().get::<Caller>().cloned()) else {
        return Ok(next.run(request).await);
    };
    if given.len() > LONGEST {
        return Err(Problem::unprocessable(text!(
            "Idempotency-Key dài quá {LONGEST} byte",
            "the Idempotency-Key is longer than {LONGEST} bytes"
        )));
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST).await else {
        let detail = text!("nội dung quá lớn", "the body is too large");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    };
    let (requests, key, now) = (&face.console.requests, format!("{} {given}", caller.name), face.console.clock.now());
    let fingerprint = format!("{} {} {}", parts.method, parts.uri, sha256_hex(&body));
    match requests.claim(key.clone(), fingerprint, now, now + PATIENCE).await.map_err(unavailable)? {
        Claim::Mine => {}
        Claim::Done { status, body } => return Ok(json(status, body)),
        Claim::Busy => {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                text!("yêu cầu này đang được xử lý", "this request is being worked on"),
            ));
        }
        Claim::Reused => {
            return Err(Problem::unprocessable(text!(
                "Idempotency-Key này đã dùng cho yêu cầu khác",
                "this Idempotency-Key was used for another request"
            )));
        }
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !response.status().is_success() {
        // Nothing was changed: it may be asked again.
        requests.give_up(key).await.map_err(unavailable)?;
        return Ok(response);
    }
    let status = response.status().as_u16();
    // Our own answers are JSON in memory.
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    requests.answered(key, status, body.clone()).await.map_err(unavailable)?;
    Ok(json(status, body))
}

fn json(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
