//! The read side, and the seam between the traits and the files beside this one.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _};
use tokio::sync::Notify;

use super::copies::JobCopies;
use super::pictures::KeptPictures;
use super::rows::{DELIVERY, article, delivery, from_json, instant, millis};
use super::{SqliteStore, failed};
use crate::article::{Article, ArticleId, ArticleKey, Kept, Revision};
use crate::channel::{Copies, Pictures};
use crate::clock::Clock;
use crate::delivery::{Delivery, DeliveryId, Event, Plan};
use crate::ledger::{ArticleRow, AttemptRow, Balance, CopyRow, DeliveryRow, Filter, Ledger, Rest};
use crate::queue::{
    Answer, Decide, Handover, LeaseRequest, Leased, OnLost, Pause, Planner, Queue, Settlement, StoreError, Verdict,
};
use crate::text::Text;

const ARTICLE: &str = "SELECT a.id, a.source, a.external_id, a.revision, a.withdrawn_at, \
     json_extract(r.content, '$.title') AS title FROM articles a \
     JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision";

impl Ledger for SqliteStore {
    fn find(&self, words: &str) -> BoxFuture<'_, Result<Vec<ArticleRow>, StoreError>> {
        let words = words.to_owned();
        Box::pin(async move {
            let (source, external_id) = words.split_once('/').unwrap_or(("", ""));
            let sql = format!(
                "{ARTICLE} WHERE a.id = ? OR (a.source = ? AND a.external_id = ?) OR a.external_id = ? ORDER BY a.id"
            );
            let rows = sqlx::query(AssertSqlSafe(sql))
                .bind(words.parse::<i64>().ok())
                .bind(source)
                .bind(external_id)
                .bind(&words)
                .fetch_all(&self.readers)
                .await
                .map_err(failed)?;
            Ok(rows.iter().map(article_row).collect())
        })
    }

    fn article(&self, id: ArticleId) -> BoxFuture<'_, Result<Option<ArticleRow>, StoreError>> {
        Box::pin(async move {
            let sql = format!("{ARTICLE} WHERE a.id = ?");
            let row = sqlx::query(AssertSqlSafe(sql)).bind(id.0).fetch_optional(&self.readers).await;
            Ok(row.map_err(failed)?.as_ref().map(article_row))
        })
    }

    fn deliveries(&self, filter: Filter) -> BoxFuture<'_, Result<Vec<DeliveryRow>, StoreError>> {
        Box::pin(async move {
            let sql = format!(
                "SELECT {DELIVERY}, a.source, a.external_id, json_extract(r.content, '$.title') AS title, \
                 t.errand AS last_errand, t.outcome AS last_outcome \
                 FROM deliveries d JOIN articles a ON a.id = d.article_id \
                 JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision \
                 LEFT JOIN attempts t ON t.delivery_id = d.id AND t.attempt = (SELECT max(attempt) FROM attempts l \
                 WHERE l.delivery_id = d.id AND l.errand <> 'look_up') \
                 WHERE d.article_id = coalesce(?1, d.article_id) AND d.channel = coalesce(?2, d.channel) \
                 AND d.state = coalesce(?3, d.state) AND d.id = coalesce(?4, d.id) ORDER BY d.id DESC LIMIT ?5"
            );
            let rows = sqlx::query(AssertSqlSafe(sql))
                .bind(filter.article.map(|id| id.0))
                .bind(filter.channel)
                .bind(filter.state)
                .bind(filter.delivery.map(|id| id.0))
                .bind(filter.most.map_or(-1, i64::from))
                .fetch_all(&self.readers)
                .await
                .map_err(failed)?;
            let row = |row: &SqliteRow| {
                Ok(DeliveryRow {
                    delivery: delivery(row)?,
                    key: key(row),
                    title: row.get("title"),
                    last_errand: row.get("last_errand"),
                    last_outcome: row.get("last_outcome"),
                })
            };
            rows.iter().map(row).collect()
        })
    }

    fn delivery(&self, id: DeliveryId) -> BoxFuture<'_, Result<Option<DeliveryRow>, StoreError>> {
        Box::pin(async move {
            let filter = Filter { delivery: Some(id), ..Filter::default() };
            Ok(self.deliveries(filter).await?.pop())
        })
    }

    fn content(&self, id: ArticleId) -> BoxFuture<'_, Result<Arc<Article>, StoreError>> {
        Box::pin(async move {
            let mut connection = self.readers.acquire().await.map_err(failed)?;
            let revision: u32 = sqlx::query_scalar("SELECT revision FROM articles WHERE id = ?")
                .bind(id.0)
                .fetch_one(&mut *connection)
                .await
                .map_err(failed)?;
            Ok(article(&mut connection, id, Revision(revision)).await?.0)
        })
    }

    fn attempts(&self, delivery: DeliveryId) -> BoxFuture<'_, Result<Vec<AttemptRow>, StoreError>> {
        Box::pin(async move {
            let rows = sqlx::query("SELECT * FROM attempts WHERE delivery_id = ? ORDER BY attempt")
                .bind(delivery.0)
                .fetch_all(&self.readers)
                .await
                .map_err(failed)?;
            rows.iter().map(attempt_row).collect()
        })
    }

    fn copies_of(
        &self,
        delivery: DeliveryId,
        state: Option<String>,
        after: Option<(String, String)>,
        most: u32,
    ) -> BoxFuture<'_, Result<Vec<CopyRow>, StoreError>> {
        Box::pin(self.copies_of_now(delivery, state, after, most))
    }

    fn balance(&self) -> BoxFuture<'_, Result<Vec<Balance>, StoreError>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT channel, state, min(wanted) AS wanted, count(*) AS number FROM deliveries \
                 GROUP BY channel, state, wanted = '\"withdrawn\"'",
            )
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
            let mut balances: BTreeMap<String, Balance> = BTreeMap::new();
            for row in &rows {
                let channel: String = row.get("channel");
                let balance =
                    balances.entry(channel.clone()).or_insert_with(|| Balance { channel, ..Balance::default() });
                balance.count(row.get("state"), from_json(row.get("wanted"))?, row.get("number"));
            }
            Ok(balances.into_values().collect())
        })
    }

    fn pauses(&self) -> BoxFuture<'_, Result<Vec<(String, Pause)>, StoreError>> {
        Box::pin(async move {
            let rows = sqlx::query("SELECT channel, pause FROM pauses ORDER BY channel")
                .fetch_all(&self.readers)
                .await
                .map_err(failed)?;
            rows.iter().map(|row| Ok((row.get("channel"), from_json(row.get("pause"))?))).collect()
        })
    }

    fn rests(&self, now: DateTime<Utc>) -> BoxFuture<'_, Result<Vec<Rest>, StoreError>> {
        Box::pin(async move {
            let rows = sqlx::query("SELECT channel, until FROM rests WHERE until > ? ORDER BY channel")
                .bind(millis(now))
                .fetch_all(&self.readers)
                .await
                .map_err(failed)?;
            Ok(rows.iter().map(|row| (row.get("channel"), instant(row.get("until")))).collect())
        })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            sqlx::query("SELECT count(*) FROM pauses").fetch_one(&self.readers).await.map_err(failed)?;
            self.writer.run(|_| Box::pin(async { Ok(()) })).await
        })
    }
}

fn key(row: &SqliteRow) -> ArticleKey {
    ArticleKey { source: row.get("source"), external_id: row.get("external_id") }
}

fn article_row(row: &SqliteRow) -> ArticleRow {
    ArticleRow {
        id: ArticleId(row.get("id")),
        key: key(row),
        revision: Revision(row.get("revision")),
        title: row.get("title"),
        withdrawn_at: row.get::<Option<i64>, _>("withdrawn_at").map(instant),
    }
}

fn attempt_row(row: &SqliteRow) -> Result<AttemptRow, StoreError> {
    Ok(AttemptRow {
        delivery: DeliveryId(row.get("delivery_id")),
        attempt: row.get("attempt"),
        errand: row.get("errand"),
        revision: row.get::<Option<u32>, _>("revision").map(Revision),
        started: instant(row.get("started_at")),
        finished: row.get::<Option<i64>, _>("finished_at").map(instant),
        outcome: row.get("outcome"),
        note: row.get::<Option<&str>, _>("note").map(from_json).transpose()?,
        payload_hash: row.get("payload_hash"),
        url: row.get("url"),
    })
}

impl Queue for SqliteStore {
    fn accept(&self, handover: Handover, decide: Decide) -> BoxFuture<'_, Result<Verdict, StoreError>> {
        Box::pin(self.accept_now(handover, decide))
    }

    fn lease(&self, request: LeaseRequest) -> BoxFuture<'_, Result<Leased, StoreError>> {
        Box::pin(self.lease_now(request))
    }

    fn renew(&self, held: Vec<(DeliveryId, u32)>, until: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.renew_now(held, until))
    }

    fn settle(&self, settlements: Vec<Settlement>) -> BoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(self.settle_now(settlements))
    }

    fn sweep(
        &self,
        now: DateTime<Utc>,
        not_of: Option<String>,
        on_lost: OnLost,
    ) -> BoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(self.sweep_now(now, not_of, on_lost))
    }

    fn replan(&self, channel: String, planner: Planner) -> BoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(self.replan_now(channel, planner))
    }

    fn decide(
        &self,
        delivery: DeliveryId,
        event: Event,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Result<Delivery, Text>, StoreError>> {
        Box::pin(self.decide_now(delivery, event, who, now))
    }

    fn answer(
        &self,
        delivery: DeliveryId,
        answer: Answer,
        plan: Plan,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Result<Delivery, Text>, StoreError>> {
        Box::pin(self.answer_now(delivery, answer, plan, who, now))
    }

    fn resend_missed(
        &self,
        delivery: DeliveryId,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Result<usize, Text>, StoreError>> {
        Box::pin(self.resend_missed_now(delivery, who, now))
    }

    fn pause(&self, channel: String, pause: Pause) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.pause_now(channel, pause))
    }

    fn resume(&self, channel: String, who: String, now: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.resume_now(channel, who, now))
    }

    fn paused(&self, channel: String) -> BoxFuture<'_, Result<Option<Pause>, StoreError>> {
        Box::pin(async move { self.paused_now(&channel).await })
    }

    fn copies(&self, channel: &str, job_key: &str, article: Option<ArticleId>, clock: &Clock) -> Arc<dyn Copies> {
        let (channel, job_key) = (channel.to_owned(), job_key.to_owned());
        Arc::new(JobCopies { store: self.clone(), clock: clock.clone(), channel, job_key, article })
    }

    fn throttle(&self, channel: String, until: DateTime<Utc>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.throttle_now(channel, until))
    }

    fn keep_picture(&self, kept: Kept, bytes: Vec<u8>, now: DateTime<Utc>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.keep_picture_now(kept, bytes, now))
    }

    fn pictures(&self) -> Arc<dyn Pictures> {
        Arc::new(KeptPictures(self.clone()))
    }

    fn bell(&self, channel: &str) -> Arc<Notify> {
        self.bell_of(channel)
    }
}
