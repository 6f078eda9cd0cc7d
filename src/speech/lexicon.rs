//! The pronunciation lexicon: what staff wrote over what we ship.
//!
//! A file is lines of `written ⇥ spoken ⇥ note`; blank lines and lines that begin with `#` are skipped.
//! A written form without capitals matches any casing. Staff entries come before the built-in ones and
//! before every rule.

use super::class;
use super::context::Cx;
use super::lex::{Kind, is_letter, lex};
use rustc_hash::FxHashMap;
use std::fmt;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// The lexicon shipped as `channels/lexicon.tsv`, also built in.
pub const SHIPPED: &str = include_str!("data/lexicon.tsv");

static BUILT_IN: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::parse(SHIPPED).unwrap_or_default());

/// The longest written form, in lexemes ("Sở VH,TT&DL" is 6).
const LONGEST: usize = 16;

/// Written forms and how they are said.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    entries: FxHashMap<String, Entry>,
    /// The first lexeme of every entry, with the length of the longest entry that begins so.
    heads: FxHashMap<String, usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) spoken: String,
    pub(crate) staff: bool,
    any_case: bool,
}

/// A line of a lexicon that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LexiconError {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong and what to do, in Vietnamese.
    pub message: String,
}

impl fmt::Display for LexiconError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dòng {}: {}", self.line, self.message)
    }
}

impl std::error::Error for LexiconError {}

impl Lexicon {
    /// Reads a lexicon file.
    ///
    /// # Errors
    /// Every line that cannot be used: a missing column, a spoken form that still holds digits or
    /// signs, a written form without letters or digits, a written form given twice.
    pub fn parse(tsv: &str) -> Result<Self, Vec<LexiconError>> {
        let mut lexicon = Self::default();
        let mut errors = Vec::new();
        for (i, line) in tsv.lines().enumerate() {
            let line = line.trim_start_matches('\u{feff}');
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Err(message) = lexicon.add(line) {
                errors.push(LexiconError { line: i + 1, message });
            }
        }
        if errors.is_empty() { Ok(lexicon) } else { Err(errors) }
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let mut columns = line.split('\t');
        let written = columns.next().unwrap_or_default().trim();
        let Some(spoken) = columns.next().map(str::trim).filter(|s| !s.is_empty()) else {
            return Err("thiếu cách đọc: cần “viết ⇥ đọc ⇥ ghi chú”, cách nhau bằng phím Tab".to_owned());
        };
        let spoken: String = spoken.nfc().collect();
        if let Some(odd) = spoken.chars().find(|&c| !(is_letter(c) || matches!(c, ' ' | ','))) {
            return Err(format!("cách đọc “{spoken}” còn ký tự “{odd}”: hãy viết hoàn toàn bằng chữ"));
        }
        let lexemes = lex(written);
        if lexemes.is_empty() || lexemes.len() > LONGEST || lexemes.iter().all(|l| l.kind == Kind::Sym) {
            return Err(format!("không dùng được “{written}”: cần từ 1 đến {LONGEST} mảnh chữ hoặc số"));
        }
        let key = key(&lexemes.iter().map(|l| (l.gap, l.text.as_ref())).collect::<Vec<_>>());
        let any_case = !key.chars().any(char::is_uppercase);
        let longest = self.heads.entry(lexemes.first().map_or("", |l| &l.text).to_owned()).or_default();
        *longest = lexemes.len().max(*longest);
        let entry = Entry { spoken, staff: true, any_case };
        match self.entries.insert(key, entry) {
            Some(_) => Err(format!("“{written}” đã có ở dòng trên: hãy giữ một dòng")),
            None => Ok(()),
        }
    }

    /// These entries over the built-in ones.
    pub(crate) fn over_built_in(self) -> Self {
        let mut merged = BUILT_IN.clone();
        for entry in merged.entries.values_mut() {
            entry.staff = false;
        }
        for trigger in class::triggers() {
            merged.heads.entry(trigger.to_owned()).or_default();
        }
        merged.entries.extend(self.entries);
        for (head, longest) in self.heads {
            let known = merged.heads.entry(head).or_default();
            *known = longest.max(*known);
        }
        merged
    }

    /// How many entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// No entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry for a single word, exact casing first.
    pub(crate) fn word(&self, word: &str) -> Option<&Entry> {
        self.entries.get(word)
    }

    /// Some entry, or some rule for small words, begins with this lexeme.
    pub(crate) fn starts(&self, text: &str, low: &str) -> bool {
        self.heads.contains_key(low) || (text.len() == low.len() && text != low && self.heads.contains_key(text))
    }

    /// The longest entry at the cursor, and its length in lexemes.
    pub(crate) fn find<'a>(&'a self, cx: &Cx<'a>) -> Option<(usize, &'a Entry)> {
        let exact = self.heads.get(cx.text(0)).copied().unwrap_or(0);
        let folded = self.heads.get(cx.low(0)).copied().unwrap_or(0);
        let longest = exact.max(folded);
        if longest == 0 || !opens(cx) {
            return None;
        }
        (1..=longest).rev().find_map(|n| {
            if cx.kind(n - 1) == Kind::End || !closes(cx, n) {
                return None;
            }
            let exact = key(&(0..n).map(|i| (!cx.glued(i), cx.text(i))).collect::<Vec<_>>());
            if let Some(entry) = self.entries.get(&exact) {
                return Some((n, entry));
            }
            let folded = key(&(0..n).map(|i| (!cx.glued(i), cx.low(i))).collect::<Vec<_>>());
            self.entries.get(&folded).filter(|entry| entry.any_case).map(|entry| (n, entry))
        })
    }
}

/// Not in the middle of a number-and-letters word such as "10kg".
fn opens(cx: &Cx<'_>) -> bool {
    !(cx.glued(0) && matches!(cx.back_kind(1), Kind::Num | Kind::Word) && cx.kind(0) != Kind::Sym)
}

fn closes(cx: &Cx<'_>, n: usize) -> bool {
    !(cx.glued(n) && matches!(cx.kind(n), Kind::Num | Kind::Word) && cx.kind(n - 1) != Kind::Sym)
}

fn key(lexemes: &[(bool, &str)]) -> String {
    let mut out = String::with_capacity(24);
    for (i, (gap, text)) in lexemes.iter().enumerate() {
        if i > 0 && *gap {
            out.push(' ');
        }
        out.push_str(text);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_lexicon_parses() {
        let parsed = Lexicon::parse(SHIPPED);
        assert_eq!(parsed.as_ref().err(), None);
        assert!(parsed.is_ok_and(|lexicon| lexicon.len() > 300));
    }

    #[test]
    fn errors_name_their_line() {
        let errors = Lexicon::parse("# đầu\nUBND\tỦy ban\n\nXYZ\nA1\tA 1\n").err().unwrap_or_default();
        assert_eq!(errors.iter().map(|e| e.line).collect::<Vec<_>>(), [4, 5]);
    }
}
