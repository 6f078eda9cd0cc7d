//! Telephone, hotline and emergency numbers, digit by digit.

use super::words::COUNTED;
use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number::digit_by_digit;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

/// Words near which a number is dialled.
const DIALLED: [&str; 17] = [
    "thoại", "đt", "sđt", "hotline", "nóng", "đài", "fax", "tel", "phone", "mobile", "zalo", "gọi", "hệ", "máy",
    "viber", "đtdđ", "alo",
];

/// How far back such a word may stand, in lexemes.
const REACH: usize = 7;

/// Most groups a number is written in.
const MOST_GROUPS: usize = 6;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let say = |take, words: String| Some(Reading::say(take, words, Class::Phone, "số điện thoại"));
    if cx.kind(0) == Kind::Sym {
        let (take, digits) = international(cx)?;
        return say(take, format!("cộng {}", digit_by_digit(&digits)));
    }
    if cx.text(0).len() < 2 {
        return None;
    }
    let dialled = cx.near(REACH, &DIALLED);
    if let Some((take, digits)) = groups(cx, 0, 11).filter(|(take, digits)| fits(cx, *take, digits, dialled)) {
        return say(take, digit_by_digit(&digits));
    }
    let short = cx.num(0).filter(|d| is_short(cx, d, dialled))?;
    say(1, digit_by_digit(short))
}

/// "+84 912 345 678", "(+84) 912 345 678".
fn international(cx: &Cx<'_>) -> Option<(usize, String)> {
    let from = if cx.is(0, "(") && cx.is(1, "+") { 2 } else { 1 };
    if !(cx.is(0, "+") || from == 2) || !cx.num(from)?.starts_with("84") || !cx.glued(from) {
        return None;
    }
    groups(cx, from, 12).filter(|(_, digits)| (10..=12).contains(&digits.len()))
}

/// Digits in groups, from `i`, at most `most` digits; with the lexemes taken from the cursor.
fn groups(cx: &Cx<'_>, i: usize, most: usize) -> Option<(usize, String)> {
    let mut digits = cx.num(i).filter(|d| d.len() <= most)?.to_owned();
    let mut take = i + 1;
    for _ in 1..MOST_GROUPS {
        let mut next = take;
        while next < take + 2 && cx.is(next, ".-) ") && (cx.glued(next + 1) || cx.is(next, ")")) && cx.glued(next) {
            next += 1;
        }
        let Some(group) = cx.num(next).filter(|g| g.len() >= 2 && digits.len() + g.len() <= most) else {
            break;
        };
        digits.push_str(group);
        take = next + 1;
    }
    Some((take, digits))
}

fn fits(cx: &Cx<'_>, take: usize, digits: &str, dialled: bool) -> bool {
    let runs_on = cx.glued(take)
        && (cx.kind(take) == Kind::Word
            || (cx.is(take, ".,/") && cx.glued(take + 1) && cx.kind(take + 1) == Kind::Num));
    if runs_on {
        return false;
    }
    let first = cx.text(0).len();
    let toll = (digits.starts_with("1900") || digits.starts_with("1800")) && matches!(digits.len(), 8 | 10);
    if toll {
        return dialled || first == digits.len() || !matches!(cx.back(1), "năm" | "từ" | "khoảng");
    }
    let whole = digits.starts_with('0') && (10..=11).contains(&digits.len()) && !digits.starts_with("00") && first >= 2;
    whole
        || (dialled
            && (7..=11).contains(&digits.len())
            && !(cx.is(1, ".") && cx.text(2).len() == 3 && take <= 5 && !digits.starts_with('0')))
}

/// 113, 1022, 18001567 after "gọi", "tổng đài" and the like.
fn is_short(cx: &Cx<'_>, digits: &str, dialled: bool) -> bool {
    if !(3..=5).contains(&digits.len()) || !digits.starts_with('1') {
        return false;
    }
    if cx.glued(1) && (cx.kind(1) == Kind::Word || cx.is(1, ".,/:") && cx.glued(2) && cx.kind(2) == Kind::Num) {
        return false;
    }
    let counted = COUNTED.contains(&cx.low(1)) || cx.is(1, "%") || super::unit::at(cx, 1).is_some();
    let emergency = matches!(digits, "111" | "112" | "113" | "114" | "115");
    if emergency {
        let listed = matches!(cx.back(1), "hoặc" | "và" | ",") && cx.back_kind(2) == Kind::Num && cx.back(2).len() >= 3;
        return listed
            || !counted
                && (dialled || cx.near(REACH, &["sát", "cứu", "hỏa", "hoả", "khẩn"]) && !cx.near(1, &["có", "gồm"]));
    }
    dialled
        && !counted
        && (cx.after_any(&["số máy", "khẩn cấp"])
            || matches!(cx.back(1), "gọi" | "đài" | "nóng" | "hotline" | "số" | ":" | "thoại"))
}
