//! Rows to values and back.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::failed;
use crate::article::{Article, ArticleId, ArticleKey, Revision};
use crate::delivery::{Delivery, DeliveryId, State, Why};
use crate::queue::{Current, StoreError};

/// The columns that [`delivery`] reads.
pub(super) const DELIVERY: &str =
    "d.id, d.article_id, d.channel, d.wanted, d.live, d.detail, d.plan, d.tries, d.attempt, d.version";

pub(super) fn millis(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_millis()
}

pub(super) fn instant(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(error.to_string()))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub(super) fn delivery(row: &SqliteRow) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: DeliveryId(row.get("id")),
        article: ArticleId(row.get("article_id")),
        channel: row.get("channel"),
        wanted: from_json(row.get("wanted"))?,
        live: from_json(row.get("live"))?,
        state: from_json(row.get("detail"))?,
        plan: from_json(row.get("plan"))?,
        tries: row.get("tries"),
        attempt: row.get("attempt"),
        version: row.get("version"),
    })
}

pub(super) async fn load(connection: &mut SqliteConnection, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
    let sql = format!("SELECT {DELIVERY} FROM deliveries d WHERE id = ?");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.0).fetch_optional(connection).await.map_err(failed)?;
    row.as_ref().map(delivery).transpose()
}

/// Replaces `before` by `after`, if `before` is still what stands there.
pub(super) async fn swap(
    connection: &mut SqliteConnection,
    before: &Delivery,
    after: &Delivery,
) -> Result<(), StoreError> {
    let edition = match &after.state {
        State::Sending { errand, .. } => errand.job().edition,
        State::Uncertain { job, .. } => job.edition,
        _ => after.plan.edition,
    };
    let after_channel = match &after.state {
        State::Waiting { why: Why::After { channel }, .. } => Some(channel.as_str()),
        _ => None,
    };
    let changed = sqlx::query(
        "UPDATE deliveries SET state = ?, due = ?, edition = ?, after_channel = ?, wanted = ?, live = ?, \
         detail = ?, plan = ?, tries = ?, attempt = ?, version = ? WHERE id = ? AND version = ? AND state = ?",
    )
    .bind(after.state.name())
    .bind(after.state.due().map(millis))
    .bind(edition.map(millis))
    .bind(after_channel)
    .bind(to_json(&after.wanted)?)
    .bind(to_json(&after.live)?)
    .bind(to_json(&after.state)?)
    .bind(to_json(&after.plan)?)
    .bind(after.tries)
    .bind(after.attempt)
    .bind(after.version)
    .bind(before.id.0)
    .bind(before.version)
    .bind(before.state.name())
    .execute(connection)
    .await
    .map_err(failed)?;
    if changed.rows_affected() == 1 {
        Ok(())
    } else {
        Err(StoreError::Other(format!("delivery {} changed under our hands", before.id)))
    }
}

/// The content of one revision.
pub(super) async fn article(
    connection: &mut SqliteConnection,
    id: ArticleId,
    revision: Revision,
) -> Result<(Arc<Article>, DateTime<Utc>), StoreError> {
    let row = sqlx::query("SELECT content, accepted_at FROM revisions WHERE article_id = ? AND revision = ?")
        .bind(id.0)
        .bind(revision.0)
        .fetch_one(connection)
        .await
        .map_err(failed)?;
    Ok((Arc::new(from_json(row.get("content"))?), instant(row.get("accepted_at"))))
}

/// What is known of an article.
pub(super) async fn current(
    connection: &mut SqliteConnection,
    key: &ArticleKey,
) -> Result<Option<Current>, StoreError> {
    let found = sqlx::query("SELECT id, revision, withdrawn_at FROM articles WHERE source = ? AND external_id = ?")
        .bind(&key.source)
        .bind(&key.external_id)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    let Some(row) = found else { return Ok(None) };
    let id = ArticleId(row.get("id"));
    let revision = Revision(row.get("revision"));
    let withdrawn = row.get::<Option<i64>, _>("withdrawn_at").is_some();
    let (article, _) = article(connection, id, revision).await?;
    let deliveries = of_article(connection, id).await?;
    Ok(Some(Current { id, revision, article, withdrawn, deliveries }))
}

pub(super) async fn of_article(connection: &mut SqliteConnection, id: ArticleId) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!("SELECT {DELIVERY} FROM deliveries d WHERE article_id = ? ORDER BY id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.0).fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(delivery).collect()
}
