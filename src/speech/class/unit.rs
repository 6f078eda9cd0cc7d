//! Units of measure after a number: ha, m², km, °C, kWh. The number has already been read.

use super::words::MAGNITUDES;
use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::reading::Reading;
use crate::speech::token::Class;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// symbol ⇥ spoken ⇥ "liền" when it must touch its number.
const TABLE: &str = include_str!("../data/units.tsv");

struct Unit {
    spoken: &'static str,
    /// Only right after the digits.
    glued: bool,
}

static UNITS: LazyLock<FxHashMap<&'static str, Unit>> = LazyLock::new(|| {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut columns = line.split('\t');
            let symbol = columns.next()?;
            Some((symbol, Unit { spoken: columns.next()?, glued: columns.next() == Some("liền") }))
        })
        .collect()
});

/// Every symbol, as written in the table.
pub(super) fn symbols() -> impl Iterator<Item = &'static str> {
    UNITS.keys().copied()
}

/// This word, in lower case, is also a symbol.
pub(super) fn is_symbol(low: &str) -> bool {
    UNITS.contains_key(low)
}

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    const LEADS: [&str; 10] = ["mỗi", "một", "/", "trên", "từng", "vài", "mấy", "nửa", "tr", "k"];
    let counted = cx.back_kind(1) == Kind::Num
        || MAGNITUDES.contains(&cx.back(1))
        || cx.back(1) == "²"
        || LEADS.contains(&cx.back(1));
    if !counted {
        return None;
    }
    let (take, spoken) = at(cx, 0)?;
    Some(Reading::say(take, spoken, Class::Measure, "đơn vị"))
}

/// The unit that begins `i` lexemes on, with what it takes.
pub(super) fn at(cx: &Cx<'_>, i: usize) -> Option<(usize, String)> {
    if cx.kind(i) != Kind::Word {
        return None;
    }
    let unit = UNITS.get(cx.text(i)).or_else(|| UNITS.get(cx.low(i)).filter(|_| cx.text(i).len() > 1))?;
    if unit.glued && !cx.glued(i) {
        return None;
    }
    let power = match cx.text(i + 1) {
        "2" | "²" if cx.glued(i + 1) => Some("vuông"),
        "3" | "³" if cx.glued(i + 1) => Some("khối"),
        _ => None,
    };
    let lengthy = unit.spoken.ends_with("mét");
    let (take, spoken) = match power {
        Some(power) if lengthy => (2, format!("{} {power}", unit.spoken)),
        _ => (1, unit.spoken.to_owned()),
    };
    let runs_on = cx.glued(i + take) && matches!(cx.kind(i + take), Kind::Word | Kind::Num);
    (!runs_on).then_some((take, spoken))
}
