//! Who is woken when there is something new: the workers of this process.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};

use super::tx::EVERY_CHANNEL;

/// A bell for each channel, and a count of the times that something may have changed, whatever it was.
#[derive(Clone, Default)]
pub(super) struct Bells(Arc<Mutex<HashMap<String, Arc<Notify>>>>, watch::Sender<u64>);

impl Bells {
    pub(super) fn of(&self, channel: &str) -> Arc<Notify> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(channel.to_owned()).or_default())
    }

    /// Changes whenever something may have changed.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.1.subscribe()
    }

    fn changed(&self) {
        self.1.send_modify(|count| *count += 1);
    }

    /// A transaction is on disk: there may be something new for these channels.
    pub(super) fn ring(&self, channels: &BTreeSet<String>) {
        self.changed();
        if channels.contains(EVERY_CHANNEL) {
            return self.ring_all();
        }
        for channel in channels {
            self.of(channel).notify_one();
        }
    }

    pub(super) fn ring_all(&self) {
        self.changed();
        let bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells.values().for_each(|bell| bell.notify_one());
    }
}
