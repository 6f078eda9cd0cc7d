//! "Ban Chỉ đạo (BCĐ)": the article teaches its abbreviation, and the bracket is not read.

use super::context::Cx;
use super::lex::{Case, Kind};
use super::syllable::ascii;
use std::collections::HashMap;

/// Words that announce an abbreviation inside the bracket.
const LEADS: [&str; 5] = ["viết tắt là", "gọi tắt là", "sau đây gọi là", "sau đây gọi tắt là", "sau đây viết tắt là"];
/// The longest abbreviation taught, in letters, and the longest phrase, in lexemes.
const MOST_LETTERS: usize = 14;
const MOST_WORDS: usize = 18;

/// A bracket that defines.
pub(crate) struct Definition {
    /// Lexemes of the bracket.
    pub(crate) take: usize,
    pub(crate) abbreviation: String,
    pub(crate) phrase: String,
}

/// Collects what the line's brackets define.
pub(crate) fn learn(cx: &Cx<'_>, learned: &mut HashMap<String, String>) {
    for i in 0..cx.lexemes.len() {
        if cx.is(i, "(")
            && let Some(found) = definition(&cx.ahead(i))
        {
            learned.entry(found.abbreviation).or_insert(found.phrase);
        }
    }
}

/// The definition whose opening bracket is under the cursor.
pub(crate) fn definition(cx: &Cx<'_>) -> Option<Definition> {
    let lead = LEADS.iter().find(|lead| cx.next(1, lead)).map_or(0, |lead| lead.split(' ').count());
    let first = 1 + lead;
    let mut abbreviation = String::new();
    let mut i = first;
    while !cx.is(i, ")") {
        let part = match cx.kind(i) {
            Kind::Word if matches!(cx.case(i), Case::Upper | Case::Mixed) => true,
            Kind::Sym => cx.is(i, "&-"),
            Kind::Num | Kind::End | Kind::Word => false,
        };
        if !part || (i > first && !cx.glued(i)) || i > first + 6 {
            return None;
        }
        abbreviation.push_str(cx.text(i));
        i += 1;
    }
    let letters: Vec<char> = abbreviation.chars().filter(|c| c.is_alphabetic()).map(fold).collect();
    if letters.len() < 2 || letters.len() > MOST_LETTERS {
        return None;
    }
    let phrase = phrase_before(cx, &letters)?;
    Some(Definition { take: i + 1, abbreviation, phrase })
}

/// Walks back from the bracket, a word for each letter; "và" and hyphens may have none.
fn phrase_before(cx: &Cx<'_>, letters: &[char]) -> Option<String> {
    // "Bệnh viện Đa khoa tỉnh (BVĐK)": the level is part of the name, not of the abbreviation.
    const LEVELS: [&str; 7] = ["tỉnh", "huyện", "xã", "phường", "quận", "phố", "ương"];
    let mut rest = letters;
    let levelled = LEVELS.contains(&cx.back(1))
        && rest.last().is_some_and(|&last| cx.back(1).chars().next().map(fold) != Some(last));
    let mut k = usize::from(levelled);
    while let Some((&last, head)) = rest.split_last() {
        k += 1;
        if k > MOST_WORDS {
            return None;
        }
        let word = cx.back(k);
        if word.chars().next().map(fold) == Some(last) && cx.back_kind(k) == Kind::Word {
            rest = head;
        } else if !matches!(word, "và" | "-" | "–" | "," | "&") || k == 1 + usize::from(levelled) {
            return None;
        }
    }
    let from = cx.at.checked_sub(k)?;
    let words: Vec<&str> =
        cx.lexemes.get(from..cx.at)?.iter().filter(|l| l.kind == Kind::Word).map(|l| l.text.as_ref()).collect();
    Some(words.join(" "))
}

fn fold(c: char) -> char {
    ascii(&c.to_lowercase().to_string()).chars().next().unwrap_or(c)
}
