//! What the console's first page asks: every question is bounded and on an index.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::Store;
use super::db::{Sql, args};
use super::deliveries::delivery_rows;
use super::read::delivery_row;
use super::row::Row;
use crate::article::ArticleId;
use crate::delivery::DeliveryId;
use crate::ledger::{Board, DeliveryRow, Due, Out};
use crate::queue::StoreError;

/// The condition of the index `deliveries_person`, word for word: only then is it used.
macro_rules! for_a_person {
    () => {
        " d.state = $1 AND d.state IN ('held', 'uncertain', 'failed') "
    };
}

macro_rules! needs {
    ($title:literal) => {
        delivery_rows!($title, concat!(for_a_person!(), "ORDER BY d.id DESC LIMIT $2"))
    };
}

macro_rules! last_out {
    ($title:literal) => {
        concat!(
            "SELECT t.delivery_id, d.article_id, t.errand, t.finished_at, t.url, ",
            $title,
            " AS title FROM (SELECT * FROM attempts WHERE channel = $1 ORDER BY started_at DESC LIMIT $2) t \
             JOIN deliveries d ON d.id = t.delivery_id JOIN articles a ON a.id = d.article_id \
             JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision \
             WHERE t.errand <> 'look_up' AND t.outcome IN ('live', 'gone', 'notice', 'rehearsed') \
             ORDER BY t.started_at DESC LIMIT 1"
        )
    };
}

/// One place of the index for each urgency.
macro_rules! next_due {
    ($title:literal) => {
        concat!(
            "SELECT n.id, n.article_id, n.due, ",
            $title,
            " AS title FROM (\
             SELECT * FROM (SELECT id, article_id, due FROM deliveries WHERE channel = $1 AND state = 'waiting' \
             AND urgency = 0 AND due IS NOT NULL ORDER BY due LIMIT 1) u UNION ALL \
             SELECT * FROM (SELECT id, article_id, due FROM deliveries WHERE channel = $1 AND state = 'waiting' \
             AND urgency = 1 AND due IS NOT NULL ORDER BY due LIMIT 1) v UNION ALL \
             SELECT * FROM (SELECT id, article_id, due FROM deliveries WHERE channel = $1 AND state = 'waiting' \
             AND urgency = 2 AND due IS NOT NULL ORDER BY due LIMIT 1) w) n \
             JOIN articles a ON a.id = n.article_id JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision \
             ORDER BY n.due LIMIT 1"
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
            "SELECT count(*) AS number FROM (SELECT 1 FROM deliveries d WHERE",
            for_a_person!(),
            "LIMIT $2) n"
        ));
        Box::pin(async move {
            let row = self.readers.first(COUNT, args![state, i64::from(most)]).await?;
            row.map_or(Ok(0), |row| row.small("number"))
        })
    }

    fn last_out(&self, channel: String) -> BoxFuture<'_, Result<Option<Out>, StoreError>> {
        const LAST: Sql =
            Sql { sqlite: last_out!("r.content ->> 'title'"), postgres: last_out!("r.content::json ->> 'title'") };
        Box::pin(async move {
            let row = self.readers.first(LAST, args![channel, LOOKED_AT]).await?;
            Ok(row.as_ref().map(out).transpose()?.flatten())
        })
    }

    fn next_due(&self, channel: String) -> BoxFuture<'_, Result<Option<Due>, StoreError>> {
        const NEXT: Sql =
            Sql { sqlite: next_due!("r.content ->> 'title'"), postgres: next_due!("r.content::json ->> 'title'") };
        Box::pin(async move {
            let row = self.readers.first(NEXT, args![channel]).await?;
            row.map(|row| {
                Ok(Due {
                    delivery: DeliveryId(row.int("id")?),
                    article: ArticleId(row.int("article_id")?),
                    title: row.string("title")?,
                    due: row.instant("due")?,
                })
            })
            .transpose()
        })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.bells.changes()
    }
}
