//! Pictures: small ones for the form, and those that articles show for whoever has their address.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderName, Method, header};
use axum::response::{IntoResponse as _, Response};

use super::{Route, look, route};
use crate::console::Face;
use crate::console::guard::{Officer, Stop};
use crate::people::Role;

/// What an address names by its content never changes.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

pub(super) fn routes() -> Vec<Route> {
    vec![look("/write/picture/{name}", Role::Editor, small), route(Method::GET, "/anh/{name}", None, public)]
}

async fn small(State(face): State<Arc<Face>>, _: Officer, Path(hash): Path<String>) -> Result<Response, Stop> {
    let (kind, bytes) = face.console.desk.writing.picture(hash).await?;
    let kept = "private, max-age=86400";
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept.to_owned())], bytes).into_response())
}

/// A picture that an article shows, for channels that take addresses only and for the readers of letters.
async fn public(State(face): State<Arc<Face>>, Path(name): Path<String>) -> Result<Response, Stop> {
    let hash = name.split('.').next().unwrap_or_default().to_owned();
    if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Stop::NotFound);
    }
    let (kind, bytes) = face.console.desk.manuscripts.shown_picture(hash).await?.ok_or(Stop::NotFound)?;
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, FOR_GOOD.to_owned()), (CORP, "cross-origin".to_owned())];
    Ok((headers, bytes).into_response())
}
