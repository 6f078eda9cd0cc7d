//! Any other number: a count, a decimal, a dotted version.

use super::words::{DOCUMENTS, MAGNITUDES};
use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number;
use crate::speech::numeral::numeral;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

/// Most parts of a dotted number such as "1.2.3".
const MOST_PARTS: usize = 8;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if let Some(dotted) = dotted(cx) {
        return Some(dotted);
    }
    let region = cx.region();
    let numeral = numeral(cx, 0)?;
    if numeral.fraction.is_some() {
        let measured = MAGNITUDES.contains(&cx.low(numeral.take))
            || cx.is(numeral.take, "%‰°")
            || super::unit::at(cx, numeral.take).is_some();
        let point = if numeral.dotted && !measured { "chấm" } else { "phẩy" };
        return Some(Reading::say(numeral.take, numeral.say(region, point), Class::Decimal, "số thập phân"));
    }
    let digits = numeral.whole.as_str();
    if !numeral.grouped && digits.starts_with('0') && digits.len() > 1 {
        if cx.back(1) == "số" || cx.back(2) == "số" && cx.back(1) == ":" || cx.after_any(&DOCUMENTS) {
            return Some(Reading::say(numeral.take, number::label(digits, region), Class::DocCode, "số hiệu"));
        }
        if digits.len() > 3 {
            return Some(Reading::say(numeral.take, number::digit_by_digit(digits), Class::Phone, "dãy số").guess());
        }
    }
    let long = !numeral.grouped && digits.len() > 9;
    let reading = Reading::say(numeral.take, number::count(digits, region), Class::Cardinal, "số đếm");
    Some(if long { reading.or(number::digit_by_digit(digits)).guess() } else { reading })
}

/// "1.2.3": sections and versions.
fn dotted(cx: &Cx<'_>) -> Option<Reading> {
    let mut parts = vec![cx.num(0)?];
    let mut i = 1;
    while parts.len() < MOST_PARTS && cx.is(i, ".") && cx.glued(i) && cx.glued(i + 1) && cx.kind(i + 1) == Kind::Num {
        parts.push(cx.num(i + 1)?);
        i += 2;
    }
    if parts.len() < 3 || parts.iter().skip(1).all(|part| part.len() == 3) || parts.iter().any(|part| part.len() > 4) {
        return None;
    }
    let words: Vec<String> = parts.iter().map(|part| number::label(part, cx.region())).collect();
    Some(Reading::say(i, words.join(" chấm "), Class::Decimal, "số mục"))
}
