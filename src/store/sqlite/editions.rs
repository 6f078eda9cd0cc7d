//! Editions: what is due in one slot leaves together, and a slot is used once.

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::failed;
use super::lease::take;
use super::rows::{DELIVERY, delivery, instant, millis, swap};
use crate::delivery::{Delivery, Event, Plan, Slot, Why, apply};
use crate::queue::{LeaseRequest, StoreError, Work};

/// Leases the earliest edition that is due, with everything the gate lets through.
pub(super) async fn lease(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
) -> Result<Option<Work>, StoreError> {
    let without_slot = without_slot(connection, &request.channel).await?;
    move_on(connection, request, &without_slot).await?;
    // Each round sends an edition off or moves what cannot leave, so this ends.
    while let Some(slot) = earliest(connection, &request.channel, request.now).await? {
        let waiting = of_slot(connection, &request.channel, slot, "waiting").await?;
        if is_closed(connection, &request.channel, slot).await? {
            move_on(connection, request, &waiting).await?;
            continue;
        }
        // What was begun is finished with the same articles: those who have had it get no second one.
        let (mut begun, mut fresh) = (Vec::new(), Vec::new());
        for before in waiting {
            let was_in = was_in(connection, &before, slot).await?;
            if was_in { begun.push(before) } else { fresh.push(before) }
        }
        let waiting = if begun.is_empty() {
            fresh
        } else {
            move_on(connection, request, &fresh).await?;
            begun
        };
        let mut items = Vec::with_capacity(waiting.len());
        for before in &waiting {
            items.extend(take(connection, request, before, Some(slot)).await?);
        }
        if !items.is_empty() {
            open(connection, &request.channel, slot, request.now).await?;
            return Ok(Some(Work { looks: None, edition: Some(slot), planned: slot, items }));
        }
    }
    Ok(None)
}

/// Whether an earlier try of that edition carried this delivery.
async fn was_in(connection: &mut SqliteConnection, delivery: &Delivery, slot: Slot) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM attempts WHERE delivery_id = ? AND edition = ?)")
        .bind(delivery.id.0)
        .bind(millis(slot))
        .fetch_one(connection)
        .await
        .map_err(failed)
}

/// What waits without a slot, because it was planned before the channel had any.
async fn without_slot(connection: &mut SqliteConnection, channel: &str) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {DELIVERY} FROM deliveries d WHERE d.channel = ? AND d.state = 'waiting' AND d.edition IS NULL"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(channel).fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(delivery).collect()
}

/// The earliest slot in which something is due.
async fn earliest(
    connection: &mut SqliteConnection,
    channel: &str,
    now: DateTime<Utc>,
) -> Result<Option<Slot>, StoreError> {
    let slot: Option<i64> =
        sqlx::query_scalar("SELECT min(edition) FROM deliveries WHERE channel = ? AND state = 'waiting' AND due <= ?")
            .bind(channel)
            .bind(millis(now))
            .fetch_one(connection)
            .await
            .map_err(failed)?;
    Ok(slot.map(instant))
}

/// Deliveries of one slot in one state, urgent ones first, then in the order in which they came.
async fn of_slot(
    connection: &mut SqliteConnection,
    channel: &str,
    slot: Slot,
    state: &str,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {DELIVERY} FROM deliveries d WHERE d.channel = ? AND d.state = ? AND d.edition = ? AND d.due IS NOT NULL \
         ORDER BY d.urgency, d.id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(channel)
        .bind(state)
        .bind(millis(slot))
        .fetch_all(connection)
        .await
        .map_err(failed)?;
    rows.iter().map(delivery).collect()
}

/// The uncertain deliveries of an edition.
pub(super) async fn uncertain(
    connection: &mut SqliteConnection,
    channel: &str,
    slot: Slot,
) -> Result<Vec<Delivery>, StoreError> {
    of_slot(connection, channel, slot, "uncertain").await
}

/// An edition is closed once it went out, and while it may have gone out.
async fn is_closed(connection: &mut SqliteConnection, channel: &str, slot: Slot) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT (SELECT closed_at FROM editions WHERE channel = ?1 AND slot = ?2) IS NOT NULL AS closed, \
         EXISTS (SELECT 1 FROM deliveries WHERE channel = ?1 AND edition = ?2 AND state IN ('sending', 'uncertain')) AS busy",
    )
    .bind(channel)
    .bind(millis(slot))
    .fetch_one(connection)
    .await
    .map_err(failed)?;
    Ok(row.get::<bool, _>("closed") || row.get::<bool, _>("busy"))
}

/// Gives deliveries the next slot.
async fn move_on(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
    waiting: &[Delivery],
) -> Result<(), StoreError> {
    for before in waiting {
        let next = request.gate.next_slot(request.now).ok_or_else(|| {
            StoreError::Other(format!("channel {} has no slot after {}", request.channel, request.now))
        })?;
        let plan =
            Plan { planned: next, due: next, why: Why::Slot, edition: Some(next), approval: before.plan.approval };
        let moved = apply(before, Event::Replan(plan)).map_err(|refused| StoreError::Other(refused.to_string()))?;
        swap(connection, before, &moved).await?;
    }
    Ok(())
}

async fn open(
    connection: &mut SqliteConnection,
    channel: &str,
    slot: Slot,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO editions (channel, slot, opened_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(channel)
        .bind(millis(slot))
        .bind(millis(now))
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Records that an edition went out; it can never be opened again.
pub(super) async fn close(
    connection: &mut SqliteConnection,
    channel: &str,
    slot: Slot,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO editions (channel, slot, opened_at, closed_at) VALUES (?1, ?2, ?3, ?3) \
         ON CONFLICT DO UPDATE SET closed_at = coalesce(closed_at, excluded.closed_at)",
    )
    .bind(channel)
    .bind(millis(slot))
    .bind(millis(now))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}
