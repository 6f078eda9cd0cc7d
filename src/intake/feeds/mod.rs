//! Feeds: RSS, Atom and JSON Feed, polled; new and changed entries become articles, vanished ones do not.
//!
//! ```text
//! mod      which feed is due; one poll of a feed at a time, over all machines
//! poll     one poll: ask, read, take what is new
//! fetch    one question to a web server, conditional, within bounds
//! entries  what a feed says, as drafts
//! page     the article in a page's own markup
//! hub      hubs that tell us when a feed has changed (WebSub)
//! ```

mod entries;
mod fetch;
mod hub;
mod page;
mod poll;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::accept::Intake;
use crate::clock::Clock;
use crate::queue::{FeedRow, Feeds, StoreError};
use poll::Poller;

pub use hub::{HubFace, hub_routes};

/// A feed, as `config.toml` describes it.
#[derive(Clone, Debug)]
pub struct Feed {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub url: Url,
    /// The source of its articles.
    pub source: String,
    /// How often it is polled.
    pub every: Duration,
    /// Topics that its articles get beside their own.
    pub topics: Vec<String>,
    /// The body that speaks in them.
    pub organisation: Option<String>,
    /// How many of the entries that are there at first are published.
    pub backfill: usize,
    /// Where the body is taken from.
    pub full_text: FullText,
    /// BCP 47; what the feed says if left out.
    pub language: Option<String>,
    /// How long one question to its server may take.
    pub timeout: Duration,
    /// Hosts that may stand at private addresses, beside the feed's own.
    pub allow: Vec<String>,
}

/// Where an article's body is taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FullText {
    /// What the feed itself carries.
    #[default]
    Feed,
    /// The article in the page that the entry links to.
    Page,
}

/// What the feeds need.
#[derive(Clone)]
pub struct FeedIntake {
    /// Which there are.
    pub feeds: Arc<[Feed]>,
    /// How they stand.
    pub standing: Arc<dyn Feeds>,
    /// Where articles go.
    pub intake: Intake,
    /// The hour.
    pub clock: Clock,
    /// The office's public address, under which hubs reach it.
    pub public_url: Option<String>,
    /// Whether no other process polls: what one held that is gone is free then.
    pub alone: bool,
}

/// How many feeds are polled at once.
const AT_ONCE: usize = 4;
/// How long to wait for a store that is away.
const STORE_AWAY: Duration = Duration::from_secs(10);
/// The longest wait before looking again.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// Polls every feed when it is due, until `stop`.
pub async fn watch_feeds(settings: FeedIntake, stop: CancellationToken) {
    let mut freed = !settings.alone;
    let mut trouble: Option<StoreError> = None;
    let bell = settings.standing.feeds_bell();
    let poller = Arc::new(Poller::new(&settings, stop.clone()));
    let mut polls: JoinSet<(String, Result<(), StoreError>)> = JoinSet::new();
    let mut busy: Vec<String> = Vec::new();
    loop {
        let looked = look(&settings, &mut freed, &mut busy, &poller, &mut polls).await;
        let next = match looked {
            Ok(next) => {
                trouble = None;
                next
            }
            Err(error) => {
                told(&mut trouble, error);
                settings.clock.now() + STORE_AWAY
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = bell.notified() => {}
            () = settings.clock.sleep_until(next) => {}
            Some(ended) = polls.join_next() => ended_well(ended, &mut busy, &mut trouble, &settings.clock, &stop).await,
        }
    }
    // Each of them gives its turn back at the next entry.
    while polls.join_next().await.is_some() {}
}

/// A store that is away stays away for many polls: say so once.
fn told(trouble: &mut Option<StoreError>, error: StoreError) {
    if trouble.as_ref() != Some(&error) {
        tracing::error!(%error, "the store took nothing; feeds are read again later");
    }
    *trouble = Some(error);
}

async fn ended_well(
    ended: Result<(String, Result<(), StoreError>), tokio::task::JoinError>,
    busy: &mut Vec<String>,
    trouble: &mut Option<StoreError>,
    clock: &Clock,
    stop: &CancellationToken,
) {
    match ended {
        Ok((name, outcome)) => {
            busy.retain(|other| *other != name);
            if let Err(error) = outcome {
                told(trouble, error);
                tokio::select! {
                    () = clock.sleep(STORE_AWAY) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
        Err(error) => {
            tracing::error!(%error, "a poll of a feed failed; please report it");
            // Whose it was is not known: its turn runs out, and only then somebody polls it again.
            busy.clear();
        }
    }
}

/// Starts what is due; says when to look again.
async fn look(
    settings: &FeedIntake,
    freed: &mut bool,
    busy: &mut Vec<String>,
    poller: &Arc<Poller>,
    polls: &mut JoinSet<(String, Result<(), StoreError>)>,
) -> Result<DateTime<Utc>, StoreError> {
    if !*freed {
        settings.standing.free_all().await?;
        *freed = true;
    }
    let known: HashMap<String, FeedRow> =
        settings.standing.feeds().await?.into_iter().map(|row| (row.name.clone(), row)).collect();
    let now = settings.clock.now();
    let mut next = now + LONGEST_WAIT;
    for (at, feed) in settings.feeds.iter().enumerate() {
        if busy.contains(&feed.name) {
            continue;
        }
        let due = match known.get(&feed.name) {
            // Somebody else is at it: that will be over by then.
            Some(row) if row.busy_until > now => row.busy_until,
            Some(row) if row.url == feed.url.as_str() && row.stopped => continue,
            Some(row) if row.url == feed.url.as_str() => row.due,
            _ => now,
        };
        if due > now {
            next = next.min(due);
        } else if busy.len() < AT_ONCE {
            busy.push(feed.name.clone());
            let (poller, feeds) = (Arc::clone(poller), Arc::clone(&settings.feeds));
            polls.spawn(async move {
                let Some(feed) = feeds.get(at) else { return (String::new(), Ok(())) };
                (feed.name.clone(), poller.poll(feed).await)
            });
        }
    }
    Ok(next)
}
