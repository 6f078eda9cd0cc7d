//! Hyphens and dashes: a minus, "đến" between values, a pause between phrases, nothing inside a compound.

use super::unit;
use super::words::MAGNITUDES;
use crate::speech::context::Cx;
use crate::speech::lex::{Case, Kind};
use crate::speech::numeral::numeral;
use crate::speech::reading::{Mark, Reading};
use crate::speech::token::Class;

/// Words that may open the second value of a range.
const OPENERS: [&str; 14] =
    ["dưới", "trên", "hơn", "gần", "thứ", "tháng", "ngày", "năm", "quý", "mùng", "nay", "hết", "điều", "km"];

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if !cx.is_dash(0) {
        return None;
    }
    let nothing = Reading::nothing(1, Class::Symbol, "gạch nối");
    if cx.is_dash(1) || cx.back_kind(1) == Kind::End && cx.kind(1) != Kind::Num {
        return Some(nothing);
    }
    // "T2-T6": days of the week.
    if cx.glued(0) && is_weekday(cx.back(2), cx.back(1)) && is_weekday(cx.low(1), cx.low(2)) {
        return Some(Reading::say(1, "đến", Class::Range, "khoảng"));
    }
    let value_before = ends_a_value(cx);
    if cx.kind(1) == Kind::Num {
        if !value_before && cx.glued(1) && !cx.glued(0) {
            return Some(Reading::say(1, "âm", Class::Cardinal, "số âm"));
        }
        if value_before {
            return Some(between(cx));
        }
    }
    if value_before && OPENERS.contains(&cx.low(1)) || (!cx.glued(1) && runs_from(cx)) {
        return Some(Reading::say(1, "đến", Class::Range, "khoảng"));
    }
    let spaced = !cx.glued(0) || !cx.glued(1);
    if !spaced {
        return Some(nothing);
    }
    let compound = cx.back_case(1) == Case::Lower
        && cx.case(1) == Case::Lower
        && cx.back_kind(1) == Kind::Word
        && cx.kind(1) == Kind::Word;
    Some(if compound && cx.glued(0) == cx.glued(1) && is_pair(cx) {
        nothing
    } else {
        Reading::pause(1, Mark::Comma, "gạch ngang")
    })
}

fn is_weekday(letter: &str, day: &str) -> bool {
    letter == "t" && matches!(day, "2" | "3" | "4" | "5" | "6" | "7") || letter == "c" && day == "n"
}

fn ends_a_value(cx: &Cx<'_>) -> bool {
    cx.back_kind(1) == Kind::Num
        || matches!(cx.back(1), "%" | "đồng" | "tuổi" | "giờ" | "c" | "'" | "đ")
        || (cx.back_kind(2) == Kind::Num
            && (cx.back_kind(1) == Kind::Word && (MAGNITUDES.contains(&cx.back(1)) || is_unit_back(cx))))
}

fn is_unit_back(cx: &Cx<'_>) -> bool {
    unit::at(&cx.behind(1), 0).is_some() || matches!(cx.back(1), "h" | "g" | "k" | "tr" | "p" | "s")
}

/// A dash between two numbers.
fn between(cx: &Cx<'_>) -> Reading {
    let chain = (cx.is_dash(2) && cx.glued(2)) || cx.back_dash(2);
    let dialled = |digits: &str| digits.len() >= 8 || digits.len() >= 3 && digits.starts_with('0');
    if chain || cx.num(1).is_some_and(dialled) {
        return Reading::pause(1, Mark::Comma, "dãy số");
    }
    // "220V - 50Hz": two measures, not a range.
    let unit_after = numeral(cx, 1).filter(|n| unit::at(cx, 1 + n.take).is_some()).map(|n| cx.low(1 + n.take));
    if cx.back_kind(1) == Kind::Word && is_unit_back(cx) && unit_after.is_some_and(|after| after != cx.back(1)) {
        return Reading::pause(1, Mark::Comma, "hai số đo");
    }
    let falls = match (cx.back_kind(1) == Kind::Num, cx.back(1).parse::<u64>(), cx.num(1).map(str::parse::<u64>)) {
        (true, Ok(first), Some(Ok(last))) => {
            last < first && !cx.is(2, ".,") && !matches!(cx.back(2), "." | "," | "h" | ":" | "/")
        }
        _ => false,
    };
    if falls {
        return Reading::nothing(1, Class::Range, "hai số").guess().or("đến");
    }
    Reading::say(1, "đến", Class::Range, "khoảng")
}

/// "từ Hà Nội - Hải Phòng".
fn runs_from(cx: &Cx<'_>) -> bool {
    for k in 1..=7 {
        match cx.back(k) {
            "từ" => return true,
            "" | "," | "." | ";" | ":" | "-" | "–" | "đến" | "tới" => return false,
            _ => {}
        }
    }
    false
}

/// "kinh tế - xã hội": a short compound, not an aside.
fn is_pair(cx: &Cx<'_>) -> bool {
    cx.back_kind(2) == Kind::Word && cx.kind(2) == Kind::Word
}
