//! Who may be written to, and who asked for it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde_json::json;

use super::Store;
use super::db::{Arg, Sql, args};
use super::people::record;
use super::row::{Row, millis, to_json};
use super::standing::{soft_bounce, stand};
use super::tx::Tx;
use crate::audience::{Address, Entry, Standing, Subscriber, folded};
use crate::queue::{Found, Imported, NewStanding, SoftBounce, StoreError, Subscribers};
use crate::store::token::token;
use crate::text;

/// People looked at for one answer.
const SEARCHED: usize = 10_000;

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT channel, address, name, token, listed, standing, reason, soft_bounces, since FROM recipients ",
            $which
        )
    };
}

fn subscriber(row: &Row) -> Result<Subscriber, StoreError> {
    let (address, standing) = (row.text("address")?, row.text("standing")?);
    let odd = |what: &str| StoreError::Corrupt(format!("a recipient's {what} cannot be read"));
    Ok(Subscriber {
        channel: row.string("channel")?,
        address: address.parse().map_err(|_| odd("address"))?,
        name: row.opt_string("name")?,
        token: row.string("token")?,
        listed: row.flag("listed")?,
        standing: Standing::named(standing).ok_or_else(|| odd("standing"))?,
        reason: row.opt_string("reason")?,
        soft_bounces: row.small("soft_bounces")?,
        since: row.instant("since")?,
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

/// For SQLite `CROSS JOIN` keeps the order: the list first, each of its people by the primary key.
async fn import(tx: &mut Tx, asked: &Import) -> Result<Imported, StoreError> {
    const BEFORE: Sql = Sql {
        sqlite: "SELECT count(CASE WHEN standing <> 'active' AND $3 = 0 THEN 1 END) AS kept_out, \
                 count(CASE WHEN standing = 'active' AND listed = 1 THEN 1 END) AS known FROM json_each($2) p \
                 CROSS JOIN recipients ON channel = $1 AND address = p.value ->> 'address'",
        postgres: "SELECT count(CASE WHEN r.standing <> 'active' AND $3 = 0 THEN 1 END) AS kept_out, \
                   count(CASE WHEN r.standing = 'active' AND r.listed = 1 THEN 1 END) AS known \
                   FROM json_to_recordset($2::json) AS p (address text) \
                   JOIN recipients r ON r.channel = $1 AND r.address = p.address",
    };
    const IMPORT: Sql = Sql {
        sqlite: "INSERT INTO recipients (channel, address, name, token, listed, standing, soft_bounces, since) \
                 SELECT $1, value ->> 'address', value ->> 'name', value ->> 'token', 1, 'active', 0, $4 \
                 FROM json_each($2) WHERE true ON CONFLICT (channel, address) DO UPDATE SET listed = 1, \
                 name = coalesce(excluded.name, recipients.name), standing = 'active', reason = NULL, \
                 soft_bounces = CASE recipients.standing WHEN 'active' THEN recipients.soft_bounces ELSE 0 END, \
                 since = CASE recipients.standing WHEN 'active' THEN recipients.since ELSE excluded.since END \
                 WHERE recipients.standing = 'active' OR $3 = 1",
        postgres: "INSERT INTO recipients (channel, address, name, token, listed, standing, soft_bounces, since) \
                   SELECT $1, address, name, token, 1, 'active', 0, $4 \
                   FROM json_to_recordset($2::json) AS p (address text, name text, token text) \
                   ON CONFLICT (channel, address) DO UPDATE SET listed = 1, \
                   name = coalesce(excluded.name, recipients.name), standing = 'active', reason = NULL, \
                   soft_bounces = CASE recipients.standing WHEN 'active' THEN recipients.soft_bounces ELSE 0 END, \
                   since = CASE recipients.standing WHEN 'active' THEN recipients.since ELSE excluded.since END \
                   WHERE recipients.standing = 'active' OR $3 = 1",
    };
    let again = i64::from(asked.again);
    let row = tx.connection.first(BEFORE, args![&asked.channel, &asked.people, again]).await?;
    let (kept_out, known) = row.map_or(Ok((0, 0)), |row| Ok((row.count("kept_out")?, row.count("known")?)))?;
    tx.connection.execute(IMPORT, args![&asked.channel, &asked.people, again, millis(asked.now)]).await?;
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
                "thêm {added} người vào danh sách; bỏ qua {kept_out} người đã hủy nhận hoặc có hộp thư hỏng",
                "{added} put on the list; {kept_out} kept out who unsubscribed or whose mailbox refuses"
            )
        };
        record(tx, &asked.who, "subscribe", asked.now, Some(&asked.channel), None, &note).await?;
    }
    Ok(imported)
}

async fn remove(
    tx: &mut Tx,
    channel: &str,
    address: &Address,
    who: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const REMOVE: Sql =
        Sql::both("UPDATE recipients SET listed = 0 WHERE channel = $1 AND address = $2 AND listed = 1");
    if tx.connection.execute(REMOVE, args![channel, address.as_str()]).await? == 0 {
        return Ok(false);
    }
    let note = text!("bỏ {address} khỏi danh sách", "{address} taken off the list");
    record(tx, who, "remove", now, Some(channel), None, &note).await?;
    Ok(true)
}

impl Store {
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
        self.writer.run(asked, |tx, asked| Box::pin(import(tx, asked))).await
    }

    /// Folding is ours to do, so names are read until enough are found, or until it would take too long.
    async fn search_now(
        &self,
        channel: String,
        words: String,
        after: Option<Address>,
        most: usize,
    ) -> Result<Found, StoreError> {
        const NAMES: Sql = Sql::both(
            "SELECT address, name FROM recipients WHERE channel = $1 AND address > $2 ORDER BY address LIMIT $3",
        );
        let (name, part) = (folded(&words), words.trim().to_lowercase());
        // A whole address is found wherever it stands.
        if let (None, Ok(whole)) = (&after, words.parse::<Address>()) {
            let people = self.known_now(&channel, &[whole.to_string()]).await?;
            if !people.is_empty() {
                return Ok(Found { people, looked_until: None });
            }
        }
        let limit = if part.is_empty() { most.saturating_add(1) } else { SEARCHED };
        let from = after.as_ref().map_or("", Address::as_str);
        let args = args![&channel, from, i64::try_from(limit).unwrap_or(i64::MAX)];
        let rows = self.readers.fetch(NAMES, args).await?;
        let (mut fitting, mut until) = (Vec::new(), None);
        let mut is_over = rows.len() < limit;
        for row in &rows {
            if fitting.len() == most {
                // There is one more at least.
                is_over = false;
                break;
            }
            let address = row.text("address")?;
            let has_name = || -> Result<bool, StoreError> {
                Ok(!name.is_empty() && row.opt_text("name")?.is_some_and(|own| folded(own).contains(&name)))
            };
            if address.contains(&part) || has_name()? {
                fitting.push(address.to_owned());
            }
            until = Some(address);
        }
        let odd = |_| StoreError::Corrupt("a recipient's address cannot be read".to_owned());
        let looked_until = until.filter(|_| !is_over).map(str::parse).transpose().map_err(odd)?;
        let mut people = self.known_now(&channel, &fitting).await?;
        people.sort_by(|one, other| one.address.cmp(&other.address));
        Ok(Found { people, looked_until })
    }

    async fn known_now(&self, channel: &str, addresses: &[String]) -> Result<Vec<Subscriber>, StoreError> {
        const KNOWN: Sql = Sql {
            sqlite: select!("WHERE channel = $1 AND address IN (SELECT value FROM json_each($2))"),
            postgres: select!("WHERE channel = $1 AND address IN (SELECT json_array_elements_text($2::json))"),
        };
        let args = vec![Arg::from(channel), Arg::rows(addresses)?];
        self.readers.fetch(KNOWN, args).await?.iter().map(subscriber).collect()
    }

    async fn find_now(&self, address: &str) -> Result<Vec<(Subscriber, Vec<String>)>, StoreError> {
        const FIND: Sql = Sql::both(select!("WHERE address = $1 ORDER BY channel"));
        const JOBS: Sql = Sql::both(
            "SELECT c.job_key FROM mailings m CROSS JOIN copies c WHERE m.channel = $2 AND c.channel = m.channel \
             AND c.job_key = m.job_key AND c.recipient = $1 AND c.state IN ('begun', 'sent') ORDER BY c.at DESC",
        );
        let mut found = Vec::new();
        for row in self.readers.fetch(FIND, args![address]).await? {
            let subscriber = subscriber(&row)?;
            let rows = self.readers.fetch(JOBS, args![address, &subscriber.channel]).await?;
            let keys: Result<_, _> = rows.iter().map(|row| row.string("job_key")).collect();
            found.push((subscriber, keys?));
        }
        Ok(found)
    }
}

impl Subscribers for Store {
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
        Box::pin(self.writer.record((channel, address, who, now), |tx, (channel, address, who, now)| {
            Box::pin(remove(tx, channel, address, who, *now))
        }))
    }

    fn stand(
        &self,
        channel: String,
        address: Address,
        new: NewStanding,
    ) -> BoxFuture<'_, Result<Option<Standing>, StoreError>> {
        Box::pin(async move {
            let token = token(&self.key, &channel, address.as_str())?;
            let asked = (channel, address, token, new);
            let stand = self
                .writer
                .record(asked, |tx, (channel, address, token, new)| Box::pin(stand(tx, channel, address, token, new)));
            stand.await
        })
    }

    fn soft_bounce(
        &self,
        channel: String,
        address: Address,
        bounce: SoftBounce,
    ) -> BoxFuture<'_, Result<Option<Standing>, StoreError>> {
        Box::pin(self.writer.record((channel, address, bounce), |tx, (channel, address, bounce)| {
            Box::pin(soft_bounce(tx, channel, address, bounce))
        }))
    }

    fn page(
        &self,
        channel: String,
        after: Option<Address>,
        most: usize,
    ) -> BoxFuture<'_, Result<Vec<Subscriber>, StoreError>> {
        const PAGE: Sql = Sql::both(select!("WHERE channel = $1 AND address > $2 ORDER BY address LIMIT $3"));
        Box::pin(async move {
            let after = after.as_ref().map_or("", Address::as_str);
            let args = args![channel, after, i64::try_from(most).unwrap_or(i64::MAX)];
            self.readers.fetch(PAGE, args).await?.iter().map(subscriber).collect()
        })
    }

    fn search(
        &self,
        channel: String,
        words: String,
        after: Option<Address>,
        most: usize,
    ) -> BoxFuture<'_, Result<Found, StoreError>> {
        Box::pin(self.search_now(channel, words, after, most))
    }

    fn known(&self, channel: String, addresses: Vec<Address>) -> BoxFuture<'_, Result<Vec<Subscriber>, StoreError>> {
        Box::pin(async move {
            let addresses: Vec<String> = addresses.iter().map(Address::to_string).collect();
            self.known_now(&channel, &addresses).await
        })
    }

    fn how_many(&self, channel: String, most: u32) -> BoxFuture<'_, Result<u32, StoreError>> {
        const NUMBER: Sql = Sql::both(
            "SELECT count(*) AS number FROM (SELECT 1 FROM recipients \
             WHERE channel = $1 AND listed = 1 AND standing = 'active' LIMIT $2) n",
        );
        Box::pin(async move {
            let row = self.readers.first(NUMBER, args![channel, i64::from(most)]).await?;
            row.map_or(Ok(0), |row| row.small("number"))
        })
    }

    fn by_token(&self, token: String) -> BoxFuture<'_, Result<Option<Subscriber>, StoreError>> {
        const WHOSE: Sql = Sql::both(select!("WHERE token = $1"));
        Box::pin(async move { self.readers.first(WHOSE, args![token]).await?.as_ref().map(subscriber).transpose() })
    }

    fn find(&self, address: Address) -> BoxFuture<'_, Result<Vec<(Subscriber, Vec<String>)>, StoreError>> {
        Box::pin(async move { self.find_now(address.as_str()).await })
    }
}
