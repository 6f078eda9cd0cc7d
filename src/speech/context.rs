//! A rule's view of the line: the lexeme it stands on, its neighbours, the office's settings.

use super::lex::{Case, Kind, Lexeme};
use super::lexicon::{Entry, Lexicon};
use super::voice::{Region, Voice};
use std::collections::HashMap;

/// What a line is read against.
pub(crate) struct Env<'a> {
    pub(crate) voice: &'a Voice,
    pub(crate) lexicon: &'a Lexicon,
    /// Abbreviations the article itself defines.
    pub(crate) learned: &'a HashMap<String, String>,
    /// A line all in capitals: never spelled.
    pub(crate) headline: bool,
}

/// The cursor. Offsets count lexemes forward from the one being read; `back` counts backward from 1.
#[derive(Clone, Copy)]
pub(crate) struct Cx<'a> {
    pub(crate) lexemes: &'a [Lexeme<'a>],
    pub(crate) at: usize,
    pub(crate) env: &'a Env<'a>,
}

#[cfg(test)]
thread_local! {
    /// How often a rule has looked at a lexeme: the work done, counted instead of timed.
    pub(crate) static LOOKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl<'a> Cx<'a> {
    fn lexeme(&self, i: usize) -> Option<&'a Lexeme<'a>> {
        #[cfg(test)]
        LOOKS.set(LOOKS.get() + 1);
        self.lexemes.get(self.at + i)
    }

    fn before(&self, k: usize) -> Option<&'a Lexeme<'a>> {
        #[cfg(test)]
        LOOKS.set(LOOKS.get() + 1);
        self.at.checked_sub(k).and_then(|at| self.lexemes.get(at))
    }

    pub(crate) fn kind(&self, i: usize) -> Kind {
        self.lexeme(i).map_or(Kind::End, |l| l.kind)
    }

    pub(crate) fn case(&self, i: usize) -> Case {
        self.lexeme(i).map_or(Case::Lower, |l| l.case)
    }

    pub(crate) fn text(&self, i: usize) -> &'a str {
        self.lexeme(i).map_or("", |l| &l.text)
    }

    pub(crate) fn low(&self, i: usize) -> &'a str {
        self.lexeme(i).map_or("", |l| l.low())
    }

    /// The lexeme follows the one before it without a gap.
    pub(crate) fn glued(&self, i: usize) -> bool {
        self.lexeme(i).is_some_and(|l| !l.gap) && self.at + i > 0
    }

    /// A number, its digits.
    pub(crate) fn num(&self, i: usize) -> Option<&'a str> {
        self.lexeme(i).filter(|l| l.kind == Kind::Num).map(|l| l.text.as_ref())
    }

    /// A number of at most four digits, its value.
    pub(crate) fn small(&self, i: usize) -> Option<u32> {
        self.num(i).filter(|digits| digits.len() <= 4).and_then(|digits| digits.parse().ok())
    }

    /// One of these signs stands there.
    pub(crate) fn is(&self, i: usize, signs: &str) -> bool {
        self.lexeme(i).is_some_and(|l| l.kind == Kind::Sym && signs.contains(l.text.as_ref()))
    }

    /// A hyphen or a dash stands there.
    pub(crate) fn is_dash(&self, i: usize) -> bool {
        self.is(i, DASHES)
    }

    /// The k-th lexeme back in lower case, "" past the head of the line.
    pub(crate) fn back(&self, k: usize) -> &'a str {
        self.before(k).map_or("", |l| l.low())
    }

    pub(crate) fn back_kind(&self, k: usize) -> Kind {
        self.before(k).map_or(Kind::End, |l| l.kind)
    }

    pub(crate) fn back_case(&self, k: usize) -> Case {
        self.before(k).map_or(Case::Lower, |l| l.case)
    }

    /// The words before end with one of these phrases (lower case, single spaces).
    pub(crate) fn after_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.after(phrase))
    }

    pub(crate) fn after(&self, phrase: &str) -> bool {
        phrase.rsplit(' ').enumerate().all(|(k, word)| self.back(k + 1) == word)
    }

    /// The words from offset `i` begin with one of these phrases (lower case, single spaces).
    pub(crate) fn next_any(&self, i: usize, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.next(i, phrase))
    }

    pub(crate) fn next(&self, i: usize, phrase: &str) -> bool {
        phrase.split(' ').enumerate().all(|(k, word)| self.low(i + k) == word)
    }

    /// One of these words stands within `reach` lexemes back, in the same clause.
    pub(crate) fn near(&self, reach: usize, words: &[&str]) -> bool {
        (1..=reach)
            .map(|k| self.back(k))
            .take_while(|w| !matches!(*w, "." | ";" | "?" | "!"))
            .any(|w| words.contains(&w))
    }

    /// This word comes next, or right after a date.
    pub(crate) fn near_ahead(&self, i: usize, word: &str) -> bool {
        (i..i + 9).take_while(|&j| !matches!(self.low(j), "." | ";" | "về")).any(|j| self.low(j) == word)
    }

    /// The same line seen from `i` lexemes on.
    pub(crate) fn ahead(&self, i: usize) -> Self {
        Self { at: self.at + i, ..*self }
    }

    /// The same line seen from `k` lexemes back, at most from its head.
    pub(crate) fn behind(&self, k: usize) -> Self {
        Self { at: self.at.saturating_sub(k), ..*self }
    }

    /// A hyphen or a dash is the k-th lexeme back.
    pub(crate) fn back_dash(&self, k: usize) -> bool {
        self.before(k).is_some_and(|l| l.kind == Kind::Sym && DASHES.contains(l.text.as_ref()))
    }

    /// The number stands in a list such as "5, 10 và 15" that this word opens.
    pub(crate) fn listed_after(&self, head: &str) -> bool {
        const REACH: usize = 14;
        let mut k = 1;
        while k < REACH {
            let joint = matches!(self.back(k), "và" | "," | "đến" | "tới") || self.back_dash(k);
            if !joint || self.back_kind(k + 1) != Kind::Num {
                return false;
            }
            if self.back(k + 2) == head {
                return true;
            }
            k += 2;
        }
        false
    }

    pub(crate) fn at_line_start(&self) -> bool {
        self.at == 0
    }

    pub(crate) fn region(&self) -> Region {
        self.env.voice.region
    }

    pub(crate) fn entry(&self) -> Option<(usize, &'a Entry)> {
        self.env.lexicon.find(self)
    }
}

/// Hyphens, dashes and the minus sign.
pub(crate) const DASHES: &str = "-–—‐‑‒―−_";
