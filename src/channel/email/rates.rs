//! How many letters an hour may bring, in all and to one domain. Counted from what is on record, so that it holds
//! across restarts.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::audience::domain_of;
use crate::channel::{Copies, SendError};

const HOUR: Duration = Duration::from_hours(1);

/// Most letters in any hour; `None`: any number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rates {
    pub(super) in_all: Option<u32>,
    pub(super) to_domain: Option<u32>,
}

/// What is left of this hour.
pub(super) struct Allowed {
    rates: Rates,
    in_all: u32,
    to_domain: BTreeMap<String, u32>,
    full: bool,
}

impl Allowed {
    pub(super) async fn now(rates: Rates, copies: &dyn Copies) -> Result<Self, SendError> {
        let limited = rates.in_all.is_some() || rates.to_domain.is_some();
        let to_domain = if limited { copies.recent(HOUR).await? } else { BTreeMap::new() };
        Ok(Self { rates, in_all: to_domain.values().sum(), to_domain, full: false })
    }

    /// Whether one more may go to this address; if so, it is counted.
    pub(super) fn one_more(&mut self, address: &str) -> bool {
        let domain = domain_of(address);
        let sent = self.to_domain.get(domain).copied().unwrap_or_default();
        if self.rates.to_domain.is_some_and(|most| sent >= most) {
            self.full = true;
            return false;
        }
        if self.rates.to_domain.is_some() {
            self.to_domain.insert(domain.to_owned(), sent + 1);
        }
        self.in_all += 1;
        true
    }

    /// Whether nothing more may go to anybody.
    pub(super) fn is_spent(&mut self) -> bool {
        let spent = self.rates.in_all.is_some_and(|most| self.in_all >= most);
        self.full |= spent;
        spent
    }

    /// Whether somebody had to wait.
    pub(super) fn was_full(&self) -> bool {
        self.full
    }
}
