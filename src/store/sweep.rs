//! Taking back what a dead process left, and planning again what waits.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::attempts::{self, Closing};
use super::db::{Arg, Sql, args};
use super::deliveries::{leased, load, swap};
use super::tx::{EVERY_CHANNEL, Tx};
use super::{Store, judge};
use crate::delivery::{Delivery, DeliveryId, Event, State, apply};
use crate::queue::{AttemptReport, OnLost, Planner, StoreError};
use crate::text;

/// Who asks for a sweep.
pub(super) struct Sweep {
    pub(super) now: DateTime<Utc>,
    pub(super) not_of: Option<String>,
    pub(super) on_lost: OnLost,
}

pub(super) async fn sweep(tx: &mut Tx, asked: &Sweep) -> Result<usize, StoreError> {
    let (mut changes, mut reports) = (Vec::new(), Vec::new());
    // Leases of processes that are known to be gone are over, however long they were to last.
    let until = asked.not_of.is_none().then_some(asked.now);
    for before in leased(&mut tx.connection, until).await? {
        let State::Sending { lease, .. } = &before.state else { continue };
        let orphaned = asked.not_of.as_deref().is_some_and(|alive| alive != lease.node);
        if lease.until > asked.now && !orphaned {
            continue;
        }
        let attempt = lease.attempt;
        let Ok(after) = apply(&before, Event::LeaseLost((asked.on_lost)(&before))) else { continue };
        let report = AttemptReport {
            attempt,
            finished: asked.now,
            outcome: "lost",
            note: Some(text!(
                "tiến trình gửi dừng giữa chừng, chưa rõ kết quả",
                "the sending process ended in the middle; the result is not known"
            )),
            ..AttemptReport::default()
        };
        reports.push(Closing::of(&before, &report)?);
        changes.push((before, after));
    }
    swap(&mut tx.connection, &changes).await?;
    attempts::close(&mut tx.connection, reports).await?;
    if !changes.is_empty() {
        tx.wake(EVERY_CHANNEL);
    }
    Ok(changes.len())
}

/// Planned again in one transaction; others write in between.
const CHUNK: usize = 100;

/// Plans what waits on a channel again, as far as the planner has another plan for it.
pub(super) async fn replan(
    store: &Store,
    channel: String,
    schedule: String,
    planner: Planner,
) -> Result<usize, StoreError> {
    const WAITING: Sql = Sql::both(
        "SELECT id FROM deliveries WHERE channel = $1 AND state IN ('waiting', 'uncertain', 'sending') \
         AND (due IS NOT NULL OR state = 'sending') ORDER BY id",
    );
    // Until the end nobody may take it to be done.
    note_schedule(store, &channel, String::new()).await?;
    let rows = store.readers.fetch(WAITING, args![&channel]).await?;
    let waiting: Vec<_> = rows.iter().map(|row| row.int("id").map(DeliveryId)).collect::<Result<_, _>>()?;
    let mut planned = 0;
    for chunk in waiting.chunks(CHUNK) {
        let asked = (chunk.to_vec(), Arc::clone(&planner));
        planned += store.writer.record(asked, |tx, (ids, planner)| Box::pin(plan_again(tx, ids, planner))).await?;
    }
    note_schedule(store, &channel, schedule).await?;
    Ok(planned)
}

async fn note_schedule(store: &Store, channel: &str, schedule: String) -> Result<(), StoreError> {
    const NOTE: Sql = Sql::both(
        "INSERT INTO schedules (channel, planned_by) VALUES ($1, $2) \
         ON CONFLICT (channel) DO UPDATE SET planned_by = excluded.planned_by",
    );
    let asked = (channel.to_owned(), schedule);
    let note = store.writer.record(asked, |tx, (channel, schedule)| {
        Box::pin(async move { tx.connection.execute(NOTE, args![&*channel, &*schedule]).await.map(drop) })
    });
    note.await
}

/// The schedule by which everything that waits on a channel was planned last.
pub(super) async fn planned_by(store: &Store, channel: String) -> Result<Option<String>, StoreError> {
    const BY: Sql = Sql::both("SELECT planned_by FROM schedules WHERE channel = $1 AND planned_by <> ''");
    let row = store.readers.first(BY, args![channel]).await?;
    row.map(|row| row.string("planned_by")).transpose()
}

/// Those of them that still wait, or will if it turns out that they have not arrived. What was begun in an edition is
/// finished in it: who has had it gets no second one.
async fn plan_again(tx: &mut Tx, ids: &[DeliveryId], planner: &Planner) -> Result<usize, StoreError> {
    const BEGUN: Sql = Sql {
        sqlite: "SELECT DISTINCT d.id FROM deliveries d JOIN attempts t ON t.delivery_id = d.id AND t.edition = d.edition \
                 WHERE d.id IN (SELECT value FROM json_each($1))",
        postgres: "SELECT DISTINCT d.id FROM deliveries d JOIN attempts t ON t.delivery_id = d.id \
                   AND t.edition = d.edition \
                   WHERE d.id IN (SELECT value::bigint FROM json_array_elements_text($1::json))",
    };
    let found = load(&mut tx.connection, ids).await?;
    let rows = tx.connection.fetch(BEGUN, vec![Arg::rows(ids)?]).await?;
    let begun: HashSet<_> = rows.iter().map(|row| row.int("id").map(DeliveryId)).collect::<Result<_, _>>()?;
    let waits = |one: &Delivery| !begun.contains(&one.id);
    let mut changes = Vec::with_capacity(ids.len());
    for candidate in judge::candidates(tx, found.into_iter().filter(waits).collect()).await? {
        let Some(plan) = planner(&candidate) else { continue };
        let before = candidate.delivery;
        // What is no longer open, or may be where it was sent to, is not planned.
        let Ok(after) = apply(&before, Event::Replan(plan)) else { continue };
        if after.state != before.state || after.plan != before.plan {
            tx.wake(&after.channel);
            changes.push((before, after));
        }
    }
    swap(&mut tx.connection, &changes).await?;
    Ok(changes.len())
}
