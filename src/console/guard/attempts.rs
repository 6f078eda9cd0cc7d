//! Guessing passwords is slow: so many wrong ones for an account, or from a machine, and it has to wait.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Wrong passwords count for this long.
const SPAN: TimeDelta = TimeDelta::minutes(15);
/// So many for one account from one machine.
const FOR_ONE: usize = 8;
/// So many for one account from anywhere: whoever guesses must not keep its owner out for nothing.
const FROM_ANYWHERE: usize = 60;
/// So many from one machine; an office may share one address.
const FROM_ONE: usize = 40;
/// So many accounts and machines are remembered.
const MOST: usize = 10_000;

/// Who tried.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    Pair(String, String),
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
        let all = all(account, machine);
        for (who, most) in &all {
            let at = tries.entry(who.clone()).or_default();
            at.retain(|at| now - *at < SPAN);
            if at.len() >= *most {
                return Err(at.first().map_or(now, |first| *first + SPAN));
            }
        }
        for (who, _) in all {
            tries.entry(who).or_default().push(now);
        }
        Ok(())
    }

    /// It has a new password: what was tried before says nothing.
    pub(in crate::console) fn forget(&self, account: &str) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = |who: &Who| matches!(who, Who::Account(name) | Who::Pair(name, _) if name == account);
        tries.retain(|who, _| !own(who));
    }

    /// It was the owner: the account's tries are forgotten, and the machine's last.
    pub(super) fn went_well(&self, account: &str, machine: &str) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries.remove(&Who::Pair(account.to_owned(), machine.to_owned()));
        tries.remove(&Who::Account(account.to_owned()));
        if let Some(at) = tries.get_mut(&Who::Machine(machine.to_owned())) {
            at.pop();
        }
    }
}

fn all(account: &str, machine: &str) -> [(Who, usize); 3] {
    let (account, machine) = (account.to_owned(), machine.to_owned());
    [
        (Who::Pair(account.clone(), machine.clone()), FOR_ONE),
        (Who::Account(account), FROM_ANYWHERE),
        (Who::Machine(machine), FROM_ONE),
    ]
}
