//! Every other sign: said, turned into a pause, or left out.

use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number;
use crate::speech::reading::{Mark, Reading};
use crate::speech::token::Class;
use unicode_normalization::char::decompose_compatible;

/// Signs with one reading wherever they stand.
const SAID: [(&str, &str); 21] = [
    ("%", "phần trăm"),
    ("‰", "phần nghìn"),
    ("&", "và"),
    ("=", "bằng"),
    ("≥", "lớn hơn hoặc bằng"),
    ("≤", "nhỏ hơn hoặc bằng"),
    ("≈", "khoảng"),
    ("~", "khoảng"),
    ("±", "cộng trừ"),
    ("×", "nhân"),
    ("÷", "chia"),
    ("℃", "độ C"),
    ("℉", "độ F"),
    ("@", "a còng"),
    ("№", "số"),
    ("§", "mục"),
    ("Ω", "ôm"),
    ("µ", "mi crô"),
    ("∞", "vô cùng"),
    ("<", "dưới"),
    (">", "trên"),
];

#[expect(clippy::unnecessary_wraps, reason = "every rule has one shape; this one closes the table")]
pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let sign = cx.text(0);
    if let Some((_, words)) = SAID.iter().find(|(s, _)| *s == sign) {
        let needs_number = matches!(sign, "=" | "≥" | "≤" | "<" | ">" | "~" | "≈" | "±" | "×" | "÷");
        if needs_number && cx.kind(1) != Kind::Num && cx.back_kind(1) != Kind::Num {
            return Some(Reading::pause(1, Mark::Comma, "ký hiệu"));
        }
        return Some(Reading::say(1, *words, Class::Symbol, "ký hiệu"));
    }
    Some(match sign {
        "+" => plus(cx),
        "°" | "º" => degree(cx),
        "#" if cx.kind(1) == Kind::Num => Reading::say(1, "số", Class::Symbol, "ký hiệu"),
        "→" | "⇒" | "➡" | "|" | "•" | "▪" | "►" | "●" | "■" | "◆" | "–" => {
            Reading::pause(1, Mark::Comma, "ký hiệu")
        }
        "'" | "’" | "′" | "*" | "_" | "#" | "^" | "·" | "®" | "™" | "©" | "\\" | "†" => {
            Reading::nothing(1, Class::Symbol, "bỏ qua")
        }
        _ => other(cx, sign),
    })
}

fn plus(cx: &Cx<'_>) -> Reading {
    let joins = cx.back_kind(1) != Kind::End
        && cx.kind(1) != Kind::End
        && (cx.kind(1) == Kind::Num || cx.back_kind(1) == Kind::Num || cx.glued(1) || !cx.is(1, ".,;"));
    let numerals = number::roman(&cx.back(1).to_uppercase()).is_some() && number::roman(cx.text(1)).is_some();
    if joins && numerals {
        return Reading::say(1, "và", Class::Symbol, "ký hiệu");
    }
    if joins && !matches!(cx.back(1), ":" | ";" | "." | "," | "+") {
        return Reading::say(1, "cộng", Class::Symbol, "ký hiệu");
    }
    if cx.back_kind(1) == Kind::Num && cx.glued(0) {
        return Reading::say(1, "cộng", Class::Symbol, "ký hiệu");
    }
    Reading::nothing(1, Class::Symbol, "bỏ qua")
}

fn degree(cx: &Cx<'_>) -> Reading {
    if matches!(cx.low(1), "c" | "f" | "k") && !(cx.glued(2) && cx.kind(2) == Kind::Word) {
        let scale = cx.text(1).to_uppercase();
        return Reading::say(2, format!("độ {scale}"), Class::Measure, "nhiệt độ");
    }
    Reading::say(1, "độ", Class::Measure, "độ")
}

/// Digits and fractions in other shapes (½, ①, ５) are read; other numbers cannot be; pictures are dropped.
fn other(cx: &Cx<'_>, sign: &str) -> Reading {
    let mut plain = String::new();
    for c in sign.chars() {
        decompose_compatible(c, |part| plain.push(part));
    }
    let words = plain.split(|c: char| !c.is_ascii_digit()).filter(|d| !d.is_empty()).collect::<Vec<_>>();
    let region = cx.region();
    match (words.as_slice(), plain.contains('\u{2044}')) {
        ([upper, lower], true) => {
            let lower = if *lower == "4" { "tư".to_owned() } else { number::count(lower, region) };
            Reading::say(1, format!("{} phần {lower}", number::count(upper, region)), Class::Ratio, "phân số")
        }
        ([digits], false) => Reading::say(1, number::count(digits, region), Class::Cardinal, "số viết kiểu khác"),
        _ if sign.chars().any(char::is_numeric) => Reading::nothing(1, Class::Symbol, "số không đọc được").unknown(),
        _ if sign.chars().any(|c| u32::from(c) >= 0x2190) => Reading::nothing(1, Class::Symbol, "bỏ qua"),
        _ => Reading::nothing(1, Class::Symbol, "ký hiệu lạ").guess(),
    }
}
