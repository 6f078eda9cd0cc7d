//! The demo's webhook receiver: checks the signature, keeps the post, answers with its address.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// Seconds by which a signature may be old or early.
const TOLERANCE: i64 = 300;

struct Receiver {
    folder: PathBuf,
    secret: String,
    clock: Clock,
    received: AtomicU32,
}

pub(super) async fn serve(
    listener: TcpListener,
    folder: PathBuf,
    secret: String,
    clock: Clock,
    stop: CancellationToken,
) {
    let receiver = Arc::new(Receiver { folder, secret, clock, received: AtomicU32::new(0) });
    let service = Router::new().route("/fanpage", post(receive)).with_state(receiver);
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = serving.await {
        tracing::warn!(%error, "the demo's webhook receiver ended");
    }
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, StatusCode> {
    if !is_signed(&receiver, &headers, &body) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let event: Value = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let kind = event.get("type").and_then(Value::as_str).unwrap_or("event").replace('.', "-");
    let id = event.pointer("/data/id").and_then(Value::as_str).unwrap_or("bai").replace('/', "-");
    let number = receiver.received.fetch_add(1, Ordering::AcqRel) + 1;
    let path = receiver.folder.join(format!("{number:02}-{kind}-{id}.json"));
    tokio::fs::write(path, &body).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(json!({ "url": format!("https://fanpage.example.vn/bai/{number}") })))
}

fn is_signed(receiver: &Receiver, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signed = || {
        let (id, timestamp) = (header(HEADER_WEBHOOK_ID)?, header(HEADER_WEBHOOK_TIMESTAMP)?);
        let timestamp: i64 = timestamp.parse().ok()?;
        let fresh = (receiver.clock.now().timestamp() - timestamp).abs() <= TOLERANCE;
        let expected = Webhook::new(&receiver.secret).ok()?.sign(id, timestamp, body).ok()?;
        Some(fresh && header(HEADER_WEBHOOK_SIGNATURE)?.split(' ').any(|given| given == expected))
    };
    signed().unwrap_or(false)
}
