//! Workers with nothing to do wait in a line: what comes in for them is leased in the transaction that brings it, which
//! spares a commit between an article's arrival and its leaving.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::leases::Lease;
use super::tx::EVERY_CHANNEL;
use crate::queue::{Ask, Leased, StoreError, Waiting};

#[derive(Clone, Default)]
pub(super) struct Line(Arc<Mutex<Places>>);

/// One place for each channel.
#[derive(Default)]
struct Places {
    by_channel: HashMap<String, Place>,
    given: u64,
}

struct Place {
    /// Tells it from a later one for the same channel.
    number: u64,
    ask: Ask,
    answer: oneshot::Sender<Result<Leased, StoreError>>,
}

impl Line {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn join(&self, channel: String, ask: Ask) -> Waiting {
        let (answer, answered) = oneshot::channel();
        let mut places = self.places();
        places.given += 1;
        let number = places.given;
        places.by_channel.insert(channel.clone(), Place { number, ask, answer });
        let line = self.clone();
        Waiting::new(answered, Box::new(move || line.leave(&channel, number)))
    }

    /// Whether the place was still waiting.
    fn leave(&self, channel: &str, number: u64) -> bool {
        let mut places = self.places();
        let waits = places.by_channel.get(channel).is_some_and(|place| place.number == number);
        waits && places.by_channel.remove(channel).is_some()
    }

    /// Those who wait for one of these channels, and take something. They have left the line, and will have an answer.
    pub(super) fn call(&self, woken: &BTreeSet<String>) -> Vec<Lease> {
        let places = &mut self.places().by_channel;
        let called: Vec<Place> = if woken.contains(EVERY_CHANNEL) {
            places.drain().map(|(_, place)| place).collect()
        } else {
            woken.iter().filter_map(|channel| places.remove(channel)).collect()
        };
        let lease =
            |Place { ask, answer, .. }: Place| Some(Lease { request: ask()?, leased: Leased::default(), answer });
        called.into_iter().filter_map(lease).collect()
    }
}
