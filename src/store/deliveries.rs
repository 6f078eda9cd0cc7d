//! Deliveries as rows: read and changed many at once. What a change is, [`crate::delivery::apply`] says.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::db::{Arg, Connection, Sql, args};
use super::many::Many;
use super::row::{Row, millis, to_json};
use crate::article::ArticleId;
use crate::delivery::{Delivery, DeliveryId, State, Why};
use crate::queue::StoreError;

/// The columns that [`delivery`] reads, of a table called `d`.
macro_rules! delivery_columns {
    () => {
        "d.id, d.article_id, d.channel, d.wanted, d.live, d.detail, d.plan, d.tries, d.attempt, d.version"
    };
}
pub(super) use delivery_columns;

/// Those that need a person. The condition of the indices `deliveries_person` and `deliveries_sought`, word for word: only
/// then are they used.
macro_rules! for_a_person {
    () => {
        "(d.state = 'held' OR d.state = 'uncertain' OR d.state = 'failed')"
    };
}
pub(super) use for_a_person;

/// The channels `c` on which something is due sometime: from one to the next in the index `deliveries_due`, of which each
/// is a range for every state.
macro_rules! busy_channels {
    () => {
        "WITH RECURSIVE c (channel) AS (SELECT min(channel) FROM deliveries WHERE due IS NOT NULL UNION ALL \
         SELECT (SELECT min(n.channel) FROM deliveries n WHERE n.due IS NOT NULL AND n.channel > c.channel) FROM c \
         WHERE c.channel IS NOT NULL) "
    };
}
pub(super) use busy_channels;

/// Deliveries as people ask about them.
macro_rules! delivery_rows {
    ($title:literal, $which:expr) => {
        concat!(
            "SELECT ",
            crate::store::deliveries::delivery_columns!(),
            ", a.source, a.external_id, ",
            $title,
            " AS title, t.errand AS last_errand, t.outcome AS last_outcome \
             FROM deliveries d JOIN articles a ON a.id = d.article_id \
             JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision \
             LEFT JOIN attempts t ON t.delivery_id = d.id AND t.attempt = (SELECT max(attempt) FROM attempts l \
             WHERE l.delivery_id = d.id AND l.errand <> 'look_up') WHERE ",
            $which
        )
    };
}
pub(super) use delivery_rows;

pub(super) fn delivery(row: &Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: DeliveryId(row.int("id")?),
        article: ArticleId(row.int("article_id")?),
        channel: row.string("channel")?,
        wanted: row.json("wanted")?,
        live: row.json("live")?,
        state: row.json("detail")?,
        plan: row.json("plan")?,
        tries: row.small("tries")?,
        attempt: row.small("attempt")?,
        version: row.int("version")?,
    })
}

/// Those of `ids` that there are, by number. On PostgreSQL they stay as they are until the transaction ends.
pub(super) async fn load(connection: &mut Connection, ids: &[DeliveryId]) -> Result<Vec<Delivery>, StoreError> {
    const LOAD: Sql = Sql {
        sqlite: concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries d WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id"
        ),
        postgres: concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries d WHERE id IN (SELECT value::bigint FROM json_array_elements_text($1::json)) \
             ORDER BY id FOR UPDATE"
        ),
    };
    let rows = connection.fetch(LOAD, vec![Arg::rows(ids)?]).await?;
    rows.iter().map(delivery).collect()
}

/// How often each of these was changed so far.
pub(super) async fn versions(
    connection: &mut Connection,
    ids: impl Iterator<Item = &DeliveryId>,
) -> Result<HashMap<DeliveryId, i64>, StoreError> {
    const VERSIONS: Sql = Sql {
        sqlite: "SELECT id, version FROM deliveries WHERE id IN (SELECT value FROM json_each($1))",
        postgres: "SELECT id, version FROM deliveries \
                   WHERE id IN (SELECT value::bigint FROM json_array_elements_text($1::json)) ORDER BY id FOR UPDATE",
    };
    let ids: Vec<&DeliveryId> = ids.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = connection.fetch(VERSIONS, vec![Arg::rows(&ids)?]).await?;
    rows.iter().map(|row| Ok((DeliveryId(row.int("id")?), row.int("version")?))).collect()
}

pub(super) async fn of_article(connection: &mut Connection, id: ArticleId) -> Result<Vec<Delivery>, StoreError> {
    const OF: Sql = Sql {
        sqlite: concat!("SELECT ", delivery_columns!(), " FROM deliveries d WHERE article_id = $1 ORDER BY id"),
        postgres: concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries d WHERE article_id = $1 ORDER BY id FOR UPDATE"
        ),
    };
    let rows = connection.fetch(OF, args![id.0]).await?;
    rows.iter().map(delivery).collect()
}

/// Everything that waits on a channel.
pub(super) async fn waiting(connection: &mut Connection, channel: &str) -> Result<Vec<Delivery>, StoreError> {
    const WAITING: Sql = Sql {
        sqlite: concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries d WHERE d.channel = $1 AND d.state = 'waiting' AND d.due IS NOT NULL ORDER BY d.id"
        ),
        postgres: concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries d WHERE d.channel = $1 AND d.state = 'waiting' AND d.due IS NOT NULL ORDER BY d.id FOR UPDATE"
        ),
    };
    let rows = connection.fetch(WAITING, args![channel]).await?;
    rows.iter().map(delivery).collect()
}

/// What is leased, if its lease ends by then. On PostgreSQL what is being settled at this moment is passed over.
pub(super) async fn leased(
    connection: &mut Connection,
    until: Option<DateTime<Utc>>,
) -> Result<Vec<Delivery>, StoreError> {
    const LEASED: Sql = Sql {
        sqlite: concat!(
            busy_channels!(),
            "SELECT ",
            delivery_columns!(),
            " FROM c CROSS JOIN deliveries d WHERE d.channel = c.channel AND d.state = 'sending' \
             AND d.urgency IN (0, 1, 2) AND d.due <= coalesce($1, d.due) ORDER BY d.id"
        ),
        postgres: concat!(
            busy_channels!(),
            "SELECT ",
            delivery_columns!(),
            " FROM c JOIN deliveries d ON d.channel = c.channel WHERE d.state = 'sending' AND d.due IS NOT NULL \
             AND d.due <= coalesce($1, d.due) ORDER BY d.id FOR UPDATE OF d SKIP LOCKED"
        ),
    };
    let rows = connection.fetch(LEASED, args![until.map(millis)]).await?;
    rows.iter().map(delivery).collect()
}

/// How many are being sent.
pub(super) async fn under_way(connection: &mut Connection) -> Result<i64, StoreError> {
    const UNDER_WAY: Sql = Sql::both(concat!(
        busy_channels!(),
        "SELECT count(*) AS number FROM c CROSS JOIN deliveries d WHERE d.channel = c.channel AND d.state = 'sending' \
         AND d.due IS NOT NULL"
    ));
    let row = connection.first(UNDER_WAY, Vec::new()).await?;
    row.map(|row| row.int("number")).transpose().map(Option::unwrap_or_default)
}

/// A delivery's columns as they are after a change, `None` where they stay as they are.
struct Columns {
    edition: Option<i64>,
    after_channel: Option<String>,
    wanted: Option<String>,
    live: Option<String>,
    detail: String,
    plan: Option<String>,
}

impl Columns {
    fn of(before: Option<&Delivery>, after: &Delivery) -> Result<Self, StoreError> {
        let edition = match &after.state {
            State::Sending { errand, .. } => errand.job().edition,
            State::Uncertain { job, .. } => job.edition,
            _ => after.plan.edition,
        };
        let after_channel = match &after.state {
            State::Waiting { why: Why::After { channel }, .. } => Some(channel.clone()),
            _ => None,
        };
        Ok(Self {
            edition: edition.map(millis),
            after_channel,
            wanted: changed(before.map(|before| &before.wanted), &after.wanted)?,
            live: changed(before.map(|before| &before.live), &after.live)?,
            detail: to_json(&after.state)?,
            plan: changed(before.map(|before| &before.plan), &after.plan)?,
        })
    }
}

fn changed<T: Serialize + PartialEq>(before: Option<&T>, after: &T) -> Result<Option<String>, StoreError> {
    if before == Some(after) { Ok(None) } else { to_json(after).map(Some) }
}

/// Replaces each first by its second, if the first is still what stands there. All of them, or none.
pub(super) async fn swap(connection: &mut Connection, changes: &[(Delivery, Delivery)]) -> Result<(), StoreError> {
    swap_with(connection, changes, None).await
}

/// The same, and what changes is this urgent from now on.
pub(super) async fn swap_with(
    connection: &mut Connection,
    changes: &[(Delivery, Delivery)],
    urgency: Option<i64>,
) -> Result<(), StoreError> {
    const SWAP: Many<15> = Many {
        columns: [
            "id",
            "was",
            "was_state",
            "state",
            "due",
            "urgency",
            "edition",
            "after_channel",
            "wanted",
            "live",
            "detail",
            "plan",
            "tries",
            "attempt",
            "version",
        ],
        sqlite: "UPDATE deliveries SET state = ?4, due = ?5, urgency = coalesce(?6, urgency), edition = ?7, \
                 after_channel = ?8, wanted = coalesce(?9, wanted), live = coalesce(?10, live), detail = ?11, \
                 plan = coalesce(?12, plan), tries = ?13, attempt = ?14, version = ?15 \
                 WHERE id = ?1 AND version = ?2 AND state = ?3",
        postgres: "UPDATE deliveries d SET state = n.state, due = n.due, urgency = coalesce(n.urgency, d.urgency), \
                   edition = n.edition, after_channel = n.after_channel, wanted = coalesce(n.wanted, d.wanted), \
                   live = coalesce(n.live, d.live), detail = n.detail, plan = coalesce(n.plan, d.plan), \
                   tries = n.tries, attempt = n.attempt, version = n.version \
                   FROM json_to_recordset($1::json) AS n (state text, due bigint, urgency bigint, edition bigint, \
                   after_channel text, wanted text, live text, detail text, plan text, tries bigint, attempt bigint, \
                   version bigint, id bigint, was bigint, was_state text) \
                   WHERE d.id = n.id AND d.version = n.was AND d.state = n.was_state",
    };
    if changes.is_empty() {
        return Ok(());
    }
    let row = |(before, after): &(Delivery, Delivery)| {
        let new = Columns::of(Some(before), after)?;
        let due = after.state.due().map(millis);
        Ok([
            before.id.0.into(),
            before.version.into(),
            before.state.name().into(),
            after.state.name().into(),
            due.into(),
            urgency.into(),
            new.edition.into(),
            new.after_channel.into(),
            new.wanted.into(),
            new.live.into(),
            new.detail.into(),
            new.plan.into(),
            after.tries.into(),
            after.attempt.into(),
            after.version.into(),
        ])
    };
    let rows: Result<Vec<[Arg; 15]>, StoreError> = changes.iter().map(row).collect();
    let changed = SWAP.execute(connection, rows?).await?;
    if usize::try_from(changed) == Ok(changes.len()) {
        return Ok(());
    }
    let ids: Vec<_> = changes.iter().map(|(before, _)| before.id.to_string()).collect();
    tracing::debug!(deliveries = ids.join(" "), changed, "deliveries changed under our hands");
    Err(StoreError::Busy)
}

/// Adds deliveries that have not been there.
pub(super) async fn insert(connection: &mut Connection, new: &[Delivery], urgency: i64) -> Result<(), StoreError> {
    const INSERT: Many<10> = Many {
        columns: ["article_id", "channel", "state", "due", "urgency", "edition", "wanted", "live", "detail", "plan"],
        sqlite: "INSERT INTO deliveries (article_id, channel, state, due, urgency, edition, wanted, live, detail, plan, \
                 tries, attempt, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0, 0)",
        postgres: "INSERT INTO deliveries (article_id, channel, state, due, urgency, edition, wanted, live, detail, plan, \
                   tries, attempt, version) SELECT article_id, channel, state, due, urgency, edition, wanted, live, \
                   detail, plan, 0, 0, 0 FROM json_to_recordset($1::json) AS n (article_id bigint, channel text, \
                   state text, due bigint, urgency bigint, edition bigint, wanted text, live text, detail text, plan text)",
    };
    let row = |new: &Delivery| {
        let columns = Columns::of(None, new)?;
        Ok([
            new.article.0.into(),
            new.channel.as_str().into(),
            new.state.name().into(),
            new.state.due().map(millis).into(),
            urgency.into(),
            columns.edition.into(),
            columns.wanted.into(),
            columns.live.into(),
            columns.detail.into(),
            columns.plan.into(),
        ])
    };
    let rows: Result<Vec<[Arg; 10]>, StoreError> = new.iter().map(row).collect();
    INSERT.execute(connection, rows?).await.map(drop)
}
