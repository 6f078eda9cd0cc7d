//! Identity, tax, account and reference numbers, digit by digit.

use crate::speech::context::Cx;
use crate::speech::lex::{Case, Kind};
use crate::speech::number::digit_by_digit;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

const NAMED: [&str; 18] = [
    "căn cước",
    "cccd",
    "cmnd",
    "chứng minh",
    "chứng minh thư",
    "tài khoản",
    "stk",
    "mst",
    "mã số",
    "mã số thuế",
    "hộ chiếu",
    "định danh",
    "cá nhân",
    "thẻ",
    "mã",
    "imei",
    "bhxh",
    "mã vạch",
];

/// How far back the name may stand, in lexemes.
const REACH: usize = 6;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let first = cx.num(0)?;
    let mut digits = first.to_owned();
    let mut take = 1;
    while take < 12 && cx.num(take + usize::from(cx.is(take, "-."))).is_some() && (cx.glued(take) || !cx.is(take, "-."))
    {
        let at = take + usize::from(cx.is(take, "-."));
        digits.push_str(cx.text(at));
        take = at + 1;
    }
    let runs_on = cx.glued(take) && matches!(cx.kind(take), Kind::Word);
    let dotted_count = cx.is(1, ".") && cx.text(2).len() == 3 && first.len() <= 3;
    if digits.len() < 5 || runs_on || dotted_count || !(is_named(cx) || is_serial(cx)) {
        return None;
    }
    Some(Reading::say(take, digit_by_digit(&digits), Class::Phone, "số định danh"))
}

/// "số BK 123456": a serial after its letters.
fn is_serial(cx: &Cx<'_>) -> bool {
    cx.back_case(1) == Case::Upper && cx.back(1).chars().count() <= 2 && cx.back(2) == "số"
}

fn is_named(cx: &Cx<'_>) -> bool {
    (0..REACH).take_while(|&k| !matches!(cx.back(k + 1), "" | "." | ";" | ",")).any(|k| cx.behind(k).after_any(&NAMED))
}
