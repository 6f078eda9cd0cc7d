//! Recording what became of leased deliveries, and waking those that waited for them.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnection;

use super::rows::{DELIVERY, delivery, load, millis, swap, to_json};
use super::{SqliteStore, editions, failed};
use crate::delivery::{Delivery, DeliveryId, Errand, Event, Live, State, Wanted, Why, apply};
use crate::queue::{AttemptReport, Settlement, StoreError};

impl SqliteStore {
    pub(super) async fn settle_now(&self, settlements: Vec<Settlement>) -> Result<usize, StoreError> {
        let (fenced, woken) =
            self.writer.run(|connection| Box::pin(async move { settle(connection, settlements).await })).await?;
        self.ring(woken.iter().map(String::as_str));
        Ok(fenced)
    }

    pub(super) async fn renew_now(
        &self,
        held: Vec<(DeliveryId, u32)>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.writer.run(move |connection| Box::pin(async move { renew(connection, &held, until).await })).await
    }
}

async fn settle(
    connection: &mut SqliteConnection,
    settlements: Vec<Settlement>,
) -> Result<(usize, Vec<String>), StoreError> {
    let mut fenced = 0;
    let mut woken = Vec::new();
    for settlement in settlements {
        let Some(before) = load(connection, settlement.delivery).await? else { continue };
        let Ok(after) = apply(&before, settlement.event) else {
            fenced += 1;
            continue;
        };
        swap(connection, &before, &after).await?;
        let at = settlement.report.as_ref().map(|report| report.finished);
        if let Some(report) = settlement.report {
            close_attempt(connection, before.id, &report).await?;
        }
        if let Some(at) = at {
            follow_up(connection, &before, &after, at, &mut woken).await?;
        }
        woken.push(after.channel);
    }
    Ok((fenced, woken))
}

/// What a change of `live` means for others: the edition is used up, and whoever waited for this channel's
/// public address may go on.
async fn follow_up(
    connection: &mut SqliteConnection,
    before: &Delivery,
    after: &Delivery,
    at: DateTime<Utc>,
    woken: &mut Vec<String>,
) -> Result<(), StoreError> {
    if before.live == after.live && !matches!(after.state, State::Settled) {
        return Ok(());
    }
    // Some have had it, or perhaps have: the same edition has to be finished for the others.
    if matches!(after.live, Live::Maybe(_)) {
        return Ok(());
    }
    if let State::Sending { errand: Errand::Send(job) | Errand::LookUp(job, _), .. } = &before.state
        && let Some(slot) = job.edition
    {
        editions::close(connection, &before.channel, slot, at).await?;
    }
    if matches!(after.live, Live::Shown { .. }) || after.wanted == Wanted::Withdrawn {
        wake_followers(connection, after, at, woken).await?;
    }
    Ok(())
}

async fn wake_followers(
    connection: &mut SqliteConnection,
    shown: &Delivery,
    at: DateTime<Utc>,
    woken: &mut Vec<String>,
) -> Result<(), StoreError> {
    let sql = format!("SELECT {DELIVERY} FROM deliveries d WHERE d.article_id = ? AND d.after_channel = ?");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(shown.article.0)
        .bind(&shown.channel)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    for row in &rows {
        let follower = delivery(row)?;
        let due = follower.plan.due.max(at);
        if let Ok(next) = apply(&follower, Event::Postpone { due, why: Why::Turn }) {
            swap(connection, &follower, &next).await?;
            woken.push(next.channel);
        }
    }
    Ok(())
}

/// Closes the ledger's row of a lease; a row that is closed already stays as it is.
pub(super) async fn close_attempt(
    connection: &mut SqliteConnection,
    delivery: DeliveryId,
    report: &AttemptReport,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE attempts SET finished_at = ?, outcome = ?, note = ?, payload_hash = ?, remote_id = ?, url = ? \
         WHERE delivery_id = ? AND attempt = ? AND finished_at IS NULL",
    )
    .bind(millis(report.finished))
    .bind(report.outcome)
    .bind(report.note.as_ref().map(to_json).transpose()?)
    .bind(&report.payload_hash)
    .bind(&report.remote_id)
    .bind(&report.url)
    .bind(delivery.0)
    .bind(report.attempt)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

async fn renew(
    connection: &mut SqliteConnection,
    held: &[(DeliveryId, u32)],
    until: DateTime<Utc>,
) -> Result<bool, StoreError> {
    for (id, attempt) in held {
        let Some(before) = load(connection, *id).await? else { return Ok(false) };
        let Ok(after) = apply(&before, Event::Renew { attempt: *attempt, until }) else { return Ok(false) };
        swap(connection, &before, &after).await?;
    }
    Ok(true)
}
