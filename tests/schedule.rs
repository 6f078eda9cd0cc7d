//! When: cron lines, quiet hours, plans, and the last look before something leaves.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike as _, NaiveDateTime, TimeDelta, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;
use loa::article::{Article, ArticleId, Priority, Revision};
use loa::delivery::{Approved, Delivery, DeliveryId, Event, Hold, Live, Plan, Receipt, State, Wanted, Why};
use loa::queue::{Candidate, Gate as _};
use loa::schedule::{Approval, Change, ChannelGate, CronLine, Quiet, Schedule};
use loa::text::Text;
use proptest::prelude::*;

use crate::sample::{HANOI, article, schedule, slots, utc};

fn line(words: &str) -> CronLine {
    words.parse().unwrap_or_else(|error| panic!("{words}: {error}"))
}

/// The first `count` slots, on the zone's wall clock.
fn walls(words: &str, after: &str, zone: Tz, count: usize) -> Vec<String> {
    let line = line(words);
    std::iter::successors(line.next(utc(after), zone), |slot| line.next(*slot, zone))
        .take(count)
        .map(|slot| slot.with_timezone(&zone).format("%a %d/%m %H:%M").to_string())
        .collect()
}

// 2026-11-23 is a Monday.
const MONDAY: &str = "2026-11-23T00:00:00+07:00";

#[test]
fn slots_are_counted_on_the_channels_own_wall_clock() {
    assert_eq!(walls("30 4 * * *", MONDAY, HANOI, 2), ["Mon 23/11 04:30", "Tue 24/11 04:30"]);
    assert_eq!(line("30 4 * * *").next(utc(MONDAY), HANOI), Some(utc("2026-11-22T21:30:00Z")));
    assert_eq!(walls("0 16 * * 1-5", "2026-11-27T16:00:00+07:00", HANOI, 1), ["Mon 30/11 16:00"]);
    assert_eq!(
        walls("*/20 7-8 * * *", "2026-11-23T07:30:00+07:00", HANOI, 4),
        ["Mon 23/11 07:40", "Mon 23/11 08:00", "Mon 23/11 08:20", "Mon 23/11 08:40"]
    );
    assert_eq!(walls("5,35 6 * * *", MONDAY, HANOI, 3), ["Mon 23/11 06:05", "Mon 23/11 06:35", "Tue 24/11 06:05"]);
    assert_eq!(walls("0 9 1 1,JUL *", MONDAY, HANOI, 2), ["Fri 01/01 09:00", "Thu 01/07 09:00"]);
}

#[test]
fn weekdays_are_counted_as_unix_does() {
    for sunday in ["0", "7", "SUN", "sun", "0,7", "7-7"] {
        assert_eq!(
            walls(&format!("0 6 * * {sunday}"), MONDAY, HANOI, 2),
            ["Sun 29/11 06:00", "Sun 06/12 06:00"],
            "{sunday}"
        );
    }
    assert_eq!(walls("0 6 * * 1", MONDAY, HANOI, 1), ["Mon 23/11 06:00"]);
    for over_the_end in ["5-7", "FRI-SUN", "5-0", "5,6,0"] {
        let days = walls(&format!("0 6 * * {over_the_end}"), MONDAY, HANOI, 4);
        assert_eq!(
            days,
            ["Fri 27/11 06:00", "Sat 28/11 06:00", "Sun 29/11 06:00", "Fri 04/12 06:00"],
            "{over_the_end}"
        );
    }
    assert_eq!(
        walls("0 6 * * SAT-MON", MONDAY, HANOI, 4),
        ["Mon 23/11 06:00", "Sat 28/11 06:00", "Sun 29/11 06:00", "Mon 30/11 06:00"]
    );
    assert_eq!(
        walls("0 6 * * 1-5/2", MONDAY, HANOI, 4),
        ["Mon 23/11 06:00", "Wed 25/11 06:00", "Fri 27/11 06:00", "Mon 30/11 06:00"]
    );
    // Every day, in two ways.
    assert_eq!(walls("0 6 * * 0-6", MONDAY, HANOI, 8), walls("0 6 * * *", MONDAY, HANOI, 8));
    assert_eq!(walls("0 6 * * 0-7", MONDAY, HANOI, 8), walls("0 6 * * *", MONDAY, HANOI, 8));
}

#[test]
fn day_of_month_or_weekday_is_enough_when_both_are_given() {
    let slots = walls("0 9 25 * 5", MONDAY, HANOI, 5);
    assert_eq!(slots, ["Wed 25/11 09:00", "Fri 27/11 09:00", "Fri 04/12 09:00", "Fri 11/12 09:00", "Fri 18/12 09:00"]);
    assert_eq!(walls("0 9 25 * *", MONDAY, HANOI, 2), ["Wed 25/11 09:00", "Fri 25/12 09:00"]);
    // A weekday list of all seven days is a restriction by form only.
    assert_eq!(walls("0 9 29 2 *", MONDAY, HANOI, 1), ["Tue 29/02 09:00"]);
    let never = "0 9 31 2 *".parse::<CronLine>().expect_err("there is no 31 February");
    assert!(never.0.vi.contains("không bao giờ đến") && never.0.en.contains("never comes"), "{never:?}");
}

#[test]
fn a_mistake_in_a_cron_line_is_told_in_both_languages() {
    for (bad, vi, en) in [
        ("30 4 * *", "có 4 trường", "has 4 fields"),
        ("0 30 4 * * *", "có 6 trường", "has 6 fields"),
        ("", "có 0 trường", "has 0 fields"),
        ("0 6 * * 8", "thứ \"8\"", "weekday \"8\""),
        ("0 6 * * thứ-hai", "thứ \"thứ-hai\"", "weekday \"thứ-hai\""),
        ("0 6 * * 1/0", "thứ \"1/0\"", "weekday \"1/0\""),
        ("60 6 * * *", "phút \"60\"", "minute \"60\""),
        ("0 24 * * *", "giờ \"24\"", "use 0–23"),
        ("0 6 32 * *", "ngày \"32\"", "day \"32\""),
        ("0 6 * 13 *", "tháng \"13\"", "use 1–12"),
        ("a b c d 1", "phút \"a\"", "minute \"a\""),
        ("*/0 6 * * *", "phút \"*/0\"", "use 0–59"),
        ("0 25-2 * * *", "giờ \"25-2\"", "hour \"25-2\""),
    ] {
        let error = bad.parse::<CronLine>().err().unwrap_or_else(|| panic!("\"{bad}\" was taken")).0;
        assert!(error.vi.contains(vi), "{bad}: {}", error.vi);
        assert!(error.en.contains(en), "{bad}: {}", error.en);
        assert!(error.vi.contains(bad) && error.en.contains(bad), "{bad} is not repeated: {error:?}");
    }
}

#[test]
fn an_hour_that_summer_time_skips_fires_once_after_the_gap() {
    for (zone, before, expected) in [
        (Tz::Europe__Berlin, "2026-03-28T12:00:00Z", ["Sun 29/03 03:00", "Mon 30/03 02:30"]),
        (Tz::America__New_York, "2026-03-07T12:00:00Z", ["Sun 08/03 03:00", "Mon 09/03 02:30"]),
    ] {
        assert_eq!(walls("30 2 * * *", before, zone, 2), expected);
        let many = walls("*/10 2 * * *", before, zone, 2);
        assert_eq!(many, [expected[0].to_owned(), expected[1].replace("02:30", "02:00")], "six skipped slots are one");
    }
    // A line for the hour after the gap does not fire twice.
    assert_eq!(
        walls("0 2,3 * * *", "2026-03-28T12:00:00Z", Tz::Europe__Berlin, 2),
        ["Sun 29/03 03:00", "Mon 30/03 02:00"]
    );
}

#[test]
fn an_hour_that_the_change_back_repeats_fires_once() {
    let berlin = line("30 2 * * *");
    let first = berlin.next(utc("2026-10-24T12:00:00Z"), Tz::Europe__Berlin).unwrap();
    assert_eq!(first, utc("2026-10-25T00:30:00Z"), "the first time round");
    assert_eq!(berlin.next(first, Tz::Europe__Berlin), Some(utc("2026-10-26T01:30:00Z")));
    let york = line("30 1 * * *");
    let first = york.next(utc("2026-10-31T12:00:00Z"), Tz::America__New_York).unwrap();
    assert_eq!(first, utc("2026-11-01T05:30:00Z"));
    assert_eq!(york.next(first, Tz::America__New_York), Some(utc("2026-11-02T06:30:00Z")));
}

#[test]
fn odd_offsets_and_the_date_line_are_no_trouble() {
    let six = line("0 6 * * *");
    let after = utc("2026-11-23T00:00:00Z");
    assert_eq!(six.next(after, Tz::Asia__Kathmandu), Some(utc("2026-11-23T00:15:00Z")));
    assert_eq!(six.next(after, Tz::Pacific__Kiritimati), Some(utc("2026-11-23T16:00:00Z")));
    assert_eq!(six.next(after, Tz::Pacific__Pago_Pago), Some(utc("2026-11-23T17:00:00Z")));
    assert_eq!(six.next(after, Tz::Pacific__Chatham), Some(utc("2026-11-23T16:15:00Z")));
}

/// One field: how it is written and what it means.
#[derive(Clone, Debug)]
struct Field {
    written: String,
    values: BTreeSet<u32>,
    any: bool,
}

fn field(first: u32, last: u32) -> impl Strategy<Value = Field> {
    let one = move |values: BTreeSet<u32>, written: String| Field { written, values, any: false };
    prop_oneof![
        3 => Just(Field { written: "*".to_owned(), values: (first..=last).collect(), any: true }),
        3 => (first..=last).prop_map(move |n| one(BTreeSet::from([n]), n.to_string())),
        1 => prop::collection::btree_set(first..=last, 1..4).prop_map(move |set| {
            let written = set.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            one(set, written)
        }),
        1 => (first..=last, first..=last, 1u32..4).prop_map(move |(a, b, step)| {
            let (a, b) = (a.min(b), a.max(b));
            let values = (a..=b).step_by(step as usize).collect();
            one(values, if step > 1 { format!("{a}-{b}/{step}") } else { format!("{a}-{b}") })
        }),
    ]
}

/// Weekdays with 7 for Sunday too, and ranges over the end of the week.
fn weekday_field() -> impl Strategy<Value = Field> {
    prop_oneof![
        2 => Just(Field { written: "*".to_owned(), values: (0..7).collect(), any: true }),
        1 => (0u32..=7).prop_map(|n| Field { written: n.to_string(), values: BTreeSet::from([n % 7]), any: false }),
        1 => (0u32..=6, 0u32..=7).prop_map(|(a, b)| {
            let end = if b < a { b + 7 } else { b };
            let values: BTreeSet<u32> = (a..=end).map(|day| day % 7).collect();
            Field { written: format!("{a}-{b}"), any: values.len() == 7, values }
        }),
    ]
}

struct Reference {
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Reference {
    fn matches(&self, wall: NaiveDateTime) -> bool {
        let day = self.day.values.contains(&wall.day());
        let weekday = self.weekday.values.contains(&wall.weekday().num_days_from_sunday());
        let by_date = if self.day.any || self.weekday.any { day && weekday } else { day || weekday };
        by_date
            && self.minute.values.contains(&wall.minute())
            && self.hour.values.contains(&wall.hour())
            && self.month.values.contains(&wall.month())
    }

    /// Minute by minute: what is skipped fires when the clocks have moved, what is repeated fires once.
    fn next(&self, after: DateTime<Utc>, zone: Tz, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let wall = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
        let minute = TimeDelta::minutes(1);
        let mut at = Utc.timestamp_opt(after.timestamp().div_euclid(60) * 60, 0).unwrap();
        while at <= until {
            if at > after {
                let first_time =
                    zone.from_local_datetime(&wall(at)).earliest().is_some_and(|first| first.to_utc() == at);
                let mut skipped = wall(at - minute) + minute;
                let mut due = first_time && self.matches(wall(at));
                while skipped < wall(at) {
                    due |= self.matches(skipped);
                    skipped += minute;
                }
                if due {
                    return Some(at);
                }
            }
            at += minute;
        }
        None
    }
}

/// Zones, each with an hour near a change of its clocks.
const ZONES: [(Tz, &str); 12] = [
    (HANOI, "2026-11-23T00:00:00Z"),
    (Tz::Asia__Kathmandu, "2027-12-31T00:00:00Z"),
    (Tz::Europe__Berlin, "2026-03-28T20:00:00Z"),
    (Tz::Europe__Berlin, "2026-10-24T20:00:00Z"),
    (Tz::America__New_York, "2026-03-08T00:00:00Z"),
    (Tz::America__New_York, "2026-11-01T00:00:00Z"),
    (Tz::Australia__Lord_Howe, "2026-10-03T10:00:00Z"),
    (Tz::Australia__Lord_Howe, "2026-04-04T10:00:00Z"),
    (Tz::Pacific__Chatham, "2026-09-26T10:00:00Z"),
    (Tz::Pacific__Chatham, "2026-04-04T10:00:00Z"),
    (Tz::Africa__Cairo, "2026-04-23T16:00:00Z"),
    (Tz::Pacific__Kiritimati, "2026-11-23T00:00:00Z"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn next_agrees_with_counting_every_minute(
        minute in field(0, 59),
        hour in field(0, 23),
        day in field(1, 31),
        month in prop_oneof![4 => field(1, 12).prop_filter("any month", |field| field.any), 1 => field(1, 12)],
        weekday in weekday_field(),
        place in 0..ZONES.len(),
        days in prop_oneof![2 => Just(0i64), 1 => 0i64..1_500],
        seconds in 0i64..86_400,
    ) {
        let (zone, near) = ZONES[place];
        let after = utc(near) + TimeDelta::days(days) + TimeDelta::seconds(seconds);
        let until = after + TimeDelta::days(2);
        let words = [&minute, &hour, &day, &month, &weekday].map(|field| field.written.clone()).join(" ");
        // 31 February is refused; that has a test of its own.
        let parsed = words.parse::<CronLine>();
        prop_assume!(parsed.is_ok());
        let line = parsed.unwrap();
        let reference = Reference { minute, hour, day, month, weekday };
        let mut here = after;
        for _ in 0..6 {
            let next = line.next(here, zone);
            prop_assert!(next.is_none_or(|next| next > here), "{words} after {here} in {zone}: {next:?}");
            let expected = reference.next(here, zone, until);
            prop_assert_eq!(next.filter(|next| *next <= until), expected, "{} after {} in {}", words, here, zone);
            match next {
                Some(next) if next <= until => here = next,
                _ => break,
            }
        }
    }

    #[test]
    fn quiet_hours_end_when_nothing_is_quiet_any_more(
        from in 0u32..1_440, length in 1u32..1_439, place in 0..ZONES.len(), seconds in 0i64..200_000,
    ) {
        let to = (from + length) % 1_440;
        let clock = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let quiet: Quiet = format!("{}-{}", clock(from), clock(to)).parse().unwrap();
        let (zone, near) = ZONES[place];
        let at = utc(near) + TimeDelta::seconds(seconds);
        let wall = at.with_timezone(&zone).time();
        let minute = wall.hour() * 60 + wall.minute();
        let inside = (minute + 1_440 - from) % 1_440 < length;
        let end = quiet.end(at, zone);
        // In an hour that comes twice, a span may end between the two.
        prop_assert!(end.is_none() || inside, "{at} is not in {quiet:?} in {zone}");
        if let Some(end) = end {
            prop_assert!(end > at);
            prop_assert!(end - at <= TimeDelta::minutes(i64::from(length) + 61));
            // Where a change to summer time skips the only hour that is not quiet, the next span begins at once.
            let skipped = length + 60 >= 1_440;
            prop_assert!(quiet.end(end, zone).is_none() || skipped, "still quiet at {}", end);
        } else if inside {
            prop_assert!(zone != HANOI && zone != Tz::Asia__Kathmandu && zone != Tz::Pacific__Kiritimati, "{at} is in {quiet:?}");
        }
    }
}

#[test]
fn quiet_hours_run_over_midnight() {
    let quiet: Quiet = "21:30-05:30".parse().unwrap();
    let end = |words: &str| quiet.end(utc(words), HANOI);
    assert_eq!(end("2026-11-23T21:29:59+07:00"), None);
    assert_eq!(end("2026-11-23T21:30:00+07:00"), Some(utc("2026-11-24T05:30:00+07:00")));
    assert_eq!(end("2026-11-23T23:59:59+07:00"), Some(utc("2026-11-24T05:30:00+07:00")));
    assert_eq!(end("2026-11-24T00:00:00+07:00"), Some(utc("2026-11-24T05:30:00+07:00")));
    assert_eq!(end("2026-11-24T05:29:59+07:00"), Some(utc("2026-11-24T05:30:00+07:00")));
    assert_eq!(end("2026-11-24T05:30:00+07:00"), None);
    let noon: Quiet = "11:30-13:30".parse().unwrap();
    assert_eq!(noon.end(utc("2026-11-23T12:00:00+07:00"), HANOI), Some(utc("2026-11-23T13:30:00+07:00")));
    assert_eq!(noon.end(utc("2026-11-23T14:00:00+07:00"), HANOI), None);
}

#[test]
fn quiet_hours_end_on_the_wall_clock_whatever_the_season() {
    let quiet: Quiet = "21:30-05:30".parse().unwrap();
    let berlin = |words: &str| quiet.end(utc(words), Tz::Europe__Berlin);
    assert_eq!(berlin("2026-03-28T22:00:00+01:00"), Some(utc("2026-03-29T05:30:00+02:00")));
    assert_eq!(berlin("2026-10-24T22:00:00+02:00"), Some(utc("2026-10-25T05:30:00+01:00")));
    // The end itself is skipped, or comes twice.
    let half_past_two: Quiet = "21:30-02:30".parse().unwrap();
    let spring = half_past_two.end(utc("2026-03-28T22:00:00+01:00"), Tz::Europe__Berlin).unwrap();
    assert!((utc("2026-03-29T03:00:00+02:00")..=utc("2026-03-29T03:30:00+02:00")).contains(&spring), "{spring}");
    let autumn = half_past_two.end(utc("2026-10-24T22:00:00+02:00"), Tz::Europe__Berlin).unwrap();
    assert_eq!(autumn, utc("2026-10-25T02:30:00+01:00"), "quiet until the hour is really over");
}

#[test]
fn quiet_hours_that_cannot_be_understood_are_refused_in_both_languages() {
    for bad in ["", "21:30", "21:30–05:30", "25:00-05:00", "21:60-05:00", "05:00-05:00", "tối-sáng"] {
        let error = bad.parse::<Quiet>().err().unwrap_or_else(|| panic!("{bad} was taken")).0;
        assert!(error.vi.contains("giờ yên lặng") && error.vi.contains("21:30-05:30"), "{}", error.vi);
        assert!(error.en.contains("quiet hours") && error.en.contains(bad), "{}", error.en);
    }
}

fn quiet_schedule() -> Schedule {
    Schedule { quiet: Some("21:30-05:30".parse().unwrap()), ..schedule() }
}

const NIGHT: &str = "2026-11-23T23:00:00+07:00";
const MORNING: &str = "2026-11-24T05:30:00+07:00";

#[test]
fn an_article_handed_over_at_night_is_planned_for_the_morning() {
    let plan = quiet_schedule().plan(&article("1"), Change::Content, utc(NIGHT));
    assert_eq!((plan.due, plan.planned, plan.why, plan.edition), (utc(MORNING), utc(MORNING), Why::Quiet, None));
}

#[test]
fn an_urgent_article_passes_quiet_hours() {
    let urgent = Article { priority: Priority::Urgent, ..article("1") };
    let plan = quiet_schedule().plan(&urgent, Change::Content, utc(NIGHT));
    assert_eq!((plan.due, plan.why), (utc(NIGHT), Why::Turn));
}

#[test]
fn a_withdrawal_passes_quiet_hours_only_where_it_makes_no_noise() {
    let silent = Schedule { removes_quietly: true, ..quiet_schedule() };
    assert_eq!(silent.plan(&article("1"), Change::Withdrawal, utc(NIGHT)).due, utc(NIGHT));
    assert_eq!(silent.plan(&article("1"), Change::Content, utc(NIGHT)).due, utc(MORNING));
    assert_eq!(quiet_schedule().plan(&article("1"), Change::Withdrawal, utc(NIGHT)).due, utc(MORNING));
}

#[test]
fn an_embargo_comes_first_and_quiet_hours_count_from_its_end() {
    let until = |words: &str| Article { embargo_until: Some(utc(words)), ..article("1") };
    let now = utc("2026-11-23T10:00:00+07:00");
    let day = quiet_schedule().plan(&until("2026-11-23T15:00:00+07:00"), Change::Content, now);
    assert_eq!((day.due, day.why), (utc("2026-11-23T15:00:00+07:00"), Why::Embargo));
    let night = quiet_schedule().plan(&until(NIGHT), Change::Content, now);
    assert_eq!((night.due, night.why), (utc(MORNING), Why::Quiet));
    let over = quiet_schedule().plan(&until("2026-11-23T09:00:00+07:00"), Change::Content, now);
    assert_eq!((over.due, over.why), (now, Why::Turn));
    let withdrawn = quiet_schedule().plan(&until("2026-11-23T15:00:00+07:00"), Change::Withdrawal, now);
    assert_eq!(withdrawn.due, now, "an embargo does not protect what is to be taken back");
}

#[test]
fn a_channel_with_slots_plans_for_the_next_one() {
    let radio = slots(&["30 4 * * *", "0 16 * * *"]);
    let now = utc("2026-11-23T10:00:00+07:00");
    let slot = utc("2026-11-23T16:00:00+07:00");
    let plan = radio.plan(&article("1"), Change::Content, now);
    assert_eq!((plan.due, plan.planned, plan.why, plan.edition), (slot, slot, Why::Slot, Some(slot)));
    let embargoed = Article { embargo_until: Some(utc("2026-11-23T17:00:00+07:00")), ..article("1") };
    assert_eq!(radio.plan(&embargoed, Change::Content, now).due, utc("2026-11-24T04:30:00+07:00"));
    let single = Schedule { bundles: false, ..radio };
    assert_eq!(single.plan(&article("1"), Change::Content, now).edition, None, "a slot without an edition");
}

#[test]
fn approval_is_asked_for_content_and_not_for_a_withdrawal() {
    let careful = Schedule { approval: Approval::Asked, ..schedule() };
    let now = utc("2026-11-23T10:00:00+07:00");
    assert!(careful.plan(&article("1"), Change::Content, now).approval);
    assert!(!careful.plan(&article("1"), Change::Withdrawal, now).approval);
    assert!(!schedule().plan(&article("1"), Change::Content, now).approval);
}

#[test]
fn a_new_schedule_plans_again_what_waits_but_makes_nothing_punctual_that_is_late() {
    let (ten, now) = ("2026-11-23T10:00:00+07:00", utc("2026-11-23T11:00:00+07:00"));
    let hours = |hours: u64| Schedule { grace: Duration::from_secs(hours * 3_600), ..schedule() };
    let wanted = Wanted::Revision(Revision::FIRST);
    let waits = candidate(&schedule(), article("1"), ten, wanted, Live::Nothing);
    let again = |schedule: &Schedule, waits: &Candidate, now| schedule.plan_again(&waits.delivery, &waits.article, now);
    // At once still means since it was planned first.
    let plan = again(&hours(2), &waits, now).unwrap();
    assert_eq!((plan.due, plan.planned), (utc(ten), utc(ten)));
    let radio = slots(&["0 16 * * *"]);
    let slot = utc("2026-11-23T16:00:00+07:00");
    assert_eq!(again(&radio, &waits, now).map(|plan| (plan.due, plan.planned)), Some((slot, slot)));
    // It was late before the file was changed, or is by the new one.
    assert_eq!(again(&hours(2), &waits, now + TimeDelta::hours(2)), None);
    assert_eq!(again(&radio, &waits, now + TimeDelta::days(2)), None);
    // A correction of what is public is never late.
    let public = candidate(&schedule(), article("1"), ten, Wanted::Revision(Revision(2)), shown(false));
    assert!(again(&hours(2), &public, now + TimeDelta::days(2)).is_some());
    // What some may have had is finished, whatever it waits for; to take it back has not begun yet.
    let mut midway = waits;
    midway.delivery.live = Live::Maybe(Revision::FIRST);
    for (why, begun) in [(Why::Retry { note: Text::same("later") }, false), (Why::Quiet, true), (Why::Paused, true)] {
        midway.delivery.plan.begun = begun;
        midway.delivery.state = State::Waiting { due: now, why };
        assert_eq!(again(&radio, &midway, now), None);
    }
    midway.delivery.plan.begun = false;
    midway.delivery.wanted = Wanted::Withdrawn;
    assert_eq!(again(&radio, &midway, now).map(|plan| plan.due), Some(slot));
}

#[test]
fn an_hour_that_a_new_schedule_gives_as_well_stays() {
    let hour = |number: u8| utc(&format!("2026-11-23T{number:02}:00:00+07:00"));
    let wanted = Wanted::Revision(Revision::FIRST);
    let waits = candidate(&slots(&["0 16 * * *"]), article("1"), "2026-11-23T10:00:00+07:00", wanted, Live::Nothing);
    let again = |lines: &[&str], now| {
        let plan = slots(lines).plan_again(&waits.delivery, &waits.article, now).unwrap();
        (plan.planned, plan.due, plan.edition)
    };
    let at = |number| (hour(number), hour(number), Some(hour(number)));
    // It has not come yet, or has and is not late: a channel was paused for a while, or a password was mended.
    assert_eq!(again(&["0 16 * * *"], hour(10)), at(16));
    assert_eq!(again(&["0 16 * * *", "0 20 * * *"], hour(17)), at(16));
    // An earlier one is better, and one that is no longer there is none.
    assert_eq!(again(&["0 12,16 * * *"], hour(10)), at(12));
    assert_eq!(again(&["0 20 * * *"], hour(17)), at(20));
    // The same for what takes back a copy.
    let mut taken_back = waits.delivery.clone();
    (taken_back.wanted, taken_back.live) = (Wanted::Withdrawn, shown(false));
    let plan = slots(&["0 16 * * *"]).plan_again(&taken_back, &waits.article, hour(17)).unwrap();
    assert_eq!(plan.due, hour(16));
    // Without editions the hour is the same.
    let single = Schedule { bundles: false, ..slots(&["0 16 * * *"]) };
    let plan = single.plan_again(&waits.delivery, &waits.article, hour(17)).unwrap();
    assert_eq!((plan.due, plan.edition), (hour(16), None));
}

#[test]
fn an_approved_article_is_on_time_at_its_new_hour() {
    let (ten, seventeen) = (utc("2026-11-23T10:00:00+07:00"), utc("2026-11-23T17:00:00+07:00"));
    let schedule = Schedule { bundles: false, grace: Duration::from_secs(6 * 3_600), ..slots(&["0 17 * * *"]) };
    let waits = new(&schedule, article("1"), "2026-11-23T09:00:00+07:00");
    let approved = Approved { hash: String::new(), at: ten, edition: None };
    let mut delivery = waits.delivery.clone();
    delivery.plan = Plan { planned: ten, approved: Some(approved), ..delivery.plan };
    let candidate = Candidate { delivery, ..waits };
    assert_eq!(ChannelGate(schedule.clone()).objection(&candidate, seventeen), None);
    let late = ChannelGate(schedule).objection(&candidate, seventeen + TimeDelta::hours(7));
    assert_eq!(late, Some(Event::Hold(Hold::Late { planned: seventeen })));
}

/// A delivery planned for `planned`, showing `live`.
fn candidate(schedule: &Schedule, article: Article, planned: &str, wanted: Wanted, live: Live) -> Candidate {
    let plan = schedule.plan(&article, Change::Content, utc(planned));
    let mut delivery = Delivery::new(DeliveryId(1), ArticleId(1), "kênh", wanted, plan);
    delivery.live = live;
    Candidate { delivery, article: Arc::new(article), after_ready: true }
}

fn new(schedule: &Schedule, article: Article, planned: &str) -> Candidate {
    candidate(schedule, article, planned, Wanted::Revision(Revision(1)), Live::Nothing)
}

fn shown(rehearsal: bool) -> Live {
    let receipt = Receipt { remote_id: "r".to_owned(), url: None, payload_hash: String::new(), rehearsal, seen: None };
    Live::Shown { revision: Revision(1), receipt }
}

const NOON: &str = "2026-11-23T12:00:00+07:00";

fn objection(schedule: &Schedule, candidate: &Candidate, now: &str) -> Option<Event> {
    ChannelGate(schedule.clone()).objection(candidate, utc(now))
}

#[test]
fn what_is_later_than_the_grace_is_held_and_not_fired() {
    let schedule = schedule();
    let candidate = new(&schedule, article("1"), NOON);
    assert_eq!(objection(&schedule, &candidate, NOON), None);
    assert_eq!(objection(&schedule, &candidate, "2026-11-23T18:00:00+07:00"), None, "just in time");
    let late = objection(&schedule, &candidate, "2026-11-23T18:00:01+07:00");
    assert_eq!(late, Some(Event::Hold(Hold::Late { planned: utc(NOON) })));
}

#[test]
fn a_late_repair_of_a_public_copy_goes_out() {
    let schedule = schedule();
    let week_later = "2026-11-30T12:00:00+07:00";
    for wanted in [Wanted::Revision(Revision(2)), Wanted::Withdrawn] {
        let repair = candidate(&schedule, article("1"), NOON, wanted, shown(false));
        assert_eq!(objection(&schedule, &repair, week_later), None, "{wanted:?}");
    }
    let expired = Article { expires_at: Some(utc("2026-11-24T00:00:00+07:00")), ..article("1") };
    let repair = candidate(&schedule, expired, NOON, Wanted::Revision(Revision(2)), shown(false));
    assert_eq!(objection(&schedule, &repair, week_later), None, "an expired article's copy is still corrected");
}

#[test]
fn an_expired_article_does_not_go_out() {
    let schedule = schedule();
    let at = utc("2026-11-23T13:00:00+07:00");
    let candidate = new(&schedule, Article { expires_at: Some(at), ..article("1") }, NOON);
    assert_eq!(objection(&schedule, &candidate, "2026-11-23T12:59:59+07:00"), None);
    assert_eq!(objection(&schedule, &candidate, "2026-11-23T13:00:00+07:00"), Some(Event::Hold(Hold::Expired { at })));
}

#[test]
fn an_embargo_and_quiet_hours_postpone_at_the_gate_too() {
    let schedule = quiet_schedule();
    let until = utc("2026-11-23T15:00:00+07:00");
    let embargoed = new(&schedule, Article { embargo_until: Some(until), ..article("1") }, NOON);
    assert_eq!(objection(&schedule, &embargoed, NOON), Some(Event::Postpone { due: until, why: Why::Embargo }));
    let evening = new(&schedule, article("1"), "2026-11-23T21:00:00+07:00");
    let quiet = objection(&schedule, &evening, NIGHT);
    assert_eq!(quiet, Some(Event::Postpone { due: utc(MORNING), why: Why::Quiet }));
    let urgent = new(&schedule, Article { priority: Priority::Urgent, ..article("1") }, "2026-11-23T21:00:00+07:00");
    assert_eq!(objection(&schedule, &urgent, NIGHT), None);
}

#[test]
fn a_follower_waits_for_the_other_channel_and_is_held_when_that_takes_too_long() {
    let schedule = Schedule { after: Some("portal".to_owned()), ..schedule() };
    let mut follower = new(&schedule, article("1"), NOON);
    assert_eq!(objection(&schedule, &follower, NOON), None, "the portal is there");
    follower.after_ready = false;
    let latest = utc("2026-11-23T14:00:00+07:00");
    let waits = Event::Postpone { due: latest, why: Why::After { channel: "portal".to_owned() } };
    assert_eq!(objection(&schedule, &follower, NOON), Some(waits));
    let held = objection(&schedule, &follower, "2026-11-23T14:00:00+07:00");
    assert_eq!(held, Some(Event::Hold(Hold::After { channel: "portal".to_owned() })));
    let mut withdrawal = candidate(&schedule, article("1"), NOON, Wanted::Withdrawn, shown(false));
    withdrawal.after_ready = false;
    assert_eq!(objection(&schedule, &withdrawal, NOON), None, "a withdrawal follows nobody");
}

#[test]
fn a_rehearsal_does_not_touch_a_public_copy_and_going_live_forgets_the_rehearsal() {
    let rehearsal = Schedule { rehearsal: true, ..schedule() };
    let real = candidate(&rehearsal, article("1"), NOON, Wanted::Revision(Revision(2)), shown(false));
    assert_eq!(objection(&rehearsal, &real, NOON), Some(Event::Hold(Hold::RehearsalOfLive)));
    let rehearsed = candidate(&rehearsal, article("1"), NOON, Wanted::Revision(Revision(2)), shown(true));
    assert_eq!(objection(&rehearsal, &rehearsed, NOON), None);
    assert_eq!(objection(&schedule(), &rehearsed, NOON), Some(Event::Unrehearse));
}

#[test]
fn a_long_grace_does_not_overflow() {
    let patient =
        Schedule { grace: Duration::MAX, after_timeout: Duration::MAX, after: Some("portal".to_owned()), ..schedule() };
    let mut candidate = new(&patient, article("1"), NOON);
    assert_eq!(objection(&patient, &candidate, "2099-01-01T00:00:00Z"), None);
    candidate.after_ready = false;
    // There is no end of that wait: it must not be lost all the same.
    let objection = objection(&patient, &candidate, NOON);
    assert!(matches!(objection, Some(Event::Postpone { why: Why::After { .. }, .. })), "{objection:?}");
}
