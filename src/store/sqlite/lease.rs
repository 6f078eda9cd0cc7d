//! Leasing: the next deliveries of a channel, or its next edition, judged by the channel's gate.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::rows::{DELIVERY, article, delivery, from_json, instant, millis, swap};
use super::{SqliteStore, editions, failed};
use crate::article::{ArticleId, Revision};
use crate::delivery::{Action, Delivery, Event, Job, Live, Slot, State, Wanted, apply};
use crate::queue::{Candidate, LeaseRequest, Leased, LeasedItem, StoreError, Work};

impl SqliteStore {
    pub(super) async fn lease_now(&self, request: LeaseRequest) -> Result<Leased, StoreError> {
        self.writer.run(|connection| Box::pin(async move { lease(connection, &request).await })).await
    }
}

async fn lease(connection: &mut SqliteConnection, request: &LeaseRequest) -> Result<Leased, StoreError> {
    if super::people::pause_of(connection, &request.channel).await?.is_some() {
        return Ok(Leased::default());
    }
    if let Some(until) = super::people::rest_of(connection, &request.channel, request.now).await? {
        return Ok(Leased { work: Vec::new(), next: Some(until) });
    }
    let mut leased = Leased { work: look_ups(connection, request).await?, next: None };
    let (room, rate_ends) = room(connection, request).await?;
    let most = request.most.min(room).saturating_sub(leased.work.len());
    if request.gate.bundles() {
        if most > 0
            && let Some(work) = editions::lease(connection, request).await?
        {
            leased.work.push(work);
        }
    } else {
        singles(connection, request, most, &mut leased.work).await?;
    }
    leased.next = match rate_ends.filter(|_| room == 0) {
        Some(end) => Some(end),
        None => next_due(connection, request).await?,
    };
    Ok(leased)
}

/// How many tries the rate limit leaves, and when it leaves another one if it leaves none.
async fn room(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
) -> Result<(usize, Option<DateTime<Utc>>), StoreError> {
    let Some(rate) = request.rate else { return Ok((usize::MAX, None)) };
    let per = TimeDelta::from_std(rate.per).unwrap_or(TimeDelta::MAX);
    let starts: Vec<i64> = sqlx::query_scalar(
        "SELECT started_at FROM attempts WHERE channel = ? AND started_at > ? AND errand <> 'look_up' \
         ORDER BY started_at DESC LIMIT ?",
    )
    .bind(&request.channel)
    .bind(millis(request.now - per))
    .bind(rate.most)
    .fetch_all(connection)
    .await
    .map_err(failed)?;
    let most = usize::try_from(rate.most).unwrap_or(usize::MAX);
    let end = starts.last().filter(|_| starts.len() == most).map(|oldest| instant(*oldest) + per);
    Ok((most - starts.len(), end))
}

/// Uncertain deliveries whose look-up is due, one piece of work for each edition or single delivery.
async fn look_ups(connection: &mut SqliteConnection, request: &LeaseRequest) -> Result<Vec<Work>, StoreError> {
    let due = due_now(connection, request, "uncertain", None, request.most).await?;
    let mut by_edition: BTreeMap<Option<Slot>, Vec<Delivery>> = BTreeMap::new();
    let mut work = Vec::new();
    for before in due {
        let State::Uncertain { job, .. } = &before.state else { continue };
        match job.edition {
            Some(slot) => by_edition.entry(Some(slot)).or_default().push(before),
            None => work.push(look(connection, request, None, &[before]).await?),
        }
    }
    for (slot, first) in by_edition {
        // The rest of the edition may be beyond the limit of this round: it is one job all the same.
        let all = match slot {
            Some(slot) => editions::uncertain(connection, &request.channel, slot).await?,
            None => first,
        };
        work.push(look(connection, request, slot, &all).await?);
    }
    Ok(work)
}

async fn look(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
    edition: Option<Slot>,
    deliveries: &[Delivery],
) -> Result<Work, StoreError> {
    let mut work = Work { looks: Some(0), edition, planned: request.now, items: Vec::new() };
    for before in deliveries {
        let State::Uncertain { job, looks, .. } = &before.state else { continue };
        let event = Event::LeaseLook { node: request.node.clone(), until: request.until };
        let Ok(after) = apply(before, event) else { continue };
        swap(connection, before, &after).await?;
        open_attempt(connection, request, &after, "look_up", *job).await?;
        work.looks = work.looks.max(Some(*looks));
        work.planned = before.plan.planned;
        work.items.push(item(connection, &after, job.action, request.gate.after()).await?);
    }
    Ok(work)
}

/// Due deliveries that leave one by one: urgent ones first, then by the time they have been due.
async fn singles(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
    most: usize,
    work: &mut Vec<Work>,
) -> Result<(), StoreError> {
    let mut left = most;
    for urgency in 0..=2 {
        // Each objection moves a delivery out of the way, so every round makes progress.
        while left > 0 {
            let due = due_now(connection, request, "waiting", Some(urgency), left).await?;
            if due.is_empty() {
                break;
            }
            for before in due {
                if let Some(taken) = take(connection, request, &before, None).await? {
                    work.push(Work { looks: None, edition: None, planned: before.plan.planned, items: vec![taken] });
                    left -= 1;
                }
            }
        }
    }
    Ok(())
}

/// Leases one delivery, or does what the gate says instead.
pub(super) async fn take(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
    before: &Delivery,
    edition: Option<Slot>,
) -> Result<Option<LeasedItem>, StoreError> {
    let Some(action) = before.needed() else { return Ok(None) };
    let candidate = candidate(connection, before, action, request.gate.after()).await?;
    let (event, leased) = match request.gate.objection(&candidate, request.now) {
        Some(objection) => (objection, false),
        None => {
            let job = Job { action, edition };
            (Event::Lease { node: request.node.clone(), until: request.until, job }, true)
        }
    };
    let after = apply(before, event).map_err(|refused| StoreError::Other(refused.to_string()))?;
    swap(connection, before, &after).await?;
    if !leased {
        return Ok(None);
    }
    let job = Job { action, edition };
    open_attempt(connection, request, &after, action.name(), job).await?;
    Ok(Some(item(connection, &after, action, request.gate.after()).await?))
}

pub(super) async fn candidate(
    connection: &mut SqliteConnection,
    before: &Delivery,
    action: Action,
    after: Option<&str>,
) -> Result<Candidate, StoreError> {
    let (article, ..) = content(connection, before, action).await?;
    let after_ready = match after {
        Some(channel) => follows(connection, before, channel).await?,
        None => true,
    };
    Ok(Candidate { delivery: before.clone(), article, after_ready })
}

/// Whether the channel that this delivery follows shows what is wanted, or does not take the article.
async fn follows(connection: &mut SqliteConnection, delivery: &Delivery, channel: &str) -> Result<bool, StoreError> {
    let Some(live) = followed(connection, delivery, channel).await? else { return Ok(true) };
    Ok(match (delivery.wanted, live) {
        (Wanted::Revision(wanted), Live::Shown { revision, .. }) => revision >= wanted,
        (Wanted::Revision(_), _) => false,
        (Wanted::Withdrawn, _) => true,
    })
}

async fn due_now(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
    state: &str,
    urgency: Option<i64>,
    most: usize,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {DELIVERY} FROM deliveries d WHERE d.channel = ? AND d.state = ? AND d.urgency BETWEEN ? AND ? \
         AND d.due <= ? ORDER BY d.urgency, d.due, d.id LIMIT ?"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(&request.channel)
        .bind(state)
        .bind(urgency.unwrap_or(0))
        .bind(urgency.unwrap_or(2))
        .bind(millis(request.now))
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await
        .map_err(failed)?;
    rows.iter().map(delivery).collect()
}

async fn next_due(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mut next: Option<i64> = None;
    for state in ["waiting", "uncertain"] {
        for urgency in 0..=2 {
            let due: Option<i64> = sqlx::query_scalar(
                "SELECT min(due) FROM deliveries WHERE channel = ? AND state = ? AND urgency = ? AND due IS NOT NULL",
            )
            .bind(&request.channel)
            .bind(state)
            .bind(urgency)
            .fetch_one(&mut *connection)
            .await
            .map_err(failed)?;
            next = [next, due].into_iter().flatten().min();
        }
    }
    Ok(next.map(instant))
}

/// Opens the ledger's row for this lease.
async fn open_attempt(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
    leased: &Delivery,
    errand: &str,
    job: Job,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, edition, node, started_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(leased.id.0)
    .bind(leased.attempt)
    .bind(&leased.channel)
    .bind(errand)
    .bind(job.action.revision().map(|revision| revision.0))
    .bind(job.edition.map(millis))
    .bind(&request.node)
    .bind(millis(request.now))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// The content that `action` is about: what is sent, or what is taken back.
async fn content(
    connection: &mut SqliteConnection,
    delivery: &Delivery,
    action: Action,
) -> Result<(std::sync::Arc<crate::article::Article>, DateTime<Utc>, Revision), StoreError> {
    let revision = action.revision().or(delivery.live.revision()).unwrap_or(Revision::FIRST);
    let (content, accepted) = article(connection, delivery.article, revision).await?;
    Ok((content, accepted, revision))
}

async fn item(
    connection: &mut SqliteConnection,
    leased: &Delivery,
    action: Action,
    follows: Option<&str>,
) -> Result<LeasedItem, StoreError> {
    let (article, accepted, revision) = content(connection, leased, action).await?;
    let link = match follows {
        Some(channel) => followed(connection, leased, channel).await?.and_then(|live| live.receipt()?.url.clone()),
        None => None,
    };
    let (first_accepted, withdrawn) = dates(connection, leased.article).await?;
    Ok(LeasedItem {
        delivery: leased.id,
        article_id: leased.article,
        attempt: leased.attempt,
        tries: leased.tries,
        action,
        live: leased.live.clone(),
        published: article.published_at.unwrap_or(first_accepted),
        updated: withdrawn.filter(|_| action == Action::Withdraw).unwrap_or(accepted),
        link,
        article,
        revision,
    })
}

async fn dates(
    connection: &mut SqliteConnection,
    article: ArticleId,
) -> Result<(DateTime<Utc>, Option<DateTime<Utc>>), StoreError> {
    let row = sqlx::query("SELECT accepted_at, withdrawn_at FROM articles WHERE id = ?")
        .bind(article.0)
        .fetch_one(connection)
        .await
        .map_err(failed)?;
    Ok((instant(row.get("accepted_at")), row.get::<Option<i64>, _>("withdrawn_at").map(instant)))
}

/// What the channel that this one follows shows of the article.
async fn followed(
    connection: &mut SqliteConnection,
    delivery: &Delivery,
    follows: &str,
) -> Result<Option<Live>, StoreError> {
    let row = sqlx::query("SELECT live FROM deliveries WHERE article_id = ? AND channel = ?")
        .bind(delivery.article.0)
        .bind(follows)
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    row.map(|row| from_json(row.get("live"))).transpose()
}
