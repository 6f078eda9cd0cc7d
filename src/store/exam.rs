//! Looks at all of a store, however damaged it is, and changes nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::db::{Connection, Sql, args};
use super::deliveries::{delivery, delivery_columns};
use super::forget::FRESH;
use super::migrate;
use super::open::StoreOptions;
use super::row::{Row, instant, millis};
use super::seals::{self, at_one_moment};
use super::space::{ALL, FREE, INCREMENTAL, SHRINKS, folder_of, left_on_disk, log_of, pragma};
use super::sqlite::PAGE;
use crate::delivery::{Delivery, State};
use crate::ledger::{Answered, Balance, Exam, Room, Stray};
use crate::queue::StoreError;

/// A lease is over when it ended this long ago and nobody took the delivery back.
const OVER: TimeDelta = TimeDelta::minutes(2);
/// Deliveries read at once.
const ROWS: i64 = 2_000;

/// Examines a store.
///
/// # Errors
/// What keeps it from being opened at all.
pub async fn examine(options: &StoreOptions, now: DateTime<Utc>) -> Result<Exam, StoreError> {
    let mut own = match options {
        StoreOptions::Sqlite(options) => options.connect_to_look().await?,
        StoreOptions::Postgres(options) => options.connect().await?,
    };
    let schema = schema(&mut own).await;
    let (contradictions, balance) = match audit(&mut own).await {
        Ok((contradictions, balance)) => (Ok(contradictions), Ok(balance)),
        Err(error) => (Err(error.clone()), Err(error)),
    };
    // An older loa's store has no chain yet.
    let chain = match &schema {
        Ok((Some(found), known)) if found == known => at_one_moment(&mut own, seals::verify).await,
        _ => Ok(None),
    };
    let exam = Exam {
        chain,
        damage: damage(&mut own).await,
        broken: broken_references(&mut own).await,
        schema,
        newest: newest(&mut own).await,
        room: room(&mut own, options).await,
        strays: strays(&mut own, now).await,
        channels: channels(&mut own).await,
        leases_over: leases_over(&mut own, now).await,
        contradictions,
        balance,
        received: received(&mut own).await,
        unproven: unproven(&mut own).await,
        not_let_go: not_let_go(&mut own).await,
    };
    own.close().await;
    Ok(exam)
}

async fn schema(own: &mut Connection) -> Answered<(Option<i64>, i64)> {
    let newest = migrate::newest_known(own);
    Ok((migrate::schema_version(own).await?, newest))
}

/// What SQLite finds wrong with a file. A server looks after its own.
pub(super) async fn damage(own: &mut Connection) -> Answered<Vec<String>> {
    // The first twenty lines tell enough.
    const CHECK: Sql = Sql::both("PRAGMA integrity_check(20)");
    if own.is_shared() {
        return Ok(Vec::new());
    }
    let rows = own.fetch(CHECK, Vec::new()).await?;
    let lines: Answered<Vec<String>> = rows.iter().map(|row| row.string("integrity_check")).collect();
    Ok(lines?.into_iter().filter(|line| line != "ok").collect())
}

/// Rows that refer to something that is not there, by table. A server keeps such rows out.
pub(super) async fn broken_references(own: &mut Connection) -> Answered<Vec<(String, i64)>> {
    const BROKEN: Sql =
        Sql::both("SELECT \"table\" AS place, count(*) AS number FROM pragma_foreign_key_check GROUP BY \"table\"");
    if own.is_shared() {
        return Ok(Vec::new());
    }
    own.fetch(BROKEN, Vec::new()).await?.iter().map(|row| Ok((row.string("place")?, row.int("number")?))).collect()
}

/// Approvals, by delivery and name, which no decision of that person at that instant bears out.
async fn unproven(own: &mut Connection) -> Answered<Vec<(i64, String)>> {
    const UNPROVEN: Sql = Sql::both(
        "SELECT a.delivery_id, a.who FROM approvals a WHERE NOT EXISTS (SELECT 1 FROM decisions d \
         JOIN deliveries l ON l.id = a.delivery_id WHERE d.article_id = l.article_id AND d.delivery_id = a.delivery_id \
         AND d.who = a.who AND d.at = a.at) ORDER BY a.id LIMIT 20",
    );
    let rows = own.fetch(UNPROVEN, Vec::new()).await?;
    rows.iter().map(|row| Ok((row.int("delivery_id")?, row.string("who")?))).collect()
}

async fn newest(own: &mut Connection) -> Answered<Option<DateTime<Utc>>> {
    const NEWEST: Sql = Sql::both(
        "SELECT max(at) AS newest FROM (SELECT max(accepted_at) AS at FROM revisions \
         UNION ALL SELECT max(coalesce(finished_at, started_at)) FROM attempts UNION ALL SELECT max(at) FROM decisions) n",
    );
    let row = own.first(NEWEST, Vec::new()).await?;
    Ok(row.map(|row| row.opt_int("newest")).transpose()?.flatten().map(instant))
}

pub(super) async fn room(own: &mut Connection, options: &StoreOptions) -> Answered<Room> {
    const SIZE: Sql = Sql::both("SELECT pg_database_size(current_database()) AS size");
    let bytes = |number: i64| u64::try_from(number).unwrap_or_default();
    let Some(file) = options.file() else {
        let row = own.first(SIZE, Vec::new()).await?;
        let size = row.map(|row| row.int("size")).transpose()?.unwrap_or_default();
        return Ok(Room { store: bytes(size), ..Room::default() });
    };
    let length = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let (free, all) = (pragma(own, FREE, "freelist_count").await?, pragma(own, ALL, "page_count").await?);
    Ok(Room {
        store: length(file).max(bytes(all) * PAGE),
        log: length(&log_of(file)),
        spare: bytes(free) * PAGE,
        shrinks: Some(pragma(own, SHRINKS, "auto_vacuum").await? == INCREMENTAL),
        left: left_on_disk(&folder_of(file)),
        most: options.ceiling().and_then(|ceiling| ceiling.for_intake()),
    })
}

async fn strays(own: &mut Connection, now: DateTime<Utc>) -> Answered<Vec<(Stray, i64)>> {
    const CONTENTLESS: Sql = Sql::both(
        "SELECT count(*) AS number FROM articles a WHERE NOT EXISTS \
         (SELECT 1 FROM revisions r WHERE r.article_id = a.id AND r.revision = a.revision)",
    );
    const COPIES: Sql = Sql::both(
        "SELECT count(*) AS number FROM copies c WHERE NOT EXISTS (SELECT 1 FROM mailings m \
         WHERE m.channel = c.channel AND m.job_key = c.job_key \
         AND (m.article_id IS NULL OR EXISTS (SELECT 1 FROM articles a WHERE a.id = m.article_id)))",
    );
    const ATTEMPTS: Sql = Sql::both(
        "SELECT count(*) AS number FROM attempts t \
         WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.id = t.delivery_id)",
    );
    const PICTURES: Sql = Sql::both(
        "SELECT count(*) AS number FROM pictures WHERE fetched_at < $1 \
         AND NOT EXISTS (SELECT 1 FROM picture_uses u WHERE u.hash = pictures.hash) \
         AND NOT EXISTS (SELECT 1 FROM manuscript_pictures m WHERE m.hash = pictures.hash)",
    );
    let fresh = || args![millis(now - FRESH)];
    let mut found = Vec::new();
    for (stray, count, args) in [
        (Stray::Contentless, CONTENTLESS, Vec::new()),
        (Stray::Copies, COPIES, Vec::new()),
        (Stray::Attempts, ATTEMPTS, Vec::new()),
        (Stray::Pictures, PICTURES, fresh()),
    ] {
        let row = own.first(count, args).await?;
        found.push((stray, row.map(|row| row.int("number")).transpose()?.unwrap_or_default()));
    }
    found.retain(|(_, number)| *number > 0);
    Ok(found)
}

fn by_channel(rows: &[Row]) -> Answered<Vec<(String, i64)>> {
    rows.iter().map(|row| Ok((row.string("channel")?, row.int("number")?))).collect()
}

async fn channels(own: &mut Connection) -> Answered<Vec<(String, i64)>> {
    const CHANNELS: Sql = Sql::both(
        "SELECT channel, sum(CASE state WHEN 'settled' THEN 0 ELSE 1 END) AS number FROM deliveries GROUP BY channel \
         ORDER BY channel",
    );
    by_channel(&own.fetch(CHANNELS, Vec::new()).await?)
}

async fn received(own: &mut Connection) -> Answered<Vec<(String, i64)>> {
    const RECEIVED: Sql =
        Sql::both("SELECT channel, count(*) AS number FROM deliveries GROUP BY channel ORDER BY channel");
    by_channel(&own.fetch(RECEIVED, Vec::new()).await?)
}

async fn leases_over(own: &mut Connection, now: DateTime<Utc>) -> Answered<i64> {
    const OVER_NOW: Sql = Sql::both("SELECT count(*) AS number FROM deliveries WHERE state = 'sending' AND due < $1");
    let row = own.first(OVER_NOW, args![millis(now - OVER)]).await?;
    row.map(|row| row.int("number")).transpose().map(Option::unwrap_or_default)
}

async fn not_let_go(own: &mut Connection) -> Answered<Vec<String>> {
    const PAUSED: Sql = Sql::both(
        "SELECT channel FROM pauses WHERE EXISTS (SELECT 1 FROM restores) \
         AND channel NOT IN (SELECT channel FROM let_go) ORDER BY channel",
    );
    own.fetch(PAUSED, Vec::new()).await?.iter().map(|row| row.string("channel")).collect()
}

/// Reads every delivery, and adds them up by what each says of itself.
async fn audit(own: &mut Connection) -> Answered<(Vec<(i64, String)>, Vec<Balance>)> {
    const SOME: Sql = Sql::both(concat!(
        "SELECT ",
        delivery_columns!(),
        ", d.state, d.due FROM deliveries d WHERE d.id > $1 ORDER BY d.id LIMIT $2"
    ));
    let mut balances: BTreeMap<String, Balance> = BTreeMap::new();
    let (mut contradictions, mut after) = (Vec::new(), i64::MIN);
    loop {
        let rows = own.fetch(SOME, args![after, ROWS]).await?;
        let Some(last) = rows.last() else { break };
        after = last.int("id")?;
        for row in &rows {
            let read = match delivery(row) {
                Ok(read) => read,
                Err(error) => {
                    contradictions.push((row.int("id")?, error.to_string()));
                    continue;
                }
            };
            if let Some(how) = contradiction(&read, row)? {
                contradictions.push((read.id.0, how));
            }
            let channel = read.channel.clone();
            let balance = balances.entry(channel.clone()).or_insert_with(|| Balance { channel, ..Balance::default() });
            balance.count(read.state.name(), read.wanted, 1);
        }
    }
    Ok((contradictions, balances.into_values().collect()))
}

fn contradiction(read: &Delivery, row: &Row) -> Answered<Option<String>> {
    let (state, due) = (row.text("state")?, row.opt_int("due")?);
    Ok(match &read.state {
        told if told.name() != state => Some(format!("{state} ≠ {}", told.name())),
        told if told.due().map(millis) != due => Some("due".to_owned()),
        State::Settled if read.needed().is_some() => Some("settled, wanted ≠ live".to_owned()),
        State::Waiting { .. } if read.needed().is_none() => Some("waiting, wanted = live".to_owned()),
        _ => None,
    })
}
