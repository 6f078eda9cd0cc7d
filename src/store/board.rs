//! What the console's first page asks: every question is bounded and on an index.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::Store;
use super::db::{Sql, args};
use super::deliveries::{delivery_rows, for_a_person};
use super::read::delivery_row;
use super::row::Row;
use crate::article::ArticleId;
use crate::delivery::DeliveryId;
use crate::ledger::{Board, DeliveryRow, Due, Out};
use crate::queue::StoreError;

macro_rules! needs {
    ($title:literal) => {
        delivery_rows!($title, concat!("d.state = $1 AND ", for_a_person!(), " ORDER BY d.id DESC LIMIT $2"))
    };
}

macro_rules! outs {
    ($title:literal) => {
        concat!(
            "SELECT t.delivery_id, d.article_id, t.errand, t.finished_at, t.url, ",
            $title,
            " AS title FROM (SELECT * FROM attempts WHERE channel = $1 ORDER BY started_at DESC LIMIT $2) t \
             JOIN deliveries d ON d.id = t.delivery_id JOIN articles a ON a.id = d.article_id \
             JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision \
             WHERE t.errand <> 'look_up' AND t.outcome IN ('live', 'gone', 'notice', 'rehearsed') \
             ORDER BY t.started_at DESC LIMIT $3"
        )
    };
}

/// One place of the index for each urgency.
macro_rules! dues {
    ($title:literal) => {
        concat!(
            "SELECT n.id, n.article_id, n.due, ",
            $title,
            " AS title FROM (\
             SELECT * FROM (SELECT id, article_id, due FROM deliveries WHERE channel = $1 AND state = 'waiting' \
             AND urgency = 0 AND due IS NOT NULL ORDER BY due LIMIT $2) u UNION ALL \
             SELECT * FROM (SELECT id, article_id, due FROM deliveries WHERE channel = $1 AND state = 'waiting' \
             AND urgency = 1 AND due IS NOT NULL ORDER BY due LIMIT $2) v UNION ALL \
             SELECT * FROM (SELECT id, article_id, due FROM deliveries WHERE channel = $1 AND state = 'waiting' \
             AND urgency = 2 AND due IS NOT NULL ORDER BY due LIMIT $2) w) n \
             JOIN articles a ON a.id = n.article_id JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision \
             ORDER BY n.due, n.id LIMIT $2"
        )
    };
}

/// How many of a channel's latest attempts are looked at for one that went well.
const LOOKED_AT: i64 = 200;

fn out(row: &Row) -> Result<Option<Out>, StoreError> {
    let at: Option<DateTime<Utc>> = row.opt_instant("finished_at")?;
    let Some(at) = at else { return Ok(None) };
    Ok(Some(Out {
        delivery: DeliveryId(row.int("delivery_id")?),
        article: ArticleId(row.int("article_id")?),
        title: row.string("title")?,
        errand: row.string("errand")?,
        at,
        url: row.opt_string("url")?,
    }))
}

impl Board for Store {
    fn needs(&self, state: &'static str, most: u32) -> BoxFuture<'_, Result<Vec<DeliveryRow>, StoreError>> {
        const NEEDS: Sql =
            Sql { sqlite: needs!("r.content ->> 'title'"), postgres: needs!("r.content::json ->> 'title'") };
        Box::pin(async move {
            let rows = self.readers.fetch(NEEDS, args![state, i64::from(most)]).await?;
            rows.iter().map(delivery_row).collect()
        })
    }

    fn how_many(&self, state: &'static str, most: u32) -> BoxFuture<'_, Result<u32, StoreError>> {
        const COUNT: Sql = Sql::both(concat!(
            "SELECT count(*) AS number FROM (SELECT 1 FROM deliveries d WHERE d.state = $1 AND ",
            for_a_person!(),
            " LIMIT $2) n"
        ));
        Box::pin(async move {
            let row = self.readers.first(COUNT, args![state, i64::from(most)]).await?;
            row.map_or(Ok(0), |row| row.small("number"))
        })
    }

    fn outs(&self, channel: String, most: u32) -> BoxFuture<'_, Result<Vec<Out>, StoreError>> {
        const OUTS: Sql =
            Sql { sqlite: outs!("r.content ->> 'title'"), postgres: outs!("r.content::json ->> 'title'") };
        Box::pin(async move {
            let rows = self.readers.fetch(OUTS, args![channel, LOOKED_AT, i64::from(most)]).await?;
            rows.iter().filter_map(|row| out(row).transpose()).collect()
        })
    }

    fn dues(&self, channel: String, most: u32) -> BoxFuture<'_, Result<Vec<Due>, StoreError>> {
        const DUES: Sql =
            Sql { sqlite: dues!("r.content ->> 'title'"), postgres: dues!("r.content::json ->> 'title'") };
        Box::pin(async move {
            let rows = self.readers.fetch(DUES, args![channel, i64::from(most)]).await?;
            let due = |row: &Row| {
                Ok(Due {
                    delivery: DeliveryId(row.int("id")?),
                    article: ArticleId(row.int("article_id")?),
                    title: row.string("title")?,
                    due: row.instant("due")?,
                })
            };
            rows.iter().map(due).collect()
        })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.bells.changes()
    }
}
