//! Who is woken when there is something new: the workers of this process.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::tx::EVERY_CHANNEL;

/// A bell for each channel.
#[derive(Clone, Default)]
pub(super) struct Bells(Arc<Mutex<HashMap<String, Arc<Notify>>>>);

impl Bells {
    pub(super) fn of(&self, channel: &str) -> Arc<Notify> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(channel.to_owned()).or_default())
    }

    pub(super) fn ring(&self, channels: &BTreeSet<String>) {
        if channels.contains(EVERY_CHANNEL) {
            return self.ring_all();
        }
        for channel in channels {
            self.of(channel).notify_one();
        }
    }

    pub(super) fn ring_all(&self) {
        let bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells.values().for_each(|bell| bell.notify_one());
    }
}
