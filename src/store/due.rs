//! What is due on channels: ranges of the index `deliveries_due`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::db::{Arg, Connection, Sql, args};
use super::deliveries::{delivery, delivery_columns};
use super::row::millis;
use crate::delivery::{Delivery, State};
use crate::queue::StoreError;

/// What is due on one channel: urgent ones first, then by the time they have been due.
#[derive(Default)]
pub(super) struct Due {
    /// To be sent.
    pub(super) waiting: Vec<Delivery>,
    /// To be looked up.
    pub(super) uncertain: Vec<Delivery>,
}

/// Most deliveries of a channel.
#[derive(Clone, Copy)]
pub(super) struct Most {
    pub(super) waiting: usize,
    pub(super) uncertain: usize,
}

/// The first of these channels' deliveries. On PostgreSQL they are nobody else's until the transaction ends, and what is
/// somebody else's at this moment is passed over.
pub(super) async fn due(
    connection: &mut Connection,
    channels: &[&str],
    now: DateTime<Utc>,
    most: Most,
) -> Result<HashMap<String, Due>, StoreError> {
    if connection.is_shared() {
        return of_all(connection, channels, now, most).await;
    }
    let mut found = HashMap::with_capacity(channels.len());
    for channel in channels {
        let waiting = first(connection, channel, "waiting", now, most.waiting).await?;
        let uncertain = first(connection, channel, "uncertain", now, most.uncertain).await?;
        found.insert((*channel).to_owned(), Due { waiting, uncertain });
    }
    Ok(found)
}

/// SQLite has nobody to talk to in between: one range after the other, until there is enough.
async fn first(
    connection: &mut Connection,
    channel: &str,
    state: &str,
    now: DateTime<Utc>,
    most: usize,
) -> Result<Vec<Delivery>, StoreError> {
    const RANGE: Sql = Sql::both(concat!(
        "SELECT ",
        delivery_columns!(),
        " FROM deliveries d WHERE d.channel = $1 AND d.state = $2 AND d.urgency = $3 AND d.due <= $4 \
         ORDER BY d.due, d.id LIMIT $5"
    ));
    let mut found = Vec::new();
    for urgency in 0..=2_i64 {
        let left = most.saturating_sub(found.len());
        if left == 0 {
            break;
        }
        let args = args![channel, state, urgency, millis(now), limit(left)];
        for row in connection.fetch(RANGE, args).await? {
            found.push(delivery(&row)?);
        }
    }
    Ok(found)
}

async fn of_all(
    connection: &mut Connection,
    channels: &[&str],
    now: DateTime<Utc>,
    most: Most,
) -> Result<HashMap<String, Due>, StoreError> {
    /// One range for each channel and urgency.
    macro_rules! ranges {
        ($state:literal, $limit:literal) => {
            concat!(
                "SELECT w.* FROM asked a CROSS JOIN LATERAL (SELECT ",
                delivery_columns!(),
                ", d.urgency FROM deliveries d WHERE d.channel = a.channel AND d.state = '",
                $state,
                "' AND d.urgency = a.urgency AND d.due <= $2 ORDER BY d.due, d.id LIMIT ",
                $limit,
                " FOR UPDATE SKIP LOCKED) w"
            )
        };
    }
    const DUE: Sql = Sql {
        sqlite: "",
        postgres: concat!(
            "WITH asked AS (SELECT a.channel, u.urgency FROM json_array_elements_text($1::json) a (channel) \
             CROSS JOIN (VALUES (0::bigint), (1), (2)) u (urgency)), waiting AS (",
            ranges!("waiting", "$3"),
            "), unclear AS (",
            ranges!("uncertain", "$4"),
            ") SELECT * FROM waiting UNION ALL SELECT * FROM unclear"
        ),
    };
    let mut args = vec![Arg::rows(channels)?];
    args.extend(args![millis(now), limit(most.waiting), limit(most.uncertain)]);
    let mut rows = Vec::new();
    for row in connection.fetch(DUE, args).await? {
        rows.push((row.int("urgency")?, delivery(&row)?));
    }
    rows.sort_by_key(|(urgency, delivery)| (*urgency, delivery.state.due(), delivery.id));
    let mut found: HashMap<String, Due> = HashMap::new();
    for (_, delivery) in rows {
        let due = found.entry(delivery.channel.clone()).or_default();
        let (those, most) = match delivery.state {
            State::Waiting { .. } => (&mut due.waiting, most.waiting),
            _ => (&mut due.uncertain, most.uncertain),
        };
        if those.len() < most {
            those.push(delivery);
        }
    }
    Ok(found)
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
