//! The ledger: who decided what and when, beside what was tried, and whether the chain is whole.

mod export;
mod page;

use chrono::{DateTime, Datelike as _, Months, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::{Route, look};
use crate::people::Role;
use crate::text;
use crate::text::Text;

pub(super) fn routes() -> Vec<Route> {
    vec![
        look("/ledger", Role::Viewer, page::page),
        look("/ledger/month", Role::Viewer, export::month),
        look("/ledger/article", Role::Viewer, export::article),
    ]
}

fn title() -> Text {
    text!("Sổ", "Ledger")
}

/// From when until when a month lasts, written as `2026-11`.
fn month(written: &str, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let first = NaiveDate::parse_from_str(&format!("{written}-01"), "%Y-%m-%d").ok()?;
    // Dates beyond these no database could hold.
    if !(1970..=9000).contains(&first.year()) {
        return None;
    }
    let next = first.checked_add_months(Months::new(1))?;
    let begins = |day: NaiveDate| {
        // Where a clock jumps at midnight, the day begins after the jump.
        let midnight = day.and_time(NaiveTime::MIN);
        let begins = zone.from_local_datetime(&midnight).earliest();
        begins.map_or_else(|| midnight.and_utc(), |begins| begins.to_utc())
    };
    Some((begins(first), begins(next)))
}

/// All that there can be.
fn ever() -> (DateTime<Utc>, DateTime<Utc>) {
    (DateTime::UNIX_EPOCH, DateTime::from_timestamp(253_370_764_800, 0).unwrap_or(DateTime::<Utc>::MAX_UTC))
}
