//! Roads and kilometre posts: QL.32, ĐT.427, TL 414, Km5+200.

use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number::{count, digit_by_digit, label};
use crate::speech::reading::Reading;
use crate::speech::token::Class;

const ROADS: [(&str, &str); 8] = [
    ("QL", "Quốc lộ"),
    ("TL", "Tỉnh lộ"),
    ("ĐT", "đường tỉnh"),
    ("DT", "đường tỉnh"),
    ("HL", "hương lộ"),
    ("ĐH", "đường huyện"),
    ("ĐX", "đường xã"),
    ("CT", "cao tốc"),
];

/// "QL.32", "Km5+200".
pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if cx.low(0) == "km" {
        return post(cx);
    }
    let (_, name) = ROADS.iter().find(|(short, _)| *short == cx.text(0))?;
    let stop = cx.is(1, ".-") && cx.glued(1);
    let at = 1 + usize::from(stop);
    let digits = cx.num(at).filter(|d| d.len() <= 3 && cx.kind(at + 1) != Kind::Num)?;
    let touching = stop || cx.glued(at);
    if matches!(cx.text(0), "HL" | "CT") && !cx.near(3, &["đường", "tuyến", "trên", "tốc"])
        || digits.starts_with('0') && digits.len() > 2
    {
        return None;
    }
    if matches!(cx.text(0), "ĐT" | "ĐH" | "CT" | "DT")
        && !touching
        && !cx.near(2, &["đường", "tuyến", "lộ"])
        && (digits.len() != 3 || cx.text(0) == "DT")
    {
        return None;
    }
    let (take, number) = number_and_letter(cx, at)?;
    let before = name.to_lowercase();
    let said = cx.after(&before);
    let words = if said { number } else { format!("{name} {number}") };
    Some(Reading::say(take, words, Class::Address, "đường bộ"))
}

/// "quốc lộ 1A", "tỉnh lộ 427".
pub(super) fn number(cx: &Cx<'_>) -> Option<Reading> {
    if !cx.after_any(&["quốc lộ", "tỉnh lộ", "hương lộ", "đường tỉnh", "đường huyện", "đường tỉnh lộ"])
    {
        return None;
    }
    let (take, words) = number_and_letter(cx, 0).filter(|_| cx.text(0).len() <= 3)?;
    Some(Reading::say(take, words, Class::Address, "đường bộ"))
}

/// Two digits are a number, three are said one by one.
fn number_and_letter(cx: &Cx<'_>, at: usize) -> Option<(usize, String)> {
    let digits = cx.num(at)?;
    let words = if digits.len() >= 3 { digit_by_digit(digits) } else { label(digits, cx.region()) };
    let lettered = cx.glued(at + 1) && cx.kind(at + 1) == Kind::Word && cx.text(at + 1).chars().nth(1).is_none();
    Some(if lettered { (at + 2, format!("{words} {}", cx.text(at + 1))) } else { (at + 1, words) })
}

/// "Km5+200", "Km 12".
fn post(cx: &Cx<'_>) -> Option<Reading> {
    if cx.back_kind(1) == Kind::Num {
        return None;
    }
    let at = 1 + usize::from(cx.is(1, ".") && cx.glued(1));
    let digits = cx.num(at).filter(|d| d.len() <= 4)?;
    let region = cx.region();
    let mut words = format!("ki lô mét {}", count(digits, region));
    let mut take = at + 1;
    if cx.is(take, "+")
        && let Some(metres) = cx.num(take + 1).filter(|d| d.len() <= 3)
    {
        words = format!("{words} cộng {}", count(metres, region));
        take += 2;
    }
    Some(Reading::say(take, words, Class::Address, "lý trình"))
}
