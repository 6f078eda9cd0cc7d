//! Leasing: the next deliveries of a channel, or its next edition, judged by the channel's gate.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::db::{Connection, Sql, args};
use super::due::{Due, Most, due};
use super::editions;
use super::judge::{Docket, Taken, look, take};
use super::people::standings;
use super::row::{instant, millis};
use super::tx::Tx;
use crate::delivery::{Delivery, Errand, Slot, State};
use crate::queue::{LeaseRequest, Leased, StoreError, Work};

/// Rest before a channel is asked for again on which another machine is leasing at this moment.
const SOON: TimeDelta = TimeDelta::milliseconds(50);

pub(super) async fn lease(tx: &mut Tx, request: &LeaseRequest) -> Result<Leased, StoreError> {
    let channel = std::slice::from_ref(&request.channel);
    if let Some(standing) = standings(&mut tx.connection, channel, request.now).await?.remove(&request.channel) {
        return Ok(standing.keeps_back());
    }
    let bundles = request.gate.bundles();
    // Whoever counts tries, or makes an edition, has to be the only one who does.
    if (request.rate.is_some() || bundles) && !tx.alone_on(&request.channel).await? {
        return Ok(Leased { work: Vec::new(), next: Some(request.now + SOON) });
    }
    let (room, rate_ends) = room(&mut tx.connection, request).await?;
    let mut work = Vec::new();
    let waiting = if bundles { 0 } else { request.most.min(room) };
    let due = due_now(&mut tx.connection, request, waiting, request.most).await?;
    look_ups(tx, request, due.uncertain, &mut work).await?;
    let most = request.most.min(room).saturating_sub(work.len());
    if !bundles {
        singles(tx, request, due.waiting, most, &mut work).await?;
    } else if most > 0 {
        work.extend(editions::lease(tx, request).await?);
    }
    let next = match rate_ends.filter(|_| room == 0) {
        // There may be more: whoever has work asks again anyway.
        _ if !work.is_empty() => None,
        Some(end) => Some(end),
        None => next_due(tx, request).await?,
    };
    Ok(Leased { work, next })
}

/// How many tries the rate limit leaves, and when it leaves another one if it leaves none.
async fn room(
    connection: &mut Connection,
    request: &LeaseRequest,
) -> Result<(usize, Option<DateTime<Utc>>), StoreError> {
    const STARTS: Sql = Sql::both(
        "SELECT started_at FROM attempts WHERE channel = $1 AND started_at > $2 AND errand <> 'look_up' \
         ORDER BY started_at DESC LIMIT $3",
    );
    let Some(rate) = request.rate else { return Ok((usize::MAX, None)) };
    let per = TimeDelta::from_std(rate.per).unwrap_or(TimeDelta::MAX);
    let since = millis(request.now - per);
    let starts = connection.fetch(STARTS, args![&request.channel, since, i64::from(rate.most)]).await?;
    let most = usize::try_from(rate.most).unwrap_or(usize::MAX);
    let oldest = starts.last().filter(|_| starts.len() == most).map(|row| row.instant("started_at")).transpose()?;
    Ok((most.saturating_sub(starts.len()), oldest.map(|oldest| oldest + per)))
}

/// Uncertain deliveries whose look-up is due, one piece of work for each edition or single delivery.
async fn look_ups(
    tx: &mut Tx,
    request: &LeaseRequest,
    due: Vec<Delivery>,
    work: &mut Vec<Work>,
) -> Result<(), StoreError> {
    let mut by_edition: BTreeMap<Slot, Vec<Delivery>> = BTreeMap::new();
    let mut alone = Vec::new();
    for before in due {
        let State::Uncertain { job, .. } = before.state else { continue };
        match job.edition {
            Some(slot) => by_edition.entry(slot).or_default().push(before),
            None => alone.push(before),
        }
    }
    work.extend(look(tx, request, alone).await?.into_iter().map(|(leased, item)| Work {
        looks: Some(looks(&leased)),
        edition: None,
        planned: leased.plan.planned,
        items: vec![item],
    }));
    for slot in by_edition.into_keys() {
        // The rest of the edition may be beyond the limit of this round: it is one job all the same.
        let all = editions::uncertain(&mut tx.connection, &request.channel, slot).await?;
        let (leased, items): (Vec<_>, Vec<_>) = look(tx, request, all).await?.into_iter().unzip();
        let Some(last) = leased.last() else { continue };
        let looks = leased.iter().map(looks).max();
        work.push(Work { looks, edition: Some(slot), planned: last.plan.planned, items });
    }
    Ok(())
}

/// How often a look-up could not tell before this one.
fn looks(leased: &Delivery) -> u32 {
    match leased.state {
        State::Sending { errand: Errand::LookUp(_, looks), .. } => looks,
        _ => 0,
    }
}

/// How often a lease looks again after all that it found was moved out of the way: the others that write wait meanwhile.
const ROUNDS: usize = 16;

/// Due deliveries that leave one by one: urgent ones first, then by the time they have been due. `due` are the first. Where
/// very many are moved out of the way, it ends before it has seen all of them, and is asked again.
async fn singles(
    tx: &mut Tx,
    request: &LeaseRequest,
    mut due: Vec<Delivery>,
    most: usize,
    work: &mut Vec<Work>,
) -> Result<(), StoreError> {
    let mut left = most;
    for _ in 0..ROUNDS {
        if due.iter().any(Delivery::is_begun_edition) {
            let begun = Box::pin(editions::begun(tx, request, &mut due)).await?;
            left = left.saturating_sub(begun.len());
            work.extend(begun);
        }
        due.truncate(left);
        let asked = due.len();
        let docket = Docket { request, due, edition: None };
        let taken = take(tx, vec![docket]).await?.pop().unwrap_or_default();
        left -= taken.len();
        // Each objection moves a delivery out of the way, so every round makes progress.
        let all_went = taken.len() == asked;
        work.extend(alone(taken));
        if left == 0 || all_went {
            return Ok(());
        }
        due = due_now(&mut tx.connection, request, left, 0).await?.waiting;
    }
    Ok(())
}

/// Each delivery is a piece of work of its own.
pub(super) fn alone(taken: Taken) -> impl Iterator<Item = Work> {
    taken.into_iter().map(|(leased, item)| Work {
        looks: None,
        edition: None,
        planned: leased.plan.planned,
        items: vec![item],
    })
}

/// The first of one range of the index `deliveries_due`.
macro_rules! first {
    ($state:literal, $urgency:literal) => {
        concat!(
            "SELECT min(due) AS next FROM deliveries WHERE channel = $1 AND state = '",
            $state,
            "' AND urgency = ",
            $urgency,
            " AND due IS NOT NULL"
        )
    };
}

async fn due_now(
    connection: &mut Connection,
    request: &LeaseRequest,
    waiting: usize,
    uncertain: usize,
) -> Result<Due, StoreError> {
    let mut found = due(connection, &[&request.channel], request.now, Most { waiting, uncertain }).await?;
    Ok(found.remove(&request.channel).unwrap_or_default())
}

/// When something is due next. What is due already and was passed over is somebody else's at this moment.
async fn next_due(tx: &mut Tx, request: &LeaseRequest) -> Result<Option<DateTime<Utc>>, StoreError> {
    const NEXT: Sql = Sql::both(concat!(
        "SELECT min(next) AS next FROM (",
        first!("waiting", "0"),
        " UNION ALL ",
        first!("waiting", "1"),
        " UNION ALL ",
        first!("waiting", "2"),
        " UNION ALL ",
        first!("uncertain", "0"),
        " UNION ALL ",
        first!("uncertain", "1"),
        " UNION ALL ",
        first!("uncertain", "2"),
        ") firsts"
    ));
    let row = tx.connection.first(NEXT, args![&request.channel]).await?;
    let next = row.map(|row| row.opt_int("next")).transpose()?.flatten().map(instant);
    let soon = request.now + SOON;
    Ok(next.map(|next| if tx.connection.is_shared() && next <= request.now { soon } else { next }))
}
