//! Scores and scales: tỷ số 3-1, thắng 2 - 0, tỷ lệ 1:500.

use super::words::{MAGNITUDES, MATCH};
use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number::count;
use crate::speech::numeral::numeral;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

/// How far back the match may be mentioned, in lexemes.
const REACH: usize = 20;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let first = cx.num(0).filter(|d| d.len() <= 4)?;
    let last = cx.num(2).filter(|d| d.len() <= 5)?;
    let region = cx.region();
    let two = |joint: &str| format!("{}{joint}{}", count(first, region), count(last, region));
    if cx.is(1, ":") && cx.glued(1) && cx.glued(2) {
        let scale = cx.near(9, &["lệ", "bản"]);
        let lower = numeral(cx, 2)?;
        let joint = if scale { " trên " } else { " " };
        let words = format!("{}{joint}{}", count(first, region), count(&lower.whole, region));
        let rule = if scale { "tỷ lệ" } else { "tỷ số" };
        return lower.fraction.is_none().then(|| Reading::say(2 + lower.take, words, Class::Ratio, rule));
    }
    if !cx.is_dash(1) || first.len() > 3 || last.len() > 3 {
        return None;
    }
    let named = cx.after_any(&["tỷ số", "tỉ số", "tỷ số là", "tỉ số là", "tỷ số chung cuộc", "tỉ số chung cuộc"]);
    let measured = cx.is(3, "%°/")
        || MAGNITUDES.contains(&cx.low(3))
        || super::unit::at(cx, 3).is_some()
        || matches!(cx.low(3), "người" | "tuổi" | "ngày" | "điểm" | "triệu");
    let more = cx.is(3, ".,") && cx.glued(3) && cx.glued(4) && cx.kind(4) == Kind::Num;
    let told = cx.near(REACH, &MATCH)
        && cx.near(REACH, &["thắng", "thua", "hòa", "hoà", "bại", "dẫn", "gỡ", "séc", "hiệp", "sút"]);
    // "Trận A - B kết thúc 2-1."
    let ended = cx.near(REACH, &["trận", "thúc"])
        && cx.kind(3) != Kind::Word
        && first.len() <= 2
        && last.len() <= 2
        && !cx.is(3, "%");
    let told = told || ended;
    (named || (told && !measured && !more)).then(|| Reading::say(3, two(" "), Class::Ratio, "tỷ số"))
}
