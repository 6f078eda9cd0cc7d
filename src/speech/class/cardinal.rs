//! Any other number: a count, a decimal, a dotted version.

use super::words::{DOCUMENTS, MAGNITUDES};
use crate::speech::context::Cx;
use crate::speech::lex::{Case, Kind};
use crate::speech::number;
use crate::speech::numeral::numeral;
use crate::speech::reading::Reading;
use crate::speech::syllable::is_syllable;
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
        let version = numeral.dotted && !measured && is_version(cx, &numeral);
        let point = if version { "chấm" } else { "phẩy" };
        return Some(Reading::say(numeral.take, numeral.say(region, point), Class::Decimal, "số thập phân"));
    }
    let digits = numeral.whole.as_str();
    if !numeral.grouped && digits.starts_with('0') && digits.len() > 1 {
        if cx.back(1) == "số" || cx.back(2) == "số" && cx.back(1) == ":" || cx.after_any(&DOCUMENTS) {
            return Some(Reading::say(numeral.take, number::label(digits, region), Class::DocCode, "số hiệu"));
        }
        if digits.len() > 3 || digits.bytes().all(|b| b == b'0') {
            return Some(Reading::say(numeral.take, number::digit_by_digit(digits), Class::Phone, "dãy số").guess());
        }
    }
    if !numeral.grouped && digits.len() >= 4 && is_designation(cx, numeral.take) {
        let words = number::digit_by_digit(digits);
        return Some(
            Reading::say(numeral.take, words, Class::Code, "số hiệu").or(number::count(digits, region)).guess(),
        );
    }
    // "97,5 triệu người (2020)"
    let year = cx.small(0).is_some_and(|n| (1900..2100).contains(&n));
    if year && numeral.take == 1 && cx.back(1) == "(" && cx.is(1, ")") {
        let words = format!("năm {}", number::count(digits, region));
        return Some(Reading::say(1, words, Class::Date, "năm"));
    }
    let long = !numeral.grouped && digits.len() > 9;
    let reading = Reading::say(numeral.take, number::count(digits, region), Class::Cardinal, "số đếm");
    Some(if long { reading.or(number::digit_by_digit(digits)).guess() } else { reading })
}

/// "công nghệ 4.0", "phiên bản 2.1", "Windows 8.1"; other decimals with a dot are typed the English way.
fn is_version(cx: &Cx<'_>, numeral: &crate::speech::numeral::Numeral) -> bool {
    let named = matches!(cx.back(1), "bản" | "mục" | "chương" | "phần" | "nghệ" | "nghiệp" | "mạng" | "hình" | "bảng");
    let latin = cx.back_kind(1) == Kind::Word && cx.back(1).len() > 1 && !is_syllable(cx.back(1));
    named || latin || numeral.fraction.as_deref() == Some("0")
}

/// "lúa OM 5451", "tàu BĐ 12345": a number that names, after letters; years and amounts count.
fn is_designation(cx: &Cx<'_>, next: usize) -> bool {
    let letters =
        cx.back_case(1) == Case::Upper && (2..=3).contains(&cx.back(1).chars().count()) && !is_syllable(cx.back(1));
    let year = cx.small(0).is_some_and(|n| (1900..2100).contains(&n));
    let known = cx.env.lexicon.word(cx.behind(1).text(0)).is_some();
    letters && !known && !year && !MAGNITUDES.contains(&cx.low(next)) && cx.low(next) != "đồng"
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
