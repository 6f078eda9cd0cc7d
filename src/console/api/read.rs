//! What can be read: articles with their deliveries, deliveries with their attempts, channels, the balance.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::json::{article_json, attempt_json, channel_json, delivery_json, pause_of, stops};
use super::{ApiRoute, Problem, look};
use crate::article::{ArticleId, ArticleKey};
use crate::console::Face;
use crate::delivery::DeliveryId;
use crate::ledger::{ArticleRow, DeliveryRow, Filter};
use crate::queue::{Pause, StoreError};
use crate::text;
use crate::text::nearest::Unknown;

/// Most rows of one answer, unless `limit` says less.
const MOST: u32 = 1000;
/// Deliveries looked through for one answer, where no index finds those that are asked for.
const WINDOW: i64 = 20_000;
const STATES: [&str; 6] = ["waiting", "sending", "settled", "uncertain", "held", "failed"];

pub(super) fn routes() -> Vec<ApiRoute> {
    vec![
        look("/api/v1/articles/{id}", article),
        look("/api/v1/articles/{source}/{external_id}", article_by_key),
        look("/api/v1/deliveries", deliveries),
        look("/api/v1/deliveries/{id}", delivery),
        look("/api/v1/channels", channels),
        look("/api/v1/balance", balance),
    ]
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    article: Option<i64>,
    channel: Option<String>,
    state: Option<String>,
    before: Option<i64>,
    limit: Option<u32>,
}

async fn article(State(face): State<Arc<Face>>, Path(id): Path<i64>) -> Result<Json<Value>, Problem> {
    let found = face.console.ledger.article(ArticleId(id)).await.map_err(unavailable)?;
    let Some(found) = found else {
        return Err(Problem::new(StatusCode::NOT_FOUND, text!("không có bài số {id}", "there is no article {id}")));
    };
    with_deliveries(&face, &found).await
}

async fn article_by_key(
    State(face): State<Arc<Face>>,
    Path((source, external_id)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let key = ArticleKey { source, external_id };
    let found = face.console.ledger.find(&key.to_string()).await.map_err(unavailable)?;
    let Some(found) = found.into_iter().find(|row| row.key == key) else {
        return Err(Problem::new(StatusCode::NOT_FOUND, text!("không có bài {key}", "there is no article {key}")));
    };
    with_deliveries(&face, &found).await
}

async fn with_deliveries(face: &Face, found: &ArticleRow) -> Result<Json<Value>, Problem> {
    let filter = Filter { article: Some(found.id), ..Filter::default() };
    let rows = face.console.ledger.deliveries(filter).await.map_err(unavailable)?;
    let deliveries = rows_json(face, &rows).await?;
    let mut body = article_json(found);
    if let Some(body) = body.as_object_mut() {
        body.insert("deliveries".to_owned(), deliveries.into());
    }
    Ok(Json(body))
}

/// Newest first. Where there may be more, the header `Link` has the address of what follows.
async fn deliveries(State(face): State<Arc<Face>>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    if let Some(name) = asked.state.as_ref().filter(|name| !STATES.contains(&name.as_str())) {
        let valid = STATES.map(str::to_owned).to_vec();
        return Err(Problem::unprocessable(Unknown { name: name.clone(), valid, field: false }.text()));
    }
    let most = asked.limit.unwrap_or(MOST).clamp(1, MOST);
    let is_found = asked.article.is_some() || matches!(asked.state.as_deref(), Some("held" | "failed" | "uncertain"));
    let is_narrow = asked.channel.is_some() || asked.state.is_some();
    let before = match asked.before {
        None if is_narrow && !is_found => {
            face.console.ledger.newest_delivery().await.map_err(unavailable)?.map(|newest| newest.0.saturating_add(1))
        }
        before => before,
    };
    let since = before.filter(|_| is_narrow && !is_found).map(|before| before.saturating_sub(WINDOW).max(0));
    let filter = Filter {
        article: asked.article.map(ArticleId),
        channel: asked.channel.clone(),
        state: asked.state.clone(),
        before: before.map(DeliveryId),
        since: since.map(DeliveryId),
        most: Some(most),
        delivery: None,
    };
    let rows = face.console.ledger.deliveries(filter).await.map_err(unavailable)?;
    let is_full = rows.len() == most as usize;
    let next = if is_full { rows.last().map(|row| row.delivery.id.0) } else { since.filter(|since| *since > 1) };
    let mut response = Json(rows_json(&face, &rows).await?).into_response();
    if let Some(next) = next {
        link(&mut response, &following(&asked, next));
    }
    Ok(response)
}

fn following(asked: &Asked, next: i64) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let number = asked.article.map(|article| article.to_string());
    let limit = asked.limit.map(|limit| limit.to_string());
    for (name, value) in [("article", &number), ("channel", &asked.channel), ("state", &asked.state), ("limit", &limit)]
    {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    query.append_pair("before", &next.to_string());
    format!("/api/v1/deliveries?{}", query.finish())
}

/// What follows an answer (RFC 8288).
pub(super) fn link(response: &mut Response, path: &str) {
    // Addresses are percent-encoded: there is nothing in them that a header could not hold.
    if let Ok(value) = HeaderValue::from_str(&format!("<{path}>; rel=\"next\"")) {
        response.headers_mut().insert(header::LINK, value);
    }
}

async fn delivery(State(face): State<Arc<Face>>, Path(id): Path<i64>) -> Result<Json<Value>, Problem> {
    let row = find(&face, id).await?;
    let attempts = face.console.ledger.attempts(row.delivery.id).await.map_err(unavailable)?;
    let mut body = row_json(&face, &row).await?;
    if let Some(body) = body.as_object_mut() {
        let language = face.console.language;
        let attempts: Vec<Value> = attempts.iter().map(|attempt| attempt_json(attempt, language)).collect();
        body.insert("attempts".to_owned(), attempts.into());
    }
    Ok(Json(body))
}

/// The delivery of this number.
pub(super) async fn find(face: &Face, id: i64) -> Result<DeliveryRow, Problem> {
    let found = face.console.ledger.delivery(DeliveryId(id)).await.map_err(unavailable)?;
    found.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, text!("không có lượt phát số {id}", "there is no delivery {id}"))
    })
}

/// A delivery as it is now.
pub(super) async fn row_json(face: &Face, row: &DeliveryRow) -> Result<Value, Problem> {
    Ok(rows_json(face, std::slice::from_ref(row)).await?.pop().unwrap_or_default())
}

async fn rows_json(face: &Face, rows: &[DeliveryRow]) -> Result<Vec<Value>, Problem> {
    let pauses = face.console.ledger.pauses().await.map_err(unavailable)?;
    let summaries = face.console.desk.channels.summaries();
    let on: Vec<String> = summaries.iter().filter(|one| one.enabled).map(|one| one.channel.clone()).collect();
    let pauses = &stops(pauses, rows, &on);
    let letters: Vec<String> = summaries.into_iter().filter(|one| one.letters).map(|one| one.channel).collect();
    let language = face.console.language;
    Ok(rows.iter().map(|row| delivery_json(row, pause_of(pauses, row), &letters, language)).collect())
}

async fn channels(State(face): State<Arc<Face>>) -> Result<Json<Value>, Problem> {
    let pauses = face.console.ledger.pauses().await.map_err(unavailable)?;
    let paused = |channel: &str| pauses.iter().find(|(name, _)| name == channel).map(|(_, pause): &(_, Pause)| pause);
    let summaries = face.console.desk.channels.summaries();
    let language = face.console.language;
    Ok(Json(summaries.iter().map(|summary| channel_json(summary, paused(&summary.channel), language)).collect()))
}

async fn balance(State(face): State<Arc<Face>>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!(face.console.ledger.balance().await.map_err(unavailable)?)))
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn unavailable(error: StoreError) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.text())
}
