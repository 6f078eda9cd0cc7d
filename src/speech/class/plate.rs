//! Vehicle plates: 29A-123.45, 30K1-678.90.

use crate::speech::context::Cx;
use crate::speech::letters;
use crate::speech::lex::{Case, Kind};
use crate::speech::number::digit_by_digit;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let province = cx.num(0).filter(|d| d.len() == 2)?;
    let series = cx.text(1);
    if !cx.glued(1) || cx.kind(1) != Kind::Word || cx.case(1) != Case::Upper || series.chars().count() > 2 {
        return None;
    }
    let mut words = format!("{} {}", digit_by_digit(province), letters::spell(series));
    let mut i = 2;
    if let Some(digit) = cx.num(2).filter(|d| cx.glued(2) && d.len() == 1) {
        words = format!("{words} {}", digit_by_digit(digit));
        i = 3;
    }
    let named = cx.near(6, &["biển", "bks", "soát"]);
    i += usize::from(cx.is_dash(i) || (named && cx.is(i, ".")));
    let number = cx.num(i).filter(|d| matches!(d.len(), 3..=5))?;
    let mut digits = number.to_owned();
    i += 1;
    if cx.is(i, ".")
        && cx.glued(i)
        && cx.glued(i + 1)
        && let Some(tail) = cx.num(i + 1).filter(|d| d.len() == 2)
    {
        digits.push_str(tail);
        i += 2;
    }
    let whole =
        digits.len() >= 4 && cx.is_dash(i.saturating_sub(if digits.len() == 5 && number.len() == 3 { 4 } else { 2 }));
    (named || whole)
        .then(|| Reading::say(i, format!("{words}, {}", digit_by_digit(&digits)), Class::Code, "biển số xe"))
}
