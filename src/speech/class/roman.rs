//! Roman numerals after the words that call for them: Quý II/2023, khóa XII, lần thứ XIII, thế kỷ XXI.

use super::entry::is_shouted;
use super::ordinal::rank;
use crate::speech::context::Cx;
use crate::speech::lex::{Case, Kind};
use crate::speech::number::{cardinal, roman};
use crate::speech::reading::Reading;
use crate::speech::syllable::is_syllable;
use crate::speech::token::Class;

const CALLERS: [&str; 42] = [
    "đoàn", "họp", "quý", "quí", "khóa", "khoá", "thứ", "lần", "hạng", "loại", "cấp", "đoạn", "phần", "chương", "mục",
    "lục", "điều", "khoản", "kỷ", "kỉ", "hội", "vực", "vùng", "tập", "bậc", "nhóm", "đợt", "kỳ", "kì", "vòng", "quyển",
    "số", "khu", "giới", "tiểu", "bảng", "biểu", "tuyến", "mức", "độ", "ương", "lớp",
];

/// How far back over "I, II và" the calling word may stand, in lexemes.
const REACH: usize = 9;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if cx.case(0) == Case::Lower {
        return small(cx);
    }
    if cx.case(0) != Case::Upper || (cx.glued(1) && cx.kind(1) == Kind::Num) {
        return None;
    }
    let text = cx.text(0);
    let value = roman(text)?;
    let Some(caller) = caller(cx) else {
        return uncalled(cx, value);
    };
    if is_shouted(cx)
        && text.len() > 1
        && !cx.env.headline
        && caller != "thứ"
        && !"IVX".contains(text)
        && text.chars().any(|c| !"IVX".contains(c))
    {
        return None;
    }
    // A letter is a letter after words that also number with letters.
    if text.len() == 1 && !"IVX".contains(text) && !matches!(caller, "chương" | "phần" | "mục") {
        return None;
    }
    let ordinal = matches!(caller, "thứ" | "hạng");
    let mut words = if ordinal && value == 1 || caller == "thứ" {
        rank(value, cx.region())
    } else {
        cardinal(value, cx.region())
    };
    let mut take = 1;
    if let Some(year) = year(cx) {
        words = format!("{words} năm {}", cardinal(year, cx.region()));
        take = 3;
    }
    Some(Reading::say(take, words, Class::Roman, "số La Mã"))
}

/// Several I, V, X standing free: "Napoléon III".
fn uncalled(cx: &Cx<'_>, value: u64) -> Option<Reading> {
    let text = cx.text(0);
    let clear = text.len() >= 2 && text.chars().all(|c| "IVX".contains(c)) && !cx.env.headline;
    let syllable = matches!(text, "VI" | "XI");
    // "xăng RON 95-III": a grade after a number.
    let grade = cx.glued(0) && matches!(cx.back(1), "-" | "–") && cx.back_kind(2) == Kind::Num;
    if clear && grade {
        return Some(Reading::say(1, cardinal(value, cx.region()), Class::Roman, "số La Mã"));
    }
    let touching = cx.glued(0) && cx.back_kind(1) != Kind::End || cx.glued(1) && !cx.is(1, ",.;:)!?…");
    (clear && !syllable && !touching && cx.back_kind(1) == Kind::Word).then(|| {
        Reading::say(1, cardinal(value, cx.region()), Class::Roman, "số La Mã").guess_if(cx.back_case(1) == Case::Upper)
    })
}

fn caller<'a>(cx: &Cx<'a>) -> Option<&'a str> {
    let mut k = 1;
    while k <= REACH {
        let word = cx.back(k);
        if CALLERS.contains(&word) {
            return Some(word);
        }
        let numeral = cx.back_case(k) == Case::Upper && roman(&word.to_uppercase()).is_some();
        if !(numeral
            || k == 1 && matches!(word, "và" | "," | "-" | "–" | "+" | "đến" | "hoặc")
            || k > 1 && matches!(word, "," | "-" | "–" | "+"))
        {
            return None;
        }
        k += 1;
    }
    None
}

/// "/2023" or "-2023".
fn year(cx: &Cx<'_>) -> Option<u64> {
    let joined = cx.is(1, "/-–.") && cx.glued(1) && cx.glued(2);
    cx.num(2).filter(|d| joined && d.len() == 4).and_then(|d| d.parse().ok())
}

/// "phần ix", "ii)": small numerals that are no syllable; "điểm l" stays a letter.
fn small(cx: &Cx<'_>) -> Option<Reading> {
    let text = cx.text(0);
    let clear = text.len() >= 2 && text.bytes().all(|b| b"ivx".contains(&b)) && !is_syllable(text);
    let value = roman(&text.to_uppercase()).filter(|_| clear)?;
    let called = caller(cx).is_some() || (cx.is(1, ")") && cx.glued(1));
    called.then(|| Reading::say(1, cardinal(value, cx.region()), Class::Roman, "số La Mã"))
}
