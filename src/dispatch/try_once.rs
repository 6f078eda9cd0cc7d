//! One try: render, send or look up, settle.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::outcome::{Policy, pace, word};
use super::press::Sheet;
use super::worker::STORE_REST;
use super::{Lane, Shop};
use crate::channel::{Class, Item, Job, Progress, RenderContext, RenderError, Seen, SendError};
use crate::delivery::{Action, Event, Outcome, edition_key, job_key};
use crate::queue::{About, AttemptReport, LeasedItem, Pause, PauseCause, Settlement, StoreError, Work};
use crate::text;
use crate::text::Text;

/// Hidden steps in one try: a far side may need several, such as a token first and an id then.
const MOST_STAGES: usize = 3;

pub(super) async fn try_once(lane: &Arc<Lane>, shop: &Shop, work: Work, halt: CancellationToken) {
    if let Err(error) = run(lane, shop, &work, halt).await {
        // The lease runs out and the sweep takes the delivery back: nothing is lost, only late.
        tracing::error!(channel = %lane.name, %error, "a result could not be recorded");
    }
}

async fn run(lane: &Lane, shop: &Shop, work: &Work, halt: CancellationToken) -> Result<(), StoreError> {
    let items: Vec<Item> = work.items.iter().map(item).collect();
    let sheet = match shop.press.render(&*lane.channel, &items, &context(shop, work)) {
        Ok(sheet) => sheet,
        Err(RenderError(note)) => {
            let refused = Err(SendError::permanent(note));
            return match work.looks {
                None => settle(lane, shop, work, None, &refused).await,
                Some(looks) => sighted(lane, shop, work, looks, refused.map(|_: Progress| Seen::Absent)).await,
            };
        }
    };
    let remark = sheet.payload.note.clone();
    let mut job = job(lane, shop, work, items, sheet, halt);
    if let Some(looks) = work.looks {
        let seen = guarded(lane.channel.look_up(&job)).await;
        return sighted(lane, shop, work, looks, seen).await;
    }
    let mut progress = guarded(lane.channel.advance(&job)).await;
    for _ in 0..MOST_STAGES {
        let Ok(Progress::Staged(remote_id)) = &progress else { break };
        // On disk before the reveal: whatever happens then, the hidden copy is known.
        if !stage(shop, work, remote_id).await? {
            tracing::warn!(channel = %lane.name, "the lease was over before the hidden copy was revealed: it is left to its new holder");
            return Ok(());
        }
        for item in &mut job.items {
            item.live = crate::delivery::Live::Staged { revision: item.revision, remote_id: remote_id.clone() };
        }
        progress = guarded(lane.channel.advance(&job)).await;
    }
    settle(lane, shop, work, Some((job.hash, remark)), &progress).await
}

/// What rendering may know of this work.
pub(super) fn context(shop: &Shop, work: &Work) -> RenderContext {
    RenderContext { office: shop.office.clone(), at: work.planned, edition: work.edition }
}

/// What an adapter is told of it.
#[must_use]
pub fn item(leased: &LeasedItem) -> Item {
    Item {
        article: Arc::clone(&leased.article),
        revision: leased.revision,
        action: leased.action,
        live: leased.live.clone(),
        published: leased.published,
        updated: leased.updated,
        link: leased.link.clone().or_else(|| leased.article.canonical_url.clone()),
        again: leased.again,
    }
}

fn job(lane: &Lane, shop: &Shop, work: &Work, items: Vec<Item>, sheet: Sheet, halt: CancellationToken) -> Job {
    let (key, about) = match (work.edition, work.items.first()) {
        (None, Some(only)) => {
            let key = job_key(&lane.name, &only.article.key, only.action, &only.live, only.updated, only.again);
            (key, About::Article(only.article_id))
        }
        (slot, _) => {
            let told = work.items.iter().filter(|item| item.action != Action::Withdraw);
            let articles = told.map(|item| item.article_id).collect();
            (edition_key(&lane.name, slot.unwrap_or_default()), About::Edition(articles))
        }
    };
    let copies = shop.queue.copies(&lane.name, &key, about, &shop.clock);
    let (now, pictures) = (shop.clock.now(), shop.queue.pictures());
    let Sheet { payload, hash } = sheet;
    Job { key, items, edition: work.edition, payload, hash: hash.to_string(), now, copies, pictures, halt }
}

/// A panic in an adapter is a result like any other: nobody knows whether it was sent.
async fn guarded<T>(send: impl Future<Output = Result<T, SendError>>) -> Result<T, SendError> {
    AssertUnwindSafe(send).catch_unwind().await.unwrap_or_else(|_| {
        Err(SendError::ambiguous(text!(
            "lỗi bên trong loa khi gửi; hãy báo cho người phát triển",
            "loa itself failed while sending; please report it"
        )))
    })
}

/// Asks a store that is away or full for a moment again until it takes it: a result that is known must not become a question.
/// It ends with the lease at the latest.
async fn patiently<'q, T>(ask: impl Fn() -> BoxFuture<'q, Result<T, StoreError>>) -> Result<T, StoreError> {
    let mut every = tokio::time::interval(STORE_REST);
    let mut said = false;
    loop {
        every.tick().await;
        match ask().await {
            Err(error @ (StoreError::Unreachable(_) | StoreError::Busy | StoreError::Full)) => {
                if !std::mem::replace(&mut said, true) {
                    tracing::warn!(%error, "a result waits until the store takes it");
                }
            }
            answered => return answered,
        }
    }
}

/// Records the hidden copy; false when the lease is over, and with it the right to reveal.
async fn stage(shop: &Shop, work: &Work, remote_id: &str) -> Result<bool, StoreError> {
    let staged = work.items.iter().map(|item| Settlement {
        delivery: item.delivery,
        event: Event::Settle { attempt: item.attempt, outcome: Outcome::Staged(remote_id.to_owned()) },
        report: None,
    });
    let staged: Vec<_> = staged.collect();
    Ok(patiently(|| shop.queue.settle(staged.clone())).await? == 0)
}

async fn settle(
    lane: &Lane,
    shop: &Shop,
    work: &Work,
    rendered: Option<(String, Option<Text>)>,
    progress: &Result<Progress, SendError>,
) -> Result<(), StoreError> {
    let (hash, remark) = rendered.map_or((None, None), |(hash, remark)| (Some(hash), remark));
    let now = shop.clock.now();
    let jitter = fastrand::f64();
    let receipt = match progress {
        Ok(Progress::Live(receipt) | Progress::InDoubt { receipt, .. }) => Some(receipt),
        _ => None,
    };
    let said = match progress {
        Ok(Progress::InDoubt { note, .. }) | Err(SendError { note, .. }) => Some(note.clone()),
        Ok(_) => None,
    };
    let settlements = work.items.iter().map(|item| {
        let outcome = match progress {
            Ok(Progress::Live(receipt)) => Outcome::Shown(receipt.clone()),
            Ok(Progress::InDoubt { receipt, note }) => {
                Outcome::InDoubt { receipt: receipt.clone(), note: note.clone() }
            }
            Ok(Progress::Gone | Progress::Notice) => Outcome::Gone,
            Ok(Progress::Staged(_)) => policy(lane, work, item, now, jitter).failed(&staged_twice()),
            Err(error) => policy(lane, work, item, now, jitter).failed(error),
        };
        let report = AttemptReport {
            attempt: item.attempt,
            finished: now,
            outcome: word(progress),
            note: said.clone().or_else(|| remark.clone()),
            payload_hash: hash.clone(),
            remote_id: receipt.map(|receipt| receipt.remote_id.clone()),
            url: receipt.and_then(|receipt| receipt.url.clone()),
        };
        Settlement {
            delivery: item.delivery,
            event: Event::Settle { attempt: item.attempt, outcome },
            report: Some(report),
        }
    });
    if let Err(error) = progress {
        announce(lane, shop, error).await?;
    }
    if let Some(rest) = pace(progress, lane.channel.allowance()) {
        let until = now + chrono::TimeDelta::from_std(rest).unwrap_or_default();
        tracing::info!(channel = %lane.name, %until, "the far side asks for rest");
        patiently(|| shop.queue.throttle(lane.name.clone(), until)).await?;
    }
    let settlements: Vec<_> = settlements.collect();
    let fenced = patiently(|| shop.queue.settle(settlements.clone())).await?;
    if fenced > 0 {
        tracing::warn!(channel = %lane.name, fenced, "results came under a lease that was over");
    }
    Ok(())
}

/// Says what went wrong, once, and pauses the channel if it is the channel that is in trouble.
async fn announce(lane: &Lane, shop: &Shop, error: &SendError) -> Result<(), StoreError> {
    let channel = &lane.name;
    let class = error.class_name();
    tracing::warn!(%channel, class, reason = %error.note, "a try failed");
    let (Class::NeedsAttention(attention) | Class::Interrupted(attention)) = error.class else { return Ok(()) };
    let pause = Pause {
        cause: PauseCause::Attention(attention.name().to_owned()),
        since: shop.clock.now(),
        note: error.note.clone(),
    };
    patiently(|| shop.queue.pause(lane.name.clone(), pause.clone())).await
}

fn staged_twice() -> SendError {
    SendError::transient(text!("bản nháp chưa hiện ra được", "the hidden copy was not revealed"))
}

async fn sighted(
    lane: &Lane,
    shop: &Shop,
    work: &Work,
    looks: u32,
    seen: Result<Seen, SendError>,
) -> Result<(), StoreError> {
    let (now, jitter) = (shop.clock.now(), fastrand::f64());
    let word = match &seen {
        Ok(Seen::Present(_)) => "present",
        Ok(Seen::Staged(_)) => "staged",
        Ok(Seen::Absent | Seen::NotYet) => "absent",
        Ok(Seen::Begun) => "begun",
        Ok(Seen::Unknown(_)) => "unknown",
        Err(error) => error.class_name(),
    };
    let receipt = match &seen {
        Ok(Seen::Present(receipt)) => Some(receipt),
        _ => None,
    };
    let settlements = work.items.iter().map(|item| Settlement {
        delivery: item.delivery,
        event: Event::Sighted {
            attempt: item.attempt,
            sighting: policy(lane, work, item, now, jitter).seen(looks, seen.clone()),
        },
        report: Some(AttemptReport {
            attempt: item.attempt,
            finished: now,
            outcome: word,
            note: seen.as_ref().err().map(|error| error.note.clone()),
            payload_hash: None,
            remote_id: receipt.map(|receipt| receipt.remote_id.clone()),
            url: receipt.and_then(|receipt| receipt.url.clone()),
        }),
    });
    if let Err(error) = &seen {
        announce(lane, shop, error).await?;
    }
    let settlements: Vec<_> = settlements.collect();
    patiently(|| shop.queue.settle(settlements.clone())).await.map(drop)
}

fn policy(lane: &Lane, work: &Work, item: &LeasedItem, now: chrono::DateTime<chrono::Utc>, jitter: f64) -> Policy {
    Policy {
        repeat: lane.channel.repeat(),
        retry: lane.retry,
        tries: item.tries,
        edition: work.edition.is_some(),
        now,
        jitter,
    }
}
