//! Who may be written to, and who asked for it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::people::record;
use super::rows::{instant, millis, to_json};
use super::standing::{soft_bounce, stand};
use super::{SqliteStore, failed};
use crate::audience::{Address, Entry, Standing, Subscriber};
use crate::queue::{Imported, NewStanding, SoftBounce, StoreError, Subscribers};
use crate::store::token::token;
use crate::text;

const COLUMNS: &str = "channel, address, name, token, listed, standing, reason, soft_bounces, since";

fn subscriber(row: &SqliteRow) -> Result<Subscriber, StoreError> {
    let (address, standing): (&str, &str) = (row.get("address"), row.get("standing"));
    let odd = |what: &str| StoreError::Corrupt(format!("a recipient's {what} cannot be read"));
    Ok(Subscriber {
        channel: row.get("channel"),
        address: address.parse().map_err(|_| odd("address"))?,
        name: row.get("name"),
        token: row.get("token"),
        listed: row.get("listed"),
        standing: Standing::named(standing).ok_or_else(|| odd("standing"))?,
        reason: row.get("reason"),
        soft_bounces: row.get("soft_bounces"),
        since: instant(row.get("since")),
    })
}

struct Import {
    channel: String,
    /// JSON: address, name, token.
    people: String,
    number: usize,
    again: bool,
    who: String,
    now: DateTime<Utc>,
}

/// `CROSS JOIN` keeps the order: the list first, each of its people by the primary key.
async fn import(connection: &mut SqliteConnection, asked: &Import) -> Result<Imported, StoreError> {
    let before = sqlx::query(
        "SELECT coalesce(sum(standing <> 'active' AND NOT ?3), 0) AS kept_out, \
         coalesce(sum(standing = 'active' AND listed), 0) AS known FROM json_each(?2) p \
         CROSS JOIN recipients ON channel = ?1 AND address = p.value ->> 'address'",
    )
    .bind(&asked.channel)
    .bind(&asked.people)
    .bind(asked.again)
    .fetch_one(&mut *connection)
    .await
    .map_err(failed)?;
    let count = |column: &str| usize::try_from(before.get::<i64, _>(column)).unwrap_or_default();
    let (kept_out, known) = (count("kept_out"), count("known"));
    sqlx::query(
        "INSERT INTO recipients (channel, address, name, token, listed, standing, soft_bounces, since) \
         SELECT ?1, value ->> 'address', value ->> 'name', value ->> 'token', 1, 'active', 0, ?4 \
         FROM json_each(?2) WHERE true ON CONFLICT (channel, address) DO UPDATE SET listed = 1, \
         name = coalesce(excluded.name, name), standing = 'active', reason = NULL, \
         soft_bounces = CASE standing WHEN 'active' THEN soft_bounces ELSE 0 END, \
         since = CASE standing WHEN 'active' THEN since ELSE excluded.since END WHERE standing = 'active' OR ?3",
    )
    .bind(&asked.channel)
    .bind(&asked.people)
    .bind(asked.again)
    .bind(millis(asked.now))
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    let imported = Imported { added: asked.number.saturating_sub(known + kept_out), known, kept_out };
    if imported.added > 0 {
        let (added, kept_out) = (imported.added, imported.kept_out);
        let note = if asked.again {
            text!(
                "thêm {added} người vào danh sách, kể cả người đã hủy nhận thư",
                "{added} put on the list, those included who had unsubscribed"
            )
        } else {
            text!(
                "thêm {added} người vào danh sách; không thêm {kept_out} người đã hủy hoặc có hộp thư hỏng",
                "{added} put on the list; {kept_out} kept out who unsubscribed or whose mailbox refuses"
            )
        };
        record(connection, &asked.who, "subscribe", asked.now, Some(&asked.channel), None, &note).await?;
    }
    Ok(imported)
}

async fn remove(
    connection: &mut SqliteConnection,
    channel: &str,
    address: &Address,
    who: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let removed = sqlx::query("UPDATE recipients SET listed = 0 WHERE channel = ? AND address = ? AND listed = 1")
        .bind(channel)
        .bind(address.as_str())
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    if removed.rows_affected() == 0 {
        return Ok(false);
    }
    let note = text!("bỏ {address} khỏi danh sách", "{address} taken off the list");
    record(connection, who, "remove", now, Some(channel), None, &note).await?;
    Ok(true)
}

impl SqliteStore {
    async fn import_now(&self, mut asked: Import, people: Vec<Entry>) -> Result<Imported, StoreError> {
        let mut named: BTreeMap<Address, Option<String>> = BTreeMap::new();
        for Entry { address, name } in people {
            let known = named.entry(address).or_default();
            *known = known.take().or(name);
        }
        let rows: Result<Vec<_>, _> = named
            .iter()
            .map(|(address, name)| {
                token(&self.key, &asked.channel, address.as_str())
                    .map(|token| json!({ "address": address.as_str(), "name": name, "token": token }))
            })
            .collect();
        (asked.number, asked.people) = (named.len(), to_json(&rows?)?);
        self.writer.run(move |connection| Box::pin(async move { import(connection, &asked).await })).await
    }

    async fn page_now(&self, channel: &str, after: &str, most: i64) -> Result<Vec<Subscriber>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM recipients WHERE channel = ? AND address > ? ORDER BY address LIMIT ?");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(channel)
            .bind(after)
            .bind(most)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        rows.iter().map(subscriber).collect()
    }

    async fn by_token_now(&self, token: &str) -> Result<Option<Subscriber>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM recipients WHERE token = ?");
        let row =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(token).fetch_optional(&self.readers).await.map_err(failed)?;
        row.as_ref().map(subscriber).transpose()
    }

    async fn find_now(&self, address: &str) -> Result<Vec<(Subscriber, Vec<String>)>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM recipients WHERE address = ? ORDER BY channel");
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(address).fetch_all(&self.readers).await.map_err(failed)?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let subscriber = subscriber(row)?;
            let keys = sqlx::query_scalar(
                "SELECT job_key FROM copies WHERE recipient = ? AND channel = ? AND state IN ('begun', 'sent') \
                 ORDER BY at DESC",
            )
            .bind(address)
            .bind(&subscriber.channel)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
            found.push((subscriber, keys));
        }
        Ok(found)
    }
}

impl Subscribers for SqliteStore {
    fn import(
        &self,
        channel: String,
        people: Vec<Entry>,
        again: bool,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Imported, StoreError>> {
        let asked = Import { channel, people: String::new(), number: 0, again, who, now };
        Box::pin(self.import_now(asked, people))
    }

    fn remove(
        &self,
        channel: String,
        address: Address,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(
            self.writer.run(move |connection| {
                Box::pin(async move { remove(connection, &channel, &address, &who, now).await })
            }),
        )
    }

    fn stand(
        &self,
        channel: String,
        address: Address,
        new: NewStanding,
    ) -> BoxFuture<'_, Result<Option<Standing>, StoreError>> {
        Box::pin(async move {
            let token = token(&self.key, &channel, address.as_str())?;
            self.writer
                .run(move |connection| {
                    Box::pin(async move { stand(connection, &channel, &address, &token, &new).await })
                })
                .await
        })
    }

    fn soft_bounce(
        &self,
        channel: String,
        address: Address,
        bounce: SoftBounce,
    ) -> BoxFuture<'_, Result<Option<Standing>, StoreError>> {
        Box::pin(
            self.writer.run(move |connection| {
                Box::pin(async move { soft_bounce(connection, &channel, &address, &bounce).await })
            }),
        )
    }

    fn page(
        &self,
        channel: String,
        after: Option<Address>,
        most: usize,
    ) -> BoxFuture<'_, Result<Vec<Subscriber>, StoreError>> {
        Box::pin(async move {
            let after = after.as_ref().map_or("", Address::as_str);
            self.page_now(&channel, after, i64::try_from(most).unwrap_or(i64::MAX)).await
        })
    }

    fn by_token(&self, token: String) -> BoxFuture<'_, Result<Option<Subscriber>, StoreError>> {
        Box::pin(async move { self.by_token_now(&token).await })
    }

    fn find(&self, address: Address) -> BoxFuture<'_, Result<Vec<(Subscriber, Vec<String>)>, StoreError>> {
        Box::pin(async move { self.find_now(address.as_str()).await })
    }
}
