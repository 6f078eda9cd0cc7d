//! The books: decisions and attempts by when they were, from an index each.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::Store;
use super::db::{Arg, Sql, args};
use super::exam::room;
use super::read::{attempt_row, key};
use super::row::{Row, from_json, millis};
use super::seals::{self, at_one_moment};
use crate::article::{ArticleId, ArticleKey};
use crate::delivery::DeliveryId;
use crate::ledger::{Books, Break, DecidedRow, Lookup, Outcomes, Room, TryRow};
use crate::queue::StoreError;

/// `$1` who, `$2` channel, `$3` article, `$4` from, `$5` until, `$6` and `$7` the place, `$8` how many.
macro_rules! decisions {
    ($title:literal, $which:literal, $beyond:literal, $order:literal) => {
        concat!(
            "SELECT d.id, d.at, d.who, d.what, d.article_id, d.delivery_id, d.channel, d.note, d.seq, s.hash, \
             a.source, a.external_id, ",
            $title,
            " AS title FROM decisions d LEFT JOIN seals s ON s.seq = d.seq LEFT JOIN articles a ON a.id = d.article_id \
             LEFT JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision WHERE ",
            $which,
            " AND d.at >= $4 AND d.at < $5 AND (d.at, d.id) ",
            $beyond,
            " ($6, $7) ORDER BY d.at ",
            $order,
            ", d.id ",
            $order,
            " LIMIT $8"
        )
    };
}

/// Both directions, in the words of both databases.
macro_rules! decisions_both {
    ($which:literal) => {
        [
            Sql {
                sqlite: decisions!("r.content ->> 'title'", $which, "<", "DESC"),
                postgres: decisions!("r.content::json ->> 'title'", $which, "<", "DESC"),
            },
            Sql {
                sqlite: decisions!("r.content ->> 'title'", $which, ">", "ASC"),
                postgres: decisions!("r.content::json ->> 'title'", $which, ">", "ASC"),
            },
        ]
    };
}

/// `$1` channel, `$2` article, `$3` from, `$4` until, `$5` and `$6` the place, `$7` how many. For SQLite `CROSS JOIN`
/// keeps the order.
macro_rules! tries {
    ($title:literal, $tables:literal, $which:literal, $beyond:literal, $order:literal) => {
        concat!(
            "SELECT t.*, d.article_id, a.source, a.external_id, ",
            $title,
            " AS title FROM ",
            $tables,
            " JOIN articles a ON a.id = d.article_id \
             JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision \
             WHERE t.delivery_id = d.id AND ",
            $which,
            " AND t.started_at >= $3 AND t.started_at < $4 \
             AND (t.started_at, t.id) ",
            $beyond,
            " ($5, $6) ORDER BY t.started_at ",
            $order,
            ", t.id ",
            $order,
            " LIMIT $7"
        )
    };
}

macro_rules! tries_both {
    ($tables:literal, $which:literal) => {
        [
            Sql {
                sqlite: tries!("r.content ->> 'title'", $tables, $which, "<", "DESC"),
                postgres: tries!("r.content::json ->> 'title'", $tables, $which, "<", "DESC"),
            },
            Sql {
                sqlite: tries!("r.content ->> 'title'", $tables, $which, ">", "ASC"),
                postgres: tries!("r.content::json ->> 'title'", $tables, $which, ">", "ASC"),
            },
        ]
    };
}

/// Where the lines lie that are asked for: from, until, and the place.
fn span(asked: &Lookup) -> [i64; 4] {
    let (mut from, mut until) = (millis(asked.from), millis(asked.until));
    let place = asked.after.map(|place| (millis(place.at), place.id));
    match place {
        Some((at, _)) if asked.oldest_first => from = from.max(at),
        Some((at, _)) => until = until.min(at.saturating_add(1)),
        None => {}
    }
    let beginning = if asked.oldest_first { (i64::MIN, i64::MIN) } else { (i64::MAX, i64::MAX) };
    let (at, id) = place.unwrap_or(beginning);
    [from, until, at, id]
}

fn decision(row: &Row) -> Result<DecidedRow, StoreError> {
    let source = row.opt_string("source")?;
    Ok(DecidedRow {
        id: row.int("id")?,
        at: row.instant("at")?,
        who: row.string("who")?,
        what: row.string("what")?,
        article: row.opt_int("article_id")?.map(ArticleId),
        key: match source {
            Some(source) => Some(ArticleKey { source, external_id: row.string("external_id")? }),
            None => None,
        },
        title: row.opt_string("title")?,
        delivery: row.opt_int("delivery_id")?.map(DeliveryId),
        channel: row.opt_string("channel")?,
        note: row.opt_text("note")?.map(from_json).transpose()?,
        seq: row.opt_int("seq")?,
        hash: row.opt_string("hash")?,
    })
}

fn try_row(row: &Row) -> Result<TryRow, StoreError> {
    Ok(TryRow {
        id: row.int("id")?,
        article: ArticleId(row.int("article_id")?),
        key: key(row)?,
        title: row.string("title")?,
        channel: row.string("channel")?,
        attempt: attempt_row(row)?,
    })
}

impl Store {
    async fn decisions_now(&self, asked: Lookup) -> Result<Vec<DecidedRow>, StoreError> {
        const ALL: [Sql; 2] = decisions_both!(
            "d.who = coalesce($1, d.who) AND ($2 IS NULL OR d.channel = $2) AND ($3 IS NULL OR d.article_id = $3)"
        );
        const WHO: [Sql; 2] = decisions_both!("d.who = $1 AND $2 IS NULL AND $3 IS NULL");
        const CHANNEL: [Sql; 2] = decisions_both!("d.channel = $2 AND d.who = coalesce($1, d.who) AND $3 IS NULL");
        const ARTICLE: [Sql; 2] =
            decisions_both!("d.article_id = $3 AND d.who = coalesce($1, d.who) AND ($2 IS NULL OR d.channel = $2)");
        let [newest_first, oldest_first] = match (&asked.article, &asked.channel, &asked.who) {
            (Some(_), ..) => ARTICLE,
            (None, Some(_), _) => CHANNEL,
            (None, None, Some(_)) => WHO,
            (None, None, None) => ALL,
        };
        let sql = if asked.oldest_first { oldest_first } else { newest_first };
        let [from, until, at, id] = span(&asked);
        let article = asked.article.map(|article| article.0);
        let args = args![asked.who, asked.channel, article, from, until, at, id, i64::from(asked.most)];
        self.readers.fetch(sql, args).await?.iter().map(decision).collect()
    }

    async fn tries_now(&self, asked: Lookup) -> Result<Vec<TryRow>, StoreError> {
        const CHANNEL: [Sql; 2] = tries_both!("attempts t CROSS JOIN deliveries d", "t.channel = $1 AND $2 IS NULL");
        const ARTICLE: [Sql; 2] =
            tries_both!("deliveries d CROSS JOIN attempts t", "d.article_id = $2 AND ($1 IS NULL OR t.channel = $1)");
        let [newest_first, oldest_first] = if asked.article.is_some() { ARTICLE } else { CHANNEL };
        let sql = if asked.oldest_first { oldest_first } else { newest_first };
        let [from, until, at, id] = span(&asked);
        let article = asked.article.map(|article| article.0);
        let one = |channel: Option<String>| args![channel, article, from, until, at, id, i64::from(asked.most)];
        if asked.article.is_some() || asked.channel.is_some() {
            return self.readers.fetch(sql, one(asked.channel.clone())).await?.iter().map(try_row).collect();
        }
        // Attempts are found by channel: the first of each, and of those the first.
        let mut found = Vec::new();
        for channel in self.tried_channels_now().await? {
            let rows = self.readers.fetch(sql, one(Some(channel))).await?;
            found.extend(rows.iter().map(try_row).collect::<Result<Vec<_>, _>>()?);
        }
        found.sort_by_key(|row| (row.attempt.started, row.id));
        if !asked.oldest_first {
            found.reverse();
        }
        found.truncate(asked.most as usize);
        Ok(found)
    }

    /// The channels with attempts: a step in the index each.
    async fn tried_channels_now(&self) -> Result<Vec<String>, StoreError> {
        const CHANNELS: Sql = Sql::both(
            "WITH RECURSIVE c (name) AS (SELECT min(channel) FROM attempts UNION ALL \
             SELECT (SELECT min(channel) FROM attempts WHERE channel > c.name) FROM c WHERE c.name IS NOT NULL) \
             SELECT name FROM c WHERE name IS NOT NULL",
        );
        self.readers.fetch(CHANNELS, Vec::new()).await?.iter().map(|row| row.string("name")).collect()
    }

    async fn outcomes_now(&self, since: DateTime<Utc>) -> Result<Vec<Outcomes>, StoreError> {
        const ENDED: Sql = Sql::both(
            "SELECT outcome, count(*) AS number FROM attempts \
             WHERE channel = $1 AND started_at >= $2 AND outcome IS NOT NULL GROUP BY outcome ORDER BY outcome",
        );
        let mut found = Vec::new();
        for channel in self.tried_channels_now().await? {
            for row in self.readers.fetch(ENDED, vec![Arg::from(&channel), millis(since).into()]).await? {
                let (outcome, number) = (row.string("outcome")?, row.int("number")?);
                found.push(Outcomes { channel: channel.clone(), outcome, number });
            }
        }
        Ok(found)
    }
}

impl Books for Store {
    fn decisions(&self, asked: Lookup) -> BoxFuture<'_, Result<Vec<DecidedRow>, StoreError>> {
        Box::pin(self.decisions_now(asked))
    }

    fn tries(&self, asked: Lookup) -> BoxFuture<'_, Result<Vec<TryRow>, StoreError>> {
        Box::pin(self.tries_now(asked))
    }

    fn tried_channels(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(self.tried_channels_now())
    }

    fn deciders(&self, most: u32) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        const WHO: Sql = Sql::both(
            "WITH RECURSIVE c (name) AS (SELECT min(who) FROM decisions UNION ALL \
             SELECT (SELECT min(who) FROM decisions WHERE who > c.name) FROM c WHERE c.name IS NOT NULL) \
             SELECT name FROM c WHERE name IS NOT NULL LIMIT $1",
        );
        Box::pin(async move {
            self.readers.fetch(WHO, args![i64::from(most)]).await?.iter().map(|row| row.string("name")).collect()
        })
    }

    fn chain(&self) -> BoxFuture<'_, Result<Option<Break>, StoreError>> {
        Box::pin(async move {
            let mut own = self.opener.connect().await?;
            let seen = at_one_moment(&mut own, seals::verify).await;
            own.close().await;
            seen
        })
    }

    fn outcomes(&self, since: DateTime<Utc>) -> BoxFuture<'_, Result<Vec<Outcomes>, StoreError>> {
        Box::pin(self.outcomes_now(since))
    }

    fn room(&self) -> BoxFuture<'_, Result<Room, StoreError>> {
        Box::pin(async move {
            let mut own = self.opener.connect().await?;
            let seen = room(&mut own, self.opener.options()).await;
            own.close().await;
            seen
        })
    }
}
