//! Text in, spoken Vietnamese out. Pure: no files, no clock, no network.
//!
//! The journey of a line: `lex` cuts it into lexemes; `class` holds one file per kind of token, each
//! a function that recognises its kind at the cursor and says it; `normaliser` walks the cursor
//! and `assemble` joins the words. `definitions` learns what an article says its abbreviations mean.
//! `clean`, `breath` and `timing` turn a spoken article into something a person can read on air.

mod assemble;
pub mod breath;
pub mod calendar;
mod class;
pub mod clean;
mod context;
mod definitions;
mod headline;
mod letters;
mod lex;
mod lexicon;
mod lines;
mod normaliser;
pub mod number;
mod numeral;
mod reading;
mod syllable;
pub mod timing;
mod token;
mod voice;

pub use lexicon::{Lexicon, LexiconError, SHIPPED};
pub use lines::{Line, edited, lines};
pub use normaliser::Normaliser;
pub use token::{Certainty, Class, Spoken, Token};
pub use voice::{CodeStyle, Region, Voice};

/// Syllables of a spoken text: Vietnamese writes a space between any two.
#[must_use]
pub fn syllables(spoken: &str) -> usize {
    spoken.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).count()
}
