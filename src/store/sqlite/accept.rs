//! Taking over an article: one transaction from "what is there" to "what is wanted everywhere".

use std::sync::Arc;

use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::rows::{current, millis, swap, to_json};
use super::{SqliteStore, failed};
use crate::article::{Article, ArticleId, Priority, Revision};
use crate::delivery::{Delivery, DeliveryId, Event, Plan, Wanted, apply};
use crate::queue::{Accepted, Change, Current, Decide, Handover, StoreError, Verdict};

impl SqliteStore {
    pub(super) async fn accept_now(&self, handover: Handover, decide: Decide) -> Result<Verdict, StoreError> {
        let (verdict, channels) =
            self.writer.run(|connection| Box::pin(async move { accept(connection, handover, decide).await })).await?;
        self.ring(channels.iter().map(String::as_str));
        Ok(verdict)
    }
}

async fn accept(
    connection: &mut SqliteConnection,
    handover: Handover,
    decide: Decide,
) -> Result<(Verdict, Vec<String>), StoreError> {
    if let Some(verdict) = repeated(connection, &handover).await? {
        return Ok((verdict, Vec::new()));
    }
    let known = current(connection, &handover.key).await?;
    let change = match decide(known.as_ref()) {
        Ok(change) => change,
        Err(reason) => return Ok((Verdict::Refused(reason), Vec::new())),
    };
    let (accepted, channels) = match (change, known) {
        (Change::Unchanged, Some(known)) => (unchanged(&known), Vec::new()),
        (Change::Unchanged | Change::Withdraw { .. }, None) => {
            return Err(StoreError::Other("an article that is not there cannot stay or go".to_owned()));
        }
        (Change::Withdraw { plans }, Some(known)) => {
            let sql = "UPDATE articles SET withdrawn_at = ? WHERE id = ? AND withdrawn_at IS NULL";
            let query = sqlx::query(sql).bind(millis(handover.now)).bind(known.id.0);
            query.execute(&mut *connection).await.map_err(failed)?;
            let channels = want(connection, &known, Wanted::Withdrawn, plans).await?;
            decision(connection, &handover, "withdraw", known.id, known.revision).await?;
            let deliveries = known.deliveries.len();
            (
                Accepted { id: known.id, revision: known.revision, changed: true, deliveries, missing_pictures: 0 },
                channels,
            )
        }
        (Change::Revise { revision, article, plans }, known) => {
            let what = if known.is_some() { "correct" } else { "publish" };
            let deliveries = plans.len();
            let known = revise(connection, &handover, known, revision, article).await?;
            let channels = want(connection, &known, Wanted::Revision(revision), plans).await?;
            decision(connection, &handover, what, known.id, revision).await?;
            (Accepted { id: known.id, revision, changed: true, deliveries, missing_pictures: 0 }, channels)
        }
    };
    if let Some((key, fingerprint)) = &handover.request {
        sqlx::query(
            "INSERT INTO request_keys (key, fingerprint, article_id, revision, changed, deliveries, at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(key)
        .bind(fingerprint)
        .bind(accepted.id.0)
        .bind(accepted.revision.0)
        .bind(accepted.changed)
        .bind(i64::try_from(accepted.deliveries).unwrap_or(i64::MAX))
        .bind(millis(handover.now))
        .execute(connection)
        .await
        .map_err(failed)?;
    }
    Ok((Verdict::Accepted(accepted), channels))
}

fn unchanged(known: &Current) -> Accepted {
    Accepted {
        id: known.id,
        revision: known.revision,
        changed: false,
        deliveries: known.deliveries.len(),
        missing_pictures: 0,
    }
}

/// The answer that this request had before, if it is a repeat.
async fn repeated(connection: &mut SqliteConnection, handover: &Handover) -> Result<Option<Verdict>, StoreError> {
    let Some((key, fingerprint)) = &handover.request else { return Ok(None) };
    let found = sqlx::query("SELECT * FROM request_keys WHERE key = ?")
        .bind(key)
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    Ok(found.map(|row| {
        if row.get::<&str, _>("fingerprint") != fingerprint {
            return Verdict::KeyReused;
        }
        let (id, revision) = (ArticleId(row.get("article_id")), Revision(row.get("revision")));
        let deliveries = usize::try_from(row.get::<i64, _>("deliveries")).unwrap_or_default();
        Verdict::Accepted(Accepted { id, revision, changed: row.get("changed"), deliveries, missing_pictures: 0 })
    }))
}

/// Stores the revision and returns the article as it now is.
async fn revise(
    connection: &mut SqliteConnection,
    handover: &Handover,
    known: Option<Current>,
    revision: Revision,
    article: Arc<Article>,
) -> Result<Current, StoreError> {
    let id = if let Some(known) = &known {
        sqlx::query("UPDATE articles SET revision = ?, withdrawn_at = NULL WHERE id = ? AND revision < ?")
            .bind(revision.0)
            .bind(known.id.0)
            .bind(revision.0)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        known.id
    } else {
        let inserted =
            sqlx::query("INSERT INTO articles (source, external_id, revision, accepted_at) VALUES (?, ?, ?, ?)")
                .bind(&handover.key.source)
                .bind(&handover.key.external_id)
                .bind(revision.0)
                .bind(millis(handover.now))
                .execute(&mut *connection)
                .await
                .map_err(failed)?;
        ArticleId(inserted.last_insert_rowid())
    };
    sqlx::query(
        "INSERT INTO revisions (article_id, revision, content, content_hash, accepted_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(id.0)
    .bind(revision.0)
    .bind(to_json(&*article)?)
    .bind(article.content_hash())
    .bind(millis(handover.now))
    .execute(connection)
    .await
    .map_err(failed)?;
    let deliveries = known.map(|known| known.deliveries).unwrap_or_default();
    Ok(Current { id, revision, article, withdrawn: false, deliveries })
}

/// Moves `wanted` on every planned channel; returns the channels to wake.
async fn want(
    connection: &mut SqliteConnection,
    known: &Current,
    wanted: Wanted,
    plans: Vec<(String, Plan)>,
) -> Result<Vec<String>, StoreError> {
    // A withdrawal goes before everything else.
    let urgency = match known.article.priority {
        _ if wanted == Wanted::Withdrawn => 0,
        Priority::Urgent => 0,
        Priority::Normal => 1,
        Priority::Low => 2,
    };
    let mut channels = Vec::with_capacity(plans.len());
    for (channel, plan) in plans {
        match known.deliveries.iter().find(|delivery| delivery.channel == channel) {
            Some(before) => {
                if let Ok(after) = apply(before, Event::Want(wanted, plan)) {
                    swap(connection, before, &after).await?;
                    let sql = "UPDATE deliveries SET urgency = ? WHERE id = ?";
                    let query = sqlx::query(sql).bind(urgency).bind(before.id.0);
                    query.execute(&mut *connection).await.map_err(failed)?;
                }
            }
            None if wanted == Wanted::Withdrawn => continue,
            None => insert(connection, known.id, &channel, urgency, wanted, plan).await?,
        }
        channels.push(channel);
    }
    Ok(channels)
}

async fn insert(
    connection: &mut SqliteConnection,
    article: ArticleId,
    channel: &str,
    urgency: i64,
    wanted: Wanted,
    plan: Plan,
) -> Result<(), StoreError> {
    let new = Delivery::new(DeliveryId(0), article, channel, wanted, plan);
    sqlx::query(
        "INSERT INTO deliveries (article_id, channel, state, due, urgency, edition, wanted, live, detail, plan, \
         tries, attempt, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0)",
    )
    .bind(article.0)
    .bind(channel)
    .bind(new.state.name())
    .bind(new.state.due().map(millis))
    .bind(urgency)
    .bind(new.plan.edition.map(millis))
    .bind(to_json(&new.wanted)?)
    .bind(to_json(&new.live)?)
    .bind(to_json(&new.state)?)
    .bind(to_json(&new.plan)?)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

async fn decision(
    connection: &mut SqliteConnection,
    handover: &Handover,
    what: &str,
    article: ArticleId,
    revision: Revision,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO decisions (at, who, what, article_id, note) VALUES (?, ?, ?, ?, ?)")
        .bind(millis(handover.now))
        .bind(&handover.who)
        .bind(what)
        .bind(article.0)
        .bind(to_json(&crate::text!("bản {revision}", "revision {revision}"))?)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}
