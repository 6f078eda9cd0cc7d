//! What the article defined, what staff entered, what we ship.

use crate::speech::context::Cx;
use crate::speech::lex::{Case, Kind};
use crate::speech::reading::Reading;
use crate::speech::syllable::is_syllable;
use crate::speech::token::Class;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let found = cx.entry();
    if let Some((take, entry)) = found.filter(|(_, entry)| entry.staff) {
        return Some(Reading::say(take, entry.spoken.as_str(), Class::Abbreviation, "từ điển của đơn vị"));
    }
    if let Some(reading) = learned(cx) {
        return Some(reading);
    }
    let (take, entry) = found?;
    if take == 1 && is_shouted(cx) {
        return None;
    }
    let foreign = cx.case(0) != Case::Upper && cx.kind(0) == Kind::Word;
    let class = if foreign { Class::Foreign } else { Class::Abbreviation };
    if take == 1 && entry.spoken == cx.low(0) {
        return Some(Reading::as_written(1, class, "từ điển"));
    }
    Some(Reading::say(take, entry.spoken.as_str(), class, "từ điển"))
}

fn learned(cx: &Cx<'_>) -> Option<Reading> {
    if cx.env.learned.is_empty() || cx.kind(0) != Kind::Word || cx.glued(1) && cx.kind(1) == Kind::Num {
        return None;
    }
    let mut key = String::new();
    let mut found = None;
    for i in 0..7 {
        if cx.kind(i) == Kind::End || (i > 0 && !cx.glued(i)) {
            break;
        }
        key.push_str(cx.text(i));
        if let Some(phrase) = cx.env.learned.get(&key) {
            found = Some((i + 1, phrase));
        }
    }
    let (take, phrase) = found?;
    Some(Reading::say(take, phrase.as_str(), Class::Abbreviation, "định nghĩa trong bài"))
}

/// A capitalised syllable among capitalised words is shouting, not abbreviating.
pub(super) fn is_shouted(cx: &Cx<'_>) -> bool {
    if cx.case(0) != Case::Upper || !is_syllable(cx.low(0)) {
        return false;
    }
    let loud = |case: Case, low: &str| {
        case == Case::Upper && !low.is_ascii() && low.chars().nth(1).is_some() && is_syllable(low)
    };
    cx.env.headline || loud(cx.back_case(1), cx.back(1)) || loud(cx.case(1), cx.low(1))
}
