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
    // The last of "T.L".
    let last =
        cx.glued(0) && cx.back(1) == "." && cx.back(2).chars().nth(1).is_none() && cx.back_case(2) == Case::Upper;
    if last && !dotted {
        return Some(Reading::say(1, letters::name(cx.text(0).chars().next()?)?, Class::Code, "chữ cái đầu"));
    }
    if !dotted {
        return None;
    }
    let name = letters::name(cx.text(0).chars().next()?)?;
    Some(Reading::say(2, name, Class::Code, "chữ cái đầu"))
}
