//! What officers do in the console, done.

mod care;
mod channels;
mod decisions;
mod flagged;
mod preview;
mod readings;
mod shown;
mod templates;
mod texts;
mod thumbnail;
mod writing;
mod files;
mod sample;
mod samples;
mod timetable;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, Notify};

use super::App;
use crate::channel::{Health, SendError};
use crate::console::{CheckUp, Desk};

/// What officers have in hand.
#[derive(Default)]
pub(super) struct Hands {
    /// Whoever changes a channel's file holds this.
    files: Mutex<()>,
    /// Rings when a file was changed.
    pub(super) changed: Notify,
    /// What the last check-ups found.
    check_ups: RwLock<HashMap<String, CheckUp>>,
    /// What the speech check found in the editions to come.
    flags: std::sync::Mutex<flagged::Flags>,
}

impl App {
    /// Everything that officers can do.
    #[must_use]
    pub fn desk(&self) -> Desk {
        let app = Arc::new(self.clone());
        let store = Arc::new(self.store.clone());
        Desk {
            channels: app.clone(),
            decisions: app.clone(),
            manuscripts: store.clone(),
            writing: app.clone(),
            readings: app.clone(),
            templates: app.clone(),
            versions: store,
            files: app.clone(),
            care: app.clone(),
            timetable: app.clone(),
            samples: app,
        }
    }

    /// Notes what a check-up of a channel found.
    pub(super) fn checked(&self, channel: &str, found: &Result<Health, SendError>) -> CheckUp {
        let at = self.clock.now();
        let check_up = match found {
            Ok(health) => CheckUp { at, well: true, proven: health.proven, note: health.note.clone() },
            Err(error) => CheckUp { at, well: false, proven: true, note: error.note.clone() },
        };
        if let Ok(health) = found {
            self.credential_ends(channel, health.credential_ends);
        }
        let mut known = self.hands.check_ups.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(channel.to_owned(), check_up.clone());
        check_up
    }

    fn last_check_up(&self, channel: &str) -> Option<CheckUp> {
        self.hands.check_ups.read().unwrap_or_else(PoisonError::into_inner).get(channel).cloned()
    }
}
