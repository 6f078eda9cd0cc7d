//! "a/b": a day and month, a fraction, so many out of so many, or a house number. Neighbours decide.

use super::date;
use super::words::{COUNTED, DAY_LEADS, HOLIDAYS, SHARE_LEADS, WEAK_LEADS, WHOLES};
use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number::{self, cardinal};
use crate::speech::numeral::numeral;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

/// a/b at the cursor.
struct Pair {
    take: usize,
    upper: u64,
    lower: u64,
    /// One of the two begins with a zero, as days and months do and fractions do not.
    zero_led: bool,
}

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let pair = pair(cx)?;
    if let Some(reading) = certain(cx, &pair) {
        return Some(reading);
    }
    // A count after a weak lead may still be a share: "đến 15/16 xã".
    let date = date::parse(cx, 0);
    let next = cx.low(pair.take);
    let Some(date) = date else {
        let part = pair.lower > pair.upper && pair.lower <= 10 && !COUNTED.contains(&next);
        return Some(if part { part_of(cx, &pair) } else { out_of(cx, &pair) });
    };
    let as_date = || Reading::say(3, date::say(cx, date), Class::Date, "ngày tháng");
    let reaching = cx.after_any(&["có tới", "có đến", "lên tới", "lên đến", "đạt tới", "gồm"]);
    if COUNTED.contains(&next) && (reaching || !WEAK_LEADS.contains(&cx.back(1))) && !pair.zero_led {
        return Some(out_of(cx, &pair).guess_if(HOLIDAYS.contains(&(date.day, date.month))));
    }
    if WHOLES.contains(&next) && pair.upper < pair.lower {
        return Some(part_of(cx, &pair));
    }
    if pair.zero_led || WEAK_LEADS.contains(&cx.back(1)) || cx.near(3, &["lễ", "dịp", "từ"]) {
        return Some(as_date());
    }
    if SHARE_LEADS.contains(&cx.back(1)) {
        let reading = if pair.upper < pair.lower && pair.lower <= 10 { part_of(cx, &pair) } else { out_of(cx, &pair) };
        return Some(reading.or(date::say(cx, date)));
    }
    if HOLIDAYS.contains(&(date.day, date.month)) && cx.back_kind(1) == Kind::Word {
        return Some(as_date());
    }
    // A headline or a caption of its own has no words to tell by.
    let alone = cx.kind(pair.take) != Kind::Word && cx.at <= 1 && cx.back_kind(1) != Kind::Word;
    let small = pair.upper < pair.lower && pair.lower <= 5;
    if (alone && !cx.is(pair.take, ")")) || (small && !cx.is(pair.take, ",;)")) {
        return Some(part_of(cx, &pair).or(date::say(cx, date)).guess());
    }
    Some(as_date().or(share(cx, &pair)).guess())
}

fn pair(cx: &Cx<'_>) -> Option<Pair> {
    let upper = numeral(cx, 0)?;
    let slash = upper.take;
    if !cx.is(slash, "/") || !cx.glued(slash) || !cx.glued(slash + 1) {
        return None;
    }
    let lower = numeral(cx, slash + 1)?;
    let take = slash + 1 + lower.take;
    if cx.is(take, "/") && cx.glued(take) && cx.glued(take + 1) && cx.kind(take + 1) == Kind::Num {
        return None;
    }
    let zero_led = upper.whole.starts_with('0') || lower.whole.starts_with('0');
    Some(Pair { take, upper: upper.value()?, lower: lower.value()?, zero_led })
}

/// What needs no weighing.
fn certain(cx: &Cx<'_>, pair: &Pair) -> Option<Reading> {
    const HOUSES: [&str; 10] = ["lớp", "hẻm", "ngõ", "ngách", "kiệt", "nhà", "số nhà", "lô số", "đường số", "số"];
    let upper_text = cx.text(0);
    // "15/2/3": a house behind a house.
    if cx.back(1) == "/" && cx.glued(0) && cx.back_kind(2) == Kind::Num {
        return Some(house(cx, pair));
    }
    if HOUSES.contains(&cx.back(1)) && !cx.after_any(&["tổng số", "đa số", "con số", "trên số"]) {
        return Some(house(cx, pair));
    }
    // "23 1/5": a mixed number.
    if cx.back_kind(1) == Kind::Num && !cx.glued(0) && pair.upper < pair.lower {
        let words = format!("và {}", part_words(cx, pair));
        return Some(Reading::say(pair.take, words, Class::Ratio, "hỗn số"));
    }
    if super::unit::at(cx, pair.take).is_some() && cx.glued(pair.take) {
        // "110/22kV" is no part of anything.
        return Some(if pair.upper < pair.lower { part_of(cx, pair) } else { out_of(cx, pair) });
    }
    if cx.after("xếp hạng") {
        return Some(out_of(cx, pair));
    }
    let medal = matches!(cx.back(1), "hạng" | "binh" | "loại") && pair.lower <= 4 && pair.upper <= 4;
    // "vòng 1/8": the round of the last sixteen.
    if medal || (cx.back(1) == "vòng" && pair.upper == 1) {
        return Some(part_of(cx, pair));
    }
    if pair.upper >= 1000 && pair.lower == pair.upper + 1 && pair.lower < 2200 {
        let words = format!("{} đến {}", number::count(upper_text, cx.region()), cardinal(pair.lower, cx.region()));
        return Some(Reading::say(pair.take, words, Class::Date, "khoảng năm"));
    }
    // "trình độ văn hóa 12/12"
    if matches!(cx.back(1), "độ" | "hóa" | "hoá" | "vấn") && pair.upper <= pair.lower {
        return Some(out_of(cx, pair));
    }
    let date = date::parse(cx, 0)?;
    if DAY_LEADS.contains(&cx.back(1))
        || cx.after_any(&["ngày và", "đến ngày"])
        || follows_a_weekday(cx)
        || follows_a_date(cx)
        || cx.listed_after("ngày")
        || leads_to_a_date(cx, pair, &date)
    {
        return Some(Reading::say(3, date::say(cx, date), Class::Date, "ngày tháng"));
    }
    None
}

/// "thứ Hai, 5/6".
fn follows_a_weekday(cx: &Cx<'_>) -> bool {
    cx.back(1) == "," && (cx.back(3) == "thứ" || cx.after("chủ nhật ,"))
}

/// "30/4 và 1/5", "20/7, 25/7": after a day and month comes another.
fn follows_a_date(cx: &Cx<'_>) -> bool {
    matches!(cx.back(1), "và" | "," | "đến" | "hoặc")
        && cx.back(3) == "/"
        && (DAY_LEADS.contains(&cx.back(5)) || WEAK_LEADS.contains(&cx.back(5)))
}

/// "1/5, 30/4 và 2/9": a holiday with another day and month after it.
fn leads_to_a_date(cx: &Cx<'_>, pair: &Pair, date: &date::Written) -> bool {
    let after = cx.ahead(pair.take + 1);
    HOLIDAYS.contains(&(date.day, date.month))
        && (cx.is(pair.take, ",") || matches!(cx.low(pair.take), "và" | "hoặc"))
        && after.is(1, "/")
        && date::parse(&after, 0).is_some_and(|next| next.day > 12 || HOLIDAYS.contains(&(next.day, next.month)))
}

fn house(cx: &Cx<'_>, pair: &Pair) -> Reading {
    let words = format!("{} trên {}", cardinal(pair.upper, cx.region()), cardinal(pair.lower, cx.region()));
    Reading::say(pair.take, words, Class::Address, "số nhà")
}

fn out_of(cx: &Cx<'_>, pair: &Pair) -> Reading {
    let words = format!("{} trên {}", cardinal(pair.upper, cx.region()), cardinal(pair.lower, cx.region()));
    Reading::say(pair.take, words, Class::Ratio, "trên tổng số")
}

fn part_of(cx: &Cx<'_>, pair: &Pair) -> Reading {
    Reading::say(pair.take, part_words(cx, pair), Class::Ratio, "phân số")
}

fn share(cx: &Cx<'_>, pair: &Pair) -> String {
    if pair.upper < pair.lower && pair.lower <= 10 {
        part_words(cx, pair)
    } else {
        format!("{} trên {}", cardinal(pair.upper, cx.region()), cardinal(pair.lower, cx.region()))
    }
}

fn part_words(cx: &Cx<'_>, pair: &Pair) -> String {
    let lower = if pair.lower == 4 { "tư".to_owned() } else { cardinal(pair.lower, cx.region()) };
    format!("{} phần {lower}", cardinal(pair.upper, cx.region()))
}
