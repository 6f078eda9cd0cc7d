//! Who is on a job's list, and how each copy ended.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::rows::{instant, millis, to_json};
use super::{SqliteStore, failed};
use crate::article::ArticleId;
use crate::audience::Entry;
use crate::channel::{Addressee, Copies, CopyChange, CopyCount, CopyState, SendError};
use crate::clock::Clock;
use crate::delivery::edition_key;
use crate::queue::StoreError;
use crate::store::token::token;

/// People put on a list in one transaction: others wait no longer than for that.
const BATCH: usize = 2_000;

/// The copies of one job.
#[derive(Clone)]
pub(super) struct JobCopies {
    pub(super) store: SqliteStore,
    pub(super) clock: Clock,
    pub(super) channel: String,
    pub(super) job_key: String,
    pub(super) article: Option<ArticleId>,
}

/// The store cannot be read or written: nothing was sent, so nothing is lost by trying later.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn later(error: StoreError) -> SendError {
    SendError::transient(error.text())
}

impl JobCopies {
    /// Keys of the editions that the article was sent in.
    async fn editions(&self) -> Result<String, StoreError> {
        let slots: Vec<i64> = sqlx::query_scalar(
            "SELECT DISTINCT a.edition FROM attempts a JOIN deliveries d ON d.id = a.delivery_id \
             WHERE d.article_id = ? AND d.channel = ? AND a.edition IS NOT NULL \
             AND coalesce(a.outcome, '') <> 'moved'",
        )
        .bind(self.article.map(|id| id.0))
        .bind(&self.channel)
        .fetch_all(&self.store.readers)
        .await
        .map_err(failed)?;
        let keys: Vec<String> = slots.into_iter().map(|slot| edition_key(&self.channel, instant(slot))).collect();
        to_json(&keys)
    }

    /// Puts those on the list whom `people` (SQL) names after `?5`, by address, until it names nobody more.
    async fn invite_all(&self, people: &'static str, editions: String) -> Result<(), StoreError> {
        let sql = format!("{people} ORDER BY address LIMIT {BATCH}");
        let mut after = String::new();
        loop {
            let people: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.clone()))
                .bind(&self.channel)
                .bind(self.article.map(|id| id.0))
                .bind(&self.job_key)
                .bind(&editions)
                .bind(&after)
                .fetch_all(&self.store.readers)
                .await
                .map_err(failed)?;
            let Some(last) = people.last() else { return Ok(()) };
            after.clone_from(last);
            self.enlist(people.into_iter().map(|address| (address, None)).collect()).await?;
        }
    }

    async fn enlist(&self, people: Vec<(String, Option<String>)>) -> Result<(), StoreError> {
        let key = &self.store.key;
        let people: Result<Vec<_>, _> = people
            .into_iter()
            .map(|(address, name)| {
                token(key, &self.channel, &address)
                    .map(|token| json!({ "address": address, "name": name, "token": token }))
            })
            .collect();
        let (people, job, now) = (to_json(&people?)?, self.clone(), millis(self.clock.now()));
        self.store
            .writer
            .run(move |connection| Box::pin(async move { enlist(connection, &job, &people, now).await }))
            .await
    }

    async fn count_now(&self) -> Result<CopyCount, StoreError> {
        let job = self.clone();
        let now = millis(self.clock.now());
        self.store
            .writer
            .run(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE copies SET state = 'left_out', at = ?3, \
                         note = (SELECT standing FROM recipients r WHERE r.channel = ?1 AND r.address = recipient) \
                         WHERE channel = ?1 AND job_key = ?2 AND state = 'open' AND EXISTS (SELECT 1 FROM recipients r \
                         WHERE r.channel = ?1 AND r.address = recipient AND r.standing <> 'active')",
                    )
                    .bind(&job.channel)
                    .bind(&job.job_key)
                    .bind(now)
                    .execute(&mut *connection)
                    .await
                    .map_err(failed)?;
                    count(connection, &job, now).await
                })
            })
            .await
    }
}

async fn enlist(connection: &mut SqliteConnection, job: &JobCopies, people: &str, now: i64) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO recipients (channel, address, name, token, listed, standing, soft_bounces, since) \
         SELECT ?1, value ->> 'address', value ->> 'name', value ->> 'token', 0, 'active', 0, ?3 \
         FROM json_each(?2) WHERE true ON CONFLICT (channel, address) DO UPDATE SET name = excluded.name \
         WHERE excluded.name IS NOT NULL",
    )
    .bind(&job.channel)
    .bind(people)
    .bind(now)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    sqlx::query(
        "INSERT INTO copies (channel, job_key, recipient, article_id, state, note, at) \
         SELECT r.channel, ?3, r.address, ?4, CASE r.standing WHEN 'active' THEN 'open' ELSE 'left_out' END, \
         CASE r.standing WHEN 'active' THEN NULL ELSE r.standing END, ?5 \
         FROM json_each(?2) p JOIN recipients r ON r.channel = ?1 AND r.address = p.value ->> 'address' \
         WHERE true ON CONFLICT DO NOTHING",
    )
    .bind(&job.channel)
    .bind(people)
    .bind(&job.job_key)
    .bind(job.article.map(|id| id.0))
    .bind(now)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    Ok(())
}

async fn count(connection: &mut SqliteConnection, job: &JobCopies, now: i64) -> Result<CopyCount, StoreError> {
    let rows = sqlx::query(
        "SELECT state, count(*) AS copies, min(due) AS next FROM copies WHERE channel = ? AND job_key = ? GROUP BY state",
    )
    .bind(&job.channel)
    .bind(&job.job_key)
    .fetch_all(connection)
    .await
    .map_err(failed)?;
    let mut count = CopyCount::default();
    for row in rows {
        let copies = usize::try_from(row.get::<i64, _>("copies")).unwrap_or_default();
        match row.get("state") {
            "open" => {
                count.open = copies;
                let wait = row.get::<i64, _>("next") - now;
                count.next = Some(Duration::from_millis(u64::try_from(wait).unwrap_or_default()));
            }
            "begun" => count.begun = copies,
            "sent" => count.sent = copies,
            "refused" => count.refused = copies,
            _ => count.left_out += copies,
        }
    }
    Ok(count)
}

/// What changes together, in one statement each: the copies, and the mailboxes that are no good.
async fn change(
    connection: &mut SqliteConnection,
    job: &JobCopies,
    changes: Vec<(String, CopyChange)>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let at = millis(now);
    let dead = |(_, change): &&(String, CopyChange)| matches!(change, CopyChange::Refused { dead: true, .. });
    let buried: Vec<_> = changes
        .iter()
        .filter(dead)
        .map(|(recipient, change)| json!({ "recipient": recipient, "reason": reason(change) }))
        .collect();
    if !buried.is_empty() {
        sqlx::query(
            "UPDATE recipients SET standing = 'bounced', reason = c.value ->> 'reason', since = ?3 \
             FROM json_each(?2) c WHERE channel = ?1 AND address = c.value ->> 'recipient' AND standing = 'active'",
        )
        .bind(&job.channel)
        .bind(to_json(&buried)?)
        .bind(at)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    }
    let rows: Vec<_> = changes.iter().map(|(recipient, change)| change_json(recipient, change, now)).collect();
    sqlx::query(
        "UPDATE copies SET note = c.value ->> 'note', due = c.value ->> 'due', at = ?3, \
         since = CASE c.value ->> 'state' WHEN 'open' THEN coalesce(since, ?3) ELSE since END, \
         state = CASE WHEN coalesce(since, ?3) < c.value ->> 'give_up' THEN 'refused' ELSE c.value ->> 'state' END \
         FROM json_each(?4) c WHERE channel = ?1 AND job_key = ?2 AND recipient = c.value ->> 'recipient'",
    )
    .bind(&job.channel)
    .bind(&job.job_key)
    .bind(at)
    .bind(to_json(&rows)?)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

fn reason(change: &CopyChange) -> Option<&str> {
    match change {
        CopyChange::Refused { reason, .. } | CopyChange::Later { reason, .. } => Some(reason),
        CopyChange::Begun | CopyChange::NotBegun | CopyChange::Sent => None,
    }
}

fn change_json(recipient: &str, change: &CopyChange, now: DateTime<Utc>) -> serde_json::Value {
    let span = |span: Duration| TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
    let (state, due, give_up) = match change {
        CopyChange::Begun => ("begun", now, None),
        CopyChange::NotBegun => ("open", now, None),
        CopyChange::Sent => ("sent", now, None),
        CopyChange::Refused { .. } => ("refused", now, None),
        CopyChange::Later { wait, patience, .. } => ("open", now + span(*wait), Some(millis(now - span(*patience)))),
    };
    json!({ "recipient": recipient, "state": state, "note": reason(change), "due": millis(due), "give_up": give_up })
}

fn addressee(row: &sqlx::sqlite::SqliteRow) -> Addressee {
    Addressee { address: row.get("address"), name: row.get("name"), token: row.get("token") }
}

impl Copies for JobCopies {
    fn invite(&self, people: Vec<Entry>) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            let people = people.into_iter().map(|entry| (entry.address.to_string(), entry.name)).collect();
            self.enlist(people).await.map_err(later)
        })
    }

    fn invite_subscribers(&self) -> BoxFuture<'_, Result<(), SendError>> {
        let listed = "SELECT address FROM recipients WHERE channel = ?1 AND listed = 1 AND address > ?5";
        Box::pin(async move { self.invite_all(listed, String::new()).await.map_err(later) })
    }

    fn invite_holders(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            let editions = self.editions().await.map_err(later)?;
            let holders = "SELECT DISTINCT recipient AS address FROM copies WHERE channel = ?1 AND state = 'sent' \
                           AND job_key <> ?3 AND recipient > ?5 \
                           AND (article_id = ?2 OR job_key IN (SELECT value FROM json_each(?4)))";
            self.invite_all(holders, editions).await.map_err(later)
        })
    }

    fn complete(&self) -> BoxFuture<'_, Result<(), SendError>> {
        let (job, now) = (self.clone(), millis(self.clock.now()));
        Box::pin(async move {
            self.store
                .writer
                .run(move |connection| {
                    Box::pin(async move {
                        sqlx::query(
                            "INSERT INTO mailings (channel, job_key, complete_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                        )
                        .bind(&job.channel)
                        .bind(&job.job_key)
                        .bind(now)
                        .execute(connection)
                        .await
                        .map_err(failed)?;
                        Ok(())
                    })
                })
                .await
                .map_err(later)
        })
    }

    fn is_complete(&self) -> BoxFuture<'_, Result<bool, SendError>> {
        Box::pin(async move {
            let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM mailings WHERE channel = ? AND job_key = ?")
                .bind(&self.channel)
                .bind(&self.job_key)
                .fetch_optional(&self.store.readers)
                .await
                .map_err(|error| later(failed(error)))?;
            Ok(found.is_some())
        })
    }

    fn open(&self, after: Option<String>, most: usize) -> BoxFuture<'_, Result<Vec<Addressee>, SendError>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT r.address, r.name, r.token FROM copies c \
                 JOIN recipients r ON r.channel = c.channel AND r.address = c.recipient AND r.standing = 'active' \
                 WHERE c.channel = ? AND c.job_key = ? AND c.state = 'open' AND c.due <= ? AND c.recipient > ? \
                 ORDER BY c.recipient LIMIT ?",
            )
            .bind(&self.channel)
            .bind(&self.job_key)
            .bind(millis(self.clock.now()))
            .bind(after.unwrap_or_default())
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(&self.store.readers)
            .await
            .map_err(|error| later(failed(error)))?;
            Ok(rows.iter().map(addressee).collect())
        })
    }

    fn record(&self, changes: Vec<(String, CopyChange)>) -> BoxFuture<'_, Result<(), SendError>> {
        let (job, now) = (self.clone(), self.clock.now());
        Box::pin(async move {
            if changes.is_empty() {
                return Ok(());
            }
            self.store
                .writer
                .run(move |connection| Box::pin(async move { change(connection, &job, changes, now).await }))
                .await
                .map_err(later)
        })
    }

    fn count(&self) -> BoxFuture<'_, Result<CopyCount, SendError>> {
        Box::pin(async move { self.count_now().await.map_err(later) })
    }

    fn named(&self, state: CopyState, most: usize) -> BoxFuture<'_, Result<Vec<(String, String)>, SendError>> {
        let state = match state {
            CopyState::Begun => "begun",
            CopyState::Refused => "refused",
            CopyState::Open => "open",
        };
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT recipient, coalesce(note, '') AS note FROM copies \
                 WHERE channel = ? AND job_key = ? AND state = ? ORDER BY recipient LIMIT ?",
            )
            .bind(&self.channel)
            .bind(&self.job_key)
            .bind(state)
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(&self.store.readers)
            .await
            .map_err(|error| later(failed(error)))?;
            Ok(rows.iter().map(|row| (row.get("recipient"), row.get("note"))).collect())
        })
    }

    fn recent(&self, span: Duration) -> BoxFuture<'_, Result<BTreeMap<String, u32>, SendError>> {
        Box::pin(async move {
            let since = self.clock.now() - TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
            let rows = sqlx::query(
                "SELECT substr(recipient, instr(recipient, '@') + 1) AS domain, count(*) AS copies FROM copies \
                 WHERE channel = ? AND at > ? AND state IN ('begun', 'sent') GROUP BY domain",
            )
            .bind(&self.channel)
            .bind(millis(since))
            .fetch_all(&self.store.readers)
            .await
            .map_err(|error| later(failed(error)))?;
            Ok(rows.iter().map(|row| (row.get("domain"), row.get("copies"))).collect())
        })
    }
}
