//! Where a channel asks for approval, nothing leaves but the very payload that a named person has seen.

use super::try_once::{context, item};
use super::{Lane, Shop};
use crate::channel::RenderContext;
use crate::delivery::{Action, Approved, Event, Outcome};
use crate::queue::{AttemptReport, LeasedItem, Settlement, StoreError, Work};
use crate::text;
use crate::text::Text;

/// Gives back to a person, on disk, what is not what was approved; the rest may be sent.
pub(super) async fn only_approved(lane: &Lane, shop: &Shop, mut work: Work) -> Result<Work, StoreError> {
    if work.looks.is_some() || !lane.gate.approval() {
        return Ok(work);
    }
    let (mut stays, mut held) = (Vec::new(), Vec::new());
    let is_edition = work.edition.is_some();
    let now = context(shop, &work);
    for leased in work.items {
        match objection(lane, &leased, is_edition, &now) {
            None => stays.push(leased),
            Some(note) => held.push((leased, note)),
        }
    }
    work.items = stays;
    if held.is_empty() {
        return Ok(work);
    }
    let settlement = |(leased, note): (LeasedItem, Text)| Settlement {
        delivery: leased.delivery,
        event: Event::Settle { attempt: leased.attempt, outcome: Outcome::Unapproved(note.clone()) },
        report: Some(AttemptReport {
            attempt: leased.attempt,
            finished: shop.clock.now(),
            outcome: "unapproved",
            note: Some(note),
            ..AttemptReport::default()
        }),
    };
    shop.queue.settle(held.into_iter().map(settlement).collect()).await?;
    Ok(work)
}

/// Why this may not leave. A delivery of its own is compared as it would be sent now; of an edition, whose other articles
/// are not known to whoever approves one of them, the article's part is made as it was shown then.
fn objection(lane: &Lane, leased: &LeasedItem, is_edition: bool, now: &RenderContext) -> Option<Text> {
    if leased.action == Action::Withdraw {
        return None;
    }
    let changed =
        || text!("nội dung sắp gửi khác với nội dung đã được duyệt", "what would be sent is not what was approved");
    let Some(Approved { hash, at, edition }) = &leased.approved else { return Some(changed()) };
    let then = RenderContext { at: *at, edition: *edition, ..now.clone() };
    match lane.channel.render(&[item(leased)], if is_edition { &then } else { now }) {
        Ok(payload) if payload.hash() == *hash => None,
        Ok(_) => Some(changed()),
        Err(error) => Some(error.0),
    }
}
