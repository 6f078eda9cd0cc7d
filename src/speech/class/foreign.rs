//! Words that are no Vietnamese syllable and in no lexicon: kept as written, shown to staff.

use crate::speech::context::Cx;
use crate::speech::reading::Reading;
use crate::speech::syllable::is_syllable;
use crate::speech::token::Class;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let low = cx.low(0);
    if low.chars().nth(1).is_none() {
        return multiplied(cx);
    }
    if is_syllable(low) {
        return None;
    }
    Some(Reading::as_written(1, Class::Foreign, "từ nước ngoài").guess())
}

/// "100cm x 50cm".
fn multiplied(cx: &Cx<'_>) -> Option<Reading> {
    let number_after = cx.num(1).is_some();
    let number_before =
        cx.back_kind(1) == crate::speech::lex::Kind::Num || cx.back_kind(2) == crate::speech::lex::Kind::Num;
    (cx.low(0) == "x" && number_after && number_before).then(|| Reading::say(1, "nhân", Class::Symbol, "phép nhân"))
}
