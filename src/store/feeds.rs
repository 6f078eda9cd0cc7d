//! How the feeds stand: whose turn it is to poll one, and what is known of it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use super::Store;
use super::db::{Connection, Sql, args};
use super::feed_entries::{self, Mark, See, counts, entry_row};
use super::row::{Row, from_json, millis, to_json};
use super::tx::Tx;
use crate::queue::{EntryRow, EntryState, FeedRow, Feeds, HubTie, Polled, Seen, StoreError, Turn, Validators};
use crate::text::Text;

/// No channel's file can be called so.
const BELL: &str = "feeds/";
/// Between two polls of a feed, however often somebody asks: a push can be sent again by whoever has seen one.
const REST_MS: i64 = 2_000;
/// How long a turn is kept from a sign of life on.
const HELD: TimeDelta = TimeDelta::seconds(60);

struct Claim {
    feed: String,
    url: String,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
}

async fn claim(connection: &mut Connection, asked: &Claim) -> Result<Option<Turn>, StoreError> {
    const MAKE: Sql = Sql::both(
        "INSERT INTO feeds (name, url, turn, busy_until, due, again, primed, failures, stopped) \
         VALUES ($1, $2, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
    );
    const MOVE: Sql = Sql::both(
        "UPDATE feeds SET url = $2, due = 0, primed = 0, failures = 0, stopped = 0, note = NULL, moved_to = NULL, \
         asked_url = NULL WHERE name = $1 AND url <> $2 AND busy_until <= $3",
    );
    const CLAIM: Sql = Sql::both(
        "UPDATE feeds SET turn = turn + 1, busy_until = $3, again = 0, polled_at = $2 \
         WHERE name = $1 AND busy_until <= $2 AND due <= $2 AND stopped = 0",
    );
    const READ: Sql = Sql::both("SELECT * FROM feeds WHERE name = $1");
    let Claim { feed, url, now, until } = asked;
    connection.execute(MAKE, args![feed, url]).await?;
    connection.execute(MOVE, args![feed, url, millis(*now)]).await?;
    if connection.execute(CLAIM, args![feed, millis(*now), millis(*until)]).await? == 0 {
        return Ok(None);
    }
    connection.first(READ, args![feed]).await?.as_ref().map(turn).transpose()
}

fn turn(row: &Row) -> Result<Turn, StoreError> {
    let (etag, modified) = (row.opt_string("etag")?, row.opt_string("modified")?);
    Ok(Turn {
        number: row.int("turn")?,
        validators: row.opt_string("asked_url")?.map(|url| Validators { url, etag, modified }),
        failures: row.small("failures")?,
        moved_to: row.opt_string("moved_to")?,
        tie: tie_of(row)?,
    })
}

fn tie_of(row: &Row) -> Result<Option<HubTie>, StoreError> {
    let Some(callback) = row.opt_string("callback")? else { return Ok(None) };
    let text = |column: &str| row.opt_string(column).map(Option::unwrap_or_default);
    Ok(Some(HubTie {
        hub: text("hub")?,
        topic: text("topic")?,
        callback,
        secret: text("secret")?,
        asked_at: row.opt_instant("asked_at")?,
        until: row.opt_instant("subscribed_until")?,
    }))
}

fn feed_row(row: &Row) -> Result<FeedRow, StoreError> {
    Ok(FeedRow {
        counts: counts(row)?,
        name: row.string("name")?,
        url: row.string("url")?,
        due: row.instant("due")?,
        busy_until: row.instant("busy_until")?,
        polled_at: row.opt_instant("polled_at")?,
        succeeded_at: row.opt_instant("succeeded_at")?,
        failures: row.small("failures")?,
        stopped: row.flag("stopped")?,
        note: row.opt_text("note")?.map(from_json).transpose()?,
        moved_to: row.opt_string("moved_to")?,
        subscribed_until: row.opt_instant("subscribed_until")?,
    })
}

pub(super) async fn hold(
    connection: &mut Connection,
    feed: &str,
    turn: i64,
    until: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const HOLD: Sql = Sql::both("UPDATE feeds SET busy_until = $3 WHERE name = $1 AND turn = $2 AND busy_until > 0");
    Ok(connection.execute(HOLD, args![feed, turn, millis(until)]).await? == 1)
}

async fn end_turn(connection: &mut Connection, feed: &str, turn: i64, polled: &Polled) -> Result<bool, StoreError> {
    // What was asked for in the middle of the poll is still to be done.
    const END: Sql = Sql::both(
        "UPDATE feeds SET busy_until = 0, due = CASE WHEN again = 1 THEN polled_at + $12 ELSE $3 END, failures = $4, stopped = $5, \
         note = $6, moved_to = $7, asked_url = $8, etag = $9, modified = $10, \
         succeeded_at = CASE WHEN $11 = 1 THEN polled_at ELSE succeeded_at END WHERE name = $1 AND turn = $2",
    );
    let note = polled.note.as_ref().map(to_json).transpose()?;
    let (url, etag, modified) = match &polled.validators {
        Some(validators) => (Some(validators.url.as_str()), validators.etag.as_deref(), validators.modified.as_deref()),
        None => (None, None, None),
    };
    let args = args![
        feed,
        turn,
        millis(polled.due),
        i64::from(polled.failures),
        i64::from(polled.stopped),
        note,
        polled.moved_to.as_deref(),
        url,
        etag,
        modified,
        i64::from(polled.succeeded),
        REST_MS,
    ];
    Ok(connection.execute(END, args).await? == 1)
}

async fn tie(connection: &mut Connection, feed: &str, turn: i64, tie: Option<&HubTie>) -> Result<bool, StoreError> {
    const TIE: Sql = Sql::both(
        "UPDATE feeds SET hub = $3, topic = $4, callback = $5, secret = $6, asked_at = $7, subscribed_until = $8 \
         WHERE name = $1 AND turn = $2",
    );
    let args = match tie {
        Some(tie) => {
            let (asked, until) = (tie.asked_at.map(millis), tie.until.map(millis));
            args![feed, turn, &tie.hub, &tie.topic, &tie.callback, &tie.secret, asked, until]
        }
        None => args![feed, turn, None::<&str>, None::<&str>, None::<&str>, None::<&str>, None::<i64>, None::<i64>],
    };
    Ok(connection.execute(TIE, args).await? == 1)
}

struct Confirm {
    callback: String,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

async fn confirm(connection: &mut Connection, asked: &Confirm) -> Result<bool, StoreError> {
    const CONFIRM: Sql = Sql::both(
        "UPDATE feeds SET asked_at = NULL, subscribed_until = $2 WHERE callback = $1 AND asked_at IS NOT NULL",
    );
    // It is asked again as if it had not answered.
    const REFUSE: Sql = Sql::both("UPDATE feeds SET asked_at = $2, subscribed_until = NULL WHERE callback = $1");
    let (sql, at) = asked.until.map_or((REFUSE, asked.now), |until| (CONFIRM, until));
    Ok(connection.execute(sql, args![&asked.callback, millis(at)]).await? == 1)
}

async fn poll_now(tx: &mut Tx, feed: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const NOW: Sql = Sql::both(
        "UPDATE feeds SET due = CASE WHEN polled_at + $3 > $2 THEN polled_at + $3 ELSE $2 END, again = 1, stopped = 0 \
         WHERE name = $1",
    );
    let known = tx.connection.execute(NOW, args![feed, millis(now), REST_MS]).await? == 1;
    tx.wake(BELL);
    Ok(known)
}

/// Entries are taken from the feed itself: it is read again, whether it has changed or not.
async fn open_left(tx: &mut Tx, feed: &str, most: i64, now: DateTime<Utc>) -> Result<usize, StoreError> {
    const WHOLE: Sql = Sql::both("UPDATE feeds SET asked_url = NULL WHERE name = $1");
    let opened = feed_entries::open_left(&mut tx.connection, feed, most).await?;
    if opened > 0 {
        tx.connection.execute(WHOLE, args![feed]).await?;
        poll_now(tx, feed, now).await?;
    }
    Ok(opened)
}

impl Store {
    async fn feeds_now(&self) -> Result<Vec<FeedRow>, StoreError> {
        // One statement: how a feed stands and how many entries it has are of one moment.
        const ALL: Sql = Sql::both(
            "SELECT f.*, coalesce(c.n_left, 0) AS n_left, coalesce(c.n_open, 0) AS n_open, \
             coalesce(c.n_taken, 0) AS n_taken, coalesce(c.n_refused, 0) AS n_refused FROM feeds f LEFT JOIN \
             (SELECT feed, count(CASE WHEN state = 'left' THEN 1 END) AS n_left, \
             count(CASE WHEN state = 'open' THEN 1 END) AS n_open, count(CASE WHEN state = 'taken' THEN 1 END) AS n_taken, \
             count(CASE WHEN state = 'refused' THEN 1 END) AS n_refused FROM feed_entries GROUP BY feed) c \
             ON c.feed = f.name ORDER BY f.name",
        );
        self.readers.fetch(ALL, Vec::new()).await?.iter().map(feed_row).collect()
    }
}

impl Feeds for Store {
    fn claim(
        &self,
        feed: String,
        url: String,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<Turn>, StoreError>> {
        let asked = Claim { feed, url, now, until };
        Box::pin(self.writer.run(asked, |tx, asked| Box::pin(claim(&mut tx.connection, asked))))
    }

    fn hold(&self, feed: String, turn: i64, until: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.writer.run((feed, turn, until), |tx, (feed, turn, until)| {
            Box::pin(hold(&mut tx.connection, feed, *turn, *until))
        }))
    }

    fn see(
        &self,
        feed: String,
        turn: i64,
        entries: Vec<Seen>,
        backfill: usize,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<Vec<EntryRow>>, StoreError>> {
        let asked = See { feed, turn, entries, backfill, now, until: now + HELD };
        Box::pin(self.writer.run(asked, |tx, asked| Box::pin(feed_entries::see(&mut tx.connection, asked))))
    }

    fn mark(
        &self,
        feed: String,
        entry: String,
        state: EntryState,
        content: String,
        note: Option<Text>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let asked = Mark { feed, entry, state, content, note };
        Box::pin(self.writer.run(asked, |tx, asked| Box::pin(feed_entries::mark(&mut tx.connection, asked))))
    }

    fn end_turn(&self, feed: String, turn: i64, polled: Polled) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.writer.run((feed, turn, polled), |tx, (feed, turn, polled)| {
            Box::pin(end_turn(&mut tx.connection, feed, *turn, polled))
        }))
    }

    fn free_all(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        const FREE: Sql = Sql::both("UPDATE feeds SET busy_until = 0 WHERE busy_until > 0");
        Box::pin(
            self.writer.run((), |tx, ()| Box::pin(async { tx.connection.execute(FREE, Vec::new()).await.map(drop) })),
        )
    }

    fn feeds(&self) -> BoxFuture<'_, Result<Vec<FeedRow>, StoreError>> {
        Box::pin(self.feeds_now())
    }

    fn entries(&self, feed: String, most: usize) -> BoxFuture<'_, Result<Vec<EntryRow>, StoreError>> {
        const ENTRIES: Sql =
            Sql::both("SELECT * FROM feed_entries WHERE feed = $1 ORDER BY turn DESC, place, entry LIMIT $2");
        Box::pin(async move {
            let args = args![feed, i64::try_from(most).unwrap_or(i64::MAX)];
            self.readers.fetch(ENTRIES, args).await?.iter().map(entry_row).collect()
        })
    }

    fn open_left(&self, feed: String, most: usize, now: DateTime<Utc>) -> BoxFuture<'_, Result<usize, StoreError>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        Box::pin(self.writer.run((feed, most, now), |tx, (feed, most, now)| Box::pin(open_left(tx, feed, *most, *now))))
    }

    fn poll_now(&self, feed: String, now: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.writer.run((feed, now), |tx, (feed, now)| Box::pin(poll_now(tx, feed, *now))))
    }

    fn tie(&self, feed: String, turn: i64, new: Option<HubTie>) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.writer.run((feed, turn, new), |tx, (feed, turn, new)| {
            Box::pin(tie(&mut tx.connection, feed, *turn, new.as_ref()))
        }))
    }

    fn by_callback(&self, callback: String) -> BoxFuture<'_, Result<Option<(String, HubTie)>, StoreError>> {
        const WHOSE: Sql = Sql::both("SELECT * FROM feeds WHERE callback = $1");
        Box::pin(async move {
            let Some(row) = self.readers.first(WHOSE, args![callback]).await? else { return Ok(None) };
            let name = row.string("name")?;
            Ok(tie_of(&row)?.map(|tie| (name, tie)))
        })
    }

    fn confirm(
        &self,
        callback: String,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        let asked = Confirm { callback, until, now };
        Box::pin(self.writer.run(asked, |tx, asked| Box::pin(confirm(&mut tx.connection, asked))))
    }

    fn feeds_bell(&self) -> Arc<Notify> {
        self.bells.of(BELL)
    }
}
