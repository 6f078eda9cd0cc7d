//! Months and what else carries a year after a slash: tháng 4/2023, tháng 5-6/2023, quý 2/2023, đợt 1/2023.

use super::words::DOCUMENTS;
use crate::speech::calendar;
use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

/// Numbered parts of a year.
const PARTS: [&str; 12] = ["quý", "kỳ", "đợt", "tuần", "vụ", "khóa", "khoá", "học kỳ", "phiên", "kỳ họp", "số", "hiệp"];

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    after_month(cx).or_else(|| part_of_year(cx))
}

fn after_month(cx: &Cx<'_>) -> Option<Reading> {
    let listed = matches!(cx.back(1), "," | "và" | "-" | "–") && cx.back_kind(2) == Kind::Num && cx.back(3) == "tháng";
    if cx.back(1) != "tháng" && !listed {
        return None;
    }
    let month = month_number(cx, 0)?;
    let region = cx.region();
    if cx.glued(1) && matches!(cx.kind(1), Kind::Word) {
        return None;
    }
    if listed
        && cx.back_kind(2) == Kind::Num
        && year_after(cx, 1).is_none()
        && !matches!(cx.low(1), "năm" | "," | "và" | "")
    {
        return None;
    }
    let mut words = calendar::month(month, region);
    let mut take = 1;
    if cx.is_dash(1)
        && let Some(last) =
            month_number(cx, 2).filter(|&last| last != month && !(cx.glued(3) && cx.kind(3) == Kind::Word))
    {
        words = format!("{words} đến tháng {}", calendar::month(last, region));
        take = 3;
    }
    if let Some((n, year)) = year_after(cx, take) {
        words = format!("{words} năm {}", number::cardinal(year, region));
        take += n;
    }
    Some(Reading::say(take, words, Class::Date, "tháng"))
}

/// "quý 2/2023", "4/2023" alone, "Nghị định 100/2019".
fn part_of_year(cx: &Cx<'_>) -> Option<Reading> {
    let region = cx.region();
    let digits = cx.num(0).filter(|d| d.len() <= 5 && !(d.len() == 4 && cx.is_dash(1)))?;
    let (n, year) = year_after(cx, 1).filter(|_| cx.glued(1) && !cx.is(1, "."))?;
    if cx.glued(1 + n) && cx.is(1 + n, "/-") && cx.glued(2 + n) {
        return None;
    }
    let year = number::cardinal(year, region);
    let document = cx.after_any(&DOCUMENTS);
    if document || PARTS.contains(&cx.back(1)) {
        if cx.is_dash(1) && document {
            return None;
        }
        let part = if document || cx.back(1) == "số" {
            number::label(digits, region)
        } else {
            number::count(digits, region)
        };
        return Some(Reading::say(1 + n, format!("{part} năm {year}"), Class::Date, "kỳ trong năm"));
    }
    let month = month_number(cx, 0).filter(|_| cx.is(1, "/") && cx.back(1) != "lệ")?;
    Some(Reading::say(1 + n, format!("tháng {} năm {year}", calendar::month(month, region)), Class::Date, "tháng"))
}

fn month_number(cx: &Cx<'_>, i: usize) -> Option<u32> {
    cx.small(i).filter(|month| (1..=12).contains(month) && cx.text(i).len() <= 2)
}

/// "/2023", "-2023", ".2023" or " 2023".
fn year_after(cx: &Cx<'_>, i: usize) -> Option<(usize, u64)> {
    let (n, at) = if cx.is(i, "/-.–") && cx.glued(i) && cx.glued(i + 1) { (2, i + 1) } else { (1, i) };
    let glued_number = n == 1 && cx.glued(i);
    let digits = cx.num(at).filter(|d| d.len() == 4 && !glued_number)?;
    let year = digits.parse().ok().filter(|y| (1000..3000).contains(y))?;
    let counted = n == 1 && cx.kind(at + 1) == Kind::Word;
    (!counted).then_some((n, year))
}
