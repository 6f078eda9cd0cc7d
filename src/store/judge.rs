//! The gate's last word on deliveries that are due, and the leases of those that it lets go: for many at once.

use std::collections::HashMap;

use super::attempts;
use super::contents::{Content, Found, Which, withdrawals};
use super::db::{Arg, Sql};
use super::deliveries::{load, swap};
use super::tx::Tx;
use crate::article::{ArticleId, Revision};
use crate::delivery::{Action, Delivery, DeliveryId, Event, Job, Live, Slot, State, Wanted, apply};
use crate::queue::{Candidate, Considered, LeaseRequest, LeasedItem, StoreError};

/// What the channel that this one follows shows, by article; articles that it does not take are not in it.
type Followed = HashMap<ArticleId, Live>;

/// Which content `action` is about: what is sent, or what is taken back.
fn which(delivery: &Delivery, action: Action) -> Which {
    let revision = action.revision().or(delivery.live.revision()).unwrap_or(Revision::FIRST);
    (delivery.article, revision)
}

fn content<'f>(found: &'f Found, delivery: &Delivery, action: Action) -> Result<&'f Content, StoreError> {
    let missing = || StoreError::Corrupt(format!("the content of article {} is missing", delivery.article));
    found.get(&which(delivery, action)).ok_or_else(missing)
}

/// Deliveries of one channel, to be judged and leased.
pub(super) struct Docket<'r> {
    pub(super) request: &'r LeaseRequest,
    pub(super) due: Vec<Delivery>,
    /// The edition that they leave in.
    pub(super) edition: Option<Slot>,
}

/// What was leased, with how the delivery stands now.
pub(super) type Taken = Vec<(Delivery, LeasedItem)>;

/// Leases those that their gates let go, and does with the others what they say instead. What nothing is needed for is
/// left alone. The answers stand in the order of the dockets.
pub(super) async fn take(tx: &mut Tx, dockets: Vec<Docket<'_>>) -> Result<Vec<Taken>, StoreError> {
    let due: Vec<_> = dockets.into_iter().map(|docket| (docket.request, docket.edition, needing(docket.due))).collect();
    let mut wanted = Vec::new();
    for (_, _, due) in &due {
        wanted.extend(due.iter().map(|(before, action)| which(before, *action)));
    }
    let found = tx.contents(wanted).await?;
    let (mut changes, mut openings, mut leased) = (Vec::new(), Vec::new(), Vec::with_capacity(due.len()));
    for (request, edition, due) in due {
        let articles: Vec<ArticleId> = due.iter().map(|(before, _)| before.article).collect();
        let followed = followed(tx, request.gate.after(), articles.into_iter()).await?;
        let mut gone = Vec::new();
        for (before, action) in due {
            let candidate = Candidate {
                article: content(&found, &before, action)?.article.clone(),
                after_ready: request.gate.after().is_none() || is_ready(&before, followed.get(&before.article)),
                delivery: before,
            };
            let job = Job { action, edition };
            let objection = request.gate.objection(&candidate, request.now);
            let goes = objection.is_none();
            let rehearsal = request.gate.rehearses();
            let (node, since, until) = (&request.node, request.now, request.until);
            let lease = || Event::Lease { node: node.clone(), since, until, rehearsal, job };
            let before = candidate.delivery;
            let event = objection.unwrap_or_else(lease);
            let after = apply(&before, event).map_err(|refused| StoreError::Other(refused.to_string()))?;
            if goes {
                if request.rate.is_some() || edition.is_some() {
                    openings.push(after.clone());
                }
                gone.push((after.clone(), action));
            }
            changes.push((before, after));
        }
        leased.push((gone, followed));
    }
    swap(&mut tx.connection, &changes).await?;
    attempts::open(&mut tx.connection, &openings).await?;
    leased.iter().flat_map(|(gone, _)| gone).for_each(|(one, _)| tx.remember(one));
    let mut taken = Vec::with_capacity(leased.len());
    for (leased, followed) in leased {
        taken.push(items(tx, leased, &found, &followed).await?);
    }
    Ok(taken)
}

/// What waits, with what it would send.
pub(super) async fn candidates(tx: &mut Tx, waiting: Vec<Delivery>) -> Result<Vec<Candidate>, StoreError> {
    let waiting = needing(waiting);
    let found = tx.contents(waiting.iter().map(|(before, action)| which(before, *action))).await?;
    let candidate = |(delivery, action): (Delivery, Action)| {
        let article = content(&found, &delivery, action)?.article.clone();
        Ok(Candidate { delivery, article, after_ready: true })
    };
    waiting.into_iter().map(candidate).collect()
}

fn needing(deliveries: Vec<Delivery>) -> Vec<(Delivery, Action)> {
    deliveries.into_iter().filter_map(|before| before.needed().map(|action| (before, action))).collect()
}

/// What a delivery would send now; nobody leases it.
pub(super) async fn consider(
    tx: &mut Tx,
    id: DeliveryId,
    after: Option<&str>,
) -> Result<Option<Considered>, StoreError> {
    let delivery = load(&mut tx.connection, &[id]).await?.pop();
    let Some((delivery, action)) = needing(delivery.into_iter().collect()).pop() else { return Ok(None) };
    let found = tx.contents([which(&delivery, action)]).await?;
    let followed = followed(tx, after, [delivery.article].into_iter()).await?;
    let after_ready = after.is_none() || is_ready(&delivery, followed.get(&delivery.article));
    let item = items(tx, vec![(delivery, action)], &found, &followed).await?.pop();
    Ok(item.map(|(delivery, item)| Considered { delivery, item, after_ready }))
}

/// Leases uncertain deliveries to look up what became of them.
pub(super) async fn look(
    tx: &mut Tx,
    request: &LeaseRequest,
    uncertain: Vec<Delivery>,
) -> Result<Vec<(Delivery, LeasedItem)>, StoreError> {
    let (mut changes, mut leased) = (Vec::new(), Vec::new());
    for before in uncertain {
        let State::Uncertain { job, .. } = before.state else { continue };
        let event = Event::LeaseLook { node: request.node.clone(), since: request.now, until: request.until };
        let Ok(after) = apply(&before, event) else { continue };
        leased.push((after.clone(), job.action));
        changes.push((before, after));
    }
    let found = tx.contents(leased.iter().map(|(after, action)| which(after, *action))).await?;
    let followed = followed(tx, request.gate.after(), leased.iter().map(|(after, _)| after.article)).await?;
    swap(&mut tx.connection, &changes).await?;
    items(tx, leased, &found, &followed).await
}

async fn items(
    tx: &mut Tx,
    leased: Vec<(Delivery, Action)>,
    found: &Found,
    followed: &Followed,
) -> Result<Vec<(Delivery, LeasedItem)>, StoreError> {
    let taken_back: Vec<ArticleId> =
        leased.iter().filter(|(_, action)| *action == Action::Withdraw).map(|(delivery, _)| delivery.article).collect();
    let withdrawn = withdrawals(&mut tx.connection, &taken_back).await?;
    let item = |(leased, action): (Delivery, Action)| {
        let content = content(found, &leased, action)?;
        let link = followed.get(&leased.article).and_then(|live| live.receipt()?.url.clone());
        let item = LeasedItem {
            delivery: leased.id,
            article_id: leased.article,
            attempt: leased.attempt,
            tries: leased.tries,
            action,
            live: leased.live.clone(),
            published: content.article.published_at.unwrap_or(content.first_accepted),
            updated: withdrawn.get(&leased.article).copied().unwrap_or(content.accepted),
            link,
            approved: leased.plan.approved.clone(),
            again: leased.plan.again,
            article: content.article.clone(),
            revision: which(&leased, action).1,
        };
        Ok((leased, item))
    };
    leased.into_iter().map(item).collect()
}

/// Whether the channel that this delivery follows shows what is wanted, or does not take the article.
fn is_ready(delivery: &Delivery, followed: Option<&Live>) -> bool {
    let Some(live) = followed else { return true };
    match (delivery.wanted, live) {
        (Wanted::Revision(wanted), Live::Shown { revision, .. }) => *revision >= wanted,
        (Wanted::Revision(_), _) => false,
        (Wanted::Withdrawn, _) => true,
    }
}

/// What the followed channel shows now. On PostgreSQL it cannot change before the transaction ends: otherwise nobody
/// would wake a delivery that has just begun to wait for it.
async fn followed(
    tx: &mut Tx,
    after: Option<&str>,
    articles: impl Iterator<Item = ArticleId>,
) -> Result<Followed, StoreError> {
    const READ: Sql = Sql {
        sqlite: "SELECT article_id, live FROM deliveries WHERE channel = $2 \
                 AND article_id IN (SELECT value FROM json_each($1))",
        postgres: "SELECT article_id, live FROM deliveries WHERE channel = $2 AND article_id IN \
                   (SELECT value::bigint FROM json_array_elements_text($1::json)) ORDER BY id FOR SHARE",
    };
    let articles: Vec<ArticleId> = articles.collect();
    let Some(channel) = after.filter(|_| !articles.is_empty()) else { return Ok(Followed::new()) };
    let rows = tx.connection.fetch(READ, vec![Arg::rows(&articles)?, channel.into()]).await?;
    rows.iter().map(|row| Ok((ArticleId(row.int("article_id")?), row.json("live")?))).collect()
}
