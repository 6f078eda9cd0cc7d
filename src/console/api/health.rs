//! For machines that watch: `/healthz`, `/readyz`, `/metrics`.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Problem;
use crate::console::Console;

pub(super) fn routes(console: Arc<Console>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(console)
}

async fn ready(State(console): State<Arc<Console>>) -> Result<&'static str, Problem> {
    match console.ledger.ready().await {
        Ok(()) => Ok("ready\n"),
        Err(error) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.text())),
    }
}

/// The balance, in the Prometheus text format.
async fn metrics(State(console): State<Arc<Console>>) -> Result<Response, Problem> {
    let unavailable = |error: crate::queue::StoreError| Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.text());
    let balances = console.ledger.balance().await.map_err(unavailable)?;
    let paused = console.ledger.pauses().await.map_err(unavailable)?;
    let mut out = String::from("# HELP loa_deliveries Deliveries by channel and state.\n# TYPE loa_deliveries gauge\n");
    for balance in &balances {
        let states = [
            ("delivered", balance.delivered),
            ("waiting", balance.waiting),
            ("held", balance.held),
            ("failed", balance.failed),
            ("withdrawn", balance.withdrawn),
            ("uncertain", balance.uncertain),
        ];
        for (state, number) in states {
            let channel = &balance.channel;
            // Writing into a string cannot fail.
            let _ = writeln!(out, "loa_deliveries{{channel=\"{channel}\",state=\"{state}\"}} {number}");
        }
    }
    out.push_str("# HELP loa_channel_paused Whether the channel is paused.\n# TYPE loa_channel_paused gauge\n");
    for balance in &balances {
        let channel = &balance.channel;
        let is_paused = u8::from(paused.iter().any(|(name, _)| name == channel));
        let _ = writeln!(out, "loa_channel_paused{{channel=\"{channel}\"}} {is_paused}");
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], out).into_response())
}
