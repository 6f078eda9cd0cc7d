//! Durations in letters: 3p, 3p20s, 30s.

use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number::cardinal;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let first = cx.small(0).filter(|_| cx.glued(1))?;
    let region = cx.region();
    if cx.is(1, "'’′") {
        return Some(prime(cx, first));
    }
    let ends = |i: usize| !(cx.glued(i) && matches!(cx.kind(i), Kind::Word | Kind::Num));
    let number = |n: u32| cardinal(n.into(), region);
    let (take, words) = match cx.text(1) {
        "s" if ends(2) => (2, format!("{} giây", number(first))),
        "p" => {
            let second = cx.small(2).filter(|&s| s < 60 && cx.glued(2) && cx.glued(3) && cx.text(3) == "s" && ends(4));
            match second {
                Some(0) => (4, format!("{} phút", number(first))),
                Some(s) => (4, format!("{} phút {} giây", number(first), number(s))),
                None if ends(2) => (2, format!("{} phút", number(first))),
                None => return None,
            }
        }
        _ => return None,
    };
    Some(Reading::say(take, words, Class::Time, "phút giây"))
}

/// 15'32" and 30': minutes, and seconds after them.
fn prime(cx: &Cx<'_>, minutes: u32) -> Reading {
    let number = |n: u32| cardinal(n.into(), cx.region());
    let said = if cx.back(1) == "phút" { "" } else { " phút" };
    match cx.small(2).filter(|&s| s < 60 && cx.glued(2) && cx.text(2).len() <= 2) {
        Some(seconds) => {
            Reading::say(3, format!("{} phút {} giây", number(minutes), number(seconds)), Class::Time, "phút giây")
        }
        None => Reading::say(2, format!("{}{said}", number(minutes)), Class::Time, "phút giây"),
    }
}
