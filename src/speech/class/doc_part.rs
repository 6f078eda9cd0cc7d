//! The parts of a document code: what "NQ", "UBND", "QH14" stand for.

use super::organ;
use crate::speech::context::Cx;
use crate::speech::letters;
use crate::speech::lex::{Case, Kind};
use crate::speech::number;
use crate::speech::reading::Reading;
use crate::speech::token::{Certainty, Class};
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// part ⇥ spoken ⇥ kind ("loại" of document, "cơ quan", "đơn vị") ⇥ as an issuer after "của".
const TABLE: &str = include_str!("../data/codes.tsv");

/// A part of a code, said.
pub(super) struct Part {
    pub(super) take: usize,
    pub(super) spoken: String,
    /// As an issuer: "của …".
    pub(super) issuer: Option<String>,
    pub(super) certainty: Certainty,
}

struct Row {
    spoken: &'static str,
    kind: &'static str,
    issuer: &'static str,
}

static PARTS: LazyLock<FxHashMap<&'static str, Row>> = LazyLock::new(|| {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut columns = line.split('\t');
            let (part, spoken, kind) = (columns.next()?, columns.next()?, columns.next()?);
            Some((part, Row { spoken, kind, issuer: columns.next().filter(|s| !s.is_empty()).unwrap_or(spoken) }))
        })
        .collect()
});

/// Two or more parts without a number: "mẫu TT-BYT", "NQ/TW".
pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if !is_known(cx.text(0)) || !cx.is(1, "/-") || !cx.glued(1) || !cx.glued(2) || !is_known(cx.text(2)) {
        return None;
    }
    if !is_type(cx.text(0)) {
        return None;
    }
    let (first, second) = (part(cx, 0), part(cx, 2));
    let words = format!("{} {}", first.spoken, second.spoken);
    Some(Reading::say(2 + second.take, words, Class::DocCode, "ký hiệu văn bản"))
}

pub(super) fn is_known(text: &str) -> bool {
    PARTS.contains_key(text) || organ::name(text).is_some()
}

pub(super) fn is_type(text: &str) -> bool {
    PARTS.get(text).is_some_and(|row| row.kind == "loại")
}

/// The part that begins `i` lexemes on, with the digits that belong to it.
pub(super) fn part(cx: &Cx<'_>, i: usize) -> Part {
    let text = cx.text(i);
    let mut take = 1;
    let (mut spoken, mut issuer, certainty) = meaning(cx, text, i);
    if let Some(digits) = cx.num(i + 1).filter(|_| cx.glued(i + 1)) {
        take = 2;
        // The National Assembly and its committee carry their term: QH14.
        let term = if matches!(text, "QH" | "UBTVQH") { "khóa " } else { "" };
        let tail = format!(" {term}{}", number::label(digits, cx.region()));
        spoken.push_str(&tail);
        if let Some(issuer) = &mut issuer {
            issuer.push_str(&tail);
        }
    }
    Part { take, spoken, issuer, certainty }
}

fn meaning(cx: &Cx<'_>, text: &str, i: usize) -> (String, Option<String>, Certainty) {
    if text == "TU" {
        let name = cx.env.voice.tu.clone();
        let certainty = if name.is_some() { Certainty::Sure } else { Certainty::Guess };
        let name = name.unwrap_or_else(|| "Tỉnh ủy".to_owned());
        return (name.clone(), Some(name), certainty);
    }
    if let Some(kind) = named_kind(cx, text).filter(|_| i > 0) {
        return (kind.to_owned(), None, Certainty::Sure);
    }
    if let Some(row) = PARTS.get(text) {
        let issuer = (row.kind == "cơ quan").then(|| row.issuer.to_owned());
        return (row.spoken.to_owned(), issuer, Certainty::Sure);
    }
    if let Some(name) = organ::name(text) {
        return (name.clone(), Some(name), Certainty::Sure);
    }
    if let Some(name) = party_organ(cx, text) {
        return (name.clone(), Some(name), Certainty::Sure);
    }
    if let Some(phrase) = cx.env.learned.get(text) {
        return (phrase.clone(), Some(phrase.clone()), Certainty::Sure);
    }
    if let Some(entry) = cx.env.lexicon.word(text) {
        return (entry.spoken.clone(), None, Certainty::Sure);
    }
    if text.chars().nth(1).is_none()
        || (cx.case(i) != Case::Upper && cx.kind(i) == Kind::Word && cx.case(i) != Case::Mixed)
    {
        return (text.to_owned(), None, Certainty::Guess);
    }
    (letters::spell(text), None, Certainty::Unknown)
}

/// The word before the number wins over the table: "Quy định số 37-QĐ/TW", "Chương trình số 06-CT/TU".
fn named_kind(cx: &Cx<'_>, text: &str) -> Option<&'static str> {
    const NAMED: [(&str, &str, &str); 3] =
        [("QĐ", "quy định", "Quy định"), ("CT", "chương trình", "Chương trình"), ("HĐ", "hợp đồng", "Hợp đồng")];
    let (_, written, spoken) = NAMED.iter().find(|(part, ..)| *part == text)?;
    (0..4).any(|k| cx.behind(k).after(written)).then_some(*spoken)
}

/// A committee's own organ: BTGTU, UBKTHU.
fn party_organ(cx: &Cx<'_>, text: &str) -> Option<String> {
    let committees = [
        ("TU", cx.env.voice.tu.as_deref().unwrap_or("Tỉnh ủy")),
        ("HU", "Huyện ủy"),
        ("ĐU", "Đảng ủy"),
        ("QU", "Quận ủy"),
    ];
    committees.iter().find_map(|(letters, committee)| {
        let organ = match text.strip_suffix(letters)? {
            "BTC" => "Ban Tổ chức",
            "VP" => "Văn phòng",
            other => PARTS.get(other).filter(|row| row.kind == "cơ quan")?.spoken,
        };
        Some(format!("{organ} {committee}"))
    })
}
