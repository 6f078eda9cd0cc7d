//! Leasing for several channels at once. What the channels ask for while a transaction commits is found, judged and put on
//! record together: a few statements for all of them instead of a few for each.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::db::{Arg, Connection, Sql, args};
use super::deliveries::{delivery, delivery_columns};
use super::judge::{Docket, take};
use super::lease::{alone, lease};
use super::people::standings;
use super::row::millis;
use super::tx::Tx;
use super::writer::Piece;
use crate::delivery::{Delivery, State};
use crate::queue::{LeaseRequest, Leased, StoreError};

/// What one channel asks for.
pub(super) struct Lease {
    pub(super) request: LeaseRequest,
    pub(super) leased: Leased,
    pub(super) answer: oneshot::Sender<Result<Leased, StoreError>>,
}

impl Piece for Lease {
    fn run<'c>(&'c mut self, tx: &'c mut Tx) -> BoxFuture<'c, Result<(), StoreError>> {
        Box::pin(async move {
            self.leased = lease(tx, &self.request).await?;
            Ok(())
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { leased, answer, .. } = *self;
        drop(answer.send(committed.map(|()| leased)));
    }

    fn lease(&mut self) -> Option<&mut Lease> {
        // Where tries are counted, or an edition is made, the channel is looked at alone.
        (self.request.rate.is_none() && !self.request.gate.bundles()).then_some(self)
    }
}

/// Leases for all of them, each of which is about another channel. One that cannot be done together with the others is
/// done alone.
pub(super) async fn lease_together(tx: &mut Tx, asked: &mut [&mut Lease]) -> Result<(), StoreError> {
    let now = asked.iter().map(|one| one.request.now).min().unwrap_or_default();
    let channels: Vec<String> = asked.iter().map(|one| one.request.channel.clone()).collect();
    let standing = standings(&mut tx.connection, &channels, now).await?;
    let most = asked.iter().map(|one| one.request.most).max().unwrap_or_default();
    let mut due = due(&mut tx.connection, &channels, now, most).await?;
    let (mut dockets, mut places, mut alone_then) = (Vec::new(), Vec::new(), Vec::new());
    for (place, one) in asked.iter_mut().enumerate() {
        let request = &one.request;
        let mut due = due.remove(&request.channel).unwrap_or_default();
        due.sort_by_key(|(urgency, delivery)| (*urgency, delivery.state.due(), delivery.id));
        due.truncate(request.most);
        match standing.get(&request.channel) {
            Some(standing) => one.leased = standing.keeps_back(),
            // A look-up is due, or nothing is.
            _ if due.is_empty() || due.iter().any(|(_, one)| !matches!(one.state, State::Waiting { .. })) => {
                alone_then.push(place);
            }
            _ => {
                places.push(place);
                dockets.push((place, due.into_iter().map(|(_, delivery)| delivery).collect()));
            }
        }
    }
    let dockets = dockets
        .into_iter()
        .filter_map(|(place, due)| Some(Docket { request: &asked.get(place)?.request, due, edition: None }));
    let taken = take(tx, dockets.collect()).await?;
    for (place, taken) in places.into_iter().zip(taken) {
        let Some(one) = asked.get_mut(place) else { continue };
        if taken.is_empty() {
            // All were moved out of the way: there may be others behind them.
            alone_then.push(place);
        }
        one.leased = Leased { work: alone(taken).collect(), next: None };
    }
    for place in alone_then {
        let Some(one) = asked.get_mut(place) else { continue };
        one.leased = lease(tx, &one.request).await?;
    }
    Ok(())
}

/// The first of one range of the index `deliveries_due`, for each channel.
macro_rules! first {
    ($state:literal, $urgency:literal) => {
        concat!(
            "SELECT ",
            delivery_columns!(),
            ", d.urgency FROM json_each($1) a CROSS JOIN deliveries d ON d.id IN (SELECT w.id FROM deliveries w \
             WHERE w.channel = a.value AND w.state = '",
            $state,
            "' AND w.urgency = ",
            $urgency,
            " AND w.due <= $2 ORDER BY w.due, w.id LIMIT $3 + 0)"
        )
    };
}

/// At most `most` of each urgency for each channel, and whether a look-up is due.
async fn due(
    connection: &mut Connection,
    channels: &[String],
    now: DateTime<Utc>,
    most: usize,
) -> Result<HashMap<String, Vec<(i64, Delivery)>>, StoreError> {
    const DUE: Sql = Sql {
        sqlite: concat!(
            first!("waiting", "0"),
            " UNION ALL ",
            first!("waiting", "1"),
            " UNION ALL ",
            first!("waiting", "2"),
            " UNION ALL ",
            first!("uncertain", "0"),
            " UNION ALL ",
            first!("uncertain", "1"),
            " UNION ALL ",
            first!("uncertain", "2")
        ),
        // What waits is nobody else's until the transaction ends. A look-up is only told of here.
        postgres: concat!(
            "WITH asked AS (SELECT a.channel, u.urgency FROM json_array_elements_text($1::json) a (channel) \
             CROSS JOIN (VALUES (0::bigint), (1), (2)) u (urgency)), waiting AS (SELECT w.* FROM asked a \
             CROSS JOIN LATERAL (SELECT ",
            delivery_columns!(),
            ", d.urgency FROM deliveries d WHERE d.channel = a.channel AND d.state = 'waiting' AND d.urgency = a.urgency \
             AND d.due <= $2 ORDER BY d.due, d.id LIMIT $3 FOR UPDATE SKIP LOCKED) w), unclear AS (SELECT w.* FROM asked a \
             CROSS JOIN LATERAL (SELECT ",
            delivery_columns!(),
            ", d.urgency FROM deliveries d WHERE d.channel = a.channel AND d.state = 'uncertain' \
             AND d.urgency = a.urgency AND d.due <= $2 ORDER BY d.due, d.id LIMIT 1) w) \
             SELECT * FROM waiting UNION ALL SELECT * FROM unclear"
        ),
    };
    let mut args = vec![Arg::rows(channels)?];
    args.extend(args![millis(now), i64::try_from(most).unwrap_or(i64::MAX)]);
    let mut due: HashMap<String, Vec<(i64, Delivery)>> = HashMap::new();
    for row in connection.fetch(DUE, args).await? {
        let delivery = delivery(&row)?;
        due.entry(delivery.channel.clone()).or_default().push((row.int("urgency")?, delivery));
    }
    Ok(due)
}
