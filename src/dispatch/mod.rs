//! Lease, render, send, settle: one worker per channel, so that a slow one delays nobody else.

mod approval;
mod outcome;
mod press;
mod retry;
mod room;
mod try_once;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use crate::channel::{Channel, Office};
use crate::clock::Clock;
use crate::delivery::{Delivery, Unclear};
use crate::queue::{Gate, OnLost, Queue, Rate};

pub use outcome::{lost, restored};
pub use press::Press;
pub use retry::RetryPolicy;
pub use try_once::item;
pub use worker::work;

/// One channel at work.
#[derive(Clone)]
pub struct Lane {
    /// The channel's name.
    pub name: String,
    /// The channel.
    pub channel: Arc<dyn Channel>,
    /// Its schedule's last word.
    pub gate: Arc<dyn Gate>,
    /// How much at once.
    pub limits: Limits,
    /// When to try again.
    pub retry: RetryPolicy,
}

/// How much at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most tries in a span of time.
    pub rate: Option<Rate>,
    /// Most jobs in flight.
    pub concurrency: usize,
    /// Longest time for one step of a try.
    pub timeout: Duration,
}

/// What every lane shares.
#[derive(Clone)]
pub struct Shop {
    /// Where work comes from and results go.
    pub queue: Arc<dyn Queue>,
    /// The hour.
    pub clock: Clock,
    /// Who speaks.
    pub office: Office,
    /// Renderings that lanes share.
    pub press: Arc<Press>,
    /// This process, in leases.
    pub node: String,
}

/// What to do about deliveries whose process died, channel by channel; channels without a lane ask a person.
#[must_use]
pub fn on_lost(lanes: &[Lane], clock: &Clock) -> OnLost {
    let repeats: Vec<_> = lanes.iter().map(|lane| (lane.name.clone(), lane.channel.repeat())).collect();
    let now = clock.now();
    Arc::new(move |delivery: &Delivery| -> Unclear {
        let repeat = repeats.iter().find(|(name, _)| *name == delivery.channel).map(|(_, repeat)| *repeat);
        lost(repeat, delivery, now)
    })
}
