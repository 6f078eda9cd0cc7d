//! Editions: what is due in one slot leaves together, and a slot is used once.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::db::{Arg, Connection, Sql, args};
use super::deliveries::{delivery, delivery_columns, swap};
use super::judge::{Docket, Taken, candidates, take};
use super::lease::alone;
use super::row::{Row, instant, millis};
use super::tx::Tx;
use crate::delivery::{Delivery, DeliveryId, Event, Hold, Live, Plan, Slot, State, Unclear, Why, apply};
use crate::queue::{LeaseRequest, StoreError, Work};
use crate::text;

/// Until an edition of which a part is under way is looked at again.
const REST: TimeDelta = TimeDelta::minutes(1);

/// Leases the earliest edition that is due, with everything the gate lets through. Nobody else may lease on the channel
/// meanwhile.
pub(super) async fn lease(tx: &mut Tx, request: &LeaseRequest) -> Result<Option<Work>, StoreError> {
    let channel = &request.channel;
    let without_slot = without_slot(&mut tx.connection, channel).await?;
    if !without_slot.is_empty()
        && let Some(begun) = Box::pin(place(tx, request, without_slot)).await?
    {
        return Ok(Some(begun));
    }
    // Each round sends an edition off or moves what cannot leave, so this ends.
    while let Some(slot) = earliest(&mut tx.connection, channel, request.now).await? {
        // In this order: what was in flight a moment ago is back by the time it is looked for.
        let closed = is_closed(&mut tx.connection, channel, slot).await?;
        let waiting = of_slot(&mut tx.connection, channel, slot, "waiting").await?;
        if closed {
            let (begun, others) = waiting.into_iter().partition(Delivery::is_begun);
            left_behind(tx, slot, request, begun).await?;
            move_on(tx, request, others).await?;
            continue;
        }
        // What was begun is finished with the same articles: those who have had it get no second one.
        let were_in = were_in(&mut tx.connection, &waiting, slot).await?;
        let (begun, fresh): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|before| before.is_begun() || were_in.contains(&before.id));
        let waiting = if begun.is_empty() {
            fresh
        } else {
            move_on(tx, request, fresh).await?;
            if is_incomplete(&mut tx.connection, channel, slot).await? {
                put_off(tx, request, begun).await?;
                continue;
            }
            begun
        };
        let docket = Docket { request, due: waiting, edition: Some(slot) };
        let taken = take(tx, vec![docket]).await?.pop().unwrap_or_default();
        if let Some(work) = together(slot, taken) {
            open(&mut tx.connection, channel, slot, request.now).await?;
            return Ok(Some(work));
        }
    }
    Ok(None)
}

/// What waits without a slot gets one, but for what a person has to decide about. What was begun by itself is finished by
/// itself: whoever has had it does not get it again in an edition.
async fn place(tx: &mut Tx, request: &LeaseRequest, waiting: Vec<Delivery>) -> Result<Option<Work>, StoreError> {
    // What an earlier loa began does not say so itself.
    let (begun, unplaced): (Vec<_>, Vec<_>) =
        waiting.into_iter().partition(|before| before.is_begun() || matches!(before.live, Live::Maybe(_)));
    let is_due = |before: &Delivery| before.state.due().is_some_and(|due| due <= request.now);
    for first in begun.into_iter().filter(is_due) {
        let docket = Docket { request, due: vec![first], edition: None };
        let taken = take(tx, vec![docket]).await?.pop().unwrap_or_default();
        if let Some(work) = alone(taken).next() {
            return Ok(Some(work));
        }
    }
    let (mut held, mut placed) = (Vec::new(), Vec::new());
    for candidate in candidates(tx, unplaced).await? {
        match request.gate.objection(&candidate, request.now) {
            Some(objection @ Event::Hold(_)) => {
                let after = apply(&candidate.delivery, objection);
                let after = after.map_err(|refused| StoreError::Other(refused.to_string()))?;
                held.push((candidate.delivery, after));
            }
            _ => placed.push(candidate.delivery),
        }
    }
    swap(&mut tx.connection, &held).await?;
    move_on(tx, request, placed).await?;
    Ok(None)
}

/// Editions among what is `due` that were begun when the channel still made some: each is finished with the same articles,
/// and for nobody a second time. What they hold is no longer among the `due` then.
pub(super) async fn begun(
    tx: &mut Tx,
    request: &LeaseRequest,
    due: &mut Vec<Delivery>,
) -> Result<Vec<Work>, StoreError> {
    let slots: BTreeSet<Slot> =
        due.iter().filter(|one| one.is_begun_edition()).filter_map(|one| one.plan.edition).collect();
    let mut work = Vec::new();
    if !tx.alone_on(&request.channel).await? {
        due.retain(|one| !one.is_begun_edition());
        return Ok(work);
    }
    for slot in slots {
        let waiting = of_slot(&mut tx.connection, &request.channel, slot, "waiting").await?;
        let were_in = were_in(&mut tx.connection, &waiting, slot).await?;
        due.retain(|one| !were_in.contains(&one.id));
        let begun: Vec<_> = waiting.into_iter().filter(|one| were_in.contains(&one.id)).collect();
        if is_closed(&mut tx.connection, &request.channel, slot).await? {
            left_behind(tx, slot, request, begun).await?;
            continue;
        }
        if is_incomplete(&mut tx.connection, &request.channel, slot).await? {
            put_off(tx, request, begun).await?;
            continue;
        }
        let taken = take(tx, vec![Docket { request, due: begun, edition: Some(slot) }]).await?.pop();
        work.extend(taken.and_then(|taken| together(slot, taken)));
    }
    Ok(work)
}

/// One piece of work for an edition; `None` where nothing is in it.
fn together(slot: Slot, taken: Taken) -> Option<Work> {
    let items: Vec<_> = taken.into_iter().map(|(_, item)| item).collect();
    (!items.is_empty()).then_some(Work { looks: None, edition: Some(slot), planned: slot, items })
}

/// Which of these an earlier try of that edition carried.
async fn were_in(
    connection: &mut Connection,
    deliveries: &[Delivery],
    slot: Slot,
) -> Result<HashSet<DeliveryId>, StoreError> {
    const CARRIED: Sql = Sql {
        sqlite: "SELECT DISTINCT delivery_id FROM attempts \
                 WHERE delivery_id IN (SELECT value FROM json_each($1)) AND edition = $2",
        postgres: "SELECT DISTINCT delivery_id FROM attempts WHERE delivery_id IN \
                   (SELECT value::bigint FROM json_array_elements_text($1::json)) AND edition = $2",
    };
    let ids: Vec<DeliveryId> = deliveries.iter().map(|delivery| delivery.id).collect();
    let rows = connection.fetch(CARRIED, vec![Arg::rows(&ids)?, millis(slot).into()]).await?;
    rows.iter().map(|row| row.int("delivery_id").map(DeliveryId)).collect()
}

/// Most that get a slot at once; the others come with the next lease.
const PLACED: i64 = 500;

/// What waits without a slot, because it was planned before the channel had any.
async fn without_slot(connection: &mut Connection, channel: &str) -> Result<Vec<Delivery>, StoreError> {
    const WITHOUT: Sql = Sql {
        sqlite: concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries d WHERE d.channel = $1 AND d.state = 'waiting' AND d.due IS NOT NULL AND d.edition IS NULL \
             ORDER BY d.due, d.id LIMIT $2"
        ),
        postgres: concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries d WHERE d.channel = $1 AND d.state = 'waiting' AND d.due IS NOT NULL AND d.edition IS NULL \
             ORDER BY d.due, d.id LIMIT $2 FOR UPDATE"
        ),
    };
    all(&connection.fetch(WITHOUT, args![channel, PLACED]).await?)
}

fn all(rows: &[Row]) -> Result<Vec<Delivery>, StoreError> {
    rows.iter().map(delivery).collect()
}

/// The earliest slot in which something is due.
async fn earliest(connection: &mut Connection, channel: &str, now: DateTime<Utc>) -> Result<Option<Slot>, StoreError> {
    const EARLIEST: Sql =
        Sql::both("SELECT min(edition) AS slot FROM deliveries WHERE channel = $1 AND state = 'waiting' AND due <= $2");
    let row = connection.first(EARLIEST, args![channel, millis(now)]).await?;
    Ok(row.map(|row| row.opt_int("slot")).transpose()?.flatten().map(instant))
}

/// The order of an edition: urgent ones that nobody has placed, then what people placed, then the others as they came.
/// Of deliveries `d`, with their places `p`.
macro_rules! edition_order {
    () => {
        "CASE WHEN p.place IS NOT NULL THEN 1 WHEN d.urgency = 0 THEN 0 ELSE 2 END, p.place, d.urgency, d.id"
    };
}
pub(super) use edition_order;

/// Deliveries of one slot in one state, in the order of the edition.
pub(super) async fn of_slot(
    connection: &mut Connection,
    channel: &str,
    slot: Slot,
    state: &str,
) -> Result<Vec<Delivery>, StoreError> {
    const OF: Sql = Sql {
        sqlite: concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries d LEFT JOIN edition_places p ON p.delivery_id = d.id AND p.slot = d.edition \
             WHERE d.channel = $1 AND d.state = $2 AND d.edition = $3 AND d.due IS NOT NULL ORDER BY ",
            edition_order!()
        ),
        postgres: concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries d LEFT JOIN edition_places p ON p.delivery_id = d.id AND p.slot = d.edition \
             WHERE d.channel = $1 AND d.state = $2 AND d.edition = $3 AND d.due IS NOT NULL ORDER BY ",
            edition_order!(),
            " FOR UPDATE OF d"
        ),
    };
    all(&connection.fetch(OF, args![channel, state, millis(slot)]).await?)
}

/// The uncertain deliveries of an edition.
pub(super) async fn uncertain(
    connection: &mut Connection,
    channel: &str,
    slot: Slot,
) -> Result<Vec<Delivery>, StoreError> {
    of_slot(connection, channel, slot, "uncertain").await
}

/// An edition is closed once it went out, and while it may have gone out.
pub(super) async fn is_closed(connection: &mut Connection, channel: &str, slot: Slot) -> Result<bool, StoreError> {
    const CLOSED: Sql = Sql::both(
        "SELECT 1 AS closed FROM editions WHERE channel = $1 AND slot = $2 AND closed_at IS NOT NULL \
         UNION ALL SELECT 1 FROM deliveries WHERE channel = $1 AND edition = $2 AND state IN ('sending', 'uncertain')",
    );
    Ok(connection.first(CLOSED, args![channel, millis(slot)]).await?.is_some())
}

/// Whether an edition that was begun has to wait for a part of it that a person has not approved yet.
async fn is_incomplete(connection: &mut Connection, channel: &str, slot: Slot) -> Result<bool, StoreError> {
    const HELD: Sql = Sql::both(concat!(
        "SELECT ",
        delivery_columns!(),
        " FROM deliveries d WHERE d.channel = $1 AND d.edition = $2 AND d.state = 'held'"
    ));
    let held = all(&connection.fetch(HELD, args![channel, millis(slot)]).await?)?;
    let is_asked = |state: &State| matches!(state, State::Held { why: Hold::Approval { .. } | Hold::Returned { .. } });
    Ok(held.iter().any(|one| one.is_begun() && is_asked(&one.state)))
}

/// Looks at the rest of an edition again later.
async fn put_off(tx: &mut Tx, request: &LeaseRequest, begun: Vec<Delivery>) -> Result<(), StoreError> {
    let event = Event::Postpone {
        due: request.now + REST,
        why: Why::Retry {
            note: text!(
                "bản tin đã gửi dở, gửi nốt khi đủ các bài: còn bài chờ duyệt hoặc đang gửi",
                "its edition was begun and is finished as a whole: a part of it waits for approval, or is being sent"
            ),
        },
    };
    let changes: Result<Vec<_>, _> =
        begun.into_iter().map(|before| apply(&before, event.clone()).map(|after| (before, after))).collect();
    swap(&mut tx.connection, &changes.map_err(|refused| StoreError::Other(refused.to_string()))?).await
}

/// What was begun in an edition that is over without it: some have had it, the others have not, and only a person can say
/// what to do. While the rest of that edition is still under way, it waits.
async fn left_behind(tx: &mut Tx, slot: Slot, request: &LeaseRequest, begun: Vec<Delivery>) -> Result<(), StoreError> {
    const OVER: Sql =
        Sql::both("SELECT 1 AS ended FROM editions WHERE channel = $1 AND slot = $2 AND closed_at IS NOT NULL");
    if begun.is_empty() {
        return Ok(());
    }
    if tx.connection.first(OVER, args![&request.channel, millis(slot)]).await?.is_none() {
        return put_off(tx, request, begun).await;
    }
    let note = text!(
        "bản tin này đã gửi nốt mà không có bài; một số người đã có bài từ lần gửi đầu. Muốn người khác cũng có: xác nhận \
         chưa lên, bài sẽ vào bản tin sau cho mọi người",
        "its edition was finished without it; some have had it with the first letters. For the others to have it as well: say \
         that it did not go out, and everybody gets it with the next edition"
    );
    let mut changes = Vec::with_capacity(begun.len());
    for before in begun {
        let after = apply(&before, Event::Restored(Unclear::Ask(note.clone())));
        changes.push((before, after.map_err(|refused| StoreError::Other(refused.to_string()))?));
    }
    swap(&mut tx.connection, &changes).await
}

/// Gives deliveries the next slot.
async fn move_on(tx: &mut Tx, request: &LeaseRequest, waiting: Vec<Delivery>) -> Result<(), StoreError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let next = request
        .gate
        .next_slot(request.now)
        .ok_or_else(|| StoreError::Other(format!("channel {} has no slot after {}", request.channel, request.now)))?;
    let mut changes = Vec::with_capacity(waiting.len());
    for before in waiting {
        let approval = before.plan.approval;
        let plan = Plan { edition: Some(next), approval, ..Plan::waiting(next, Why::Slot) };
        let moved = apply(&before, Event::Replan(plan)).map_err(|refused| StoreError::Other(refused.to_string()))?;
        changes.push((before, moved));
    }
    swap(&mut tx.connection, &changes).await
}

async fn open(connection: &mut Connection, channel: &str, slot: Slot, now: DateTime<Utc>) -> Result<(), StoreError> {
    const OPEN: Sql =
        Sql::both("INSERT INTO editions (channel, slot, opened_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
    connection.execute(OPEN, args![channel, millis(slot), millis(now)]).await.map(drop)
}

/// Records that an edition went out; it can never be opened again.
pub(super) async fn close(
    connection: &mut Connection,
    channel: &str,
    slot: Slot,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const CLOSE: Sql = Sql::both(
        "INSERT INTO editions (channel, slot, opened_at, closed_at) VALUES ($1, $2, $3, $3) \
         ON CONFLICT (channel, slot) DO UPDATE SET closed_at = coalesce(editions.closed_at, excluded.closed_at)",
    );
    connection.execute(CLOSE, args![channel, millis(slot), millis(now)]).await.map(drop)
}
