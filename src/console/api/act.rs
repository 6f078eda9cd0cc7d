//! What machines may decide in a person's place, under their token's name: channels that pause and go on, deliveries that
//! are let go or resolved.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::json::channel_json;
use super::read::{find, row_json, unavailable};
use super::{ApiRoute, Caller, Problem, act};
use crate::console::{ChannelSummary, Face};
use crate::delivery::DeliveryId;
use crate::queue::{By, Pause, PauseCause};
use crate::text;
use crate::text::Text;
use crate::text::nearest::Unknown;

pub(super) fn routes() -> Vec<ApiRoute> {
    vec![
        act("/api/v1/channels/{channel}/pause", pause),
        act("/api/v1/channels/{channel}/resume", resume),
        act("/api/v1/deliveries/{id}/retry", retry),
        act("/api/v1/deliveries/{id}/resolve", resolve),
        act("/api/v1/deliveries/{id}/missed", missed),
    ]
}

/// The body of a request; an empty one says nothing.
pub(super) fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Problem> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| {
        Problem::unprocessable(text!("nội dung JSON không đúng: {error}", "the JSON body is not right: {error}"))
    })
}

/// The configured channel of this name.
pub(super) fn known(face: &Face, channel: String) -> Result<ChannelSummary, Problem> {
    let summaries = face.console.desk.channels.summaries();
    let valid = summaries.iter().map(|summary| summary.channel.clone()).collect();
    summaries
        .into_iter()
        .find(|summary| summary.channel == channel)
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, Unknown { name: channel, valid, field: false }.text()))
}

fn by(face: &Face, who: String) -> By {
    By { who, at: face.console.clock.now() }
}

fn refused(reason: Text) -> Problem {
    Problem::new(StatusCode::CONFLICT, reason)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Reason {
    reason: Option<String>,
}

async fn pause(
    State(face): State<Arc<Face>>,
    Extension(Caller { name: who }): Extension<Caller>,
    Path(channel): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let (summary, asked) = (known(&face, channel)?, read::<Reason>(&body)?);
    let note = match asked.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()) {
        Some(reason) => text!("{who} tạm dừng: {reason}", "paused by {who}: {reason}"),
        None => text!("{who} tạm dừng", "paused by {who}"),
    };
    let pause = Pause { cause: PauseCause::Person(who), since: face.console.clock.now(), note };
    face.console.queue.pause(summary.channel.clone(), pause).await.map_err(unavailable)?;
    channel_now(&face, &summary).await
}

async fn resume(
    State(face): State<Arc<Face>>,
    Extension(Caller { name: who }): Extension<Caller>,
    Path(channel): Path<String>,
) -> Result<Json<Value>, Problem> {
    let summary = known(&face, channel)?;
    face.console.queue.resume(summary.channel.clone(), who, face.console.clock.now()).await.map_err(unavailable)?;
    channel_now(&face, &summary).await
}

async fn channel_now(face: &Face, summary: &ChannelSummary) -> Result<Json<Value>, Problem> {
    let pause = face.console.queue.paused(summary.channel.clone()).await.map_err(unavailable)?;
    Ok(Json(channel_json(summary, pause.as_ref(), face.console.language)))
}

async fn now(face: &Face, id: DeliveryId) -> Result<Json<Value>, Problem> {
    let row = find(face, id.0).await?;
    Ok(Json(row_json(face, &row).await?))
}

async fn retry(
    State(face): State<Arc<Face>>,
    Extension(Caller { name: who }): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Value>, Problem> {
    let id = find(&face, id).await?.delivery.id;
    let decided = face.console.desk.decisions.retry(id, by(&face, who)).await;
    decided.map_err(unavailable)?.map_err(refused)?;
    now(&face, id).await
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Found {
    went_out: Option<bool>,
    recipients: Vec<String>,
}

/// What somebody found out about a delivery of which nobody knew whether it went out; where it is letters, about some of
/// them.
async fn resolve(
    State(face): State<Arc<Face>>,
    Extension(Caller { name: who }): Extension<Caller>,
    Path(id): Path<i64>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let found = read::<Found>(&body)?;
    let Some(went_out) = found.went_out else {
        return Err(Problem::unprocessable(text!(
            "cần went_out: true (đã lên) hoặc false (chưa lên)",
            "went_out is needed: true or false"
        )));
    };
    let id = find(&face, id).await?.delivery.id;
    let recipients = found.recipients.iter().map(|address| address.trim().to_lowercase()).collect();
    let decided = face.console.desk.decisions.resolve(id, went_out, recipients, by(&face, who)).await;
    decided.map_err(unavailable)?.map_err(refused)?;
    now(&face, id).await
}

/// Sends letters to those who missed them.
async fn missed(
    State(face): State<Arc<Face>>,
    Extension(Caller { name: who }): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Value>, Problem> {
    let id = find(&face, id).await?.delivery.id;
    let sent = face.console.desk.decisions.resend_missed(id, by(&face, who)).await;
    let number = sent.map_err(unavailable)?.map_err(refused)?;
    Ok(Json(json!({ "recipients": number })))
}
