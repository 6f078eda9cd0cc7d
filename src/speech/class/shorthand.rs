//! "T5/2025" is a month; "T2", "T7" on a timetable are days of the week; "9T/2025" are nine months, "3N2Đ" is a tour.

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

/// A count with a letter for what is counted: "9T/2025", "kỳ hạn 12T", "tour 3N2Đ", "(63t)".
pub(super) fn counted(cx: &Cx<'_>) -> Option<Reading> {
    let number = cx.small(0).filter(|_| cx.glued(1) && cx.kind(1) == Kind::Word)?;
    let region = cx.region();
    let many = |number: u32| cardinal(number.into(), region);
    let ends = !(cx.glued(2) && matches!(cx.kind(2), Kind::Word | Kind::Num));
    match cx.text(1) {
        "T" if cx.is(2, "/") && cx.glued(2) && cx.glued(3) && cx.text(3).len() == 4 => {
            let year = cx.small(3)?;
            let words = format!("{} tháng năm {}", many(number), many(year));
            Some(Reading::say(4, words, Class::Date, "số tháng viết tắt"))
        }
        "T" if ends && matches!(cx.back(1), "hạn" | "gửi" | "vay") => {
            Some(Reading::say(2, format!("{} tháng", many(number)), Class::Measure, "số tháng viết tắt"))
        }
        "N" if cx.glued(2) && cx.glued(3) && cx.text(3) == "Đ" => {
            let words = format!("{} ngày {} đêm", many(number), many(cx.small(2)?));
            Some(Reading::say(4, words, Class::Measure, "ngày đêm viết tắt"))
        }
        "t" if ends => {
            let words = format!("{} tuổi", many(number));
            Some(Reading::say(2, words, Class::Measure, "tuổi viết tắt").or(format!("{} tấn", many(number))).guess())
        }
        _ => None,
    }
}
