//! Brackets: one that defines an abbreviation or repeats the words before it is not read; others are pauses.

use crate::speech::context::Cx;
use crate::speech::definitions;
use crate::speech::lex::Kind;
use crate::speech::reading::{Mark, Reading};
use crate::speech::syllable::bare;
use crate::speech::token::Class;

/// Longest bracket compared with the words before it, in lexemes.
const MOST: usize = 10;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if cx.is(0, ")]}〉》】") {
        return Some(Reading::pause(1, Mark::Comma, "đóng ngoặc"));
    }
    if !cx.is(0, "([{〈《【") {
        return None;
    }
    if let Some(found) = definitions::definition(cx) {
        return Some(Reading::nothing(found.take, Class::Definition, "định nghĩa trong bài"));
    }
    if let Some(take) = echo(cx) {
        return Some(Reading::nothing(take, Class::Definition, "nhắc lại"));
    }
    Some(Reading::pause(1, Mark::Comma, "mở ngoặc"))
}

/// "Tổ chức Y tế Thế giới (WHO)": what the bracket expands to has just been said.
fn echo(cx: &Cx<'_>) -> Option<usize> {
    let inner = cx.ahead(1);
    let (take, entry) = inner.entry()?;
    if take > MOST || !cx.is(1 + take, ")") {
        return None;
    }
    let mut k = 0;
    for word in entry.spoken.rsplit(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()) {
        k += 1;
        while matches!(cx.back(k), "," | "-" | "–" | "và") && word != "và" {
            k += 1;
        }
        if word == "và" && cx.back(k) != "và" {
            k -= 1;
            continue;
        }
        if cx.back_kind(k) != Kind::Word || bare(cx.back(k)) != bare(&word.to_lowercase()) {
            return None;
        }
    }
    Some(take + 2)
}
