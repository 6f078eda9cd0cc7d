//! Guessing passwords is slow: so many wrong ones for an account, or from a machine, and it has to wait.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Wrong passwords count for this long.
const SPAN: TimeDelta = TimeDelta::minutes(15);
/// So many for one account.
const FOR_ONE: usize = 8;
/// So many from one machine; an office may share one address.
const FROM_ONE: usize = 40;
/// So many accounts and machines are remembered.
const MOST: usize = 10_000;

/// Who tried.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    Account(String),
    Machine(String),
}

/// The wrong passwords of the last minutes.
#[derive(Default)]
pub(in crate::console) struct Attempts(Mutex<HashMap<Who, Vec<DateTime<Utc>>>>);

impl Attempts {
    /// Counts a try before it is known how it ends, so that tries at the same time count too. Until when nobody may try,
    /// if too many were wrong.
    pub(super) fn begin(&self, account: &str, machine: &str, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() > MOST {
            tries.retain(|_, at| at.last().is_some_and(|last| now - *last < SPAN));
        }
        let both = both(account, machine);
        for (who, most) in &both {
            let at = tries.entry(who.clone()).or_default();
            at.retain(|at| now - *at < SPAN);
            if at.len() >= *most {
                return Err(at.first().map_or(now, |first| *first + SPAN));
            }
        }
        for (who, _) in both {
            tries.entry(who).or_default().push(now);
        }
        Ok(())
    }

    /// It was the owner: the account's tries are forgotten, and the machine's last.
    pub(super) fn went_well(&self, account: &str, machine: &str) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries.remove(&Who::Account(account.to_owned()));
        if let Some(at) = tries.get_mut(&Who::Machine(machine.to_owned())) {
            at.pop();
        }
    }
}

fn both(account: &str, machine: &str) -> [(Who, usize); 2] {
    [(Who::Account(account.to_owned()), FOR_ONE), (Who::Machine(machine.to_owned()), FROM_ONE)]
}
