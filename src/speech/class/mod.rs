//! One file per class of token. A rule looks at the cursor and answers only when it recognises its own.
//!
//! The tables below are the order of precedence, for each kind of lexeme a token can begin with.

mod acronym;
mod alnum;
mod ambiguous;
mod bracket;
mod cardinal;
mod dash;
mod date;
mod date_range;
mod day;
mod doc_code;
mod doc_part;
mod duration;
mod entry;
mod foreign;
mod fraction;
mod identity;
mod initial;
mod length;
mod marker;
mod money;
mod month;
mod ordinal;
mod organ;
mod phone;
mod place;
mod plate;
mod punct;
mod road;
mod roman;
mod score;
mod shorthand;
mod slash;
mod symbol;
mod time;
mod unit;
mod web;
mod words;

use super::context::Cx;
use super::lex::{Case, Kind};
use super::reading::Reading;
use super::syllable::is_syllable;

type Rule = fn(&Cx<'_>) -> Option<Reading>;

const AT_NUMBER: [Rule; 22] = [
    entry::read,
    marker::read,
    web::read,
    identity::read,
    phone::read,
    plate::read,
    doc_code::read,
    time::read,
    duration::read,
    length::read,
    date_range::read,
    date::read,
    month::read,
    score::read,
    fraction::read,
    money::read,
    road::number,
    ordinal::read,
    day::read,
    shorthand::counted,
    alnum::read,
    cardinal::read,
];

const AT_WORD: [Rule; 14] = [
    web::read,
    entry::read,
    marker::read,
    road::read,
    ambiguous::read,
    place::read,
    shorthand::read,
    roman::read,
    unit::read,
    doc_part::read,
    organ::read,
    alnum::read,
    initial::read,
    acronym::read,
];

const AT_SIGN: [Rule; 10] = [
    entry::read,
    marker::read,
    web::read,
    phone::read,
    money::read,
    bracket::read,
    dash::read,
    slash::read,
    punct::read,
    symbol::read,
];

/// The reading at the cursor; none for a plain word, read as written.
pub(crate) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let rules: &[Rule] = match cx.kind(0) {
        Kind::Word if is_everyday(cx) => return None,
        Kind::Word => &AT_WORD,
        Kind::Num => &AT_NUMBER,
        Kind::Sym => &AT_SIGN,
        Kind::End => return None,
    };
    rules.iter().find_map(|rule| rule(cx)).or_else(|| (cx.kind(0) == Kind::Word).then(|| foreign::read(cx)).flatten())
}

/// Small words some rule begins with: they must not take the fast path.
pub(crate) fn triggers() -> impl Iterator<Item = &'static str> {
    unit::symbols().chain(["tp", "tx", "kp", "km"])
}

/// The fast path: a lower-case or capitalised Vietnamese syllable, standing alone.
fn is_everyday(cx: &Cx<'_>) -> bool {
    let low = cx.low(0);
    matches!(cx.case(0), Case::Lower | Case::Title)
        && low.len() > 1
        && !(cx.glued(1) && (cx.kind(1) == Kind::Num || cx.is(1, ".@-_")))
        && low.chars().nth(1).is_some()
        && !cx.env.lexicon.starts(cx.text(0), low)
        && (!low.is_ascii() || is_syllable(low) && !cx.at_line_start())
}
