//! Initials: "V.I. Lênin", "C. Mác".

use crate::speech::context::Cx;
use crate::speech::letters;
use crate::speech::lex::Case;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if cx.case(0) != Case::Upper || cx.text(0).chars().nth(1).is_some() {
        return None;
    }
    let dotted = cx.is(1, ".")
        && cx.glued(1)
        && (cx.glued(2) || cx.case(2) == Case::Title)
        && matches!(cx.case(2), Case::Title | Case::Upper)
        && !cx.text(2).is_empty();
    if !dotted {
        return None;
    }
    let name = letters::name(cx.text(0).chars().next()?)?;
    Some(Reading::say(2, name, Class::Code, "chữ cái đầu"))
}
