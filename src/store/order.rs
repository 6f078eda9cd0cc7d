//! Editions to come as officers see them, and what they move in them.

use futures_util::future::BoxFuture;
use serde::Serialize;

use super::Store;
use super::db::{Arg, Connection, Sql, args};
use super::deliveries::{delivery, delivery_columns, load, swap};
use super::editions::{edition_order, is_closed, of_slot};
use super::people::record;
use super::row::{Row, instant, millis};
use super::tx::Tx;
use crate::delivery::{Delivery, DeliveryId, Event, Plan, Slot, State, Why, apply};
use crate::queue::{By, ComingEdition, EditionItem, Editions, MOST_COUNTED, Move, Refusable, StoreError};
use crate::text;
use crate::text::Text;

/// No more than [`MOST_COUNTED`] are put into an order.
macro_rules! items {
    ($title:literal) => {
        concat!(
            "SELECT ",
            delivery_columns!(),
            ", d.urgency, ",
            $title,
            " AS title FROM (SELECT * FROM deliveries WHERE channel = $1 AND state = 'waiting' AND edition = $2 LIMIT $3) d \
             JOIN articles a ON a.id = d.article_id \
             JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision \
             LEFT JOIN edition_places p ON p.delivery_id = d.id AND p.slot = d.edition ORDER BY ",
            edition_order!(),
            " LIMIT $4"
        )
    };
}

fn item(row: &Row) -> Result<EditionItem, StoreError> {
    let delivery = delivery(row)?;
    Ok(EditionItem {
        article: delivery.article,
        title: row.string("title")?,
        urgent: row.int("urgency")? == 0,
        due: delivery.state.due().unwrap_or(delivery.plan.due),
        action: delivery.needed().map_or("create", |action| action.name()),
        delivery: delivery.id,
    })
}

/// Whether an edition has begun: a try of it was made, it is being sent, it may have been sent, or it was.
async fn has_begun(connection: &mut Connection, channel: &str, slot: Slot) -> Result<bool, StoreError> {
    const CARRIED: Sql = Sql::both(
        "SELECT 1 AS carried FROM attempts t JOIN deliveries d ON d.id = t.delivery_id \
         WHERE t.channel = $1 AND t.edition = $2 AND d.edition = $2 LIMIT 1",
    );
    if is_closed(connection, channel, slot).await? {
        return Ok(true);
    }
    Ok(connection.first(CARRIED, args![channel, millis(slot)]).await?.is_some())
}

async fn move_item(tx: &mut Tx, id: DeliveryId, asked: &Move, by: &By) -> Result<Result<(), Text>, StoreError> {
    let Some(before) = load(&mut tx.connection, &[id]).await?.pop() else {
        return Ok(Err(text!("không có lượt phát số {id}", "there is no delivery {id}")));
    };
    let (State::Waiting { .. }, Some(slot)) = (&before.state, before.plan.edition) else {
        return Ok(Err(text!("mục này không còn chờ trong bản tin nào", "this item waits in no edition any more")));
    };
    // On PostgreSQL nobody leases on the channel meanwhile.
    if !tx.alone_on(&before.channel).await? {
        return Ok(Err(text!("kênh đang bận; thử lại sau giây lát", "the channel is busy; try again in a moment")));
    }
    if has_begun(&mut tx.connection, &before.channel, slot).await? {
        return Ok(Err(text!(
            "bản tin này đang phát hoặc đã phát, không xếp lại được nữa",
            "this edition is going out or has gone out; it cannot be arranged any more"
        )));
    }
    match asked {
        Move::Into(into) => into_slot(tx, before, *into, by).await,
        Move::By(places) => within(tx, &before, slot, *places, by).await,
    }
}

async fn into_slot(tx: &mut Tx, before: Delivery, slot: Slot, by: &By) -> Result<Result<(), Text>, StoreError> {
    if before.plan.edition == Some(slot) {
        return Ok(Err(text!("mục này đã ở bản tin đó", "this item is in that edition already")));
    }
    if has_begun(&mut tx.connection, &before.channel, slot).await? {
        return Ok(Err(text!("bản tin đó đang phát hoặc đã phát", "that edition is going out or has gone out")));
    }
    let plan = Plan { edition: Some(slot), approval: before.plan.approval, ..Plan::waiting(slot, Why::Chosen) };
    let moved = apply(&before, Event::Replan(plan)).map_err(|refused| StoreError::Other(refused.to_string()))?;
    let note = text!("dời sang bản tin khác", "moved into another edition");
    let change = (before, moved);
    swap(&mut tx.connection, std::slice::from_ref(&change)).await?;
    let (before, _) = change;
    record(tx, &by.who, "move", by.at, Some(&before.channel), Some(&before), &note).await?;
    tx.wake(&before.channel);
    Ok(Ok(()))
}

#[derive(Serialize)]
struct Place {
    delivery: i64,
    place: i64,
}

/// Everything in the edition gets a place, so that the order is as it was seen.
async fn within(tx: &mut Tx, moved: &Delivery, slot: Slot, by: i32, who: &By) -> Result<Result<(), Text>, StoreError> {
    const PLACE: Sql = Sql {
        sqlite: "INSERT INTO edition_places (delivery_id, slot, place) SELECT value ->> 'delivery', $2, value ->> 'place' \
                 FROM json_each($1) WHERE true \
                 ON CONFLICT (delivery_id) DO UPDATE SET slot = excluded.slot, place = excluded.place",
        postgres: "INSERT INTO edition_places (delivery_id, slot, place) SELECT delivery, $2, place \
                   FROM json_to_recordset($1::json) AS n (delivery bigint, place bigint) \
                   ON CONFLICT (delivery_id) DO UPDATE SET slot = excluded.slot, place = excluded.place",
    };
    let mut order = of_slot(&mut tx.connection, &moved.channel, slot, "waiting").await?;
    let Some(from) = order.iter().position(|delivery| delivery.id == moved.id) else {
        return Ok(Err(text!("mục này không còn trong bản tin", "this item is not in the edition any more")));
    };
    let last = i32::try_from(order.len()).unwrap_or(i32::MAX) - 1;
    let to = i32::try_from(from).unwrap_or(i32::MAX).saturating_add(by).clamp(0, last);
    let item = order.remove(from);
    order.insert(usize::try_from(to).unwrap_or_default(), item);
    let places: Vec<Place> =
        (0..).zip(&order).map(|(place, delivery)| Place { delivery: delivery.id.0, place }).collect();
    tx.connection.execute(PLACE, vec![Arg::rows(&places)?, millis(slot).into()]).await?;
    let number = to + 1;
    let note = text!("xếp thành mục thứ {number} của bản tin", "arranged as item {number} of its edition");
    record(tx, &who.who, "arrange", who.at, Some(&moved.channel), Some(moved), &note).await?;
    Ok(Ok(()))
}

impl Editions for Store {
    fn coming(&self, channel: String, most: u32, items: u32) -> BoxFuture<'_, Result<Vec<ComingEdition>, StoreError>> {
        const NEXT: Sql = Sql::both(
            "SELECT min(edition) AS slot FROM deliveries WHERE channel = $1 AND state = 'waiting' AND edition > $2",
        );
        const COUNT: Sql = Sql::both(
            "SELECT count(*) AS number FROM (SELECT 1 FROM deliveries WHERE channel = $1 AND state = 'waiting' \
             AND edition = $2 LIMIT $3) n",
        );
        const BEGUN: Sql = Sql::both(
            "SELECT 1 AS begun FROM attempts t JOIN deliveries d ON d.id = t.delivery_id \
             WHERE t.channel = $1 AND t.edition = $2 AND d.edition = $2 LIMIT 1",
        );
        const ITEMS: Sql =
            Sql { sqlite: items!("r.content ->> 'title'"), postgres: items!("r.content::json ->> 'title'") };
        Box::pin(async move {
            let mut coming = Vec::new();
            let mut after = i64::MIN;
            for _ in 0..most {
                let row = self.readers.first(NEXT, args![&channel, after]).await?;
                let Some(slot) = row.map(|row| row.opt_int("slot")).transpose()?.flatten() else { break };
                after = slot;
                let counted = self.readers.first(COUNT, args![&channel, slot, i64::from(MOST_COUNTED)]).await?;
                let begun = self.readers.first(BEGUN, args![&channel, slot]).await?.is_some();
                let (counting, shown) = (i64::from(MOST_COUNTED), i64::from(items));
                let rows = self.readers.fetch(ITEMS, args![&channel, slot, counting, shown]).await?;
                coming.push(ComingEdition {
                    slot: instant(slot),
                    begun,
                    number: counted.map_or(Ok(0), |row| row.small("number"))?,
                    items: rows.iter().map(item).collect::<Result<_, _>>()?,
                });
            }
            Ok(coming)
        })
    }

    fn move_item(&self, delivery: DeliveryId, asked: Move, by: By) -> BoxFuture<'_, Refusable<()>> {
        Box::pin(
            self.writer
                .run((delivery, asked, by), |tx, (delivery, asked, by)| Box::pin(move_item(tx, *delivery, asked, by))),
        )
    }
}
