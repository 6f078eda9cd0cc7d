//! What can be read: articles with their deliveries, deliveries, channels.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Problem;
use crate::article::ArticleId;
use crate::console::{ChannelSummary, Console};
use crate::delivery::{Live, State as DeliveryState, Wanted};
use crate::ledger::{ArticleRow, DeliveryRow, Fate, Filter};
use crate::queue::{Pause, PauseCause, StoreError};
use crate::text;
use crate::text::nearest::Unknown;
use crate::text::{Language, Text};

/// Most rows of one answer, unless `limit` says less.
const MOST: u32 = 1000;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    article: Option<i64>,
    channel: Option<String>,
    state: Option<String>,
    limit: Option<u32>,
}

pub(super) fn routes(console: Arc<Console>) -> Router {
    Router::new()
        .route("/api/v1/articles/{id}", get(article))
        .route("/api/v1/deliveries", get(deliveries))
        .route("/api/v1/channels", get(channels))
        .with_state(console)
}

async fn article(State(console): State<Arc<Console>>, Path(id): Path<i64>) -> Result<Json<Value>, Problem> {
    let id = ArticleId(id);
    let found = console.ledger.article(id).await.map_err(unavailable)?;
    let Some(found) = found else {
        return Err(Problem::new(StatusCode::NOT_FOUND, text!("không có bài số {id}", "there is no article {id}")));
    };
    let filter = Filter { article: Some(id), ..Filter::default() };
    let rows = console.ledger.deliveries(filter).await.map_err(unavailable)?;
    let pauses = console.ledger.pauses().await.map_err(unavailable)?;
    let deliveries = rows_json(&console, &rows, pauses);
    let mut body = article_json(&found);
    if let Some(body) = body.as_object_mut() {
        body.insert("deliveries".to_owned(), deliveries.into());
    }
    Ok(Json(body))
}

async fn deliveries(State(console): State<Arc<Console>>, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    const STATES: [&str; 6] = ["waiting", "sending", "settled", "uncertain", "held", "failed"];
    if let Some(name) = asked.state.as_ref().filter(|name| !STATES.contains(&name.as_str())) {
        let valid = STATES.map(str::to_owned).to_vec();
        return Err(Problem::unprocessable(Unknown { name: name.clone(), valid, field: false }.text()));
    }
    let filter = Filter {
        article: asked.article.map(ArticleId),
        channel: asked.channel,
        state: asked.state,
        most: Some(asked.limit.unwrap_or(MOST).min(MOST)),
        delivery: None,
    };
    let rows = console.ledger.deliveries(filter).await.map_err(unavailable)?;
    let pauses = console.ledger.pauses().await.map_err(unavailable)?;
    Ok(Json(rows_json(&console, &rows, pauses).into()))
}

fn rows_json(console: &Console, rows: &[DeliveryRow], pauses: Vec<(String, Pause)>) -> Vec<Value> {
    let summaries = console.desk.channels.summaries();
    let on: Vec<String> = summaries.iter().filter(|one| one.enabled).map(|one| one.channel.clone()).collect();
    let pauses = &stops(pauses, rows, &on);
    let letters: Vec<String> = summaries.into_iter().filter(|one| one.letters).map(|one| one.channel).collect();
    rows.iter().map(|row| delivery_json(row, pause_of(pauses, row), &letters, console.language)).collect()
}

async fn channels(State(console): State<Arc<Console>>) -> Result<Json<Value>, Problem> {
    let pauses = console.ledger.pauses().await.map_err(unavailable)?;
    let paused = |channel: &str| pauses.iter().find(|(name, _)| name == channel).map(|(_, pause)| pause);
    let summaries = console.desk.channels.summaries();
    Ok(Json(
        summaries.iter().map(|summary| channel_json(summary, paused(&summary.channel), console.language)).collect(),
    ))
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn unavailable(error: StoreError) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.text())
}

fn article_json(row: &ArticleRow) -> Value {
    json!({
        "id": row.id,
        "source": row.key.source,
        "external_id": row.key.external_id,
        "revision": row.revision,
        "title": row.title,
        "withdrawn_at": row.withdrawn_at,
    })
}

/// The pause of a delivery's channel.
#[must_use]
pub fn pause_of<'p>(pauses: &'p [(String, Pause)], row: &DeliveryRow) -> Option<&'p Pause> {
    pauses.iter().find(|(name, _)| *name == row.delivery.channel).map(|(_, pause)| pause)
}

/// A channel as JSON, the same in the API and in `loa channels --json`.
#[must_use]
pub fn channel_json(summary: &ChannelSummary, pause: Option<&Pause>, language: Language) -> Value {
    let mut value = json!(summary);
    if let (Some(fields), Some(pause)) = (value.as_object_mut(), pause) {
        fields.insert("paused".to_owned(), json!({ "since": pause.since, "reason": pause.note.get(language) }));
    }
    value
}

/// A delivery as JSON, the same in the API and in `loa deliveries --json`.
#[must_use]
pub fn delivery_json(row: &DeliveryRow, pause: Option<&Pause>, letters: &[String], language: Language) -> Value {
    let delivery = &row.delivery;
    let (wanted, shown) = (wanted_json(delivery.wanted), delivery.live.receipt());
    let shown_revision = match &delivery.live {
        Live::Shown { revision, .. } => Some(*revision),
        _ => None,
    };
    json!({
        "id": delivery.id,
        "article": delivery.article,
        "source": row.key.source,
        "external_id": row.key.external_id,
        "title": row.title,
        "channel": delivery.channel,
        "wanted": wanted,
        "state": delivery.state.name(),
        "result": row.fate(letters).map(Fate::name),
        "reason": reason(&delivery.state, pause).map(|text| text.get(language).to_owned()),
        "due": delivery.state.due(),
        "tries": delivery.tries,
        "shown_revision": shown_revision,
        "rehearsal": shown.is_some_and(|receipt| receipt.rehearsal),
        "remote_id": shown.map(|receipt| receipt.remote_id.clone()),
        "url": shown.and_then(|receipt| receipt.url.clone()),
        "payload_hash": shown.map(|receipt| receipt.payload_hash.clone()),
    })
}

fn wanted_json(wanted: Wanted) -> Value {
    match wanted {
        Wanted::Revision(revision) => json!(revision),
        Wanted::Withdrawn => json!("withdrawn"),
    }
}

/// The pauses, and one more for each channel of these rows that is switched off or has no file any more: what waits there
/// waits until it is back, and people have to know.
#[must_use]
pub fn stops(mut pauses: Vec<(String, Pause)>, rows: &[DeliveryRow], on: &[String]) -> Vec<(String, Pause)> {
    for channel in rows.iter().map(|row| &row.delivery.channel) {
        if on.contains(channel) || pauses.iter().any(|(name, _)| name == channel) {
            continue;
        }
        let note = text!(
            "kênh đã tắt hoặc không còn tệp trong channels/; bản đã lên ở đó vẫn còn. Bật lại kênh thì loa làm tiếp",
            "the channel is switched off or has no file in channels/ any more; a copy that is out there stays. loa goes on once it is back"
        );
        let cause = PauseCause::Attention("off".to_owned());
        pauses.push((channel.clone(), Pause { cause, since: DateTime::default(), note }));
    }
    pauses
}

/// Why a delivery is where it is, in words.
#[must_use]
pub fn reason(state: &DeliveryState, pause: Option<&Pause>) -> Option<Text> {
    match state {
        DeliveryState::Waiting { .. } if pause.is_some() => pause.map(|pause| Text {
            vi: format!("kênh đang tạm dừng: {}", pause.note.vi),
            en: format!("the channel is paused: {}", pause.note.en),
        }),
        DeliveryState::Settled => None,
        DeliveryState::Waiting { why, .. } => Some(why.text()),
        DeliveryState::Sending { .. } => Some(text!("đang gửi", "being sent")),
        DeliveryState::Uncertain { note, look, .. } => Some(uncertain(note, look.is_some())),
        DeliveryState::Held { why } => Some(why.text()),
        DeliveryState::Failed { why } => Some(why.clone()),
    }
}

fn uncertain(note: &crate::text::Text, will_look: bool) -> Text {
    let (vi, en) = if will_look {
        ("loa sẽ tự kiểm tra lại", "loa will look again")
    } else {
        (
            "hãy xem kênh rồi báo: loa resolve ID --went-out hoặc --did-not",
            "look at the channel, then say: loa resolve ID --went-out or --did-not",
        )
    };
    Text { vi: format!("{}; {vi}", note.vi), en: format!("{}; {en}", note.en) }
}
