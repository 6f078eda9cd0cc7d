//! The week, and the editions to come.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use futures_util::future::BoxFuture;

use crate::app::App;
use crate::config::ChannelSpec;
use crate::console::{ChannelWeek, Day, Editions, Flagged, Shift, Timetable};
use crate::delivery::DeliveryId;
use crate::queue::{By, Editions as _, Move, Refusable, StoreError};
use crate::schedule::{Schedule, Timing};
use crate::text;

const DAYS: usize = 7;
/// So many slots of a day are named.
const NAMED: usize = 8;
/// So many editions of a channel are shown, and so many items of each.
const EDITIONS: u32 = 3;
const ITEMS: u32 = 40;

fn days(schedule: &Schedule, from: DateTime<Utc>) -> Vec<Day> {
    let zone = schedule.zone;
    let first = from.with_timezone(&zone).date_naive();
    let day = |date: NaiveDate| {
        let midnight = |date: NaiveDate| zone.from_local_datetime(&date.and_time(NaiveTime::MIN)).earliest();
        let begins = midnight(date).map_or(from, |at| at.to_utc() - TimeDelta::milliseconds(1)).max(from);
        let mut slots = Vec::new();
        let mut at = begins;
        while slots.len() <= NAMED {
            let Some(slot) = schedule.next_slot(at) else { break };
            let local = slot.with_timezone(&zone);
            if local.date_naive() != date {
                break;
            }
            slots.push(local.format("%H:%M").to_string());
            at = slot;
        }
        let more = slots.len() > NAMED;
        slots.truncate(NAMED);
        Day { date, slots, more }
    };
    first.iter_days().take(DAYS).map(day).collect()
}

fn week(spec: &ChannelSpec, from: DateTime<Utc>) -> ChannelWeek {
    ChannelWeek {
        channel: spec.channel.clone(),
        name: spec.name.clone(),
        slots: matches!(spec.schedule.timing, Timing::Cron(_)),
        quiet: spec.schedule.quiet.map(|quiet| quiet.to_string()),
        days: days(&spec.schedule, from),
    }
}

impl Timetable for App {
    fn week(&self, from: DateTime<Utc>) -> Vec<ChannelWeek> {
        self.specs().iter().filter(|spec| spec.enabled).map(|spec| week(spec, from)).collect()
    }

    fn editions(&self) -> BoxFuture<'_, Result<Vec<Editions>, StoreError>> {
        Box::pin(async move {
            let specs = self.specs();
            let mut all = Vec::new();
            for spec in specs.iter().filter(|spec| spec.enabled && spec.schedule.bundles) {
                let coming = self.store.coming(spec.channel.clone(), EDITIONS, ITEMS).await?;
                all.push(Editions { channel: spec.channel.clone(), name: spec.name.clone(), coming });
            }
            Ok(all)
        })
    }

    fn flagged(&self) -> BoxFuture<'_, Result<Vec<Flagged>, StoreError>> {
        Box::pin(self.flagged_now())
    }

    fn shift(&self, delivery: DeliveryId, shift: Shift, by: By) -> BoxFuture<'_, Refusable<()>> {
        Box::pin(async move {
            let asked = match shift {
                Shift::Up => Move::By(-1),
                Shift::Down => Move::By(1),
                Shift::Later | Shift::Sooner => {
                    let Some(row) = self.ledger().delivery(delivery).await? else {
                        return Ok(Err(text!("không có lượt phát này", "there is no such delivery")));
                    };
                    let specs = self.specs();
                    let spec = specs.iter().find(|spec| spec.channel == row.delivery.channel);
                    let now = by.at;
                    let from = row.delivery.plan.edition.filter(|slot| shift == Shift::Later && *slot > now);
                    match spec.and_then(|spec| spec.schedule.next_slot(from.unwrap_or(now))) {
                        Some(slot) => Move::Into(slot),
                        None => {
                            return Ok(Err(text!(
                                "kênh này không có bản tin nào nữa",
                                "this channel has no edition after"
                            )));
                        }
                    }
                }
            };
            self.store.move_item(delivery, asked, by).await
        })
    }
}
