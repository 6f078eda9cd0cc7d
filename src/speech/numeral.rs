//! Written numbers: dots for thousands, a comma before the fraction.

use super::context::Cx;
use super::lex::Kind;
use super::number;
use super::voice::Region;

/// Longest run of groups looked at; a longer one is no number.
const MOST_GROUPS: usize = 12;

/// A written number at the cursor.
#[derive(Debug)]
pub(crate) struct Numeral {
    /// Lexemes it takes.
    pub(crate) take: usize,
    /// Digits before the comma, thousands dots removed.
    pub(crate) whole: String,
    /// Digits after the comma.
    pub(crate) fraction: Option<String>,
    /// The fraction follows a dot: a version ("4.0"), or a decimal typed the English way.
    pub(crate) dotted: bool,
    /// Thousands were separated.
    pub(crate) grouped: bool,
}

impl Numeral {
    /// In words; `point` is what stands between whole and fraction.
    pub(crate) fn say(&self, region: Region, point: &str) -> String {
        let whole = number::count(&self.whole, region);
        match &self.fraction {
            Some(fraction) => format!("{whole} {point} {}", number::fraction(fraction, region)),
            None => whole,
        }
    }

    pub(crate) fn value(&self) -> Option<u64> {
        if self.fraction.is_some() { None } else { self.whole.parse().ok() }
    }
}

/// The number that begins `i` lexemes on.
pub(crate) fn numeral(cx: &Cx<'_>, i: usize) -> Option<Numeral> {
    let first = cx.num(i)?;
    let mut whole = first.to_owned();
    let mut take = 1;
    let mut grouped = false;
    if first.len() <= 3 {
        for sign in [".", ","] {
            let groups = groups_of_three(cx, i + 1, sign);
            // A single ",ddd" is a fraction; several can only be thousands.
            if groups > usize::from(sign == ",") && first != "0" {
                for g in 0..groups {
                    whole.push_str(cx.text(i + 2 + 2 * g));
                }
                take += 2 * groups;
                grouped = true;
                break;
            }
        }
    }
    let mut numeral = Numeral { take, whole, fraction: None, dotted: false, grouped };
    let point = i + take;
    let tail = cx.num(point + 1).filter(|_| cx.glued(point) && cx.glued(point + 1) && cx.is(point, ".,"));
    if let Some(tail) = tail {
        let more =
            cx.is(point + 2, ".,") && cx.glued(point + 2) && cx.kind(point + 3) == Kind::Num && cx.glued(point + 3);
        let listed = if cx.is(point, ".") { grouped } else { is_list(cx, point) };
        if !more && !listed {
            numeral.fraction = Some(tail.to_owned());
            numeral.dotted = cx.is(point, ".");
            numeral.take += 2;
        }
    }
    Some(numeral)
}

/// How many ".ddd" follow.
fn groups_of_three(cx: &Cx<'_>, from: usize, sign: &str) -> usize {
    let mut groups = 0;
    while groups < MOST_GROUPS {
        let (dot, group) = (from + 2 * groups, from + 2 * groups + 1);
        let fits = cx.is(dot, sign) && cx.glued(dot) && cx.glued(group) && cx.num(group).is_some_and(|d| d.len() == 3);
        if !fits {
            break;
        }
        groups += 1;
    }
    groups
}

/// "khoản 1,2 và 3": articles and clauses are listed, not divided.
fn is_list(cx: &Cx<'_>, comma: usize) -> bool {
    const LISTED: [&str; 14] =
        ["khoản", "điều", "điểm", "tổ", "thôn", "xóm", "ấp", "khối", "lớp", "câu", "bài", "số", "ngày", "tháng"];
    let labelled = LISTED.contains(&cx.back(1));
    labelled && (matches!(cx.low(comma + 2), "và" | "," | "đến") || cx.back(1) != "điểm" && cx.back(1) != "số")
}
