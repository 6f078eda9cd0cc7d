//! The HTTP way in: `POST`, `PUT` and `DELETE` under `/api/v1/articles`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{post, put};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::accept::{Intake, Order};
use super::draft::{Draft, DraftContext, one_line};
use super::error::IntakeError;
use super::format::{Format, parse};
use crate::article::{ArticleKey, sha256_hex};
use crate::console::{Caller, Problem};
use crate::queue::{Accepted, StoreError};
use crate::text;

/// Largest request body.
const MOST: usize = 4 * 1024 * 1024;

const ALL: &str = "/api/v1/articles";
const ONE: &str = "/api/v1/articles/{source}/{external_id}";

/// What the routes need.
#[derive(Clone)]
pub struct ApiIntake {
    /// Where articles go.
    pub intake: Intake,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Options {
    /// Publish again what was withdrawn.
    again: bool,
}

/// The routes that take articles over. The caller must have been recognised before (see `console`).
pub fn routes(api: ApiIntake) -> Router {
    Router::new()
        .route(ALL, post(publish))
        .route(ONE, put(replace).delete(withdraw))
        .layer(DefaultBodyLimit::max(MOST))
        .with_state(Arc::new(api))
}

/// Those routes, for whoever describes the API: method and address.
#[must_use]
pub fn article_routes() -> [(Method, &'static str); 3] {
    [(Method::POST, ALL), (Method::PUT, ONE), (Method::DELETE, ONE)]
}

async fn publish(
    State(api): State<Arc<ApiIntake>>,
    Extension(caller): Extension<Caller>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, Problem> {
    let draft = draft(&headers, body)?;
    let request = request_key(&headers, &caller, &draft.1);
    let cx = DraftContext { source: &caller.name, external_id: None, zone: api.intake.zone() };
    accept(&api, draft.0, &cx, options, &caller, request).await
}

async fn replace(
    State(api): State<Arc<ApiIntake>>,
    Extension(caller): Extension<Caller>,
    Path((source, external_id)): Path<(String, String)>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, Problem> {
    let (mut draft, fingerprint) = draft(&headers, body)?;
    // The same content for another address is another request.
    let fingerprint = format!("{source}/{external_id} {fingerprint}");
    for (name, inside, outside) in
        [("source", &draft.source, &source), ("external_id", &draft.external_id, &external_id)]
    {
        if inside.as_ref().is_some_and(|inside| inside != outside) {
            return Err(Problem::unprocessable(text!(
                "{name} trong nội dung khác với địa chỉ ({outside})",
                "{name} in the body is not the one in the address ({outside})"
            )));
        }
    }
    draft.source = Some(source);
    draft.external_id = Some(external_id);
    let request = request_key(&headers, &caller, &fingerprint);
    let cx = DraftContext { source: &caller.name, external_id: None, zone: api.intake.zone() };
    accept(&api, draft, &cx, options, &caller, request).await
}

async fn withdraw(
    State(api): State<Arc<ApiIntake>>,
    Extension(caller): Extension<Caller>,
    Path((source, external_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    // As at the door: what was PUT under this address is what is meant.
    let key = ArticleKey { source: one_line(&source), external_id: one_line(&external_id) };
    let accepted = api.intake.withdraw(key, &caller.name).await.map_err(problem)?;
    Ok(answer(&accepted))
}

async fn accept(
    api: &ApiIntake,
    draft: Draft,
    cx: &DraftContext<'_>,
    options: Options,
    caller: &Caller,
    request: Option<(String, String)>,
) -> Result<Response, Problem> {
    let order = if options.again { Order::PublishAgain } else { Order::Publish };
    let accepted = api.intake.accept(draft, cx, order, &caller.name, request).await.map_err(problem)?;
    Ok(answer(&accepted))
}

fn answer(accepted: &Accepted) -> Response {
    let location = format!("/api/v1/articles/{}", accepted.id);
    let body = json!({
        "id": accepted.id,
        "revision": accepted.revision,
        "changed": accepted.changed,
        "deliveries": accepted.deliveries,
        "missing_pictures": accepted.missing_pictures,
        "href": location,
    });
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(body)).into_response()
}

/// Reads the body as a draft; also returns its fingerprint.
fn draft(
    headers: &HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<(Draft, String), Problem> {
    let body = body.map_err(|rejection| {
        let megabytes = MOST / 1024 / 1024;
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                text!("nội dung quá lớn; tối đa {megabytes} MiB", "the body is too large; at most {megabytes} MiB"),
            ),
            status => Problem::new(status, text!("không đọc được nội dung", "the body could not be read")),
        }
    })?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_json = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            text!("Content-Type phải là application/json", "the Content-Type has to be application/json"),
        ));
    }
    let draft = parse(&body, Format::Json).map_err(problem)?;
    Ok((draft, sha256_hex(&body)))
}

/// The request's own key (draft-ietf-httpapi-idempotency-key-header), quoted or bare, with its fingerprint.
fn request_key(headers: &HeaderMap, caller: &Caller, fingerprint: &str) -> Option<(String, String)> {
    let key = headers.get("idempotency-key")?.to_str().ok()?.trim().trim_matches('"');
    (!key.is_empty()).then(|| (format!("{} {key}", caller.name), fingerprint.to_owned()))
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn problem(error: IntakeError) -> Problem {
    let status = match &error {
        IntakeError::Invalid(_) | IntakeError::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        IntakeError::Refused(_) => StatusCode::CONFLICT,
        IntakeError::Unknown(_) => StatusCode::NOT_FOUND,
        IntakeError::Store(StoreError::Full) => StatusCode::INSUFFICIENT_STORAGE,
        IntakeError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    Problem::new(status, error.text())
}
