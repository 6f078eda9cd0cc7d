//! Abbreviations with several meanings; the words around them choose. Nothing chosen, the first is read and flagged.

use super::entry::is_shouted;
use crate::speech::context::Cx;
use crate::speech::lex::{Case, Kind};
use crate::speech::reading::Reading;
use crate::speech::token::Class;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// written ⇥ spoken ⇥ words before ⇥ words after; alternatives by "|". In the last column "#" is a number, "^" a
/// capitalised word, "$" the end of a phrase. A row without words is the reading when no other fits.
const TABLE: &str = include_str!("../data/context.tsv");

struct Sense {
    spoken: &'static str,
    before: Vec<&'static str>,
    after: Vec<&'static str>,
}

static SENSES: LazyLock<FxHashMap<&'static str, Vec<Sense>>> = LazyLock::new(|| {
    let mut senses: FxHashMap<&str, Vec<Sense>> = FxHashMap::default();
    for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let mut columns = line.split('\t');
        let (Some(written), Some(spoken)) = (columns.next(), columns.next()) else {
            continue;
        };
        let mut phrases = || columns.next().unwrap_or_default().split('|').filter(|p| !p.is_empty()).collect();
        let sense = Sense { spoken, before: phrases(), after: phrases() };
        senses.entry(written).or_default().push(sense);
    }
    senses
});

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let senses = SENSES.get(cx.text(0))?;
    let digits_touch = cx.glued(1) && cx.kind(1) == Kind::Num;
    if is_shouted(cx) || digits_touch || (cx.glued(0) && cx.back_kind(1) == Kind::Num) {
        return None;
    }
    if cx.text(0) == "TU" {
        return Some(party_committee(cx));
    }
    let chosen = senses.iter().find(|sense| fits(cx, sense));
    let default = senses.iter().find(|sense| sense.before.is_empty() && sense.after.is_empty());
    let sense = chosen.or(default)?;
    let mut reading = Reading::say(1, sense.spoken, Class::Abbreviation, "từ xung quanh").guess_if(chosen.is_none());
    for other in senses.iter().map(|s| s.spoken).filter(|spoken| *spoken != sense.spoken) {
        if !reading.others.iter().any(|o| o == other) {
            reading.others.push(other.to_owned());
        }
    }
    Some(reading)
}

/// "TU" is the office's to say.
pub(super) fn party_committee(cx: &Cx<'_>) -> Reading {
    match &cx.env.voice.tu {
        Some(name) => Reading::say(1, name.as_str(), Class::Abbreviation, "thiết lập của đơn vị"),
        None => Reading::say(1, "Tỉnh ủy", Class::Abbreviation, "chưa thiết lập TU").or("Thành ủy").guess(),
    }
}

fn fits(cx: &Cx<'_>, sense: &Sense) -> bool {
    if sense.before.is_empty() && sense.after.is_empty() {
        return false;
    }
    let before = sense.before.is_empty() || cx.after_any(&sense.before);
    let after = sense.after.is_empty() || sense.after.iter().any(|phrase| follows(cx, phrase));
    before && after
}

fn follows(cx: &Cx<'_>, phrase: &str) -> bool {
    match phrase {
        "#" => cx.kind(1) == Kind::Num,
        "^" => cx.kind(1) == Kind::Word && matches!(cx.case(1), Case::Title),
        "$" => matches!(cx.kind(1), Kind::End | Kind::Sym),
        _ => cx.next(1, phrase),
    }
}
