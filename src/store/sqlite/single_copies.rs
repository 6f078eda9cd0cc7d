//! A delivery's single copies, as people see them and decide about them.

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::people::record;
use super::rows::{instant, load, millis, swap, to_json};
use super::{SqliteStore, failed};
use crate::delivery::{Delivery, DeliveryId, Event, Job, Plan, State, apply, edition_key};
use crate::ledger::CopyRow;
use crate::queue::{Answer, StoreError};
use crate::text;
use crate::text::Text;

impl SqliteStore {
    pub(super) async fn copies_of_now(
        &self,
        delivery: DeliveryId,
        state: Option<String>,
        after: Option<(String, String)>,
        most: u32,
    ) -> Result<Vec<CopyRow>, StoreError> {
        let (job, recipient) = after.unwrap_or_default();
        let rows = sqlx::query(
            "SELECT c.job_key, c.recipient, c.state, c.note, c.at FROM deliveries d JOIN copies c ON c.channel = d.channel \
             WHERE d.id = ?1 AND (?2 IS NULL OR c.state = ?2) AND (c.job_key, c.recipient) > (?3, ?4) \
             AND (c.article_id = d.article_id OR c.job_key IN (SELECT value FROM json_each(?6))) \
             ORDER BY c.job_key, c.recipient LIMIT ?5",
        )
        .bind(delivery.0)
        .bind(state)
        .bind(job)
        .bind(recipient)
        .bind(most)
        .bind(self.editions_of(delivery).await?)
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        let row = |row: &sqlx::sqlite::SqliteRow| CopyRow {
            job: row.get("job_key"),
            recipient: row.get("recipient"),
            state: row.get("state"),
            note: row.get("note"),
            at: instant(row.get("at")),
        };
        Ok(rows.iter().map(row).collect())
    }

    /// Keys of the editions that a delivery was sent in.
    async fn editions_of(&self, delivery: DeliveryId) -> Result<String, StoreError> {
        let rows = sqlx::query(
            "SELECT DISTINCT channel, edition FROM attempts WHERE delivery_id = ? AND edition IS NOT NULL \
             AND coalesce(outcome, '') <> 'moved'",
        )
        .bind(delivery.0)
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        let keys: Vec<String> =
            rows.iter().map(|row| edition_key(row.get("channel"), instant(row.get("edition")))).collect();
        to_json(&keys)
    }

    pub(super) async fn answer_now(
        &self,
        id: DeliveryId,
        answer: Answer,
        plan: Plan,
        who: String,
        now: DateTime<Utc>,
    ) -> Result<Result<Delivery, Text>, StoreError> {
        let answered = self
            .writer
            .run(move |connection| Box::pin(async move { answer_in(connection, id, &answer, plan, &who, now).await }))
            .await?;
        if let Ok(delivery) = &answered {
            self.ring([delivery.channel.as_str()]);
        }
        Ok(answered)
    }
}

/// What a person found out about some of the copies in doubt. With the last of them the delivery goes on.
async fn answer_in(
    connection: &mut SqliteConnection,
    id: DeliveryId,
    answer: &Answer,
    plan: Plan,
    who: &str,
    now: DateTime<Utc>,
) -> Result<Result<Delivery, Text>, StoreError> {
    let Some(before) = load(connection, id).await? else {
        return Ok(Err(text!("không có lượt phát số {id}", "there is no delivery {id}")));
    };
    let State::Uncertain { job, .. } = before.state else {
        return Ok(Err(text!("lượt phát {id} không có gì chưa rõ", "nothing about delivery {id} is uncertain")));
    };
    let in_doubt = in_doubt(connection, &before, job).await?;
    if let Some(other) = answer.recipients.iter().find(|recipient| !in_doubt.contains(recipient)) {
        return Ok(Err(text!(
            "{other} không nằm trong số người chưa rõ của lượt phát {id}; xem: loa recipients {id} --state begun",
            "{other} is not among those in doubt of delivery {id}; see: loa recipients {id} --state begun"
        )));
    }
    for recipient in &answer.recipients {
        settle(connection, &before, job, Some(recipient), answer.went_out, now).await?;
    }
    let names = answer.recipients.join(", ");
    let note = if answer.went_out {
        text!("xác nhận đã nhận thư: {names}", "resolved, these have it: {names}")
    } else {
        text!("xác nhận chưa nhận thư, gửi lại: {names}", "resolved, these do not have it and get it: {names}")
    };
    record(connection, who, "resolve", now, Some(&before.channel), Some(&before), &note).await?;
    if in_doubt.iter().any(|recipient| !answer.recipients.contains(recipient)) {
        return Ok(Ok(before));
    }
    let event = if is_any(connection, &before, job, "open").await? {
        Event::Missed { action: job.action, plan }
    } else {
        Event::Resolve { went_out: true, plan }
    };
    let after = apply(&before, event).map_err(|refused| StoreError::Other(refused.to_string()))?;
    swap(connection, &before, &after).await?;
    Ok(Ok(after))
}

/// What a person saw of the delivery holds for its copies in doubt as well. Where some have had theirs, the job is not
/// begun again but finished.
pub(super) async fn resolve_copies(
    connection: &mut SqliteConnection,
    delivery: &Delivery,
    event: Event,
    now: DateTime<Utc>,
) -> Result<Event, StoreError> {
    let (Event::Resolve { went_out, plan }, State::Uncertain { job, .. }) = (&event, &delivery.state) else {
        return Ok(event);
    };
    settle(connection, delivery, *job, None, *went_out, now).await?;
    if !went_out && is_any(connection, delivery, *job, "sent").await? {
        return Ok(Event::Missed { action: job.action, plan: plan.clone() });
    }
    Ok(event)
}

/// Copies in doubt become sent, or open again; all of them, or one recipient's.
async fn settle(
    connection: &mut SqliteConnection,
    delivery: &Delivery,
    job: Job,
    recipient: Option<&str>,
    went_out: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE copies SET state = ?4, due = 0, at = ?6 WHERE channel = ?1 AND (article_id = ?2 OR job_key = ?3) \
         AND state = 'begun' AND (?5 IS NULL OR recipient = ?5)",
    )
    .bind(&delivery.channel)
    .bind(delivery.article.0)
    .bind(job.edition.map(|slot| edition_key(&delivery.channel, slot)))
    .bind(if went_out { "sent" } else { "open" })
    .bind(recipient)
    .bind(millis(now))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

async fn in_doubt(connection: &mut SqliteConnection, delivery: &Delivery, job: Job) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar(
        "SELECT recipient FROM copies WHERE channel = ?1 AND (article_id = ?2 OR job_key = ?3) AND state = 'begun'",
    )
    .bind(&delivery.channel)
    .bind(delivery.article.0)
    .bind(job.edition.map(|slot| edition_key(&delivery.channel, slot)))
    .fetch_all(connection)
    .await
    .map_err(failed)
}

async fn is_any(
    connection: &mut SqliteConnection,
    delivery: &Delivery,
    job: Job,
    state: &str,
) -> Result<bool, StoreError> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM copies WHERE channel = ?1 AND (article_id = ?2 OR job_key = ?3) AND state = ?4)",
    )
    .bind(&delivery.channel)
    .bind(delivery.article.0)
    .bind(job.edition.map(|slot| edition_key(&delivery.channel, slot)))
    .bind(state)
    .fetch_one(connection)
    .await
    .map_err(failed)
}
