//! Lines all in capitals.

use super::lex::{Case, Kind, Lexeme};
use super::syllable::is_syllable;

/// No small letter, and Vietnamese words among the capitals: a headline rather than an abbreviation.
pub(crate) fn is_headline(lexemes: &[Lexeme<'_>]) -> bool {
    let mut plain = 0;
    for lexeme in lexemes.iter().filter(|l| l.kind == Kind::Word) {
        if lexeme.case != Case::Upper {
            return false;
        }
        let low = lexeme.low();
        if low.chars().nth(1).is_some() && is_syllable(low) {
            plain += if low.is_ascii() { 1 } else { 2 };
        }
    }
    plain >= 2
}
