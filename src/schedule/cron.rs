//! Five-field Unix cron lines in a channel's own time zone.
//!
//! The `cron` crate finds the matching times, but counts differently from Unix: it wants seconds first,
//! numbers weekdays from Sunday = 1, and needs day-of-month *and* weekday to match where Unix is content
//! with either. It is therefore asked about wall-clock times only, with the weekdays spelled out.

use std::str::FromStr;

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::text;
use crate::text::Text;

/// One line such as `30 4 * * 1-5`: minute, hour, day of month, month, weekday (0 or 7 = Sunday).
#[derive(Clone, Debug)]
pub struct CronLine {
    written: String,
    /// One schedule, or two of which either may match (day of month restricted and weekday restricted).
    either: Vec<cron::Schedule>,
}

/// A cron line that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CronError(pub Text);

const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl FromStr for CronLine {
    type Err = CronError;

    fn from_str(line: &str) -> Result<Self, CronError> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            let count = fields.len();
            return Err(CronError(text!(
                "lịch \"{line}\" có {count} trường; cần đúng 5: phút giờ ngày tháng thứ (ví dụ \"30 4 * * *\" là 4 giờ 30 hằng ngày)",
                "\"{line}\" has {count} fields; exactly 5 are needed: minute hour day month weekday (\"30 4 * * *\" is 4:30 every day)"
            )));
        };
        let weekday = weekdays(weekday).ok_or_else(|| {
            CronError(text!(
                "thứ \"{weekday}\" trong lịch \"{line}\" không hợp lệ; dùng 0–7 (0 và 7 là Chủ nhật) hoặc MON–SUN",
                "weekday \"{weekday}\" in \"{line}\" is not valid; use 0–7 (0 and 7 are Sunday) or MON–SUN"
            ))
        })?;
        let fields = [
            ("phút", "minute", minute, "0–59", format!("0 {minute} 0 1 1 *")),
            ("giờ", "hour", hour, "0–23", format!("0 0 {hour} 1 1 *")),
            ("ngày", "day", day, "1–31", format!("0 0 0 {day} 1 *")),
            ("tháng", "month", month, "1–12", format!("0 0 0 1 {month} *")),
        ];
        for (vi, en, written, range, alone) in &fields {
            if cron::Schedule::from_str(alone).is_err() {
                return Err(CronError(text!(
                    "{vi} \"{written}\" trong lịch \"{line}\" không hợp lệ; dùng {range}, \"*\", \"*/n\", \"a-b\" hoặc \"a,b\" (thứ tự: phút giờ ngày tháng thứ)",
                    "{en} \"{written}\" in \"{line}\" is not valid; use {range}, \"*\", \"*/n\", \"a-b\" or \"a,b\" (minute hour day month weekday)"
                )));
            }
        }
        let expressions = match (day, &weekday) {
            ("*", Weekdays::Every) => vec![format!("0 {minute} {hour} * {month} *")],
            ("*", Weekdays::These(weekday)) => vec![format!("0 {minute} {hour} * {month} {weekday}")],
            (day, Weekdays::Every) => vec![format!("0 {minute} {hour} {day} {month} *")],
            (day, Weekdays::These(weekday)) => {
                vec![format!("0 {minute} {hour} {day} {month} *"), format!("0 {minute} {hour} * {month} {weekday}")]
            }
        };
        let either = expressions
            .iter()
            .map(|expression| cron::Schedule::from_str(expression))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| {
                CronError(text!(
                    "lịch \"{line}\" không hợp lệ: {error}",
                    "\"{line}\" is not a valid cron line: {error}"
                ))
            })?;
        let line = Self { written: line.to_owned(), either };
        if line.next(DateTime::UNIX_EPOCH, Tz::UTC).is_none() {
            let line = line.written;
            return Err(CronError(text!(
                "lịch \"{line}\" không bao giờ đến (ngày đó không có trong tháng)",
                "\"{line}\" never comes (there is no such day in that month)"
            )));
        }
        Ok(line)
    }
}

/// What the weekday field says.
enum Weekdays {
    Every,
    /// Names with commas between them.
    These(String),
}

/// The weekday field spelled out; `None` for a mistake.
fn weekdays(field: &str) -> Option<Weekdays> {
    if matches!(field, "*" | "?") {
        return Some(Weekdays::Every);
    }
    let mut days = [false; 7];
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (0, 6),
            Some((first, last)) => (weekday(first)?, weekday(last)?),
            // Unix reads "2/2" as "from Tuesday, every second day".
            None if step > 1 => (weekday(range)?, 6),
            None => (weekday(range)?, weekday(range)?),
        };
        // "5-7" and "FRI-SUN" run over the end of the week.
        let last = if last < first { last + 7 } else { last };
        (first..=last).step_by(step).for_each(|day| {
            if let Some(day) = days.get_mut(day % 7) {
                *day = true;
            }
        });
    }
    let named: Vec<&str> = WEEKDAYS.iter().zip(days).filter_map(|(name, on)| on.then_some(*name)).collect();
    Some(if named.len() < 7 { Weekdays::These(named.join(",")) } else { Weekdays::Every })
}

fn weekday(word: &str) -> Option<usize> {
    if let Ok(number) = word.parse::<usize>() {
        return (number <= 7).then_some(number);
    }
    WEEKDAYS.iter().position(|name| name.eq_ignore_ascii_case(word))
}

impl CronLine {
    /// The line as it was written.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The first slot after `after`; `None` when there will be none.
    ///
    /// A wall-clock time that a change to summer time skips happens when the clocks have moved; one that
    /// the change back repeats happens once, the first time.
    #[must_use]
    pub fn next(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        // Start early enough that a skipped or repeated hour is not missed, and let the filter decide.
        let from = after.with_timezone(&zone).naive_local() - TimeDelta::hours(3);
        self.either
            .iter()
            .filter_map(|schedule| {
                schedule
                    .after(&from.and_utc())
                    .map(|wall| instant(wall.naive_utc(), zone))
                    .find(|instant| *instant > after)
            })
            .min()
    }
}

/// The instant at which a wall clock in `zone` shows `wall`.
fn instant(wall: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.to_utc(),
        LocalResult::None => {
            // In the gap: the first wall-clock quarter of an hour that exists again.
            let after_gap = (1..=12)
                .map(|quarters| wall + TimeDelta::minutes(15 * quarters))
                .find_map(|later| zone.from_local_datetime(&later).earliest());
            after_gap.map_or_else(|| wall.and_utc(), |time| gap_end(time.to_utc(), zone))
        }
    }
}

/// The instant at which the gap before `inside` ended: the last minute at which the offset changed.
fn gap_end(inside: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let offset = |time: DateTime<Utc>| time.with_timezone(&zone).naive_local() - time.naive_utc();
    let mut end = inside;
    while offset(end - TimeDelta::minutes(1)) == offset(inside) && inside - end < TimeDelta::hours(1) {
        end -= TimeDelta::minutes(1);
    }
    end
}
