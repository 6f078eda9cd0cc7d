//! One channel's worker: leases, sends off, renews, and goes to sleep until something rings or is due.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::approval::only_approved;
use super::room::make_room;
use super::try_once::try_once;
use super::{Lane, Shop};
use crate::queue::{Ask, LeaseRequest, Leased, StoreError, Work};

/// How long a lease lasts without a word from its holder.
const LEASE: Duration = Duration::from_mins(1);
/// How long a channel under load waits for more of its room to become free.
const GATHER: Duration = Duration::from_millis(5);
/// Rest after the store failed, before it is asked again.
pub(super) const STORE_REST: Duration = Duration::from_secs(1);

/// Drives one channel until `stop`, then waits for what is in flight; a job of many copies ends between two of them. `kill` drops that too.
pub async fn work(lane: Lane, shop: Shop, stop: CancellationToken, kill: CancellationToken) {
    let lane = Arc::new(lane);
    let room = Arc::new(Semaphore::new(lane.limits.concurrency));
    let bell = shop.queue.bell(&lane.name);
    let flights = TaskTracker::new();
    let mut trouble: Option<StoreError> = None;
    while !stop.is_cancelled() {
        // Before looking, so that what arrives after the look still rings.
        let rung = bell.notified();
        gather(&room, &bell, lane.limits.concurrency).await;
        let free = room.available_permits();
        if free == 0 {
            tokio::select! {
                () = rung => {}
                () = stop.cancelled() => {}
            }
            continue;
        }
        let asking = Asking::new(&lane, &shop, free, &stop);
        let leased = match asking.now().await {
            Ok(leased) if !leased.work.is_empty() => leased,
            Ok(leased) => {
                let wake = async {
                    tokio::select! {
                        () = rung => {}
                        () = until(&shop, leased.next) => {}
                        () = stop.cancelled() => {}
                    }
                };
                asking.in_line(wake).await
            }
            Err(error) => {
                // What is wrong stays wrong for many looks: say so once.
                if trouble.as_ref() != Some(&error) {
                    tracing::error!(channel = %lane.name, %error, "no work could be leased; it is tried again");
                }
                trouble = Some(error);
                tokio::select! {
                    () = shop.clock.sleep_until(shop.clock.now() + rest()) => {}
                    () = stop.cancelled() => {}
                }
                continue;
            }
        };
        trouble = None;
        let ends = asking.asked() + LEASE;
        for work in leased.work {
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else { break };
            let (lane, shop, bell) = (Arc::clone(&lane), shop.clone(), Arc::clone(&bell));
            let (stop, kill) = (stop.clone(), kill.clone());
            flights.spawn(async move {
                tokio::select! {
                    () = fly(&lane, &shop, work, ends, stop) => {}
                    () = kill.cancelled() => {}
                }
                drop(permit);
                bell.notify_one();
            });
        }
    }
    flights.close();
    flights.wait().await;
}

/// Under load, waits a moment for more of the channel's room to become free, to fill it with one lease. An idle channel
/// does not wait.
async fn gather(room: &Semaphore, bell: &Notify, concurrency: usize) {
    let enough = || {
        let free = room.available_permits();
        free == 0 || free >= concurrency.div_ceil(2)
    };
    let more = async {
        while !enough() {
            bell.notified().await;
        }
    };
    // However few are free by then, they are used.
    let _ = tokio::time::timeout(GATHER, more).await;
}

async fn until(shop: &Shop, next: Option<DateTime<Utc>>) {
    match next {
        Some(next) => shop.clock.sleep_until(next).await,
        None => std::future::pending().await,
    }
}

/// A worker that asks for work.
struct Asking<'w> {
    lane: &'w Arc<Lane>,
    shop: &'w Shop,
    most: usize,
    stop: &'w CancellationToken,
    /// When the store took up the question, by this process's own clock: a lease counts from then, however long its commit
    /// took or the process stood still.
    asked: Arc<Mutex<Instant>>,
}

impl<'w> Asking<'w> {
    fn new(lane: &'w Arc<Lane>, shop: &'w Shop, most: usize, stop: &'w CancellationToken) -> Self {
        Self { lane, shop, most, stop, asked: Arc::new(Mutex::new(Instant::now())) }
    }

    /// What is asked for whenever it is its turn. Nothing comes in any more once the worker is to stop: whoever takes its
    /// place may have another secret.
    fn ask(&self) -> Ask {
        let (lane, shop, most, stop) = (Arc::clone(self.lane), self.shop.clone(), self.most, self.stop.clone());
        let asked = Arc::clone(&self.asked);
        Box::new(move || {
            *asked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            let now = shop.clock.now();
            (!stop.is_cancelled()).then(|| LeaseRequest {
                channel: lane.name.clone(),
                node: shop.node.clone(),
                now,
                until: lease_end(now),
                most,
                rate: lane.limits.rate,
                gate: Arc::clone(&lane.gate),
            })
        })
    }

    fn asked(&self) -> Instant {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is due now.
    async fn now(&self) -> Result<Leased, StoreError> {
        self.shop.queue.lease(self.ask()).await
    }

    /// Waits for what comes in, or for `wake`.
    async fn in_line(&self, wake: impl Future<Output = ()>) -> Leased {
        let mut waiting = self.shop.queue.wait(&self.lane.name, self.ask());
        let leased = tokio::select! {
            biased;
            leased = waiting.called() => leased,
            () = wake => waiting.leave().await,
        };
        leased.unwrap_or_else(|error| {
            tracing::error!(channel = %self.lane.name, %error, "what came in could not be leased");
            Leased::default()
        })
    }
}

fn rest() -> TimeDelta {
    TimeDelta::from_std(STORE_REST).unwrap_or_default()
}

fn lease_end(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::from_std(LEASE).unwrap_or_default()
}

/// One try, while its lease is kept alive: it ends at `ends`. A lease that is lost ends the try: somebody else has it.
async fn fly(lane: &Arc<Lane>, shop: &Shop, work: Work, ends: Instant, stop: CancellationToken) {
    let work = match make_room(lane, shop, work).await {
        Ok(work) => work,
        Err(error) => {
            tracing::error!(channel = %lane.name, %error, "an edition could not be made to fit");
            return;
        }
    };
    let work = match only_approved(lane, shop, work).await {
        Ok(work) => work,
        Err(error) => {
            tracing::error!(channel = %lane.name, %error, "what is not approved could not be held back");
            return;
        }
    };
    if work.items.is_empty() {
        return;
    }
    let held: Vec<_> = work.items.iter().map(|item| (item.delivery, item.attempt)).collect();
    let deadline = Mutex::new(ends);
    let keep = async {
        let mut every = tokio::time::interval(LEASE / 3);
        every.tick().await;
        loop {
            every.tick().await;
            let asked = Instant::now();
            match shop.queue.renew(held.clone(), lease_end(shop.clock.now())).await {
                Ok(true) => *deadline.lock().unwrap_or_else(PoisonError::into_inner) = asked + LEASE,
                Ok(false) => return,
                Err(error) => tracing::warn!(channel = %lane.name, %error, "a lease could not be renewed"),
            }
        }
    };
    // A job of many copies ends between two of them when the channel's hours do.
    let halt = stop.child_token();
    let now = shop.clock.now();
    let closes = work.items.iter().filter_map(|item| lane.gate.closes(item, now)).min();
    let close = async {
        until(shop, closes).await;
        halt.cancel();
        std::future::pending::<()>().await;
    };
    let ours = || Instant::now() < *deadline.lock().unwrap_or_else(PoisonError::into_inner);
    tokio::select! {
        over = while_ours(ours, try_once(lane, shop, work, halt.clone())) => match over {
            Some(()) => {}
            None => tracing::warn!(channel = %lane.name, "a lease ran out while sending: its delivery is left to others"),
        },
        () = close => {}
        () = keep => tracing::warn!(channel = %lane.name, "a lease was lost while sending"),
    }
}

/// Goes on with `work` only while its lease lasts: a process that was stopped for longer does nothing any more when it
/// wakes, whatever was the next thing to do. `None` when the lease ran out before the end.
async fn while_ours<T>(ours: impl Fn() -> bool, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|cx| if ours() { work.as_mut().poll(cx).map(Some) } else { Poll::Ready(None) }).await
}
