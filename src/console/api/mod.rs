//! The JSON API, behind bearer tokens, and what machines watch.

mod auth;
mod health;
mod problem;
mod read;

use std::sync::Arc;

use axum::Router;

use super::Console;

pub use auth::{Caller, Token};
pub use problem::Problem;
pub(super) use problem::not_found;
pub use read::{channel_json, delivery_json, pause_of, reason, stops};

/// What machines call: `articles` are the intake's, behind the same tokens. Nothing is found elsewhere below `/api`.
pub(super) fn routes(console: &Arc<Console>, articles: Router) -> Router {
    let guarded = articles
        .merge(read::routes(Arc::clone(console)))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(console), auth::require_token));
    guarded
        .merge(health::routes(Arc::clone(console)))
        .route("/api/{*rest}", axum::routing::any(problem::nothing))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(console), problem::in_language))
}
