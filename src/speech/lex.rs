//! First step: a line becomes lexemes, each a run of letters, a run of digits or one sign.
//!
//! Blank space, quotation marks and invisible characters are not lexemes; they only set `gap` on the
//! lexeme that follows. A lexeme keeps its bytes in the input and its own NFC text, so spans stay
//! right for decomposed input.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// What a lexeme is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters.
    Word,
    /// ASCII digits.
    Num,
    /// One other character.
    Sym,
    /// Past either end of the line.
    End,
}

/// How the letters of a word are cased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Title,
    Upper,
    Mixed,
}

/// One lexeme.
#[derive(Debug)]
pub(crate) struct Lexeme<'a> {
    pub(crate) kind: Kind,
    pub(crate) case: Case,
    /// Something unread stands before it.
    pub(crate) gap: bool,
    /// Bytes of the line.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: Cow<'a, str>,
    /// Lower-case text where it differs.
    low: Option<Box<str>>,
}

impl Lexeme<'_> {
    pub(crate) fn low(&self) -> &str {
        self.low.as_deref().unwrap_or(&self.text)
    }
}

/// A character that is read as part of a word.
pub(crate) fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
        || is_composed_latin(c)
        || (!c.is_ascii()
            && c.is_alphabetic()
            && !c.is_numeric()
            && !matches!(c, 'º' | 'ª')
            && canonical_combining_class(c) == 0)
}

/// The letters Vietnamese is written with and their neighbours: NFC as they stand unless a mark follows.
fn is_composed_latin(c: char) -> bool {
    matches!(c, 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ɏ' | 'Ḁ'..='ỿ')
}

/// Signs that are never read and never stand for anything.
fn is_silent(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '‹' | '›' | '‘' | '‚' | '`' | '´' | '″' | '¨')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{ffff}')
}

fn is_mark(c: char) -> bool {
    !c.is_ascii() && canonical_combining_class(c) != 0
}

/// Splits one line.
pub(crate) fn lex(line: &str) -> Vec<Lexeme<'_>> {
    let mut out: Vec<Lexeme<'_>> = Vec::with_capacity(line.len() / 5 + 4);
    let mut chars = line.char_indices().peekable();
    let mut gap = true;
    while let Some((start, c)) = chars.next() {
        let mut end = start + c.len_utf8();
        let mut composed = true;
        let kind = if is_letter(c) {
            composed = c.is_ascii() || is_composed_latin(c);
            while let Some(&(_, next)) = chars.peek() {
                if !(is_letter(next) || is_mark(next)) {
                    break;
                }
                composed &= next.is_ascii() || is_composed_latin(next);
                end += next.len_utf8();
                chars.next();
            }
            Kind::Word
        } else if c.is_ascii_digit() {
            while chars.peek().is_some_and(|(_, next)| next.is_ascii_digit()) {
                end += 1;
                chars.next();
            }
            Kind::Num
        } else {
            let quote = matches!(c, '\'' | '’');
            let after_digit = !gap && out.last().is_some_and(|last| last.kind == Kind::Num);
            if is_silent(c) || is_mark(c) || (quote && !after_digit) {
                gap = true;
                continue;
            }
            Kind::Sym
        };
        let Some(raw) = line.get(start..end) else {
            continue;
        };
        out.push(if kind == Kind::Word { word(raw, composed, gap, start) } else { sign(raw, kind, gap, start) });
        gap = false;
    }
    out
}

fn sign(raw: &str, kind: Kind, gap: bool, start: usize) -> Lexeme<'_> {
    Lexeme { kind, case: Case::Lower, gap, start, end: start + raw.len(), text: Cow::Borrowed(raw), low: None }
}

/// `composed`: the letters are NFC as they stand.
fn word(raw: &str, composed: bool, gap: bool, start: usize) -> Lexeme<'_> {
    let text = if composed { Cow::Borrowed(raw) } else { compose(raw) };
    let case = case_of(&text);
    let low = (case != Case::Lower).then(|| {
        let low = text.to_lowercase();
        if composed { low.into_boxed_str() } else { low.nfc().collect::<String>().into_boxed_str() }
    });
    Lexeme { kind: Kind::Word, case, gap, start, end: start + raw.len(), text, low }
}

/// NFC, without the marks no letter took up.
fn compose(raw: &str) -> Cow<'_, str> {
    let kept: String = raw.nfc().filter(|&c| is_letter(c)).collect();
    Cow::Owned(kept.nfc().collect())
}

fn case_of(word: &str) -> Case {
    let mut chars = word.chars();
    let first_upper = chars.next().is_some_and(char::is_uppercase);
    let (mut uppers, mut lowers) = (0_usize, 0_usize);
    for c in chars {
        if c.is_uppercase() {
            uppers += 1;
        } else {
            lowers += 1;
        }
    }
    match (first_upper, uppers, lowers) {
        (true, _, 0) => Case::Upper,
        (true, 0, _) => Case::Title,
        (false, 0, _) => Case::Lower,
        _ => Case::Mixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decomposed_words_keep_their_bytes() {
        let line = "Qu\u{79}\u{301} II/2023";
        let lexemes = lex(line);
        let texts: Vec<&str> = lexemes.iter().map(|l| l.text.as_ref()).collect();
        assert_eq!(texts, ["Quý", "II", "/", "2023"]);
        assert_eq!(lexemes.first().map(|l| l.end), Some(5));
    }

    #[test]
    fn quotes_are_gaps() {
        let lexemes = lex("khóa “XI”");
        assert_eq!(lexemes.len(), 2);
        assert!(lexemes.iter().all(|l| l.gap));
    }
}
