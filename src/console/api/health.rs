//! For machines that watch: `/healthz`, `/readyz`; what they count is in [`super::metrics`].

use std::sync::Arc;

use axum::extract::State;

use super::read::unavailable;
use super::{ApiRoute, Problem, metrics, open};
use crate::console::Face;

pub(super) fn routes() -> Vec<ApiRoute> {
    vec![open("/healthz", || async { "ok\n" }), open("/readyz", ready), open("/metrics", metrics::metrics)]
}

async fn ready(State(face): State<Arc<Face>>) -> Result<&'static str, Problem> {
    face.console.ledger.ready().await.map_err(unavailable)?;
    Ok("ready\n")
}
