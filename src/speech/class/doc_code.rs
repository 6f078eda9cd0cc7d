//! Document numbers with their codes: 36-KH/HU, 123/2021/NĐ-CP, 64/2020/QH14, in the office's style.

use super::doc_part::{self, Part};
use super::words::DOCUMENTS;
use crate::speech::context::Cx;
use crate::speech::letters;
use crate::speech::lex::{Case, Kind};
use crate::speech::number;
use crate::speech::reading::{Mark, Reading, Say};
use crate::speech::token::{Certainty, Class};
use crate::speech::voice::CodeStyle;

/// Most parts after the number.
const MOST_PARTS: usize = 6;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    let digits = cx.num(0).filter(|d| d.len() <= 6)?;
    if !cx.is(1, "/-–") && !cx.is(2, "/-–") {
        return None;
    }
    let region = cx.region();
    let numbered = cx.back(1) == "số" || (cx.back(1) == ":" && cx.back(2) == "số") || cx.after_any(&DOCUMENTS);
    let mut i = 1;
    let mut suffix = String::new();
    // "12a/QĐ-UBND"
    if numbered && cx.glued(1) && cx.kind(1) == Kind::Word && cx.text(1).chars().nth(1).is_none() && cx.is(2, "/-") {
        suffix = format!(" {}", cx.text(1));
        i = 2;
    }
    let mut year = None;
    if cx.is(i, "/")
        && cx.glued(i)
        && cx.glued(i + 1)
        && let Some(value) = cx.num(i + 1).filter(|y| y.len() == 4).and_then(|y| y.parse::<u64>().ok())
    {
        year = Some(value);
        i += 2;
    }
    let loose = numbered && cx.is(i, "/-–") && doc_part::is_known(cx.text(i + 1));
    if !cx.is(i, "/-–") || !(loose || cx.glued(i) && cx.glued(i + 1)) {
        return None;
    }
    let head = cx.text(i + 1);
    let capital = matches!(cx.case(i + 1), Case::Upper | Case::Mixed) && head.chars().nth(1).is_some();
    if cx.kind(i + 1) != Kind::Word || !(doc_part::is_known(head) || (numbered && capital)) {
        return None;
    }
    // A unit after a range ("5-10") or a lone body after a count is no code.
    if !numbered && year.is_none() && !doc_part::is_type(head) {
        return None;
    }
    let (end, parts) = parts(cx, i);
    let number = format!("{}{suffix}", number::label(digits, region));
    let year = year.map(|y| format!(" năm {}", number::cardinal(y, region))).unwrap_or_default();
    let certainty = parts.iter().map(|(_, part)| part.certainty).max().unwrap_or(Certainty::Sure);
    let words = match cx.env.voice.code_style {
        CodeStyle::Full => {
            let said: Vec<&str> = parts.iter().map(|(_, part)| part.spoken.as_str()).collect();
            format!("{number}{year}, {}", said.join(" "))
        }
        CodeStyle::Short => format!("{number}{year}{}", issuers(cx, end, &parts)),
        CodeStyle::Spelled => format!("{number}{year}{}", spelled(cx, i, end)),
    };
    let mut reading = Reading::say(end, words, Class::DocCode, "số ký hiệu văn bản");
    reading.certainty = certainty;
    if cx.env.voice.tu.is_none()
        && let Say::Words(words) = &reading.say
        && words.contains("Tỉnh ủy")
    {
        reading.others.push(words.replace("Tỉnh ủy", "Thành ủy"));
    }
    let full = cx.env.voice.code_style == CodeStyle::Full;
    if cx.next_any(end, &["ngày", "về"]) || full && cx.kind(end) == Kind::Word && cx.low(end) != "của" {
        reading = reading.then(Mark::Comma);
    }
    Some(reading)
}

/// The parts after the separator at `i`, each with its separator, and where they end.
fn parts<'a>(cx: &Cx<'a>, mut i: usize) -> (usize, Vec<(&'a str, Part)>) {
    let mut parts = Vec::new();
    while parts.len() < MOST_PARTS && cx.is(i, "/-–.,&") && cx.kind(i + 1) == Kind::Word {
        let first = parts.is_empty();
        let touching = cx.glued(i) && cx.glued(i + 1);
        let known = doc_part::is_known(cx.text(i + 1));
        if !(touching || known && cx.is(i, "/-–")) || (!first && !known && cx.case(i + 1) == Case::Title) {
            break;
        }
        if !first && cx.is(i, ".,") && !known {
            break;
        }
        let part = doc_part::part(cx, i + 1);
        let separator = cx.text(i);
        i += 1 + part.take;
        parts.push((separator, part));
    }
    (i, parts)
}

/// " của Huyện ủy", unless the text says itself whose it is.
fn issuers(cx: &Cx<'_>, end: usize, parts: &[(&str, Part)]) -> String {
    let named: Vec<&str> = parts.iter().filter_map(|(_, part)| part.issuer.as_deref()).collect();
    if named.is_empty() || cx.near_ahead(end, "của") {
        return String::new();
    }
    format!(" của {}", named.join(", "))
}

fn spelled(cx: &Cx<'_>, from: usize, end: usize) -> String {
    let mut out = String::new();
    for i in from..end {
        out.push(' ');
        match cx.kind(i) {
            Kind::Num => out.push_str(&number::label(cx.text(i), cx.region())),
            Kind::Word => out.push_str(&letters::spell(cx.text(i))),
            _ if cx.is(i, "/") => out.push_str("trên"),
            _ => out.push_str("gạch ngang"),
        }
    }
    out
}
