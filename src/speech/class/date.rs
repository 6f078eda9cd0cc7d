//! A full date: 25/4/2023, 07-4-2023, 10.05.2000, and, where the words before say so, 26-3 or 26.3.

use super::words::{DAY_LEADS, HOLIDAYS};
use crate::speech::calendar;
use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

/// A written date.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) take: usize,
    pub(super) day: u32,
    pub(super) month: u32,
    pub(super) year: Option<u32>,
    /// The sign between day and month is "/".
    slashed: bool,
}

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let date = parse(cx, 0)?;
    if cx.back(1) == "tháng" {
        return None;
    }
    let feast =
        HOLIDAYS.contains(&(date.day, date.month)) && matches!(cx.back(1), "khánh" | "dịp" | "lễ" | "mừng" | "niệm");
    let limit = matches!(cx.back(1), "trước" | "sau" | "hết" | "vào") && cx.kind(date.take) != Kind::Word;
    let feast = feast || limit || follows_a_dashed_date(cx);
    if date.year.is_none() && (date.slashed || !(feast || DAY_LEADS.contains(&cx.back(1)))) {
        return None;
    }
    Some(Reading::say(date.take, say(cx, date), Class::Date, "ngày tháng"))
}

/// "dịp 30-4 và 1-5": after a day and month comes another.
fn follows_a_dashed_date(cx: &Cx<'_>) -> bool {
    let dashed = cx.back_kind(2) == Kind::Num && cx.back(3) == "-" && cx.back_kind(4) == Kind::Num;
    let led = DAY_LEADS.contains(&cx.back(5)) || matches!(cx.back(5), "khánh" | "dịp" | "lễ" | "mừng" | "niệm");
    matches!(cx.back(1), "và" | ",") && dashed && led
}

/// The date that begins `i` lexemes on. Without a year, "/" is only the fraction rule's to judge.
pub(super) fn parse(cx: &Cx<'_>, i: usize) -> Option<Written> {
    let day = two_digits(cx, i).filter(|day| (1..=31).contains(day))?;
    let sign = cx.text(i + 1);
    if !cx.is(i + 1, "/-.–") || !cx.glued(i + 1) || !cx.glued(i + 2) {
        return None;
    }
    let month = two_digits(cx, i + 2).filter(|month| (1..=12).contains(month))?;
    let slashed = sign == "/";
    let more = cx.is(i + 3, "/-.–") && cx.glued(i + 3) && cx.glued(i + 4) && cx.kind(i + 4) == Kind::Num;
    if !more {
        let glued = cx.glued(i + 3) && matches!(cx.kind(i + 3), Kind::Word | Kind::Num);
        return (!glued).then_some(Written { take: 3, day, month, year: None, slashed });
    }
    // "30/4-1/5" is two dates.
    if cx.text(i + 3) != sign {
        let year =
            cx.num(i + 4).filter(|y| y.len() == 4).and_then(|y| y.parse().ok()).filter(|y| (1000..3000).contains(y));
        return match year {
            Some(_) => Some(Written { take: 5, day, month, year, slashed }),
            None => Some(Written { take: 3, day, month, year: None, slashed }),
        };
    }
    let digits = cx.num(i + 4)?;
    let year = match digits.len() {
        4 => digits.parse().ok().filter(|y| (1000..3000).contains(y))?,
        2 if sign != "." => digits.parse::<u32>().ok().map(|y| if y < 50 { 2000 + y } else { 1900 + y })?,
        _ => return None,
    };
    let tail = cx.is(i + 5, "/") && cx.glued(i + 5) && cx.glued(i + 6);
    (!tail).then_some(Written { take: 5, day, month, year: Some(year), slashed })
}

/// In words; "ngày" is added where nothing before leads to a day.
pub(super) fn say(cx: &Cx<'_>, date: Written) -> String {
    let words = calendar::date(date.day, date.month, date.year, cx.region());
    // Streets named for a date have no "mùng", and it is not said twice.
    if matches!(cx.back(1), "đường" | "phố" | "mùng" | "mồng") {
        return words.strip_prefix("mùng ").unwrap_or(&words).to_owned();
    }
    let led =
        DAY_LEADS.contains(&cx.back(1)) || matches!(cx.back(1), "và" | "từ" | "đến" | "tới") || cx.back(2) == "ngày";
    let opens = matches!(cx.back(1), "" | "," | "(" | ":" | "trước" | "sau" | "vào");
    if !led && (date.year.is_some() || opens) { format!("ngày {words}") } else { words }
}

fn two_digits(cx: &Cx<'_>, i: usize) -> Option<u32> {
    cx.num(i).filter(|digits| digits.len() <= 2).and_then(|digits| digits.parse().ok())
}
