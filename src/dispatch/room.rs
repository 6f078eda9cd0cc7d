//! An edition has room for so much; what is left over is in the next one, and the ledger says so.

use super::try_once::context;
use super::{Lane, Shop};
use crate::channel::Item;
use crate::delivery::{Event, Outcome, Plan, Why};
use crate::queue::{AttemptReport, LeasedItem, Settlement, StoreError, Work};
use crate::text;

/// Moves what does not fit to the channel's next slot, on disk, before the rest is sent.
pub(super) async fn make_room(lane: &Lane, shop: &Shop, mut work: Work) -> Result<Work, StoreError> {
    let (Some(slot), None) = (work.edition, work.looks) else { return Ok(work) };
    let now = shop.clock.now();
    let Some(next) = lane.gate.next_slot(now.max(slot)) else { return Ok(work) };
    let items: Vec<Item> = work.items.iter().map(super::try_once::item).collect();
    let over = lane.channel.overflow(&items, &context(shop, &work));
    if over.is_empty() || over.len() >= work.items.len() {
        return Ok(work);
    }
    let mut moved = Vec::new();
    let mut stays = Vec::new();
    for (position, item) in work.items.into_iter().enumerate() {
        if over.contains(&position) { moved.push(item) } else { stays.push(item) }
    }
    let plan = Plan { edition: Some(next), ..Plan::waiting(next, Why::Slot) };
    let settlement = |item: &LeasedItem| Settlement {
        delivery: item.delivery,
        event: Event::Settle { attempt: item.attempt, outcome: Outcome::Moved(plan.clone()) },
        report: Some(AttemptReport {
            attempt: item.attempt,
            finished: now,
            outcome: "moved",
            note: Some(text!(
                "hết thời lượng của bản tin; chuyển sang bản tin kế tiếp",
                "no room left in this edition; moved to the next one"
            )),
            ..AttemptReport::default()
        }),
    };
    shop.queue.settle(moved.iter().map(settlement).collect()).await?;
    work.items = stays;
    Ok(work)
}
