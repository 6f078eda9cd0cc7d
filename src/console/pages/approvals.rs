//! What waits for a named person: the exact payload, and their word about it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::articles::address;
use super::deliveries::{context, find};
use super::standing::Standing;
use super::{Route, act, look};
use crate::console::Face;
use crate::console::guard::{Form, Guest, Officer, Stop, framed, with_frames};
use crate::console::view::frame;
use crate::delivery::{DeliveryId, Hold, State as DeliveryState};
use crate::ledger::DeliveryRow;
use crate::people::{Notice, Role};
use crate::text;
use crate::text::Text;

const LIST: &str = "/approvals";
/// On a page.
const SHOWN: u32 = 50;

pub(super) fn routes() -> Vec<Route> {
    vec![
        look(LIST, Role::Viewer, page),
        look("/approvals/list", Role::Viewer, part),
        look("/approvals/{id}", Role::Viewer, one),
        look("/approvals/{id}/payload", Role::Viewer, file),
        look("/approvals/{id}/frame/{place}", Role::Viewer, seen_alone),
        act("/approvals/{id}", Role::Approver, approve),
        act("/approvals/{id}/back", Role::Approver, send_back),
    ]
}

fn title() -> Text {
    text!("Chờ duyệt", "Waiting for approval")
}

async fn page(State(face): State<Arc<Face>>, guest: Guest, officer: Officer) -> Result<Response, Stop> {
    officer.page("approvals.html", &title(), seen(&face, &guest).await?)
}

/// What is fetched again when something changed.
async fn part(State(face): State<Arc<Face>>, guest: Guest, officer: Officer) -> Result<Response, Stop> {
    officer.page("approvals_list.html", &title(), seen(&face, &guest).await?)
}

async fn seen(face: &Face, guest: &Guest) -> Result<Value, Stop> {
    let after = guest.query.trimmed("after").parse().ok().map(DeliveryId);
    let mut rows = face.console.archive.unapproved(after, SHOWN + 1).await?;
    let more = rows.len() > SHOWN as usize;
    rows.truncate(SHOWN as usize);
    let standing = Standing::of(face, &rows).await?;
    let (returned, waiting): (Vec<&DeliveryRow>, Vec<&DeliveryRow>) =
        rows.iter().partition(|row| matches!(row.delivery.state, DeliveryState::Held { why: Hold::Returned { .. } }));
    let shown = |rows: Vec<&DeliveryRow>| rows.into_iter().map(|row| standing.shown(row)).collect::<Vec<_>>();
    let last = rows.last().filter(|_| more).map(|row| row.delivery.id);
    Ok(json!({
        "now": face.console.clock.now(),
        "waiting": shown(waiting),
        "returned": shown(returned),
        "part": after.map_or_else(|| format!("{LIST}/list"), |id| format!("{LIST}/list?after={id}")),
        "paging": { "newer": after.map(|_| LIST), "older": last.map(|id| format!("{LIST}?after={id}")) },
    }))
}

/// The page of one, with what was wrong about the answer to it.
async fn shown(face: &Face, row: &DeliveryRow, officer: &Officer, trouble: Option<&Text>) -> Result<Value, Stop> {
    let now = face.console.clock.now();
    let proof = face.console.desk.decisions.proof(row.delivery.id, now, false).await?;
    let mut context = context(face, row).await?;
    let more = match &proof {
        Ok(proof) => {
            let revisions = face.console.archive.revisions(row.delivery.article).await?;
            let authors = revisions.into_iter().find(|one| one.revision == proof.revision).map(|one| one.authors);
            let authors = authors.unwrap_or_default();
            let own = authors.contains(&officer.by().who);
            json!({
                "payload": proof.view,
                "revision": proof.revision,
                "seen": now.timestamp_millis(),
                "due": proof.due,
                "not_yet": proof.not_yet,
                "by_another": proof.by_another,
                "author": authors.join(", "),
                "own": own && proof.by_another,
                "refused": null,
            })
        }
        Err(refused) => json!({ "payload": null, "refused": refused }),
    };
    if let (Some(fields), Some(more)) = (context.as_object_mut(), more.as_object()) {
        fields.extend(more.clone());
        fields.insert("trouble".to_owned(), json!(trouble));
        fields.insert("approves".to_owned(), json!(officer.session.account.role >= Role::Approver));
    }
    Ok(context)
}

async fn one(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let context = shown(&face, &row, &officer, None).await?;
    Ok(with_frames(officer.page("approval.html", &Text::same(&row.title), context)?))
}

/// A piece of the payload, in a frame.
async fn seen_alone(
    State(face): State<Arc<Face>>,
    guest: Guest,
    _: Officer,
    Path((id, place)): Path<(i64, usize)>,
) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let seen = instant(guest.query.trimmed("seen")).unwrap_or_else(|| face.console.clock.now());
    let proof = face.console.desk.decisions.proof(row.delivery.id, seen, true).await?.map_err(Stop::refused)?;
    proof.view.parts.get(place).and_then(|part| frame(&part.body)).map(framed).ok_or(Stop::NotFound)
}

pub(super) fn instant(millis: &str) -> Option<DateTime<Utc>> {
    millis.parse().ok().and_then(DateTime::from_timestamp_millis)
}

/// The whole payload, as a file.
async fn file(State(face): State<Arc<Face>>, guest: Guest, _: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let seen = instant(guest.query.trimmed("seen")).unwrap_or_else(|| face.console.clock.now());
    let proof = face.console.desk.decisions.proof(row.delivery.id, seen, false).await?.map_err(Stop::refused)?;
    let name = format!("attachment; filename=\"loa-{id}.{}\"", proof.extension);
    let headers = [(header::CONTENT_TYPE, "application/octet-stream".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, proof.bytes).into_response())
}

async fn approve(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(id): Path<i64>,
    form: Form,
) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let (hash, seen) = (form.trimmed("hash").to_owned(), instant(form.trimmed("seen")).unwrap_or_default());
    match face.console.desk.decisions.approve(row.delivery.id, hash, seen, officer.by()).await? {
        Ok(_) => officer.on_to(LIST, Notice::done(text!("đã duyệt", "it is approved"))).await,
        Err(trouble) => {
            let context = shown(&face, &row, &officer, Some(&trouble)).await?;
            Ok(with_frames(officer.page_again("approval.html", &Text::same(&row.title), context)?))
        }
    }
}

async fn send_back(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(id): Path<i64>,
    form: Form,
) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let word = form.trimmed("word").to_owned();
    match face.console.desk.decisions.send_back(row.delivery.id, word, officer.by()).await? {
        Ok(_) => {
            let text = text!(
                "đã trả lại; người soạn thấy lời nhắn ở trang của bài",
                "it was sent back; the article's page shows the word"
            );
            officer.on_to(&address(row.delivery.article), Notice::done(text)).await
        }
        Err(trouble) => {
            let context = shown(&face, &row, &officer, Some(&trouble)).await?;
            Ok(with_frames(officer.page_again("approval.html", &Text::same(&row.title), context)?))
        }
    }
}
