//! `GET /articles/{id}`: one article, where it stands on each channel, and what was tried and decided.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::standing::Standing;
use super::super::{Route, look};
use crate::article::{Article, ArticleId, Priority};
use crate::console::Face;
use crate::console::guard::{Officer, Stop};
use crate::console::view::{attempt, decision};
use crate::delivery::{Delivery, Hold, Live, State as DeliveryState, Wanted};
use crate::ledger::{ApprovalRow, ArticleRow, DeliveryRow, Filter};
use crate::people::Role;
use crate::text;
use crate::text::Text;

/// The last attempts of a delivery are shown.
const ATTEMPTS: usize = 15;
/// The last decisions about an article are shown.
const DECISIONS: u32 = 50;
/// As much of its text, in characters.
const BODY: usize = 20_000;

pub(super) fn routes() -> Vec<Route> {
    vec![look("/articles/{id}", Role::Viewer, page), look("/articles/{id}/standing", Role::Viewer, part)]
}

/// The article of this number.
pub(super) async fn find(face: &Face, id: i64) -> Result<ArticleRow, Stop> {
    face.console.ledger.article(ArticleId(id)).await?.ok_or(Stop::NotFound)
}

pub(super) async fn deliveries(face: &Face, id: ArticleId) -> Result<Vec<DeliveryRow>, Stop> {
    let mut rows = face.console.ledger.deliveries(Filter { article: Some(id), ..Filter::default() }).await?;
    rows.sort_by(|a, b| a.delivery.channel.cmp(&b.delivery.channel));
    Ok(rows)
}

async fn page(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let content = face.console.ledger.content(row.id).await?;
    let mut context = standing(&face, &officer, &row).await?;
    if let Some(context) = context.as_object_mut() {
        context.insert("content".to_owned(), content_of(&content));
        context.insert("revisions".to_owned(), revisions(&face, &row).await?);
    }
    officer.page("article.html", &Text::same(&row.title), context)
}

/// What is fetched again when something changed.
async fn part(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    officer.page("article_standing.html", &Text::same(&row.title), standing(&face, &officer, &row).await?)
}

pub(super) fn priority(priority: Priority) -> Text {
    match priority {
        Priority::Urgent => text!("khẩn", "urgent"),
        Priority::Normal => text!("thường", "normal"),
        Priority::Low => text!("không gấp", "low"),
    }
}

fn content_of(article: &Article) -> Value {
    let body: String = article.body_text.chars().take(BODY).collect();
    let whole = body.len() == article.body_text.len();
    json!({
        "summary": article.summary,
        "body": body.split("\n\n").collect::<Vec<_>>(),
        "whole": whole,
        "topics": article.topics,
        "priority": priority(article.priority),
        "urgent": article.priority == Priority::Urgent,
        "byline": article.byline,
        "organisation": article.organisation,
        "original": article.canonical_url,
        "published": article.published_at,
        "embargo": article.embargo_until,
        "expires": article.expires_at,
        "images": article.images.len(),
    })
}

pub(super) async fn revisions(face: &Face, row: &ArticleRow) -> Result<Value, Stop> {
    let rows = face.console.archive.revisions(row.id).await?;
    let shown = |one: &crate::ledger::RevisionRow| json!({ "revision": one.revision, "author": one.authors.join(", "), "accepted": one.accepted });
    Ok(rows.iter().map(shown).collect())
}

async fn standing(face: &Face, officer: &Officer, row: &ArticleRow) -> Result<Value, Stop> {
    let rows = deliveries(face, row.id).await?;
    let standing = Standing::of(face, &rows).await?;
    let approvals = face.console.archive.approvals(row.id, DECISIONS).await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in &rows {
        shown.push(delivery(face, row, &standing, &approvals).await?);
    }
    let decisions = face.console.archive.decisions(row.id, DECISIONS).await?;
    let decisions = decisions.iter().map(|one| {
        json!({
            "at": one.at,
            "who": one.who,
            "what": decision(&one.what),
            "channel": one.channel.as_deref().map(|channel| standing.name(channel)),
            "note": one.note,
        })
    });
    let role = officer.session.account.role;
    Ok(json!({
        "now": face.console.clock.now(),
        "article": {
            "id": row.id,
            "title": row.title,
            "key": row.key.to_string(),
            "revision": row.revision,
            "withdrawn": row.withdrawn_at,
        },
        "deliveries": shown,
        "decisions": decisions.collect::<Vec<_>>(),
        "writes": role >= Role::Editor,
        "approves": role >= Role::Approver,
    }))
}

/// What can be done about a delivery.
fn actions(delivery: &Delivery) -> Value {
    let (mut retry, mut held, mut approve, mut resolve, mut again) = (false, false, false, false, false);
    match &delivery.state {
        DeliveryState::Held { why: Hold::Approval { .. } | Hold::Returned { .. } } => approve = true,
        DeliveryState::Held { .. } => held = true,
        DeliveryState::Failed { .. } => retry = true,
        DeliveryState::Uncertain { .. } => resolve = true,
        DeliveryState::Settled => {
            again = matches!((&delivery.live, delivery.wanted),
                (Live::Shown { revision, .. }, Wanted::Revision(wanted)) if *revision == wanted);
        }
        DeliveryState::Waiting { .. } | DeliveryState::Sending { .. } => {}
    }
    json!({ "retry": retry, "held": held, "approve": approve, "resolve": resolve, "again": again })
}

async fn delivery(
    face: &Face,
    row: &DeliveryRow,
    standing: &Standing,
    approvals: &[ApprovalRow],
) -> Result<Value, Stop> {
    let delivery = &row.delivery;
    let attempts = face.console.ledger.attempts(delivery.id).await?;
    let earlier = attempts.len().saturating_sub(ATTEMPTS);
    let shown: Vec<Value> = attempts.iter().rev().take(ATTEMPTS).map(attempt).collect();
    let wants_missed = standing.is_letters(&delivery.channel)
        && matches!(delivery.state, DeliveryState::Settled | DeliveryState::Failed { .. });
    let missed = if wants_missed {
        let refused = Some("refused".to_owned());
        !face.console.ledger.copies_of(delivery.id, refused, None, 1).await?.is_empty()
    } else {
        false
    };
    let receipt = delivery.live.receipt();
    let approval = approvals.iter().find(|approval| {
        approval.delivery == delivery.id
            && (delivery.plan.approved.as_ref().is_some_and(|approved| approved.hash == approval.payload_hash)
                || receipt.is_some_and(|receipt| receipt.payload_hash == approval.payload_hash))
    });
    let mut value = standing.shown(row);
    if let Some(fields) = value.as_object_mut() {
        let more = json!({
            "shown_revision": match &delivery.live { Live::Shown { revision, .. } => Some(*revision), _ => None },
            "url": receipt.and_then(|receipt| receipt.url.clone()),
            "rehearsal": receipt.is_some_and(|receipt| receipt.rehearsal),
            "attempts": shown,
            "earlier": earlier,
            "may": actions(delivery),
            "missed": missed,
            "approval": approval.map(|one| json!({ "who": one.who, "at": one.at, "hash": one.payload_hash })),
        });
        fields.extend(more.as_object().cloned().unwrap_or_default());
    }
    Ok(value)
}
