//! The pages. Each file names its routes, as rows of one table: method, address, least role, handler.

mod approvals;
mod articles;
mod bar;
mod channels;
mod deliveries;
mod events;
mod ledger;
mod own;
mod people;
mod pictures;
mod preview;
mod readings;
mod schedule;
mod set_up;
mod sign_in;
mod standing;
mod templates;
mod subscribers;
mod today;
mod two_steps;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::handler::Handler;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, any, on};
use serde_json::json;

use super::Face;
use super::api::not_found;
use super::guard::{Door, Stop, admit, with_headers};
use super::view::asset;
use crate::people::Role;
use crate::text;
use crate::text::Language;

pub(super) use templates::Trials;

/// A row of the table.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// `None`: whoever comes.
    pub(super) least: Option<Role>,
    handler: MethodRouter<Arc<Face>>,
}

fn route<H, T>(method: Method, path: &'static str, least: Option<Role>, handler: H) -> Route
where
    H: Handler<T, Arc<Face>>,
    T: 'static,
{
    let filter = if method == Method::POST { MethodFilter::POST } else { MethodFilter::GET };
    Route { method, path, least, handler: on(filter, handler) }
}

/// A page to look at.
fn look<H, T>(path: &'static str, least: Role, handler: H) -> Route
where
    H: Handler<T, Arc<Face>>,
    T: 'static,
{
    route(Method::GET, path, Some(least), handler)
}

/// A form that changes something.
fn act<H, T>(path: &'static str, least: Role, handler: H) -> Route
where
    H: Handler<T, Arc<Face>>,
    T: 'static,
{
    route(Method::POST, path, Some(least), handler)
}

/// Every page.
pub(super) fn table() -> Vec<Route> {
    let mut table = vec![route(Method::GET, "/static/{name}", None, asset)];
    table.extend(sign_in::routes());
    table.extend(set_up::routes());
    table.extend(today::routes());
    table.extend(articles::routes());
    table.extend(deliveries::routes());
    table.extend(approvals::routes());
    table.extend(write::routes());
    table.extend(preview::routes());
    table.extend(pictures::routes());
    table.extend(readings::routes());
    table.extend(templates::routes());
    table.extend(channels::routes());
    table.extend(schedule::routes());
    table.extend(subscribers::routes());
    table.extend(ledger::routes());
    table.extend(people::routes());
    table.extend(own::routes());
    table.extend(two_steps::routes());
    table.extend(events::routes());
    table
}

/// The pages that stand in every page's head: address, words, least role.
pub(super) fn nav(role: Role, path: &str) -> serde_json::Value {
    let here = |href: &str| if href == "/" { path == "/" } else { path.starts_with(href) };
    let pages = [
        ("/", text!("Hôm nay", "Today"), Role::Viewer),
        ("/write", text!("Viết bài", "Write"), Role::Editor),
        ("/articles", text!("Bài", "Articles"), Role::Viewer),
        ("/approvals", text!("Chờ duyệt", "Approvals"), Role::Viewer),
        ("/channels", text!("Kênh", "Channels"), Role::Viewer),
        ("/schedule", text!("Lịch phát", "Schedule"), Role::Viewer),
        ("/lexicon", text!("Từ điển đọc", "Lexicon"), Role::Editor),
        ("/templates", text!("Mẫu", "Templates"), Role::Administrator),
        ("/subscribers", text!("Người nhận", "Subscribers"), Role::Viewer),
        ("/ledger", text!("Sổ", "Ledger"), Role::Viewer),
        ("/people", text!("Người dùng", "People"), Role::Administrator),
    ];
    let shown = pages.into_iter().filter(|(_, _, least)| role >= *least);
    shown.map(|(href, word, _)| json!({ "href": href, "word": word, "here": here(href) })).collect()
}

/// The table as a router: each route behind its own door.
pub(super) fn router(face: Arc<Face>) -> Router {
    let door = |least| from_fn_with_state(Door { face: Arc::clone(&face), least }, admit);
    let mut router = Router::new();
    for route in table() {
        router = router.route(route.path, route.handler.layer(door(route.least)));
    }
    let nothing = any(nothing).layer(door(None)).with_state(Arc::clone(&face));
    router.fallback_service(nothing).layer(from_fn(with_headers)).with_state(face)
}

/// People get a page, machines a problem.
async fn nothing(State(face): State<Arc<Face>>, headers: HeaderMap) -> Response {
    let said = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if said(header::ACCEPT).contains("text/html") {
        return Stop::NotFound.into_response();
    }
    let language = Language::from_locale(said(header::ACCEPT_LANGUAGE)).unwrap_or(face.console.language);
    not_found(language)
}
