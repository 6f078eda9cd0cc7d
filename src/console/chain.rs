//! Whether the ledger of decisions is as it was written: read beside the pages, for it takes a look at all of it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::Face;
use crate::ledger::Break;

/// Read at most this often.
const EVERY: TimeDelta = TimeDelta::minutes(10);

/// What was found, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked {
    pub(super) at: DateTime<Utc>,
    pub(super) broken: Option<Break>,
}

#[derive(Default)]
struct Known {
    last: Option<Checked>,
    busy: bool,
}

/// The last time that the chain was read.
#[derive(Default)]
pub(super) struct Chain {
    known: Mutex<Known>,
}

impl Face {
    /// What was found last; where that is old, the chain is read again. `None` until the first time is over.
    pub(super) fn chain(self: &Arc<Self>, now: DateTime<Utc>) -> Option<Checked> {
        let mut known = self.chain.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = known.last.is_some_and(|last| now - last.at < EVERY);
        if !fresh && !known.busy {
            known.busy = true;
            tokio::spawn(check(Arc::clone(self), now));
        }
        known.last
    }
}

async fn check(face: Arc<Face>, now: DateTime<Utc>) {
    let found = face.console.books.chain().await;
    let mut known = face.chain.known.lock().unwrap_or_else(PoisonError::into_inner);
    known.busy = false;
    match found {
        Ok(broken) => {
            if let Some(place) = broken {
                tracing::error!(?place, "the ledger of decisions is not what was written");
            }
            known.last = Some(Checked { at: now, broken });
        }
        Err(error) => tracing::error!(%error, "the ledger of decisions could not be read through"),
    }
}
