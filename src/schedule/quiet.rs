//! Quiet hours: a daily span in which nothing makes a noise, urgent articles excepted.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::text;
use crate::text::Text;

/// A span of wall-clock time such as `21:30-05:30`; it may run over midnight. The end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    from: NaiveTime,
    to: NaiveTime,
}

/// A span that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct QuietError(pub Text);

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.format("%H:%M"), self.to.format("%H:%M"))
    }
}

impl FromStr for Quiet {
    type Err = QuietError;

    fn from_str(span: &str) -> Result<Self, QuietError> {
        let times = span.split_once('-').and_then(|(from, to)| {
            let time = |words: &str| NaiveTime::parse_from_str(words.trim(), "%H:%M").ok();
            Some((time(from)?, time(to)?))
        });
        match times {
            Some((from, to)) if from != to => Ok(Self { from, to }),
            _ => Err(QuietError(text!(
                "giờ yên lặng \"{span}\" không hợp lệ; viết như \"21:30-05:30\"",
                "quiet hours \"{span}\" are not valid; write them like \"21:30-05:30\""
            ))),
        }
    }
}

impl Quiet {
    /// When quiet hours next begin after `at`, which is not in them.
    #[must_use]
    pub fn next_start(self, at: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let today = at.with_timezone(&zone).date_naive();
        // The day after tomorrow as well: a change to summer time may skip a beginning.
        (0..3).find_map(|days| {
            let wall = (today + TimeDelta::days(days)).and_time(self.from);
            Some(zone.from_local_datetime(&wall).earliest()?.to_utc()).filter(|start| *start > at)
        })
    }

    /// When the quiet hours that `at` falls into end; `None` when `at` is not in them.
    #[must_use]
    pub fn end(self, at: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&zone).naive_local();
        let time = local.time();
        let over_midnight = self.to < self.from;
        let inside =
            if over_midnight { time >= self.from || time < self.to } else { time >= self.from && time < self.to };
        if !inside {
            return None;
        }
        let tomorrow = over_midnight && time >= self.from;
        let day = if tomorrow { local.date() + TimeDelta::days(1) } else { local.date() };
        let wall = day.and_time(self.to);
        // A wall-clock end that a change to summer time skips: an hour later it exists again.
        let end = zone
            .from_local_datetime(&wall)
            .latest()
            .or_else(|| zone.from_local_datetime(&(wall + TimeDelta::hours(1))).latest())?;
        Some(end.to_utc()).filter(|end| *end > at)
    }
}
