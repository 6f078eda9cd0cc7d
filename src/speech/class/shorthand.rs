//! "T5/2025" is a month; "T2", "T7" on a timetable are days of the week.

use crate::speech::calendar;
use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number::cardinal;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

use super::ordinal::rank;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if cx.text(0) != "T" || !cx.glued(1) {
        return None;
    }
    let number = cx.small(1).filter(|n| (1..=12).contains(n))?;
    if cx.glued(2) && cx.kind(2) == Kind::Word {
        return None;
    }
    let region = cx.region();
    let month = format!("tháng {}", calendar::month(number, region));
    let year = cx
        .num(3)
        .filter(|y| y.len() == 4 && cx.is(2, "/-.") && cx.glued(2) && cx.glued(3))
        .and_then(|y| y.parse().ok());
    if let Some(year) = year {
        let words = format!("{month} năm {}", cardinal(year, region));
        return Some(Reading::say(4, words, Class::Date, "tháng viết tắt"));
    }
    if !(2..=7).contains(&number) {
        return Some(Reading::say(2, month, Class::Date, "tháng viết tắt").guess());
    }
    let weekday = format!("thứ {}", rank(number.into(), region));
    let listed = matches!(cx.back(1), "," | "-" | "và" | "từ" | "đến") || matches!(cx.low(2), "," | "-" | "đến" | "và");
    Some(Reading::say(2, weekday, Class::Date, "thứ viết tắt").or(month).guess_if(!listed))
}
