//! Money: signs before or after, cents, and the short forms 10k, 2tr5, 1.800.000đ. Words such as "đồng" read
//! themselves.

use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number::{self, cardinal};
use crate::speech::numeral::{Numeral, numeral};
use crate::speech::reading::Reading;
use crate::speech::token::Class;

/// Sign, its name, the name of its hundredth.
const SIGNS: [(&str, &str, Option<&str>); 7] = [
    ("$", "đô la", Some("xu")),
    ("€", "ơ rô", Some("xu")),
    ("£", "bảng Anh", Some("xu")),
    ("¥", "yên Nhật", None),
    ("₫", "đồng", None),
    ("₹", "ru pi", None),
    ("₩", "uôn", None),
];

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if cx.kind(0) == Kind::Sym {
        return sign_first(cx);
    }
    let numeral = numeral(cx, 0)?;
    let i = numeral.take;
    if let Some((name, cent)) = sign(cx, i) {
        return Some(Reading::say(i + 1, amount(cx, &numeral, name, cent), Class::Money, "tiền"));
    }
    short(cx, &numeral).or_else(|| dong(cx, &numeral))
}

/// "$10".
fn sign_first(cx: &Cx<'_>) -> Option<Reading> {
    let (name, cent) = sign(cx, 0)?;
    match numeral(cx, 1) {
        Some(numeral) => Some(Reading::say(1 + numeral.take, amount(cx, &numeral, name, cent), Class::Money, "tiền")),
        None => Some(Reading::say(1, name, Class::Money, "tiền")),
    }
}

fn sign(cx: &Cx<'_>, i: usize) -> Option<(&'static str, Option<&'static str>)> {
    let text = cx.text(i);
    SIGNS.iter().find(|(sign, ..)| *sign == text).map(|&(_, name, cent)| (name, cent))
}

/// "5,99$" is five dollars and ninety-nine cents.
fn amount(cx: &Cx<'_>, numeral: &Numeral, name: &str, cent: Option<&str>) -> String {
    let region = cx.region();
    let cents = numeral.fraction.as_deref().filter(|f| f.len() <= 2).and_then(|f| {
        let value: u64 = f.parse().ok()?;
        Some(if f.len() == 1 { value * 10 } else { value })
    });
    match (cents, cent) {
        (Some(cents), Some(cent)) if numeral.whole == "0" => {
            format!("{} {cent}", cardinal(cents, region))
        }
        (Some(cents), Some(cent)) => {
            format!("{} {name} {} {cent}", number::count(&numeral.whole, region), cardinal(cents, region))
        }
        _ => format!("{} {name}", numeral.say(region, "phẩy")),
    }
}

/// "10k", "10tr", "2tr5".
fn short(cx: &Cx<'_>, numeral: &Numeral) -> Option<Reading> {
    let i = numeral.take;
    if !cx.glued(i) {
        return None;
    }
    let region = cx.region();
    let amount = numeral.say(region, "phẩy");
    let tail = cx.num(i + 1).filter(|d| cx.glued(i + 1) && d.len() == 1 && numeral.fraction.is_none());
    let open = cx.glued(i + 1) && matches!(cx.kind(i + 1), Kind::Num | Kind::Word);
    let (take, words) = match (cx.low(i), tail) {
        ("k", None) if !open && (cx.text(i) == "k" || numeral.whole.len() > 1) => {
            (i + 1, format!("{amount} {}", region.thousand()))
        }
        ("tr", None) if !open => (i + 1, format!("{amount} triệu")),
        ("tr", Some(tail)) => {
            (i + 2, format!("{amount} triệu {} trăm {}", number::count(tail, region), region.thousand()))
        }
        ("tỷ" | "tỉ", Some(tail)) => (i + 2, format!("{amount} tỷ {} trăm triệu", number::count(tail, region))),
        _ => return None,
    };
    Some(Reading::say(take, words, Class::Money, "tiền viết tắt"))
}

/// "đ" right after the digits, or after an amount with thousands dots.
fn dong(cx: &Cx<'_>, numeral: &Numeral) -> Option<Reading> {
    let i = numeral.take;
    let ends = !(cx.glued(i + 1) && matches!(cx.kind(i + 1), Kind::Num | Kind::Word));
    let near = cx.glued(i) || numeral.grouped;
    let clause = matches!(cx.back(1), "khoản" | "điểm" | "điều");
    if cx.text(i) != "đ" || !ends || !near || clause {
        return None;
    }
    // "9,5đ" is a mark, not money.
    if numeral.fraction.is_some() && numeral.whole.len() <= 2 && !numeral.grouped {
        let amount = numeral.say(cx.region(), "phẩy");
        return Some(
            Reading::say(i + 1, format!("{amount} điểm"), Class::Measure, "điểm số")
                .or(format!("{amount} đồng"))
                .guess(),
        );
    }
    Some(Reading::say(i + 1, format!("{} đồng", numeral.say(cx.region(), "phẩy")), Class::Money, "tiền"))
}
