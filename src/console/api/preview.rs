//! What a channel would send: the exact payload, without sending or keeping anything.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::act::known;
use super::read::unavailable;
use super::{ApiRoute, Caller, Problem, ask};
use crate::console::Face;

pub(super) fn routes() -> Vec<ApiRoute> {
    vec![ask("/api/v1/channels/{channel}/preview", preview)]
}

/// Text as it is, anything else as Base64.
fn payload(extension: &str, bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "extension": extension, "text": text }),
        Err(_) => json!({ "extension": extension, "base64": STANDARD.encode(bytes) }),
    }
}

async fn preview(
    State(face): State<Arc<Face>>,
    Extension(Caller { name: source }): Extension<Caller>,
    Path(channel): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let summary = known(&face, channel)?;
    let sample = face.console.desk.samples.sample(summary.channel.clone(), body.to_vec(), source).await;
    let sample = sample.map_err(unavailable)?.map_err(Problem::unprocessable)?;
    Ok(Json(json!({
        "channel": summary.channel,
        "payload_hash": sample.hash,
        "payload": payload(sample.extension, &sample.bytes),
        "beside": sample.beside.iter().map(|(extension, bytes)| payload(extension, bytes)).collect::<Vec<_>>(),
        "note": sample.note.map(|note| note.get(face.console.language).to_owned()),
    })))
}
