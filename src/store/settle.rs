//! Recording what became of leased deliveries, and waking those that waited for them. Whatever is settled in one
//! transaction is settled together.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::attempts::Closing;
use super::ceiling::Leaves;
use super::deliveries::{delivery, delivery_columns, load, swap};
use super::many::Many;
use super::tx::Tx;
use super::writer::Piece;
use super::{attempts, editions};
use crate::article::ArticleId;
use crate::delivery::{Delivery, DeliveryId, Event, Live, Slot, State, Wanted, Why, apply};
use crate::queue::{Settlement, StoreError};

/// Results that were handed in together.
pub(super) struct Settle {
    pub(super) settlements: Vec<Settlement>,
    /// How many of them came under an older lease.
    pub(super) fenced: usize,
    pub(super) answer: oneshot::Sender<Result<usize, StoreError>>,
}

impl Piece for Settle {
    fn run<'c>(&'c mut self, tx: &'c mut Tx) -> BoxFuture<'c, Result<(), StoreError>> {
        Box::pin(async move {
            self.fenced = settle(tx, &[&self.settlements]).await?.into_iter().sum();
            Ok(())
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        drop(self.answer.send(committed.map(|()| self.fenced)));
    }

    fn leaves(&self) -> Leaves {
        Leaves::Nothing
    }

    fn settle(&mut self) -> Option<&mut Settle> {
        Some(self)
    }
}

/// What follows for others from what was settled.
#[derive(Default)]
struct FollowUps {
    /// Editions that went out, and when.
    editions: BTreeMap<(String, Slot), DateTime<Utc>>,
    /// Copies that others may have waited for, and since when they are there.
    shown: BTreeMap<(ArticleId, String), DateTime<Utc>>,
}

/// Settles everything in `groups`; how many of each came under an older lease.
pub(super) async fn settle(tx: &mut Tx, groups: &[&[Settlement]]) -> Result<Vec<usize>, StoreError> {
    let mut ids: Vec<DeliveryId> = groups.iter().flat_map(|group| group.iter()).map(|one| one.delivery).collect();
    ids.sort_unstable();
    ids.dedup();
    let before = tx.recall(&ids).await?;
    let mut after: HashMap<DeliveryId, Delivery> = before.iter().map(|one| (one.id, one.clone())).collect();
    let mut fenced = vec![0; groups.len()];
    let mut reports = Vec::new();
    let mut follow_ups = FollowUps::default();
    for (group, fenced) in groups.iter().zip(&mut fenced) {
        for settlement in *group {
            let Some(now) = after.get_mut(&settlement.delivery) else { continue };
            let Ok(next) = apply(now, settlement.event.clone()) else {
                *fenced += 1;
                continue;
            };
            if let Some(report) = &settlement.report {
                reports.push(Closing::of(now, report)?);
                follow_ups.note(now, &next, report.finished);
            }
            *now = next;
        }
    }
    let changes: Vec<_> = before
        .into_iter()
        .filter_map(|before| after.remove(&before.id).map(|after| (before, after)))
        .filter(|(before, after)| before.version != after.version)
        .collect();
    swap(&mut tx.connection, &changes).await?;
    attempts::close(&mut tx.connection, reports).await?;
    for ((channel, slot), at) in &follow_ups.editions {
        editions::close(&mut tx.connection, channel, *slot, *at).await?;
    }
    wake_followers(tx, &follow_ups.shown).await?;
    Ok(fenced)
}

impl FollowUps {
    /// What a change of `live` means for others: the edition is used up, and whoever waited for this channel's
    /// public address may go on.
    fn note(&mut self, before: &Delivery, after: &Delivery, at: DateTime<Utc>) {
        if before.live == after.live && !matches!(after.state, State::Settled) {
            return;
        }
        // Some have had it, or perhaps have: the same edition has to be finished for the others.
        if matches!(after.live, Live::Maybe(_)) {
            return;
        }
        // What was cancelled before anybody had it says nothing about the others of its edition.
        let cancelled = before.live == Live::Nothing && after.live == Live::Nothing;
        if let State::Sending { errand, .. } = &before.state
            && let Some(slot) = errand.job().edition
            && !cancelled
        {
            self.editions.entry((before.channel.clone(), slot)).or_insert(at);
        }
        if matches!(after.live, Live::Shown { .. }) || after.wanted == Wanted::Withdrawn {
            self.shown.insert((after.article, after.channel.clone()), at);
        }
    }
}

async fn wake_followers(tx: &mut Tx, shown: &BTreeMap<(ArticleId, String), DateTime<Utc>>) -> Result<(), StoreError> {
    const FOLLOWERS: Many<2> = Many {
        columns: ["article", "channel"],
        sqlite: concat!(
            "SELECT ",
            delivery_columns!(),
            ", d.after_channel FROM deliveries d WHERE d.article_id = ?1 AND d.after_channel = ?2"
        ),
        postgres: concat!(
            "SELECT ",
            delivery_columns!(),
            ", d.after_channel FROM json_to_recordset($1::json) AS n (article bigint, channel text) \
             JOIN deliveries d ON d.article_id = n.article AND d.after_channel = n.channel ORDER BY d.id FOR UPDATE OF d"
        ),
    };
    if shown.is_empty() {
        return Ok(());
    }
    let asked = shown.keys().map(|(article, channel)| [article.0.into(), channel.into()]).collect();
    let mut changes = Vec::new();
    for row in FOLLOWERS.fetch(&mut tx.connection, asked).await? {
        let follower = delivery(&row)?;
        let Some(at) = shown.get(&(follower.article, row.string("after_channel")?)) else { continue };
        let due = follower.plan.due.max(*at);
        if let Ok(next) = apply(&follower, Event::Postpone { due, why: Why::Turn }) {
            changes.push((follower, next));
        }
    }
    swap(&mut tx.connection, &changes).await?;
    for (_, next) in &changes {
        tx.wake(&next.channel);
    }
    Ok(())
}

/// Lengthens leases; false, and nothing is changed, when one of them is no longer ours.
pub(super) async fn renew(tx: &mut Tx, held: &[(DeliveryId, u32)], until: DateTime<Utc>) -> Result<bool, StoreError> {
    let ids: Vec<DeliveryId> = held.iter().map(|(id, _)| *id).collect();
    let found: HashMap<_, _> = load(&mut tx.connection, &ids).await?.into_iter().map(|one| (one.id, one)).collect();
    let mut changes = Vec::with_capacity(held.len());
    for (id, attempt) in held {
        let renewed = found.get(id).and_then(|before| {
            apply(before, Event::Renew { attempt: *attempt, until }).ok().map(|after| (before.clone(), after))
        });
        let Some(change) = renewed else { return Ok(false) };
        changes.push(change);
    }
    swap(&mut tx.connection, &changes).await?;
    Ok(true)
}
