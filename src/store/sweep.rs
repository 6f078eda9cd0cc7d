//! Taking back what a dead process left, and planning again what waits.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::attempts::{self, Closing};
use super::db::{Sql, args};
use super::deliveries::{leased, load, swap};
use super::tx::{EVERY_CHANNEL, Tx};
use super::{Store, judge};
use crate::delivery::{DeliveryId, Event, State, apply};
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

/// Plans everything that waits on a channel again, unless that was done by this schedule. Where none is known yet, what
/// waits was planned by the files of its time, and stays as it is.
pub(super) async fn replan(
    store: &Store,
    channel: String,
    schedule: String,
    planner: Planner,
) -> Result<usize, StoreError> {
    const KNOWN: Sql = Sql::both("SELECT planned_by FROM schedules WHERE channel = $1");
    const WAITING: Sql =
        Sql::both("SELECT id FROM deliveries WHERE channel = $1 AND state = 'waiting' AND due IS NOT NULL ORDER BY id");
    let known = store.readers.first(KNOWN, args![&channel]).await?;
    let known = known.map(|row| row.string("planned_by")).transpose()?;
    if known.as_ref() == Some(&schedule) {
        return Ok(0);
    }
    let mut planned = 0;
    if known.is_some() {
        let rows = store.readers.fetch(WAITING, args![&channel]).await?;
        let waiting: Vec<_> = rows.iter().map(|row| row.int("id").map(DeliveryId)).collect::<Result<_, _>>()?;
        for chunk in waiting.chunks(CHUNK) {
            let asked = (chunk.to_vec(), Arc::clone(&planner));
            planned += store.writer.record(asked, |tx, (ids, planner)| Box::pin(plan_again(tx, ids, planner))).await?;
        }
    }
    let asked = (channel, schedule);
    store.writer.record(asked, |tx, (channel, schedule)| Box::pin(planned_by(tx, channel, schedule))).await?;
    Ok(planned)
}

/// Those of them that still wait.
async fn plan_again(tx: &mut Tx, ids: &[DeliveryId], planner: &Planner) -> Result<usize, StoreError> {
    let found = load(&mut tx.connection, ids).await?;
    let waiting = found.into_iter().filter(|one| matches!(one.state, State::Waiting { .. })).collect();
    let mut changes = Vec::with_capacity(ids.len());
    for candidate in judge::candidates(tx, waiting).await? {
        let plan = planner(&candidate);
        if let Ok(after) = apply(&candidate.delivery, Event::Replan(plan))
            && after != candidate.delivery
        {
            tx.wake(&after.channel);
            changes.push((candidate.delivery, after));
        }
    }
    swap(&mut tx.connection, &changes).await?;
    Ok(changes.len())
}

async fn planned_by(tx: &mut Tx, channel: &str, schedule: &str) -> Result<(), StoreError> {
    const KEEP: Sql = Sql::both(
        "INSERT INTO schedules (channel, planned_by) VALUES ($1, $2) \
         ON CONFLICT (channel) DO UPDATE SET planned_by = excluded.planned_by",
    );
    tx.connection.execute(KEEP, args![channel, schedule]).await.map(drop)
}
