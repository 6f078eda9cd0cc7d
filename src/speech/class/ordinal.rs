//! "thứ 7", "lần thứ 1", "hạng 1".

use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number;
use crate::speech::reading::Reading;
use crate::speech::token::Class;
use crate::speech::voice::Region;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let dotted = cx.is(1, ".,/") && cx.glued(1) && cx.num(2).is_some() && cx.glued(2);
    let value = cx.small(0).filter(|_| !dotted)?;
    let words = rank(value.into(), cx.region());
    let words = match cx.back(1) {
        "thứ" => words,
        "hạng" if value == 1 => words,
        _ if is_weekday(cx, value) => format!("thứ {words}"),
        _ => return None,
    };
    Some(Reading::say(1, words, Class::Ordinal, "số thứ tự"))
}

/// The later days of "thứ 2-6", "thứ 2, 4, 6 hằng tuần".
fn is_weekday(cx: &Cx<'_>, value: u32) -> bool {
    let ends = cx.kind(1) != Kind::Word || matches!(cx.low(1), "hằng" | "hàng" | "và" | "trong" | "đến");
    (2..=7).contains(&value) && ends && cx.listed_after("thứ")
}

/// First is "nhất", fourth "tư".
pub(super) fn rank(value: u64, region: Region) -> String {
    match value {
        1 => "nhất".to_owned(),
        4 => "tư".to_owned(),
        _ => number::cardinal(value, region),
    }
}
