//! Every version that a channel's file had, and the way back.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use super::{address, after, failed, listed};
use crate::console::guard::{Form, Officer, Stop};
use crate::console::{Face, FileChange, Saved};
use crate::people::Notice;
use crate::text;

pub(super) async fn page(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
) -> Result<Response, Stop> {
    let files = &face.console.desk.files;
    let versions = files.versions(name.clone()).await.map_err(failed)?;
    let there = files.form(name.clone()).await.map_err(failed)?.is_some();
    if versions.is_empty() && !there {
        return Err(Stop::NotFound);
    }
    let now = face.console.clock.now();
    let context = json!({ "versions": versions, "there": there, "href": address(&name), "name": name, "now": now });
    officer.page("channel_history.html", &text!("Các bản của tệp {name}", "Versions of the file {name}"), context)
}

pub(super) async fn version(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Stop> {
    let files = &face.console.desk.files;
    let said = files.version(name.clone(), id.clone()).await.map_err(failed)?.ok_or(Stop::NotFound)?;
    let now = files.form(name.clone()).await.map_err(failed)?;
    let (seen, same) = now.map_or((String::new(), false), |now| (now.seen, now.source == said));
    let context = json!({ "said": said, "seen": seen, "same": same, "id": id, "href": address(&name), "name": name });
    officer.page("channel_version.html", &text!("Một bản của tệp {name}", "A version of the file {name}"), context)
}

/// Puts a version back; it becomes the newest.
pub(super) async fn back(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path((name, id)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Stop> {
    let change = FileChange::Back { seen: form.get("seen").to_owned(), version: id.clone() };
    let saved = face.console.desk.files.change(name.clone(), change, officer.by()).await?;
    let refused = match &saved {
        Saved::Wrong(mistakes) => listed(mistakes),
        Saved::Changed(_) => {
            text!("có người vừa sửa tệp này; hãy xem lại", "somebody has just changed this file; look again")
        }
        saved => return after(&officer, saved, &address(&name)).await?.ok_or(Stop::NotFound),
    };
    officer.on_to(&format!("{}/history/{id}", address(&name)), Notice::refused(refused)).await
}
