//! Days that share a month, and a date to a date: 10-15/5/2023, 20-21/10, 28/11 - 02/12/2023, 14 và 15/6.

use super::date::{self, Written};
use super::words::DAY_LEADS;
use crate::speech::calendar;
use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if cx.back(1) == "tháng" {
        return None;
    }
    days(cx).or_else(|| dates(cx))
}

/// "10-15/5/2023".
fn days(cx: &Cx<'_>) -> Option<Reading> {
    let first = cx.small(0).filter(|day| (1..=31).contains(day))?;
    let last = cx.is_dash(1).then(|| date::parse(cx, 2)).flatten()?;
    if last.day <= first || (last.year.is_none() && !led(cx) && !cx.near(6, &["ngày", "từ", "tức"])) {
        return None;
    }
    let pair = last.day == first + 1 && cx.after_any(&["2 ngày", "hai ngày", "02 ngày", "2 đêm", "hai đêm"]);
    let joint = if pair { "và" } else { "đến" };
    let again = if cx.after("từ ngày") { "ngày " } else { "" };
    let last_words = calendar::date(last.day, last.month, last.year, cx.region());
    let words = format!("{} {joint} {again}{last_words}", calendar::day(first, cx.region()));
    Some(Reading::say(2 + last.take, words, Class::Date, "khoảng ngày"))
}

/// "28/11 - 02/12/2023", "19/8/1945 - 19/8/2023".
fn dates(cx: &Cx<'_>) -> Option<Reading> {
    let first = date::parse(cx, 0)?;
    let next = first.take;
    let joined = cx.is_dash(next) || matches!(cx.low(next), "đến" | "tới");
    let last = joined.then(|| date::parse(cx, next + 1)).flatten()?;
    if !cx.is_dash(next) {
        // "15-11 đến 20-11": said as it stands; a fraction up to a fraction would not end beyond the twelfth.
        let dashed = cx.is_dash(1) && cx.is_dash(next + 2) && (first.day > 12 || last.day > 12);
        let words = || format!("{} {} {}", date::say(cx, first), cx.low(next), plain(cx, last));
        return dashed.then(|| Reading::say(next + 1 + last.take, words(), Class::Date, "khoảng ngày"));
    }
    let sure = first.year.is_some() || last.year.is_some() || led(cx);
    if !sure && cx.kind(next + 1 + last.take) == Kind::Word && !cx.near(4, &["từ", "lễ", "dịp", "nghỉ"]) {
        return None;
    }
    let again = if cx.back(1) == "ngày" || (first.year.is_some() && last.year.is_some()) { "ngày " } else { "" };
    let lead = date::say(cx, first);
    // Two holidays of one break are named, not spanned.
    let holidays = first.year.is_none() && last.year.is_none() && cx.near(3, &["lễ", "dịp", "nghỉ"]);
    let joint = if holidays { "," } else { " đến" };
    let words = format!("{lead}{joint} {again}{}", plain(cx, last));
    Some(Reading::say(next + 1 + last.take, words, Class::Date, "khoảng ngày"))
}

fn plain(cx: &Cx<'_>, date: Written) -> String {
    calendar::date(date.day, date.month, date.year, cx.region())
}

fn led(cx: &Cx<'_>) -> bool {
    DAY_LEADS.contains(&cx.back(1)) || matches!(cx.back(1), "từ" | "(" | "tức")
}
