//! Web and mail addresses and hashtags. Known names get their Vietnamese back: "dichvucong" is "dịch vụ công".

use crate::speech::context::Cx;
use crate::speech::letters;
use crate::speech::lex::{Case, Kind};
use crate::speech::number::digit_by_digit;
use crate::speech::reading::Reading;
use crate::speech::syllable::{ascii, is_unmarked_syllable};
use crate::speech::token::{Certainty, Class};
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// name without marks ⇥ spoken.
const TABLE: &str = include_str!("../data/web.tsv");
/// Longest label cut into pieces, and longest known name, in bytes.
const LONGEST_LABEL: usize = 60;
const LONGEST_NAME: usize = 24;
/// Longest address, in lexemes.
const MOST: usize = 60;

static NAMES: LazyLock<FxHashMap<&'static str, &'static str>> = LazyLock::new(|| {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t')).collect()
});

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if cx.is(0, "#") {
        return hashtag(cx);
    }
    let scheme = if cx.next_any(0, &["http : / /", "https : / /"]) { 4 } else { 0 };
    if scheme == 0
        && (cx.kind(0) == Kind::Sym
            || !(cx.is(1, ".@-_") && cx.glued(1) && cx.glued(2))
                && !(cx.glued(1) && cx.kind(1) == Kind::Num || cx.glued(1) && cx.kind(0) == Kind::Num))
    {
        return None;
    }
    let (end, mail) = extent(cx, scheme)?;
    let mut words = Vec::new();
    let mut certainty = Certainty::Sure;
    let first = scheme
        + if cx.low(scheme) == "www" {
            words.push("ba vê kép chấm".to_owned());
            2
        } else {
            0
        };
    for i in first..end {
        let said = match cx.kind(i) {
            Kind::Word => {
                let (said, how) = label(cx, i);
                certainty = certainty.max(how);
                said
            }
            Kind::Num => digit_by_digit(cx.text(i)),
            _ => sign(cx.text(i)).to_owned(),
        };
        if !said.is_empty() {
            words.push(said);
        }
    }
    let mut reading = Reading::say(end, words.join(" "), Class::Web, if mail { "thư điện tử" } else { "trang mạng" });
    reading.certainty = certainty;
    Some(reading)
}

/// Where the address ends, and whether it is a mail address; none if it is neither.
fn extent(cx: &Cx<'_>, scheme: usize) -> Option<(usize, bool)> {
    let mut end = scheme;
    let mut at_sign = false;
    let mut path = false;
    let mut dotted = false;
    let mut top = false;
    while end < MOST {
        let inside = end == scheme || cx.glued(end);
        let fits = match cx.kind(end) {
            Kind::Word => cx.text(end).is_ascii(),
            Kind::Num => true,
            Kind::Sym => {
                cx.is(end, ".@-_/?=&%#:~+")
                    && cx.glued(end + 1)
                    && matches!(cx.kind(end + 1), Kind::Word | Kind::Num | Kind::Sym)
            }
            Kind::End => false,
        };
        if !inside || !fits {
            break;
        }
        if cx.is(end, "/?") {
            if !top {
                break;
            }
            path = true;
        }
        at_sign |= cx.is(end, "@");
        if !path && cx.is(end, ".") && end > scheme {
            dotted = true;
        }
        top = path || (dotted && cx.kind(end) == Kind::Word && is_top(cx.low(end)) && cx.is(end - 1, "."));
        end += 1;
    }
    while end > scheme && cx.kind(end - 1) == Kind::Sym && !cx.is(end - 1, "/") {
        end -= 1;
    }
    let whole = (top || scheme > 0) && end > scheme + 2;
    (whole && !(cx.glued(end) && matches!(cx.kind(end), Kind::Word))).then_some((end, at_sign && !path))
}

fn is_top(label: &str) -> bool {
    matches!(
        label,
        "vn" | "com"
            | "net"
            | "org"
            | "info"
            | "edu"
            | "gov"
            | "io"
            | "me"
            | "asia"
            | "tv"
            | "app"
            | "online"
            | "ly"
            | "gl"
    )
}

fn sign(text: &str) -> &'static str {
    match text {
        "." => "chấm",
        "@" => "a còng",
        "/" => "gạch chéo",
        "-" => "gạch ngang",
        "_" => "gạch dưới",
        "=" => "bằng",
        "&" => "và",
        "?" => "hỏi chấm",
        "%" => "phần trăm",
        "#" => "thăng",
        ":" => "hai chấm",
        "~" => "ngã",
        "+" => "cộng",
        _ => "",
    }
}

/// One label of an address.
fn label(cx: &Cx<'_>, i: usize) -> (String, Certainty) {
    let low = cx.low(i);
    if let Some(known) = NAMES.get(low) {
        return ((*known).to_owned(), Certainty::Sure);
    }
    if let Some(entry) = cx.env.lexicon.word(low).or_else(|| cx.env.lexicon.word(cx.text(i))) {
        return (entry.spoken.clone(), Certainty::Sure);
    }
    match pieces(low) {
        Some(cut) => cut,
        None if low.len() <= 6 => (letters::spell(low), Certainty::Sure),
        None => (letters::spell(low), Certainty::Guess),
    }
}

/// A label cut into known names and syllables typed without marks: "congan" + "xa" + "tan" + "lap".
fn pieces(low: &str) -> Option<(String, Certainty)> {
    if low.len() > LONGEST_LABEL {
        return None;
    }
    let mut words = Vec::new();
    let mut dead_ends = 0;
    let certainty = cut(low, 0, &mut dead_ends, &mut words)?;
    words.reverse();
    Some((words.join(" "), certainty))
}

/// Cuts `rest`, which begins at `at`, last piece first; `dead_ends` has a bit for each place that cannot be cut.
fn cut<'a>(rest: &'a str, at: usize, dead_ends: &mut u64, words: &mut Vec<&'a str>) -> Option<Certainty> {
    if rest.is_empty() {
        return Some(Certainty::Sure);
    }
    if *dead_ends & (1 << at) != 0 {
        return None;
    }
    let known = |n: usize| {
        let (head, tail) = rest.split_at_checked(n)?;
        Some((NAMES.get(head).copied()?, tail, Certainty::Sure))
    };
    let plain = |n: usize| {
        let (head, tail) = rest.split_at_checked(n)?;
        let fits = is_unmarked_syllable(head) && head.bytes().any(|b| !b"aeiouy".contains(&b));
        fits.then_some((head, tail, Certainty::Guess))
    };
    let longest = rest.len().min(LONGEST_NAME);
    let names = (2..=longest).rev().filter_map(known);
    let choices = names.chain((2..=longest.min(7)).rev().filter_map(plain));
    for (said, tail, how) in choices {
        if let Some(certainty) = cut(tail, at + rest.len() - tail.len(), dead_ends, words) {
            words.push(said);
            return Some(certainty.max(how));
        }
    }
    *dead_ends |= 1 << at;
    None
}

/// "#`ChuyenDoiSo`".
fn hashtag(cx: &Cx<'_>) -> Option<Reading> {
    if cx.kind(1) != Kind::Word || !cx.glued(1) {
        return None;
    }
    let text = cx.text(1);
    let (said, certainty) = match NAMES.get(ascii(cx.low(1)).as_str()) {
        Some(known) if text.is_ascii() => ((*known).to_owned(), Certainty::Sure),
        _ if cx.case(1) == Case::Mixed => {
            (humps(text), if text.is_ascii() { Certainty::Guess } else { Certainty::Sure })
        }
        _ => match cx.env.lexicon.word(&text.to_uppercase()) {
            Some(entry) => (entry.spoken.clone(), Certainty::Sure),
            None => label(cx, 1),
        },
    };
    let mut words = format!("thăng {said}");
    let mut take = 2;
    if let Some(digits) = cx.num(2).filter(|_| cx.glued(2)) {
        words = format!("{words} {}", crate::speech::number::label(digits, cx.region()));
        take = 3;
    }
    let mut reading = Reading::say(take, words, Class::Web, "thẻ bài viết");
    reading.certainty = certainty;
    Some(reading)
}

/// "`ChuyểnĐổiSố`" to "chuyển đổi số"; runs of capitals stay together.
fn humps(text: &str) -> String {
    let mut out = String::new();
    let mut last_lower = false;
    for c in text.chars() {
        if c.is_uppercase() && last_lower {
            out.push(' ');
        }
        last_lower = c.is_lowercase();
        out.extend(c.to_lowercase());
    }
    out
}
