//! A channel's day as a bar: where on it an instant and the quiet hours are.

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike as _, Utc};
use chrono_tz::Tz;

/// Minutes of wall-clock time that one unit of the bar's length stands for; a day has 288 of them.
const UNIT: u32 = 5;
const LENGTH: u32 = 24 * 60 / UNIT;

/// One day in one zone.
pub(super) struct Bar {
    date: NaiveDate,
    zone: Tz,
}

fn place(time: NaiveTime) -> u32 {
    time.num_seconds_from_midnight() / 60 / UNIT
}

impl Bar {
    /// The day of this instant.
    pub(super) fn of(now: DateTime<Utc>, zone: Tz) -> Self {
        Self { date: now.with_timezone(&zone).date_naive(), zone }
    }

    /// The instant's place, if it is on this day.
    pub(super) fn at(&self, instant: DateTime<Utc>) -> Option<u32> {
        let local = instant.with_timezone(&self.zone);
        (local.date_naive() == self.date).then(|| place(local.time()))
    }

    /// Begin and length of each stretch of quiet hours such as `21:30-05:30`.
    pub(super) fn quiet(span: Option<&str>) -> Vec<(u32, u32)> {
        let time = |words: &str| NaiveTime::parse_from_str(words, "%H:%M").ok().map(place);
        let ends = span.and_then(|span| span.split_once('-')).and_then(|(from, to)| Some((time(from)?, time(to)?)));
        match ends {
            None => Vec::new(),
            Some((from, to)) if from < to => vec![(from, to - from)],
            Some((from, to)) => vec![(0, to), (from, LENGTH - from)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_the_day_and_quiet_hours_have_their_places() {
        let at = |words: &str| words.parse::<DateTime<Utc>>().unwrap_or_default();
        let bar = Bar::of(at("2026-11-26T03:00:00Z"), chrono_tz::Asia::Ho_Chi_Minh);
        assert_eq!(bar.at(at("2026-11-25T17:00:00Z")), Some(0), "midnight in Vietnam");
        assert_eq!(bar.at(at("2026-11-26T16:59:59Z")), Some(287));
        assert_eq!(bar.at(at("2026-11-26T17:00:00Z")), None, "tomorrow");
        assert_eq!(Bar::quiet(Some("12:00-13:30")), [(144, 18)]);
        assert_eq!(Bar::quiet(Some("21:30-05:30")), [(0, 66), (258, 30)]);
        assert_eq!(Bar::quiet(None), []);
    }
}
