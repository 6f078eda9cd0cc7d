//! Clock times: 7h30, 14g30, 14:00, 02:02:02, 13h15', 9 giờ 30; and round-the-clock 24/7, 24/24h.

use super::words::{DAY_LEADS, WEAK_LEADS};
use crate::speech::context::Cx;
use crate::speech::lex::Kind;
use crate::speech::number::cardinal;
use crate::speech::reading::Reading;
use crate::speech::token::Class;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    round_the_clock(cx)
        .or_else(|| spelled_hour(cx))
        .or_else(|| lettered(cx))
        .or_else(|| coloned(cx))
        .or_else(|| dotted(cx))
}

/// "7h30", "7h", "14g30".
fn lettered(cx: &Cx<'_>) -> Option<Reading> {
    let hour = cx.small(0)?;
    let letter = cx.low(1);
    if !cx.glued(1) || !matches!(letter, "h" | "g") {
        return None;
    }
    let minute = cx.small(2).filter(|&m| cx.glued(2) && m < 60 && cx.text(2).len() <= 2 && hour <= 24);
    let Some(minute) = minute else {
        let clock = hour <= 24
            && (matches!(cx.low(2), "ngày" | "sáng" | "chiều" | "tối" | "trưa" | "hôm")
                || matches!(cx.back(1), "lúc" | "hồi"));
        let alone = (letter == "h" || clock) && !(cx.glued(2) && matches!(cx.kind(2), Kind::Num | Kind::Word));
        return alone
            .then(|| Reading::say(2, format!("{} giờ", cardinal(hour.into(), cx.region())), Class::Time, "giờ"));
    };
    let mut take = 3;
    let mut unit_said = matches!(cx.low(3), "phút");
    if cx.glued(3) && (cx.is(3, "'’′") || matches!(cx.low(3), "p" | "ph" | "m" | "phút")) {
        take = 4;
        unit_said = false;
    } else if cx.glued(3) && cx.kind(3) == Kind::Word {
        return None;
    }
    Some(Reading::say(take, clock(cx, hour, minute, unit_said), Class::Time, "giờ phút"))
}

/// The minutes of "8 giờ 00" and "8 giờ 05".
fn spelled_hour(cx: &Cx<'_>) -> Option<Reading> {
    let minute = cx
        .small(0)
        .filter(|&m| m < 10 && cx.text(0).len() == 2 && cx.back(1) == "giờ" && cx.back_kind(2) == Kind::Num)?;
    let unit_said = cx.low(1) == "phút";
    Some(match minute {
        0 if unit_said => Reading::nothing(2, Class::Time, "giờ phút"),
        0 => Reading::nothing(1, Class::Time, "giờ phút"),
        _ => Reading::say(
            1,
            if unit_said {
                cardinal(minute.into(), cx.region())
            } else {
                format!("{} phút", cardinal(minute.into(), cx.region()))
            },
            Class::Time,
            "giờ phút",
        ),
    })
}

/// "lúc 8.30", "hồi 14.05": only where an hour is expected.
fn dotted(cx: &Cx<'_>) -> Option<Reading> {
    let hour = cx.small(0).filter(|&hour| hour <= 24 && matches!(cx.back(1), "lúc" | "hồi"))?;
    let minute = cx.small(2).filter(|&minute| minute < 60 && cx.text(2).len() == 2)?;
    let whole = cx.is(1, ".") && cx.glued(1) && cx.glued(2) && !(cx.glued(3) && cx.kind(3) != Kind::Sym);
    whole.then(|| Reading::say(3, clock(cx, hour, minute, false), Class::Time, "giờ phút"))
}

/// "14:00", "02:02:02".
fn coloned(cx: &Cx<'_>) -> Option<Reading> {
    let hour = cx.small(0).filter(|&h| h <= 24 && cx.text(0).len() <= 2)?;
    let minute = sixtieth(cx, 1)?;
    if cx.after_any(&["tỷ lệ", "tỉ lệ", "tỷ số", "tỉ số"]) {
        return None;
    }
    let second = sixtieth(cx, 3);
    let take = if second.is_some() { 5 } else { 3 };
    if cx.is(take, ":/") && cx.glued(take) && cx.glued(take + 1) && cx.kind(take + 1) == Kind::Num {
        return None;
    }
    let half = match cx.text(take) {
        "AM" => Some(" sáng"),
        "PM" if hour < 6 || hour == 12 => Some(" chiều"),
        "PM" => Some(" tối"),
        _ => None,
    };
    if let Some(half) = half {
        return Some(Reading::say(
            take + 1,
            format!("{}{half}", clock(cx, hour, minute, false)),
            Class::Time,
            "giờ phút",
        ));
    }
    let mut words = clock(cx, hour, minute, matches!(cx.low(take), "phút"));
    if let Some(second) = second.filter(|&s| s > 0) {
        words = format!("{words} {} giây", cardinal(second.into(), cx.region()));
    }
    Some(Reading::say(take, words, Class::Time, "giờ phút"))
}

fn sixtieth(cx: &Cx<'_>, i: usize) -> Option<u32> {
    let joined = cx.is(i, ":") && cx.glued(i) && cx.glued(i + 1);
    cx.small(i + 1).filter(|&n| joined && n < 60 && cx.text(i + 1).len() == 2)
}

fn clock(cx: &Cx<'_>, hour: u32, minute: u32, unit_said: bool) -> String {
    let region = cx.region();
    let hour = cardinal(hour.into(), region);
    match (minute, unit_said) {
        (0, false) => format!("{hour} giờ"),
        (_, false) => format!("{hour} giờ {} phút", cardinal(minute.into(), region)),
        (_, true) => format!("{hour} giờ {}", cardinal(minute.into(), region)),
    }
}

/// "24/7" unless the words lead to 24 July, "24/24", "24/24h".
fn round_the_clock(cx: &Cx<'_>) -> Option<Reading> {
    const SERVICE: [&str; 16] = [
        "trực", "động", "vụ", "trợ", "việc", "nhận", "tục", "cứu", "cửa", "đài", "nóng", "sát", "vệ", "hành", "canh",
        "gác",
    ];
    if cx.num(0) != Some("24") || !cx.is(1, "/") || !cx.glued(1) || !cx.glued(2) {
        return None;
    }
    let last = cx.num(2).filter(|n| matches!(*n, "7" | "24"))?;
    if cx.is(3, "/-") && cx.glued(3) && cx.glued(4) && cx.kind(4) == Kind::Num {
        return None;
    }
    let region = cx.region();
    let mut words = format!("hai mươi tư trên {}", cardinal(last.parse().unwrap_or(7), region));
    let mut take = 3;
    if cx.glued(3) && cx.low(3) == "h" {
        words.push_str(" giờ");
        take = 4;
    }
    let reading = Reading::say(take, words, Class::Time, "suốt ngày đêm");
    if last == "24" || SERVICE.contains(&cx.back(1)) {
        return Some(reading);
    }
    if DAY_LEADS.contains(&cx.back(1)) || WEAK_LEADS.contains(&cx.back(1)) {
        return None;
    }
    Some(reading.or("ngày hai mươi tư tháng bảy").guess_if(!cx.near(6, &SERVICE)))
}
