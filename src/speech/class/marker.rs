//! List markers at the head of a line: "1.", "2)", "a)", "II.", "+", "*", "-15 hộ".

use super::words::MAGNITUDES;
use crate::speech::context::Cx;
use crate::speech::lex::{Case, Kind};
use crate::speech::number;
use crate::speech::reading::{Mark, Reading};
use crate::speech::token::Class;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if !cx.at_line_start() {
        return None;
    }
    let silent = |take| Some(Reading::nothing(take, Class::Marker, "đầu dòng"));
    match cx.kind(0) {
        Kind::Sym
            if cx.is(0, "+*•▪►●■◆◦▫✓✔➢→")
                && cx.kind(1) != Kind::End
                && !(cx.is(0, "+") && cx.glued(1) && cx.kind(1) == Kind::Num) =>
        {
            silent(1)
        }
        Kind::Sym if cx.is_dash(0) && cx.kind(1) == Kind::Num && is_item(cx) => silent(1),
        Kind::Num => {
            let digits = cx.num(0).filter(|d| d.len() <= 2)?;
            let ends = cx.is(1, ".)/") && cx.glued(1) && !cx.glued(2) && cx.kind(2) == Kind::Word;
            ends.then(|| {
                Reading::say(2, number::count(digits, cx.region()), Class::Marker, "đầu dòng").then(Mark::Comma)
            })
        }
        Kind::Word => lettered(cx),
        Kind::Sym | Kind::End => None,
    }
}

/// "-15 hộ nghèo" lists fifteen households; "-15°C" and "-15 triệu" are below zero.
fn is_item(cx: &Cx<'_>) -> bool {
    let Some(numeral) = crate::speech::numeral::numeral(cx, 1) else {
        return false;
    };
    let next = 1 + numeral.take;
    !cx.glued(1)
        || cx.is(next, ".)")
        || (cx.kind(next) == Kind::Word
            && !cx.glued(next)
            && !MAGNITUDES.contains(&cx.low(next))
            && cx.low(next) != "độ")
}

fn lettered(cx: &Cx<'_>) -> Option<Reading> {
    let text = cx.text(0);
    let single = text.chars().nth(1).is_none();
    // "H. Đan Phượng" is a district.
    if cx.is(1, ".") && super::place::read(cx).is_some() {
        return None;
    }
    let closes = cx.glued(1) && (cx.is(1, ")") || cx.is(1, ".") && !cx.glued(2) && cx.kind(2) == Kind::Word);
    if !closes {
        return None;
    }
    let roman = number::roman(text)
        .filter(|&n| n <= 30 && (!single || matches!(text, "I" | "V" | "X")) && cx.case(0) == Case::Upper);
    if let Some(value) = roman {
        return Some(
            Reading::say(2, number::cardinal(value, cx.region()), Class::Marker, "đầu dòng").then(Mark::Comma),
        );
    }
    (single && cx.kind(2) == Kind::Word).then(|| Reading::say(2, text, Class::Marker, "đầu dòng").then(Mark::Comma))
}
