//! The HTTP face: who calls, what they may read, and how errors look. The console's pages will live here.

mod api;
mod auth;
mod health;
mod problem;
mod unsubscribe;

use std::sync::Arc;

use axum::Router;

use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::queue::Subscribers;
use crate::text::Language;

pub use api::{ChannelSummary, channel_json, delivery_json, pause_of, reason, stops};
pub use auth::{Caller, Token};
pub use problem::Problem;

/// What the HTTP face needs.
#[derive(Clone)]
pub struct Console {
    /// What can be asked.
    pub ledger: Arc<dyn Ledger>,
    /// Who may be written to.
    pub subscribers: Arc<dyn Subscribers>,
    /// The office's name.
    pub office: String,
    /// The configured channels, as they are at the moment of asking.
    pub channels: Arc<dyn Fn() -> Vec<ChannelSummary> + Send + Sync>,
    /// Who may call.
    pub tokens: Arc<[Token]>,
    /// The language of answers.
    pub language: Language,
    /// The hour.
    pub clock: Clock,
}

/// All routes: `articles` are the intake's, behind the same tokens. The page to unsubscribe and `open` need none.
pub fn router(console: Console, articles: Router, open: Router) -> Router {
    let console = Arc::new(console);
    let guarded = articles
        .merge(api::routes(Arc::clone(&console)))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&console), auth::require_token));
    guarded
        .merge(health::routes(Arc::clone(&console)))
        .fallback(problem::not_found)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&console), problem::in_language))
        .merge(unsubscribe::routes(console))
        .merge(open)
}
