//! Letters and digits in one word: 10A1, 15A, B52, BCĐ35, U23, VTV1.

use crate::speech::context::Cx;
use crate::speech::letters;
use crate::speech::lex::{Case, Kind};
use crate::speech::number;
use crate::speech::reading::Reading;
use crate::speech::syllable::is_syllable;
use crate::speech::token::{Certainty, Class};

/// Most pieces of one such word.
const MOST: usize = 12;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let other = if cx.kind(0) == Kind::Num { Kind::Word } else { Kind::Num };
    let measured = cx.kind(0) == Kind::Num && super::unit::at(cx, 1).is_some();
    // "ngày04": a space was forgotten. "50x7m": a product.
    let word = cx.kind(0) == Kind::Word
        && matches!(cx.case(0), Case::Lower | Case::Title)
        && cx.low(0).chars().nth(1).is_some()
        && is_syllable(cx.low(0))
        && !super::unit::is_symbol(cx.low(0));
    let product =
        cx.low(0) == "x" && cx.back_kind(1) == Kind::Num || cx.low(1) == "x" && cx.num(2).is_some() && cx.glued(2);
    if !cx.glued(1) || cx.kind(1) != other || measured || word || product {
        return None;
    }
    let mut words: Vec<String> = Vec::new();
    let mut certainty = Certainty::Sure;
    let mut i = 0;
    while i < MOST && matches!(cx.kind(i), Kind::Word | Kind::Num) && (i == 0 || cx.glued(i)) {
        let (said, how) = match cx.num(i) {
            Some(digits) => (digits_of(cx, i, digits), Certainty::Sure),
            None => letters_of(cx, i),
        };
        words.push(said);
        certainty = certainty.max(how);
        i += 1;
    }
    let mut reading = Reading::say(i, words.join(" "), Class::Code, "mã chữ và số");
    reading.certainty = certainty;
    Some(reading)
}

fn digits_of(cx: &Cx<'_>, i: usize, digits: &str) -> String {
    if digits.len() > 3 && i > 0 || digits.len() > 4 {
        return number::digit_by_digit(digits);
    }
    if i == 0 && cx.back(1) != "số" { number::count(digits, cx.region()) } else { number::label(digits, cx.region()) }
}

fn letters_of(cx: &Cx<'_>, i: usize) -> (String, Certainty) {
    let text = cx.text(i);
    if let Some(phrase) = cx.env.learned.get(text) {
        return (phrase.clone(), Certainty::Sure);
    }
    if text.chars().nth(1).is_none() {
        // "lớp 10A1", "khu B2": a lone letter is read by its own name.
        return (text.to_owned(), Certainty::Sure);
    }
    // "TW4" is known letters and a number; "VN123" a designation.
    let designation = text.chars().nth(2).is_none() && cx.num(i + 1).is_some_and(|d| d.len() >= 3);
    if let Some(entry) = cx.env.lexicon.word(text).filter(|_| !designation) {
        return (entry.spoken.clone(), Certainty::Sure);
    }
    if cx.case(i) != Case::Upper {
        if cx.case(i) == Case::Mixed {
            return (letters::spell(text), Certainty::Unknown);
        }
        let certainty = if is_syllable(cx.low(i)) { Certainty::Sure } else { Certainty::Guess };
        return (text.to_owned(), certainty);
    }
    (letters::spell(text), if text.chars().count() <= 2 { Certainty::Guess } else { Certainty::Unknown })
}
