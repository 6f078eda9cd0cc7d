//! A day without its month: "ngày 5", "ngày 5 và 20 hằng tháng".

use crate::speech::calendar;
use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

/// How far back "ngày" may stand at the head of a list of days.
const REACH: usize = 8;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let day = cx.small(0).filter(|day| (1..=31).contains(day))?;
    if matches!(cx.low(1), "," | "." | "/" | ":") && cx.glued(1) && cx.glued(2) && cx.num(2).is_some() {
        return None;
    }
    let in_list = matches!(cx.low(1), "và" | "," | "tháng" | "hằng" | "hàng" | "âm" | "") || cx.is_dash(1);
    let ok = if cx.back(1) == "ngày" {
        cx.back_kind(2) != Kind::Num || leads_to_a_date(cx)
    } else {
        in_list && cx.listed_after("ngày")
    };
    ok.then(|| Reading::say(1, calendar::day(day, cx.region()), Class::Date, "ngày"))
}

/// "2 ngày 5 và 6/6": days after all, not "two days".
fn leads_to_a_date(cx: &Cx<'_>) -> bool {
    let mut i = 1;
    while i < REACH && matches!(cx.low(i), "và" | ",") && cx.num(i + 1).is_some() {
        if cx.is(i + 2, "/") {
            return true;
        }
        i += 2;
    }
    false
}
