//! Keeps the store well while it is in use: what was kept for long enough goes, and so does room that nobody needs.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::queue::{Keep, Tidied};
use crate::store::Store;

const LOG_EVERY: Duration = Duration::from_secs(10);
/// The start is busy enough.
const FIRST: TimeDelta = TimeDelta::minutes(1);
const TIDY_EVERY: TimeDelta = TimeDelta::hours(1);

/// Works until `stop`. Trouble is told and met again the next time: nothing that is still to be done depends on it.
pub(super) async fn keep_up(store: Store, keep: Keep, clock: Clock, stop: CancellationToken) {
    let mut log = tokio::time::interval(LOG_EVERY);
    let mut next = clock.now() + FIRST;
    loop {
        let work = async {
            tokio::select! {
                _ = log.tick() => {
                    if let Err(error) = store.mind_the_log().await {
                        tracing::warn!(%error, "the store's log could not be looked after");
                    }
                }
                () = clock.sleep_until(next) => {
                    // Counted from its beginning: whatever the clock does meanwhile, it is done again.
                    next = clock.now() + TIDY_EVERY;
                    tidy(&store, &keep, &clock).await;
                }
            }
        };
        tokio::select! {
            () = work => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn tidy(store: &Store, keep: &Keep, clock: &Clock) {
    match store.tidy(keep, clock.now()).await {
        Ok(nothing) if nothing == Tidied::default() => {}
        Ok(Tidied { at_rest, forgotten, rows, pages }) => {
            tracing::info!(at_rest, forgotten, rows, pages, "what was kept for long enough was taken away");
        }
        Err(error) => tracing::warn!(%error, "the store could not be tidied; it is tried again later"),
    }
}
