//! Ordinary punctuation, and the stops that belong to abbreviations.

use crate::speech::context::Cx;
use crate::speech::lex::{Case, Kind};
use crate::speech::reading::{Mark, Reading};
use crate::speech::token::Class;

/// Written with a stop before a name or a number.
const TITLES: [&str; 24] = [
    "tp", "tx", "tt", "q", "p", "h", "x", "gs", "pgs", "ts", "ths", "bs", "ks", "cn", "ls", "ql", "tl", "đt", "kp",
    "dr", "mr", "st", "bscki", "bsckii",
];

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let mark = match cx.text(0) {
        "," | "，" | "、" => Mark::Comma,
        ";" | "；" => Mark::Semicolon,
        ":" | "：" => Mark::Colon,
        "?" | "？" | "¿" => Mark::Question,
        "!" | "！" | "¡" => Mark::Exclamation,
        "…" | "⋯" => Mark::Ellipsis,
        "." | "。" => return Some(stop(cx)),
        _ => return None,
    };
    // "…/." is an ending, not a trailing off.
    if mark == Mark::Ellipsis && cx.is(1, "/.") {
        return Some(Reading::nothing(1, Class::Symbol, "dấu kết bài"));
    }
    Some(Reading::pause(1, mark, "dấu câu"))
}

fn stop(cx: &Cx<'_>) -> Reading {
    let nothing = Reading::nothing(1, Class::Symbol, "dấu viết tắt");
    if cx.is(1, ".") {
        // A run of stops is an ellipsis, said once.
        let last = !cx.is(2, ".");
        return if last && cx.back(1) == "." { Reading::pause(1, Mark::Ellipsis, "dấu câu") } else { nothing };
    }
    if cx.back(1) == "." {
        return Reading::pause(1, Mark::Ellipsis, "dấu câu");
    }
    if cx.is(1, "/") && cx.is(2, ".") {
        return nothing;
    }
    // "ông H. (34 tuổi)": an initial, not an end.
    if cx.glued(0)
        && cx.back_case(1) == Case::Upper
        && cx.back(1).chars().nth(1).is_none()
        && cx.kind(1) == Kind::Sym
        && cx.back_kind(1) == Kind::Word
    {
        return nothing;
    }
    if cx.back_kind(1) == Kind::Word && matches!(cx.kind(1), Kind::Word | Kind::Num) && cx.glued(0) {
        let abbreviation = matches!(cx.back_case(1), Case::Upper | Case::Mixed);
        let initial = cx.back(1).chars().nth(1).is_none() && abbreviation;
        // "Phần I. Đánh giá": a numeral, not an initial.
        let numbered = matches!(cx.back(1), "i" | "v" | "x")
            && matches!(
                cx.back(2),
                "phần" | "chương" | "mục" | "loại" | "hạng" | "quý" | "cấp" | "lục" | "khóa" | "khoá"
            );
        let initial = initial && !numbered;
        let continues = cx.glued(1) || cx.case(1) == Case::Title || cx.kind(1) == Kind::Num;
        let known = initial || TITLES.contains(&cx.back(1));
        if known && continues || abbreviation && cx.glued(1) && cx.case(1) == Case::Upper {
            return nothing;
        }
    }
    Reading::pause(1, Mark::Stop, "dấu câu")
}
