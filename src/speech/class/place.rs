//! Administrative units before a name or a number: "Q.1", "P. Tân Phong", "TT Xuân Mai", "X. Đa Tốn".

use crate::speech::context::Cx;
use crate::speech::lex::{Case, Kind};
use crate::speech::reading::Reading;
use crate::speech::token::Class;

/// Short form, before a name, before a number.
const UNITS: [(&str, &str); 8] = [
    ("q", "Quận"),
    ("p", "Phường"),
    ("h", "Huyện"),
    ("x", "Xã"),
    ("tp", "Thành phố"),
    ("tx", "Thị xã"),
    ("kp", "Khu phố"),
    ("đ", "Đường"),
];

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let (_, name) = UNITS.iter().find(|(short, _)| *short == cx.low(0))?;
    let single = cx.text(0).chars().nth(1).is_none();
    let stop = cx.is(1, ".") && cx.glued(1);
    let at = 1 + usize::from(stop);
    let numbered = cx.kind(at) == Kind::Num && (stop || cx.glued(at)) && cx.text(at).len() <= 2;
    let named = cx.kind(at) == Kind::Word && matches!(cx.case(at), Case::Title | Case::Upper) && (stop || !single);
    if !(numbered && matches!(cx.low(0), "q" | "p" | "kp") || named)
        || (single && cx.case(0) == Case::Lower && (!stop || cx.text(0) == "đ"))
    {
        return None;
    }
    // "P. GD&ĐT" is an office, not a ward.
    let office = *name == "Phường" && cx.kind(at) == Kind::Word && cx.case(at) == Case::Upper && cx.text(at).len() > 2;
    let words = if office { "Phòng" } else { name };
    Some(Reading::say(at, words, Class::Address, "địa danh"))
}
