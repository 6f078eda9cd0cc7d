//! Cron lines as people say them: `30 4 * * 1-5` is "04:30, thứ Hai đến thứ Sáu".

use crate::text;
use crate::text::Text;

/// The days of the week, as cron counts them: 0 and 7 are Sunday.
fn day(number: usize) -> Option<Text> {
    Some(match number {
        0 | 7 => text!("Chủ nhật", "Sunday"),
        1 => text!("thứ Hai", "Monday"),
        2 => text!("thứ Ba", "Tuesday"),
        3 => text!("thứ Tư", "Wednesday"),
        4 => text!("thứ Năm", "Thursday"),
        5 => text!("thứ Sáu", "Friday"),
        6 => text!("thứ Bảy", "Saturday"),
        _ => return None,
    })
}

fn days(field: &str) -> Option<Text> {
    if field == "*" {
        return Some(text!("hằng ngày", "every day"));
    }
    let number = |written: &str| written.parse().ok().and_then(day);
    if let Some((from, to)) = field.split_once('-') {
        let (from, to) = (number(from)?, number(to)?);
        return Some(Text { vi: format!("{} đến {}", from.vi, to.vi), en: format!("{} to {}", from.en, to.en) });
    }
    let named: Vec<Text> = field.split(',').map(number).collect::<Option<_>>()?;
    let join = |of: fn(&Text) -> &str| named.iter().map(of).collect::<Vec<_>>().join(", ");
    Some(Text { vi: join(|day| &day.vi), en: join(|day| &day.en) })
}

/// What a line says; none, where it has no short words and is better shown as it is written.
pub(super) fn in_words(line: &str) -> Option<Text> {
    let [minute, hours, "*", "*", weekdays] = line.split_whitespace().collect::<Vec<_>>()[..] else { return None };
    let minute: u8 = minute.parse().ok()?;
    let hours: Vec<u8> = hours.split(',').map(|hour| hour.parse().ok()).collect::<Option<_>>()?;
    let times = hours.iter().map(|hour| format!("{hour:02}:{minute:02}")).collect::<Vec<_>>().join(", ");
    let days = days(weekdays)?;
    Some(Text { vi: format!("{times} {}", days.vi), en: format!("{times} {}", days.en) })
}
