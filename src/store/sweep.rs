//! Taking back what a dead process left, and planning again what waits.

use chrono::{DateTime, Utc};

use super::attempts::{self, Closing};
use super::deliveries::{leased, swap, waiting};
use super::judge;
use super::tx::{EVERY_CHANNEL, Tx};
use crate::delivery::{Event, State, apply};
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

/// Planned again at a time: their articles are in memory together.
const CHUNK: usize = 500;

/// Plans everything that waits on a channel again.
pub(super) async fn replan(tx: &mut Tx, channel: &str, planner: &Planner) -> Result<usize, StoreError> {
    let waiting = waiting(&mut tx.connection, channel).await?;
    let mut planned = 0;
    for chunk in waiting.chunks(CHUNK) {
        let mut changes = Vec::with_capacity(chunk.len());
        for candidate in judge::candidates(tx, chunk.to_vec()).await? {
            let plan = planner(&candidate);
            if let Ok(after) = apply(&candidate.delivery, Event::Replan(plan)) {
                changes.push((candidate.delivery, after));
            }
        }
        swap(&mut tx.connection, &changes).await?;
        planned += changes.len();
    }
    tx.wake(channel);
    Ok(planned)
}
