//! The JSON API, behind bearer tokens, and what machines watch. `openapi.json` describes it.

mod act;
mod auth;
mod health;
mod json;
mod metrics;
mod once;
mod openapi;
mod preview;
mod problem;
mod read;
mod subscribers;

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};

use super::Face;

pub use auth::{Caller, Token};
pub use json::{attempt_json, channel_json, delivery_json, pause_of, reason, stops};
pub use problem::Problem;
pub(super) use problem::not_found;

/// A row of the table.
pub(super) struct ApiRoute {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// Whether it takes no token.
    open: bool,
    /// Whether it changes something: then a repeat under the same `Idempotency-Key` gets the first answer.
    changes: bool,
    handler: MethodRouter<Arc<Face>>,
}

/// Something to look at.
fn look<H, T>(path: &'static str, handler: H) -> ApiRoute
where
    H: Handler<T, Arc<Face>>,
    T: 'static,
{
    ApiRoute { method: Method::GET, path, open: false, changes: false, handler: on(MethodFilter::GET, handler) }
}

/// Something that is asked with a body, and changes nothing.
fn ask<H, T>(path: &'static str, handler: H) -> ApiRoute
where
    H: Handler<T, Arc<Face>>,
    T: 'static,
{
    ApiRoute { method: Method::POST, path, open: false, changes: false, handler: on(MethodFilter::POST, handler) }
}

/// Something that changes something.
fn act<H, T>(path: &'static str, handler: H) -> ApiRoute
where
    H: Handler<T, Arc<Face>>,
    T: 'static,
{
    ApiRoute { changes: true, ..ask(path, handler) }
}

/// Something that is taken away; doing it again changes nothing.
fn take<H, T>(path: &'static str, handler: H) -> ApiRoute
where
    H: Handler<T, Arc<Face>>,
    T: 'static,
{
    ApiRoute { method: Method::DELETE, path, open: false, changes: false, handler: on(MethodFilter::DELETE, handler) }
}

/// Something that whoever comes may look at.
fn open<H, T>(path: &'static str, handler: H) -> ApiRoute
where
    H: Handler<T, Arc<Face>>,
    T: 'static,
{
    ApiRoute { open: true, ..look(path, handler) }
}

/// Everything that machines can call, but for the intake's own.
pub(super) fn table() -> Vec<ApiRoute> {
    let mut table = health::routes();
    table.extend(openapi::routes());
    table.extend(read::routes());
    table.extend(act::routes());
    table.extend(subscribers::routes());
    table.extend(preview::routes());
    table
}

/// What machines call: `articles` are the intake's, behind the same tokens. Nothing is found elsewhere below `/api`.
pub(super) fn routes(face: &Arc<Face>, articles: Router) -> Router {
    let (mut guarded, mut unguarded) = (Router::new(), Router::new());
    for route in table() {
        let once = from_fn_with_state(Arc::clone(face), once::once);
        let handler = if route.changes { route.handler.layer(once) } else { route.handler };
        if route.open {
            unguarded = unguarded.route(route.path, handler);
        } else {
            guarded = guarded.route(route.path, handler);
        }
    }
    let guarded = articles
        .merge(guarded.with_state(Arc::clone(face)))
        .layer(from_fn_with_state(Arc::clone(face), auth::require_token));
    guarded
        .merge(unguarded.with_state(Arc::clone(face)))
        .route("/api/{*rest}", axum::routing::any(problem::nothing))
        .layer(from_fn_with_state(Arc::clone(face), problem::in_language))
}
