//! Words and hours in the reader's language.

use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;
use minijinja::{Environment, State, Value};

use crate::text::Language;

/// Adds `t`, `say`, `when`, `day` and `doubts_marked` to the templates.
pub(super) fn add(environment: &mut Environment<'static>, zone: Tz) {
    environment.add_function("t", |state: &State<'_, '_>, vi: &str, en: &str| match language(state) {
        Language::Vi => vi.to_owned(),
        Language::En => en.to_owned(),
    });
    environment.add_filter("say", |state: &State<'_, '_>, text: Value| {
        text.get_attr(match language(state) {
            Language::Vi => "vi",
            Language::En => "en",
        })
    });
    environment.add_filter("when", move |state: &State<'_, '_>, at: &str, now: &str| {
        match (instant(at), instant(now)) {
            (Some(at), Some(now)) => when(at, now, zone, language(state)),
            _ => at.to_owned(),
        }
    });
    // The signs that the announcer's script puts behind doubtful words stand out.
    environment
        .add_filter("doubts_marked", |words: &str| Value::from_safe_string(super::payload::doubts_marked(words)));
    environment.add_filter("day", move |at: &str| match instant(at) {
        Some(at) => at.with_timezone(&zone).format("%d/%m/%Y").to_string(),
        None => at.to_owned(),
    });
}

fn language(state: &State<'_, '_>) -> Language {
    let said = state.lookup("language");
    said.and_then(|value| value.as_str().and_then(Language::from_locale)).unwrap_or_default()
}

fn instant(written: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(written).ok().map(|at| at.to_utc())
}

/// As people say it: the hour, and the day where it is not today.
fn when(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz, language: Language) -> String {
    let (at, today) = (at.with_timezone(&zone), now.with_timezone(&zone).date_naive());
    let (hour, day) = (at.format("%H:%M"), at.date_naive());
    let near = if day == today {
        Some(("hôm nay", "today"))
    } else if today.checked_add_days(Days::new(1)) == Some(day) {
        Some(("ngày mai", "tomorrow"))
    } else if today.checked_sub_days(Days::new(1)) == Some(day) {
        Some(("hôm qua", "yesterday"))
    } else {
        None
    };
    match (near, language) {
        (Some((vi, _)), Language::Vi) => format!("{hour} {vi}"),
        (Some((_, en)), Language::En) => format!("{hour} {en}"),
        (None, Language::Vi) => format!("{hour} ngày {}", at.format("%d/%m/%Y")),
        (None, Language::En) => format!("{hour} on {}", at.format("%d/%m/%Y")),
    }
}
