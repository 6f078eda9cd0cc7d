//! The one source of time. Everything that needs the hour is handed a [`Clock`], so that a test or the
//! demo can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;

/// Longest real wait before the hour is looked at again: a suspended machine or a corrected clock must
/// not make loa oversleep.
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// A clock that can be shared and moved.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// `None` follows the system; `Some` stands still at this instant (plus what it was moved by).
    still: Option<DateTime<Utc>>,
    moved_ms: AtomicI64,
    moved: Notify,
}

impl Clock {
    /// Follows the machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(None, TimeDelta::zero())
    }

    /// Follows the machine's clock, shifted so that it is `start` now.
    #[must_use]
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        Self::new(None, start - system_now())
    }

    /// Stands still until it is moved.
    #[must_use]
    pub fn still_at(start: DateTime<Utc>) -> Self {
        Self::new(Some(start), TimeDelta::zero())
    }

    fn new(still: Option<DateTime<Utc>>, moved: TimeDelta) -> Self {
        let moved_ms = AtomicI64::new(moved.num_milliseconds());
        Self(Arc::new(Inner { still, moved_ms, moved: Notify::new() }))
    }

    /// The present instant, in whole milliseconds (the store's resolution).
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let base = self.0.still.unwrap_or_else(system_now);
        let now = base + TimeDelta::milliseconds(self.0.moved_ms.load(Ordering::Acquire));
        DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }

    /// Moves the clock forward and wakes whoever waits for an instant that has now come.
    pub fn advance(&self, by: TimeDelta) {
        self.0.moved_ms.fetch_add(by.num_milliseconds(), Ordering::AcqRel);
        self.0.moved.notify_waiters();
    }

    /// Corrects a clock that follows the machine's by what the machine's is off, forward or back. One that stands still
    /// stays.
    pub fn correct(&self, by: TimeDelta) {
        if self.0.still.is_none() {
            self.advance(by);
        }
    }

    /// Moves the clock forward to an instant; an instant in the past leaves it as it is.
    pub fn advance_to(&self, instant: DateTime<Utc>) {
        let by = instant - self.now();
        if by > TimeDelta::zero() {
            self.advance(by);
        }
    }

    /// Returns once the clock shows `instant` or later.
    pub async fn sleep_until(&self, instant: DateTime<Utc>) {
        loop {
            let moved = self.0.moved.notified();
            let Ok(left) = (instant - self.now()).to_std() else { return };
            if left.is_zero() {
                return;
            }
            let nap = if self.0.still.is_some() { LONGEST_NAP } else { left.min(LONGEST_NAP) };
            tokio::select! {
                () = moved => {}
                () = real_sleep(nap) => {}
            }
        }
    }

    /// Returns once the clock has moved on by `span`.
    pub async fn sleep(&self, span: Duration) {
        let span = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
        self.sleep_until(self.now() + span).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn system_now() -> DateTime<Utc> {
    Utc::now()
}

#[expect(clippy::disallowed_methods, reason = "the one place that waits in real time")]
async fn real_sleep(span: Duration) {
    tokio::time::sleep(span).await;
}
