//! What is known of the entries of feeds.

use chrono::{DateTime, Utc};

use super::db::{Arg, Connection, Sql, args};
use super::feeds::hold;
use super::row::{Row, millis, to_json};
use crate::queue::{EntryCounts, EntryRow, EntryState, Seen, StoreError};
use crate::text;
use crate::text::Text;

fn name(state: EntryState) -> &'static str {
    match state {
        EntryState::Left => "left",
        EntryState::Open => "open",
        EntryState::Taken => "taken",
        EntryState::Refused => "refused",
    }
}

fn named(name: &str) -> Result<EntryState, StoreError> {
    let all = [EntryState::Left, EntryState::Open, EntryState::Taken, EntryState::Refused];
    let found = all.into_iter().find(|state| self::name(*state) == name);
    found.ok_or_else(|| StoreError::Corrupt(format!("an entry's state is {name}")))
}

pub(super) fn entry_row(row: &Row) -> Result<EntryRow, StoreError> {
    Ok(EntryRow {
        entry: row.string("entry")?,
        title: row.string("title")?,
        state: named(row.text("state")?)?,
        content: row.opt_string("content")?,
        published: row.opt_instant("published")?,
        since: row.instant("since")?,
        note: row.opt_text("note")?.map(super::row::from_json).transpose()?,
    })
}

pub(super) struct See {
    pub(super) feed: String,
    pub(super) turn: i64,
    pub(super) entries: Vec<Seen>,
    pub(super) backfill: usize,
    pub(super) now: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

pub(super) async fn see(connection: &mut Connection, asked: &See) -> Result<Option<Vec<EntryRow>>, StoreError> {
    const PRIMED: Sql = Sql::both("SELECT primed FROM feeds WHERE name = $1");
    const SEE: Sql = Sql {
        sqlite: "INSERT INTO feed_entries (feed, entry, title, state, published, turn, place, since) \
                 SELECT $1, value ->> 'entry', value ->> 'title', CASE WHEN key < $4 THEN 'open' ELSE 'left' END, \
                 value ->> 'published', $2, key, $5 FROM json_each($3) WHERE true \
                 ON CONFLICT (feed, entry) DO UPDATE SET title = excluded.title, turn = excluded.turn, place = excluded.place",
        postgres: "INSERT INTO feed_entries (feed, entry, title, state, published, turn, place, since) \
                   SELECT $1, value ->> 'entry', value ->> 'title', CASE WHEN key <= $4 THEN 'open' ELSE 'left' END, \
                   (value ->> 'published')::bigint, $2, key, $5 \
                   FROM json_array_elements($3::json) WITH ORDINALITY AS entries (value, key) \
                   ON CONFLICT (feed, entry) DO UPDATE SET title = excluded.title, turn = excluded.turn, place = excluded.place",
    };
    // What is not there any more cannot be taken.
    const VANISHED: Sql =
        Sql::both("UPDATE feed_entries SET state = 'left', note = $3 WHERE feed = $1 AND state = 'open' AND turn < $2");
    const IS_PRIMED: Sql = Sql::both("UPDATE feeds SET primed = 1 WHERE name = $1 AND primed = 0");
    const KNOWN: Sql = Sql::both("SELECT * FROM feed_entries WHERE feed = $1 AND turn = $2 ORDER BY place");
    let (feed, turn) = (&asked.feed, asked.turn);
    if !hold(connection, feed, turn, asked.until).await? {
        return Ok(None);
    }
    let row = connection.first(PRIMED, args![feed]).await?;
    let primed = row.map(|row| row.flag("primed")).transpose()?.unwrap_or_default();
    let most = if primed { i64::MAX } else { i64::try_from(asked.backfill).unwrap_or(i64::MAX) };
    let args = vec![feed.into(), turn.into(), Arg::rows(&asked.entries)?, most.into(), millis(asked.now).into()];
    connection.execute(SEE, args).await?;
    let gone =
        text!("đã mất khỏi nguồn tin trước khi loa lấy được", "it vanished from the feed before it could be taken");
    let vanished = connection.execute(VANISHED, args![feed, turn, to_json(&gone)?]).await?;
    if vanished > 0 {
        tracing::warn!(%feed, vanished, "entries vanished from the feed before they could be taken");
    }
    connection.execute(IS_PRIMED, args![feed]).await?;
    let rows = connection.fetch(KNOWN, args![feed, turn]).await?;
    rows.iter().map(entry_row).collect::<Result<_, _>>().map(Some)
}

pub(super) struct Mark {
    pub(super) feed: String,
    pub(super) entry: String,
    pub(super) state: EntryState,
    pub(super) content: String,
    pub(super) note: Option<Text>,
}

pub(super) async fn mark(connection: &mut Connection, asked: &Mark) -> Result<(), StoreError> {
    const MARK: Sql =
        Sql::both("UPDATE feed_entries SET state = $3, content = $4, note = $5 WHERE feed = $1 AND entry = $2");
    let note = asked.note.as_ref().map(to_json).transpose()?;
    let args = args![&asked.feed, &asked.entry, name(asked.state), &asked.content, note];
    connection.execute(MARK, args).await.map(drop)
}

/// Opens the newest `most` that were left and stood in the feed when it was read last.
pub(super) async fn open_left(connection: &mut Connection, feed: &str, most: i64) -> Result<usize, StoreError> {
    const OPEN: Sql = Sql::both(
        "UPDATE feed_entries SET state = 'open', note = NULL WHERE feed = $1 AND entry IN \
         (SELECT entry FROM feed_entries WHERE feed = $1 AND state = 'left' AND turn = \
         (SELECT max(turn) FROM feed_entries WHERE feed = $1) ORDER BY place LIMIT $2)",
    );
    let opened = connection.execute(OPEN, args![feed, most]).await?;
    Ok(usize::try_from(opened).unwrap_or(usize::MAX))
}

pub(super) fn counts(row: &Row) -> Result<EntryCounts, StoreError> {
    Ok(EntryCounts {
        left: row.count("n_left")?,
        open: row.count("n_open")?,
        taken: row.count("n_taken")?,
        refused: row.count("n_refused")?,
    })
}
