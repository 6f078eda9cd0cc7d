//! "thứ 7", "lần thứ 1", "hạng 1".

use crate::speech::context::Cx;
use crate::speech::number;
use crate::speech::reading::Reading;
use crate::speech::token::Class;
use crate::speech::voice::Region;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let value = cx.small(0).filter(|_| !(cx.is(1, ".,/") && cx.glued(1) && cx.num(2).is_some() && cx.glued(2)))?;
    let words = if cx.back(1) == "thứ" {
        rank(value.into(), cx.region())
    } else if matches!(cx.back(1), "hạng" | "nhì") && value == 1 {
        "nhất".to_owned()
    } else if cx.back(3) == "thứ"
        && (2..=7).contains(&value)
        && (matches!(cx.back(1), "đến" | "và" | ",")
            || cx.lexemes.get(cx.at.wrapping_sub(1)).is_some_and(|l| "-–".contains(l.text.as_ref())))
    {
        // "thứ 2-6", "thứ 2, 4": days of the week.
        if cx.back(1) == "đến" || cx.back(1) == "và" {
            rank(value.into(), cx.region())
        } else {
            format!("thứ {}", rank(value.into(), cx.region()))
        }
    } else {
        return None;
    };
    Some(Reading::say(1, words, Class::Ordinal, "số thứ tự"))
}

/// First is "nhất", fourth "tư".
pub(super) fn rank(value: u64, region: Region) -> String {
    match value {
        1 => "nhất".to_owned(),
        4 => "tư".to_owned(),
        _ => number::cardinal(value, region),
    }
}
