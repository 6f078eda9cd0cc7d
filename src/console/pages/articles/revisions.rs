//! `GET /articles/{id}/revisions`: what changed between two revisions.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::{Route, look};
use super::one::{find, priority, revisions};
use crate::article::{Article, Revision};
use crate::console::Face;
use crate::console::guard::{Guest, Officer, Stop};
use crate::console::view::{by_paragraphs, by_words};
use crate::people::Role;
use crate::text;
use crate::text::{Language, Text};

pub(super) fn routes() -> Vec<Route> {
    vec![look("/articles/{id}/revisions", Role::Viewer, page)]
}

async fn page(
    State(face): State<Arc<Face>>,
    guest: Guest,
    officer: Officer,
    Path(id): Path<i64>,
) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let asked = |name, default: Revision| guest.query.trimmed(name).parse().map_or(default, Revision);
    let (from, to) = (asked("from", row.revision.before()), asked("to", row.revision));
    let (old, new) =
        (face.console.archive.revision(row.id, from).await?, face.console.archive.revision(row.id, to).await?);
    let compared = match (old, new) {
        (Some(old), Some(new)) => Some(compared(&old, &new, officer.language)),
        _ => None,
    };
    let context = json!({
        "now": face.console.clock.now(),
        "article": { "id": row.id, "title": row.title },
        "revisions": revisions(&face, &row).await?,
        "from": from,
        "to": to,
        "compared": compared,
    });
    officer.page("revisions.html", &text!("Các bản của bài", "Revisions"), context)
}

/// The fields that changed, and the text.
fn compared(old: &Article, new: &Article, language: Language) -> Value {
    let list = |topics: &[String]| topics.join(", ");
    let instant = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| at.to_rfc3339()).unwrap_or_default();
    let words = |text: &Option<String>| text.clone().unwrap_or_default();
    let pressing = |article: &Article| priority(article.priority).get(language).to_owned();
    let images =
        |article: &Article| article.images.iter().map(|image| image.url.as_str()).collect::<Vec<_>>().join(" ");
    let fields: [(Text, String, String, bool); 11] = [
        (text!("Tiêu đề", "Title"), old.title.clone(), new.title.clone(), false),
        (text!("Tóm tắt", "Summary"), words(&old.summary), words(&new.summary), false),
        (text!("Chủ đề", "Topics"), list(&old.topics), list(&new.topics), false),
        (text!("Mức độ", "Priority"), pressing(old), pressing(new), false),
        (text!("Tác giả", "Byline"), words(&old.byline), words(&new.byline), false),
        (text!("Cơ quan", "Organisation"), words(&old.organisation), words(&new.organisation), false),
        (text!("Bản gốc", "Original"), words(&old.canonical_url), words(&new.canonical_url), false),
        (text!("Ngày đăng", "Published"), instant(old.published_at), instant(new.published_at), true),
        (text!("Không phát trước", "Not before"), instant(old.embargo_until), instant(new.embargo_until), true),
        (text!("Hết hạn", "Expires"), instant(old.expires_at), instant(new.expires_at), true),
        (text!("Hình ảnh", "Pictures"), images(old), images(new), false),
    ];
    let changed = fields.iter().filter(|(_, old, new, _)| old != new).map(|(word, old, new, is_instant)| {
        if *is_instant {
            json!({ "word": word, "old": old, "new": new })
        } else {
            json!({ "word": word, "runs": by_words(old, new) })
        }
    });
    let same_text = old.body_text == new.body_text;
    json!({
        "fields": changed.collect::<Vec<_>>(),
        "same_text": same_text,
        // What is bold or a link may have changed, though every word is the same.
        "markup": same_text && old.body_html != new.body_html,
        "text": if same_text { Vec::new() } else { by_paragraphs(&old.body_text, &new.body_text) },
    })
}
