//! Which recipients of a job have had their copy.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use sqlx::Row as _;

use super::rows::{instant, to_json};
use super::writer::Writer;
use super::{SqliteStore, failed};
use crate::article::ArticleId;
use crate::channel::{Copies, CopyState, SendError};
use crate::delivery::edition_key;
use crate::queue::StoreError;

/// The copies of one job.
pub(super) struct JobCopies {
    pub(super) store: SqliteStore,
    pub(super) channel: String,
    pub(super) job_key: String,
    pub(super) article: Option<ArticleId>,
}

impl JobCopies {
    fn writer(&self) -> &Writer {
        &self.store.writer
    }
}

/// The store cannot be read or written: nothing was sent, so nothing is lost by trying later.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn later(error: StoreError) -> SendError {
    SendError::transient(error.text())
}

impl Copies for JobCopies {
    fn all(&self) -> BoxFuture<'_, Result<BTreeMap<String, CopyState>, SendError>> {
        Box::pin(async move {
            let rows = sqlx::query("SELECT recipient, state, note FROM copies WHERE channel = ? AND job_key = ?")
                .bind(&self.channel)
                .bind(&self.job_key)
                .fetch_all(&self.store.readers)
                .await
                .map_err(|error| later(failed(error)))?;
            let copy = |row: &sqlx::sqlite::SqliteRow| {
                let state = match row.get::<&str, _>("state") {
                    "sent" => CopyState::Sent,
                    "refused" => CopyState::Refused(row.get::<Option<String>, _>("note").unwrap_or_default()),
                    _ => CopyState::Begun,
                };
                (row.get("recipient"), state)
            };
            Ok(rows.iter().map(copy).collect())
        })
    }

    fn holders(&self) -> BoxFuture<'_, Result<BTreeSet<String>, SendError>> {
        Box::pin(async move {
            let article = self.article.map(|id| id.0);
            // An article sent in an edition was sent under the edition's key.
            let slots: Vec<i64> = sqlx::query_scalar(
                "SELECT DISTINCT a.edition FROM attempts a JOIN deliveries d ON d.id = a.delivery_id \
                 WHERE d.article_id = ? AND d.channel = ? AND a.edition IS NOT NULL \
                 AND coalesce(a.outcome, '') <> 'moved'",
            )
            .bind(article)
            .bind(&self.channel)
            .fetch_all(&self.store.readers)
            .await
            .map_err(|error| later(failed(error)))?;
            let editions: Vec<String> =
                slots.into_iter().map(|slot| edition_key(&self.channel, instant(slot))).collect();
            let holders: Vec<String> = sqlx::query_scalar(
                "SELECT DISTINCT recipient FROM copies WHERE channel = ?1 AND state = 'sent' AND job_key <> ?3 \
                 AND (article_id = ?2 OR job_key IN (SELECT value FROM json_each(?4)))",
            )
            .bind(&self.channel)
            .bind(article)
            .bind(&self.job_key)
            .bind(to_json(&editions).map_err(later)?)
            .fetch_all(&self.store.readers)
            .await
            .map_err(|error| later(failed(error)))?;
            Ok(holders.into_iter().collect())
        })
    }

    fn record(&self, copies: Vec<(String, CopyState)>) -> BoxFuture<'_, Result<(), SendError>> {
        let (channel, job_key, article) = (self.channel.clone(), self.job_key.clone(), self.article);
        Box::pin(async move {
            self.writer()
                .run(move |connection| {
                    Box::pin(async move {
                        for (recipient, state) in copies {
                            let (state, note) = match state {
                                CopyState::Begun => ("begun", None),
                                CopyState::Sent => ("sent", None),
                                CopyState::Refused(note) => ("refused", Some(note)),
                            };
                            sqlx::query(
                                "INSERT INTO copies (channel, job_key, recipient, article_id, state, note) \
                                 VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state, note = excluded.note",
                            )
                            .bind(&channel)
                            .bind(&job_key)
                            .bind(recipient)
                            .bind(article.map(|id| id.0))
                            .bind(state)
                            .bind(note)
                            .execute(&mut *connection)
                            .await
                            .map_err(failed)?;
                        }
                        Ok(())
                    })
                })
                .await
                .map_err(later)
        })
    }

    fn forget(&self, recipient: String) -> BoxFuture<'_, Result<(), SendError>> {
        let (channel, job_key) = (self.channel.clone(), self.job_key.clone());
        Box::pin(async move {
            self.writer()
                .run(move |connection| {
                    Box::pin(async move {
                        sqlx::query("DELETE FROM copies WHERE channel = ? AND job_key = ? AND recipient = ?")
                            .bind(channel)
                            .bind(job_key)
                            .bind(recipient)
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
}
