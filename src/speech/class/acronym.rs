//! Abbreviations nobody taught us: spelled and flagged, never guessed.

use super::entry::is_shouted;
use crate::speech::context::Cx;
use crate::speech::letters;
use crate::speech::lex::{Case, Kind};
use crate::speech::reading::Reading;
use crate::speech::syllable::is_syllable;
use crate::speech::token::Class;

/// Longer words are shouted foreign names, not abbreviations.
const MOST_LETTERS: usize = 9;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let (text, low) = (cx.text(0), cx.low(0));
    let length = text.chars().count();
    if length < 2 {
        return None;
    }
    match cx.case(0) {
        Case::Upper if is_syllable(low) => {
            // Alone in capitals without a mark it may be either; with one it is a word.
            let doubtful = low.is_ascii() && length <= 4 && !cx.env.headline && !is_shouted(cx) && !among_capitals(cx);
            doubtful.then(|| Reading::as_written(1, Class::Acronym, "chữ hoa").or(letters::spell(text)).guess())
        }
        Case::Upper if length <= MOST_LETTERS => Some(spelled(text)),
        // "UBNDs", "ĐHSPKt": mostly capitals.
        Case::Mixed if mostly_capitals(text) && length <= 6 => Some(spelled(text)),
        _ => None,
    }
}

fn spelled(text: &str) -> Reading {
    Reading::say(1, letters::spell(text), Class::Acronym, "đánh vần").unknown()
}

fn mostly_capitals(text: &str) -> bool {
    text.chars().filter(|c| c.is_uppercase()).count() * 2 > text.chars().count()
}

/// A name in capitals: "ông LE VAN AN".
fn among_capitals(cx: &Cx<'_>) -> bool {
    let loud = |kind: Kind, case: Case, low: &str| {
        kind == Kind::Word && case == Case::Upper && is_syllable(low) && low.len() > 1
    };
    loud(cx.back_kind(1), cx.back_case(1), cx.back(1)) || loud(cx.kind(1), cx.case(1), cx.low(1))
}
