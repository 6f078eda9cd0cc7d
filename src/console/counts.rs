//! The balance, counted beside the pages: it looks at every delivery, so nobody waits for it, and it is not counted more
//! often than it pays.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::Face;
use crate::ledger::Balance;

/// Counted at most this often.
const EVERY: TimeDelta = TimeDelta::seconds(30);

/// A balance, and of when it is.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) at: DateTime<Utc>,
    pub(super) balances: Vec<Balance>,
}

#[derive(Default)]
struct Known {
    last: Option<Counted>,
    busy: bool,
}

/// The last balance that was counted.
#[derive(Default)]
pub(super) struct Counts {
    known: Mutex<Known>,
    news: watch::Sender<u64>,
}

impl Counts {
    /// Changes whenever there is a new balance.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }
}

impl Face {
    /// The last balance; where that is old, a new one is begun. `None` until the first is there.
    pub(super) fn counted(self: &Arc<Self>) -> Option<Counted> {
        let now = self.console.clock.now();
        let mut known = self.counts.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = known.last.as_ref().is_some_and(|last| now - last.at < EVERY);
        if !fresh && !known.busy {
            known.busy = true;
            tokio::spawn(count(Arc::clone(self), now));
        }
        known.last.clone()
    }
}

async fn count(face: Arc<Face>, now: DateTime<Utc>) {
    let counted = face.console.ledger.balance().await;
    let mut known = face.counts.known.lock().unwrap_or_else(PoisonError::into_inner);
    known.busy = false;
    match counted {
        Ok(balances) => known.last = Some(Counted { at: now, balances }),
        Err(error) => {
            tracing::error!(%error, "the balance could not be counted");
            return;
        }
    }
    drop(known);
    face.counts.news.send_modify(|count| *count += 1);
}
