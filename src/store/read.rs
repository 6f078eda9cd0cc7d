//! The read side.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::Store;
use super::attempts::under_way;
use super::db::{Sql, args};
use super::deliveries::{busy_channels, delivery, delivery_columns, delivery_rows, for_a_person};
use super::row::{Row, from_json, millis};
use crate::article::{Article, ArticleId, ArticleKey, Revision};
use crate::delivery::DeliveryId;
use crate::ledger::{ArticleRow, AttemptRow, Balance, CopyRow, DeliveryRow, Filter, Ledger, Rest};
use crate::queue::{Pause, StoreError};

macro_rules! articles {
    ($title:literal, $which:literal) => {
        concat!(
            "SELECT a.id, a.source, a.external_id, a.revision, a.withdrawn_at, ",
            $title,
            " AS title FROM articles a JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision ",
            $which
        )
    };
}

macro_rules! articles_of_both {
    ($which:literal) => {
        Sql {
            sqlite: articles!("r.content ->> 'title'", $which),
            postgres: articles!("r.content::json ->> 'title'", $which),
        }
    };
}

macro_rules! deliveries {
    ($title:literal, $by:expr, $most:literal) => {
        delivery_rows!(
            $title,
            concat!(
                $by,
                " AND d.article_id = coalesce($1, d.article_id) AND d.channel = coalesce($2, d.channel) \
                 AND d.state = coalesce($3, d.state) AND d.id < $4 AND d.id >= $5 ORDER BY d.id DESC LIMIT ",
                $most
            )
        )
    };
}

macro_rules! deliveries_of_both {
    ($by:expr) => {
        Sql {
            sqlite: deliveries!("r.content ->> 'title'", $by, "$6"),
            postgres: deliveries!("r.content::json ->> 'title'", $by, "NULLIF($6, -1)"),
        }
    };
}

impl Ledger for Store {
    fn find(&self, words: &str) -> BoxFuture<'_, Result<Vec<ArticleRow>, StoreError>> {
        const FIND: Sql = articles_of_both!(
            "WHERE a.id = $1 OR (a.source = $2 AND a.external_id = $3) OR a.external_id = $4 ORDER BY a.id"
        );
        let words = words.to_owned();
        Box::pin(async move {
            let (source, external_id) = words.split_once('/').unwrap_or(("", ""));
            let args = args![words.parse::<i64>().ok(), source, external_id, &words];
            self.readers.fetch(FIND, args).await?.iter().map(article_row).collect()
        })
    }

    fn article(&self, id: ArticleId) -> BoxFuture<'_, Result<Option<ArticleRow>, StoreError>> {
        const ONE: Sql = articles_of_both!("WHERE a.id = $1");
        Box::pin(async move { self.readers.first(ONE, args![id.0]).await?.as_ref().map(article_row).transpose() })
    }

    fn deliveries(&self, filter: Filter) -> BoxFuture<'_, Result<Vec<DeliveryRow>, StoreError>> {
        // An index is used only where its condition is asked for in as many words.
        const ALL: Sql = deliveries_of_both!("1 = 1");
        const OF_ARTICLE: Sql = deliveries_of_both!("d.article_id = $1");
        const FOR_A_PERSON: Sql = deliveries_of_both!(concat!("d.state = $3 AND ", for_a_person!()));
        const SENDING: Sql = deliveries_of_both!(concat!(
            "d.id IN (",
            busy_channels!(),
            "SELECT s.id FROM c CROSS JOIN deliveries s WHERE s.channel = c.channel AND s.state = 'sending' \
             AND s.due IS NOT NULL)"
        ));
        Box::pin(async move {
            let asked = match (&filter.article, filter.state.as_deref()) {
                (Some(_), _) => OF_ARTICLE,
                (None, Some("sending")) => SENDING,
                (None, Some("held" | "uncertain" | "failed")) => FOR_A_PERSON,
                (None, _) => ALL,
            };
            let most = filter.most.map_or(-1, i64::from);
            let before = filter.delivery.map(|id| id.0.saturating_add(1)).or(filter.before.map(|id| id.0));
            let since = filter.delivery.or(filter.since).map_or(i64::MIN, |id| id.0);
            let (article, before) = (filter.article.map(|id| id.0), before.unwrap_or(i64::MAX));
            let args = args![article, filter.channel, filter.state, before, since, most];
            self.readers.fetch(asked, args).await?.iter().map(delivery_row).collect()
        })
    }

    fn newest_delivery(&self) -> BoxFuture<'_, Result<Option<DeliveryId>, StoreError>> {
        const NEWEST: Sql = Sql::both("SELECT max(id) AS newest FROM deliveries");
        Box::pin(async move {
            let row = self.readers.first(NEWEST, Vec::new()).await?;
            Ok(row.map(|row| row.opt_int("newest")).transpose()?.flatten().map(DeliveryId))
        })
    }

    fn delivery(&self, id: DeliveryId) -> BoxFuture<'_, Result<Option<DeliveryRow>, StoreError>> {
        Box::pin(async move {
            let filter = Filter { delivery: Some(id), ..Filter::default() };
            Ok(self.deliveries(filter).await?.pop())
        })
    }

    fn content(&self, id: ArticleId) -> BoxFuture<'_, Result<Arc<Article>, StoreError>> {
        const CONTENT: Sql = Sql::both(
            "SELECT r.content FROM articles a JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision \
             WHERE a.id = $1",
        );
        Box::pin(async move {
            let row = self.readers.first(CONTENT, args![id.0]).await?;
            let missing = || StoreError::Other(format!("there is no article {id}"));
            Ok(Arc::new(row.ok_or_else(missing)?.json("content")?))
        })
    }

    fn attempts(&self, of: DeliveryId) -> BoxFuture<'_, Result<Vec<AttemptRow>, StoreError>> {
        const DELIVERY: Sql = Sql::both(concat!("SELECT ", delivery_columns!(), " FROM deliveries d WHERE d.id = $1"));
        const ATTEMPTS: Sql = Sql::both("SELECT * FROM attempts WHERE delivery_id = $1 ORDER BY attempt");
        Box::pin(async move {
            // In this order: what ends in between has a row.
            let now = self.readers.first(DELIVERY, args![of.0]).await?.as_ref().map(delivery);
            let rows = self.readers.fetch(ATTEMPTS, args![of.0]).await?;
            let mut attempts: Vec<AttemptRow> = rows.iter().map(attempt_row).collect::<Result<_, _>>()?;
            let running = now.transpose()?.as_ref().and_then(under_way);
            attempts.extend(running.filter(|one| attempts.iter().all(|row| row.attempt != one.attempt)));
            Ok(attempts)
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
        const BALANCE: Sql = Sql::both(
            "SELECT channel, state, min(wanted) AS wanted, count(*) AS number FROM deliveries \
             GROUP BY channel, state, wanted = '\"withdrawn\"'",
        );
        Box::pin(async move {
            let mut balances: BTreeMap<String, Balance> = BTreeMap::new();
            for row in self.readers.fetch(BALANCE, Vec::new()).await? {
                let channel = row.string("channel")?;
                let balance =
                    balances.entry(channel.clone()).or_insert_with(|| Balance { channel, ..Balance::default() });
                balance.count(row.text("state")?, row.json("wanted")?, row.int("number")?);
            }
            Ok(balances.into_values().collect())
        })
    }

    fn pauses(&self) -> BoxFuture<'_, Result<Vec<(String, Pause)>, StoreError>> {
        const PAUSES: Sql = Sql::both("SELECT channel, pause FROM pauses ORDER BY channel");
        Box::pin(async move {
            let rows = self.readers.fetch(PAUSES, Vec::new()).await?;
            rows.iter().map(|row| Ok((row.string("channel")?, row.json("pause")?))).collect()
        })
    }

    fn rests(&self, now: DateTime<Utc>) -> BoxFuture<'_, Result<Vec<Rest>, StoreError>> {
        const RESTS: Sql = Sql::both("SELECT channel, until FROM rests WHERE until > $1 ORDER BY channel");
        Box::pin(async move {
            let rows = self.readers.fetch(RESTS, args![millis(now)]).await?;
            rows.iter().map(|row| Ok((row.string("channel")?, row.instant("until")?))).collect()
        })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        const READ: Sql = Sql::both("SELECT count(*) AS pauses FROM pauses");
        Box::pin(async move {
            self.readers.fetch(READ, Vec::new()).await?;
            self.writer.run((), |_, ()| Box::pin(async { Ok(()) })).await
        })
    }
}

/// A delivery with its article's names and its last try.
pub(super) fn delivery_row(row: &Row) -> Result<DeliveryRow, StoreError> {
    Ok(DeliveryRow {
        delivery: delivery(row)?,
        key: key(row)?,
        title: row.string("title")?,
        last_errand: row.opt_string("last_errand")?,
        last_outcome: row.opt_string("last_outcome")?,
    })
}

pub(super) fn key(row: &Row) -> Result<ArticleKey, StoreError> {
    Ok(ArticleKey { source: row.string("source")?, external_id: row.string("external_id")? })
}

pub(super) fn article_row(row: &Row) -> Result<ArticleRow, StoreError> {
    Ok(ArticleRow {
        id: ArticleId(row.int("id")?),
        key: key(row)?,
        revision: Revision(row.small("revision")?),
        title: row.string("title")?,
        withdrawn_at: row.opt_instant("withdrawn_at")?,
    })
}

pub(super) fn attempt_row(row: &Row) -> Result<AttemptRow, StoreError> {
    Ok(AttemptRow {
        delivery: DeliveryId(row.int("delivery_id")?),
        attempt: row.small("attempt")?,
        errand: row.string("errand")?,
        revision: row.opt_small("revision")?.map(Revision),
        started: row.instant("started_at")?,
        finished: row.opt_instant("finished_at")?,
        outcome: row.opt_string("outcome")?,
        note: row.opt_text("note")?.map(from_json).transpose()?,
        payload_hash: row.opt_string("payload_hash")?,
        url: row.opt_string("url")?,
    })
}
