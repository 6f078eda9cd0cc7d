//! Who is on a job's list, and how far it is.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::BoxFuture;

use super::ceiling::Leaves;
use super::db::{Arg, Connection, Sql, args};
use super::row::{Row, millis, to_json};
use super::{Store, leave};
use crate::article::ArticleId;
use crate::audience::Entry;
use crate::channel::{Addressee, Copies, CopyChange, CopyCount, CopyState, Departures, Leave, SendError};
use crate::clock::Clock;
use crate::delivery::edition_key;
use crate::queue::StoreError;
use crate::store::token::token;
use crate::text;

/// People put on a list in one transaction: others wait no longer than for that.
const BATCH: i64 = 2_000;

/// The copies of one job.
#[derive(Clone)]
pub(super) struct JobCopies {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) channel: String,
    pub(super) job_key: String,
    /// The one article, for a job that is not an edition.
    pub(super) article: Option<ArticleId>,
    /// Everything it speaks of.
    pub(super) articles: Vec<ArticleId>,
}

/// A mailing that finds no room in the store looks again after so long.
const FULL_REST: Duration = Duration::from_mins(1);

/// The store cannot be read or written: nothing was sent, so nothing is lost by trying later.
pub(super) fn later(error: StoreError) -> SendError {
    match error {
        // It costs no try: nobody has refused anything.
        StoreError::Full => {
            let note = text!(
                "kho dữ liệu hết chỗ, chưa gửi tiếp. Giải phóng ổ đĩa (hoặc tăng store.max_size); có chỗ là loa tự gửi",
                "the store is full: nothing more is sent. Free some disk space (or raise store.max_size); with room \
                 loa goes on by itself"
            );
            SendError::put_off(note).after(Some(FULL_REST))
        }
        error => SendError::transient(error.text()),
    }
}

impl JobCopies {
    /// Keys of the editions that the article was sent in.
    async fn editions(&self) -> Result<String, StoreError> {
        const EDITIONS: Sql = Sql::both(
            "SELECT DISTINCT a.edition FROM attempts a JOIN deliveries d ON d.id = a.delivery_id \
             WHERE d.article_id = $1 AND d.channel = $2 AND a.edition IS NOT NULL \
             AND coalesce(a.outcome, '') <> 'moved'",
        );
        let args = args![self.article.map(|id| id.0), &self.channel];
        let rows = self.store.readers.fetch(EDITIONS, args).await?;
        let keys: Result<Vec<_>, StoreError> =
            rows.iter().map(|row| Ok(edition_key(&self.channel, row.instant("edition")?))).collect();
        to_json(&keys?)
    }

    /// Puts those on the list whom `people` names, by address after `$2`, until it names nobody more. `more` begins
    /// with `$4`.
    async fn invite_all(&self, people: Sql, more: impl Fn() -> Vec<Arg>) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let mut args = args![&self.channel, &after, BATCH];
            args.extend(more());
            let rows = self.store.readers.fetch(people, args).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.string("address")?;
            let people: Result<Vec<_>, _> = rows.iter().map(|row| Ok((row.string("address")?, None))).collect();
            self.enlist(people?).await?;
        }
    }

    async fn enlist(&self, people: Vec<(String, Option<String>)>) -> Result<(), StoreError> {
        if people.is_empty() {
            return Ok(());
        }
        let addresses: Vec<&str> = people.iter().map(|(address, _)| address.as_str()).collect();
        let person = |(address, name): &(String, Option<String>)| {
            token(&self.store.key, &self.channel, address).map(|token| (address.clone(), token, name.clone()))
        };
        let known: Result<Vec<_>, _> = people.iter().map(person).collect();
        let list = List { addresses: to_json(&addresses)?, people: to_json(&known?)?, now: millis(self.clock.now()) };
        self.store
            .writer
            .run_leaving(Leaves::RoomForResults, (self.clone(), list), |tx, (job, list)| {
                Box::pin(enlist(&mut tx.connection, job, list))
            })
            .await
    }
}

/// People to be put on a list.
struct List {
    /// JSON: their addresses.
    addresses: String,
    /// JSON: address, token and name of each.
    people: String,
    now: i64,
}

async fn enlist(connection: &mut Connection, job: &JobCopies, list: &List) -> Result<(), StoreError> {
    const BEGIN: Sql =
        Sql::both("INSERT INTO mailings (channel, job_key, article_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
    const KNOW: Sql = Sql {
        sqlite: "INSERT INTO recipients (channel, address, name, token, listed, standing, soft_bounces, since) \
                 SELECT $1, value ->> 0, value ->> 2, value ->> 1, 0, 'active', 0, $3 \
                 FROM json_each($2) WHERE true ON CONFLICT (channel, address) DO UPDATE SET name = excluded.name \
                 WHERE excluded.name IS NOT NULL",
        postgres: "INSERT INTO recipients (channel, address, name, token, listed, standing, soft_bounces, since) \
                   SELECT DISTINCT ON (value ->> 0) $1, value ->> 0, value ->> 2, value ->> 1, 0, 'active', 0, $3 \
                   FROM json_array_elements($2::json) ORDER BY value ->> 0, value ->> 2 NULLS LAST \
                   ON CONFLICT (channel, address) DO UPDATE SET name = excluded.name WHERE excluded.name IS NOT NULL",
    };
    const INVITE: Sql = Sql {
        sqlite: "INSERT INTO copies (channel, job_key, recipient, state, note, at) \
                 SELECT r.channel, $3, r.address, CASE r.standing WHEN 'active' THEN 'open' ELSE 'left_out' END, \
                 CASE r.standing WHEN 'active' THEN NULL ELSE r.standing END, $4 \
                 FROM json_each($2) p CROSS JOIN recipients r ON r.channel = $1 AND r.address = p.value \
                 WHERE true ON CONFLICT DO NOTHING",
        postgres: "INSERT INTO copies (channel, job_key, recipient, state, note, at) \
                   SELECT r.channel, $3, r.address, CASE r.standing WHEN 'active' THEN 'open' ELSE 'left_out' END, \
                   CASE r.standing WHEN 'active' THEN NULL ELSE r.standing END, $4 \
                   FROM json_array_elements_text($2::json) p (address) \
                   JOIN recipients r ON r.channel = $1 AND r.address = p.address ON CONFLICT DO NOTHING",
    };
    let JobCopies { channel, job_key, .. } = job;
    connection.execute(BEGIN, args![channel, job_key, job.article.map(|id| id.0)]).await?;
    connection.execute(KNOW, args![channel, &list.people, list.now]).await?;
    connection.execute(INVITE, args![channel, &list.addresses, job_key, list.now]).await.map(drop)
}

/// Leaves out the open copies of those who may not be written to, and counts.
async fn count(connection: &mut Connection, job: &JobCopies, now: i64) -> Result<CopyCount, StoreError> {
    const LEAVE_OUT: Sql = Sql::both(
        "UPDATE copies SET state = 'left_out', at = $3, \
         note = (SELECT standing FROM recipients r WHERE r.channel = $1 AND r.address = recipient) \
         WHERE channel = $1 AND job_key = $2 AND state = 'open' AND recipient IN (SELECT r.address FROM recipients r \
         WHERE r.channel = $1 AND r.standing <> 'active')",
    );
    const COUNT: Sql = Sql::both(
        "SELECT state, count(*) AS copies, min(due) AS next FROM copies WHERE channel = $1 AND job_key = $2 GROUP BY state",
    );
    connection.execute(LEAVE_OUT, args![&job.channel, &job.job_key, now]).await?;
    let mut count = CopyCount::default();
    for row in connection.fetch(COUNT, args![&job.channel, &job.job_key]).await? {
        let copies = row.count("copies")?;
        match row.text("state")? {
            "open" => {
                count.open = copies;
                let wait = row.int("next")? - now;
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

impl Copies for JobCopies {
    fn invite(&self, people: Vec<Entry>) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            let people = people.into_iter().map(|entry| (entry.address.to_string(), entry.name)).collect();
            self.enlist(people).await.map_err(later)
        })
    }

    fn invite_subscribers(&self) -> BoxFuture<'_, Result<(), SendError>> {
        const LISTED: Sql = Sql::both(
            "SELECT address FROM recipients WHERE channel = $1 AND listed = 1 AND address > $2 ORDER BY address LIMIT $3",
        );
        Box::pin(async move { self.invite_all(LISTED, Vec::new).await.map_err(later) })
    }

    fn invite_holders(&self) -> BoxFuture<'_, Result<(), SendError>> {
        const HOLDERS: Sql = Sql {
            sqlite: "SELECT DISTINCT recipient AS address FROM copies WHERE channel = $1 AND state IN ('sent', 'begun') \
                     AND recipient > $2 AND job_key <> $4 AND job_key IN \
                     (SELECT m.job_key FROM mailings m WHERE m.channel = $1 AND m.article_id = $5 \
                     UNION ALL SELECT value FROM json_each($6)) ORDER BY address LIMIT $3",
            postgres: "SELECT DISTINCT recipient AS address FROM copies WHERE channel = $1 AND state IN ('sent', 'begun') \
                       AND recipient > $2 AND job_key <> $4 AND job_key IN \
                       (SELECT m.job_key FROM mailings m WHERE m.channel = $1 AND m.article_id = $5 \
                       UNION ALL SELECT value FROM json_array_elements_text($6::json)) ORDER BY address LIMIT $3",
        };
        Box::pin(async move {
            let editions = self.editions().await.map_err(later)?;
            let more = || args![&self.job_key, self.article.map(|id| id.0), &editions];
            self.invite_all(HOLDERS, more).await.map_err(later)
        })
    }

    fn complete(&self) -> BoxFuture<'_, Result<(), SendError>> {
        const COMPLETE: Sql = Sql::both(
            "UPDATE mailings SET complete_at = $3 WHERE channel = $1 AND job_key = $2 AND complete_at IS NULL",
        );
        let asked = (self.channel.clone(), self.job_key.clone(), millis(self.clock.now()));
        Box::pin(async move {
            let complete = self.store.writer.record(asked, |tx, (channel, job_key, now)| {
                Box::pin(async move { tx.connection.execute(COMPLETE, args![channel, job_key, *now]).await.map(drop) })
            });
            complete.await.map_err(later)
        })
    }

    fn is_complete(&self) -> BoxFuture<'_, Result<bool, SendError>> {
        const IS_COMPLETE: Sql =
            Sql::both("SELECT 1 FROM mailings WHERE channel = $1 AND job_key = $2 AND complete_at IS NOT NULL");
        Box::pin(async move {
            let found = self.store.readers.first(IS_COMPLETE, args![&self.channel, &self.job_key]).await;
            Ok(found.map_err(later)?.is_some())
        })
    }

    fn open(&self, after: Option<String>, most: usize) -> BoxFuture<'_, Result<Vec<Addressee>, SendError>> {
        const OPEN: Sql = Sql::both(
            "SELECT r.address, r.name, r.token FROM copies c \
             JOIN recipients r ON r.channel = c.channel AND r.address = c.recipient AND r.standing = 'active' \
             WHERE c.channel = $1 AND c.job_key = $2 AND c.state = 'open' AND c.due <= $3 AND c.recipient > $4 \
             ORDER BY c.recipient LIMIT $5",
        );
        let now = millis(self.clock.now());
        let args = args![&self.channel, &self.job_key, now, after.unwrap_or_default(), limit(most)];
        Box::pin(async move {
            let rows = self.store.readers.fetch(OPEN, args).await.map_err(later)?;
            let addressee = |row: &Row| {
                let (address, name) = (row.string("address")?, row.opt_string("name")?);
                Ok(Addressee { address, name, token: row.string("token")? })
            };
            rows.iter().map(addressee).collect::<Result<_, _>>().map_err(later)
        })
    }

    fn begin(&self, departures: Departures) -> BoxFuture<'_, Result<Vec<Leave>, SendError>> {
        let news = departures.news.clone();
        let asked = (self.clone(), departures, self.clock.now());
        Box::pin(async move {
            let begun = self.store.writer.run_leaving(Leaves::RoomForResults, asked, |tx, (job, departures, now)| {
                Box::pin(leave::begin(&mut tx.connection, job, departures, *now))
            });
            let begun = begun.await;
            if begun == Err(StoreError::Full) {
                // No letter leaves any more; what became of the earlier ones is kept.
                self.record(news).await?;
            }
            begun.map_err(later)
        })
    }

    fn record(&self, news: Vec<(String, CopyChange)>) -> BoxFuture<'_, Result<(), SendError>> {
        let asked = (self.clone(), Departures { news, ..Departures::default() }, self.clock.now());
        Box::pin(async move {
            if asked.1.news.is_empty() {
                return Ok(());
            }
            let recorded = self.store.writer.record(asked, |tx, (job, departures, now)| {
                Box::pin(leave::change(&mut tx.connection, job, departures, *now))
            });
            recorded.await.map(drop).map_err(later)
        })
    }

    fn count(&self) -> BoxFuture<'_, Result<CopyCount, SendError>> {
        let asked = (self.clone(), millis(self.clock.now()));
        Box::pin(async move {
            let counted =
                self.store.writer.record(asked, |tx, (job, now)| Box::pin(count(&mut tx.connection, job, *now)));
            counted.await.map_err(later)
        })
    }

    fn named(&self, state: CopyState, most: usize) -> BoxFuture<'_, Result<Vec<(String, String)>, SendError>> {
        const NAMED: Sql = Sql::both(
            "SELECT recipient, coalesce(note, '') AS note FROM copies \
             WHERE channel = $1 AND job_key = $2 AND state = $3 ORDER BY recipient LIMIT $4",
        );
        let state = match state {
            CopyState::Begun => "begun",
            CopyState::Refused => "refused",
            CopyState::Open => "open",
        };
        Box::pin(async move {
            let args = args![&self.channel, &self.job_key, state, limit(most)];
            let rows = self.store.readers.fetch(NAMED, args).await.map_err(later)?;
            let named = |row: &Row| Ok((row.string("recipient")?, row.string("note")?));
            rows.iter().map(named).collect::<Result<_, _>>().map_err(later)
        })
    }

    fn recent(&self, span: Duration) -> BoxFuture<'_, Result<BTreeMap<String, u32>, SendError>> {
        const RECENT: Sql = Sql {
            sqlite: "SELECT substr(recipient, instr(recipient, '@') + 1) AS domain, count(*) AS copies FROM copies \
                     WHERE channel = $1 AND left_at > $2 AND state IN ('begun', 'sent') GROUP BY domain",
            postgres: "SELECT substr(recipient, strpos(recipient, '@') + 1) AS domain, count(*) AS copies FROM copies \
                       WHERE channel = $1 AND left_at > $2 AND state IN ('begun', 'sent') GROUP BY domain",
        };
        Box::pin(async move {
            let since = self.clock.now() - TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
            let rows = self.store.readers.fetch(RECENT, args![&self.channel, millis(since)]).await.map_err(later)?;
            let recent = |row: &Row| Ok((row.string("domain")?, row.small("copies")?));
            rows.iter().map(recent).collect::<Result<_, _>>().map_err(later)
        })
    }
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
