//! What is asked about one channel.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::Store;
use super::db::{Sql, args};
use super::row::millis;
use crate::article::ArticleId;
use crate::ledger::{ChannelLedger, Recent};
use crate::queue::StoreError;

impl ChannelLedger for Store {
    fn tries_since(&self, channel: String, since: DateTime<Utc>, most: u32) -> BoxFuture<'_, Result<u32, StoreError>> {
        const TRIES: Sql = Sql::both(
            "SELECT count(*) AS number FROM (SELECT 1 FROM attempts WHERE channel = $1 AND started_at > $2 \
             AND errand <> 'look_up' ORDER BY started_at DESC LIMIT $3) n",
        );
        Box::pin(async move {
            let row = self.readers.first(TRIES, args![channel, millis(since), i64::from(most)]).await?;
            row.map_or(Ok(0), |row| row.small("number"))
        })
    }

    fn recent(&self, most: u32) -> BoxFuture<'_, Result<Vec<Recent>, StoreError>> {
        const RECENT: Sql = Sql::both(
            "SELECT a.id, r.content FROM (SELECT id, revision FROM articles ORDER BY id DESC LIMIT $1) a \
             JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision ORDER BY a.id DESC",
        );
        Box::pin(async move {
            let rows = self.readers.fetch(RECENT, args![i64::from(most)]).await?;
            rows.iter().map(|row| Ok((ArticleId(row.int("id")?), Arc::new(row.json("content")?)))).collect()
        })
    }
}
