//! Walks the cursor over each line and lets the first rule that recognises something say it.

use super::assemble::Assembler;
use super::class;
use super::context::{Cx, Env};
use super::definitions;
use super::headline::is_headline;
use super::lex::{Case, Kind, lex};
use super::lexicon::Lexicon;
use super::number;
use super::reading::Say;
use super::token::{Certainty, Class, Spoken, Token};
use super::voice::Voice;
use std::collections::HashMap;
use unicode_normalization::{UnicodeNormalization, is_nfc};

type Learned = HashMap<String, String>;

/// Rounds of rereading before giving up on a jumble; text written by people settles in one.
const MOST_ROUNDS: usize = 8;

/// Signs whose reading leaves nothing to reread.
const USUAL_SIGNS: &str = ".,;:?!…()%-–/";

/// Reads text aloud for one office. Holds no state between calls; share it freely.
#[derive(Clone, Debug)]
pub struct Normaliser {
    voice: Voice,
    lexicon: Lexicon,
}

impl Normaliser {
    /// `lexicon` is the staff's; the built-in one lies under it.
    #[must_use]
    pub fn new(voice: Voice, lexicon: Lexicon) -> Self {
        Self { voice, lexicon: lexicon.over_built_in() }
    }

    /// One line or fragment. Line breaks inside it are kept.
    #[must_use]
    pub fn line(&self, text: &str) -> Spoken {
        self.text(text)
    }

    /// A whole article, one line out per line in. What it defines anywhere holds everywhere in it.
    #[must_use]
    pub fn text(&self, text: &str) -> Spoken {
        let learned = self.definitions(text);
        let mut spoken = String::with_capacity(text.len() + text.len() / 4);
        let mut tokens = Vec::new();
        let mut base = 0;
        for line in text.split('\n') {
            if base > 0 {
                spoken.push('\n');
            }
            self.read_line(line, base, &learned, &mut spoken, &mut tokens);
            base += line.len() + 1;
        }
        if !is_nfc(&spoken) {
            // Letters of scripts whose parts compose across words; their places are not kept.
            spoken = spoken.nfc().collect();
        }
        Spoken { text: spoken, tokens }
    }

    fn definitions(&self, text: &str) -> Learned {
        let mut learned = Learned::new();
        for line in text.split('\n').filter(|line| line.contains('(')) {
            let lexemes = lex(line);
            let none = Learned::new();
            let env = Env { voice: &self.voice, lexicon: &self.lexicon, learned: &none, headline: false };
            definitions::learn(&Cx { lexemes: &lexemes, at: 0, env: &env }, &mut learned);
        }
        // A name may hold abbreviations of its own: "Ban Chỉ đạo UBND (BCĐU)".
        for phrase in learned.values_mut() {
            *phrase = self.settle(phrase);
        }
        learned
    }

    /// One line, read so that reading the result again changes nothing.
    fn read_line(&self, line: &str, base: usize, learned: &Learned, out: &mut String, tokens: &mut Vec<Token>) {
        let (from, first) = (out.len(), tokens.len());
        if !self.pass(line, base, learned, out, tokens) {
            return;
        }
        let Some(once) = out.get(from..).map(str::to_owned) else {
            return;
        };
        let settled = self.settle(&once);
        if settled == once {
            return;
        }
        // Only jumbled letters and signs come here: the line is read whole, and shown to staff.
        out.truncate(from);
        out.push_str(&settled);
        tokens.truncate(first);
        tokens.push(Token {
            span: base..base + line.len(),
            heard: from..out.len(),
            written: line.to_owned(),
            spoken: settled,
            class: Class::Code,
            rule: "dòng lạ",
            certainty: Certainty::Unknown,
            alternatives: Vec::new(),
        });
    }

    /// Reads until the reading is its own.
    fn settle(&self, once: &str) -> String {
        let mut text = once.to_owned();
        for round in 0..MOST_ROUNDS {
            let mut again = String::with_capacity(text.len());
            self.pass(&text, 0, &Learned::new(), &mut again, &mut Vec::new());
            if again == text {
                break;
            }
            // Capitals are what keeps being reread; late rounds do without.
            text = if round < MOST_ROUNDS / 2 { again } else { again.to_lowercase() };
        }
        text
    }

    /// Reads a line once; true when something in it might be read differently the next time.
    fn pass(&self, line: &str, base: usize, learned: &Learned, out: &mut String, tokens: &mut Vec<Token>) -> bool {
        let lexemes = lex(line);
        let headline = is_headline(&lexemes);
        let env = Env { voice: &self.voice, lexicon: &self.lexicon, learned, headline };
        let mut assembler = Assembler::new(line, base, headline, out, tokens);
        let mut cx = Cx { lexemes: &lexemes, at: 0, env: &env };
        let mut unsettled = false;
        let mut opening = true;
        while let Some(lexeme) = lexemes.get(cx.at) {
            match class::read(&cx) {
                None => {
                    let capitals = matches!(lexeme.case, Case::Upper | Case::Mixed);
                    unsettled |= capitals && (!headline || number::roman(&lexeme.text).is_some())
                        || is_lone_letter(&lexeme.text, opening);
                    opening = false;
                    assembler.plain(lexeme);
                    cx.at += 1;
                }
                Some(reading) => {
                    unsettled |= reading.may_be_reread()
                        || lexeme.kind == Kind::Sym && !USUAL_SIGNS.contains(lexeme.text.as_ref());
                    opening &= !matches!(reading.say, Say::Words(_) | Say::AsWritten);
                    let end = cx.at + reading.take.max(1);
                    let taken = lexemes.get(cx.at..end).unwrap_or_default();
                    assembler.reading(taken, reading);
                    cx.at = end;
                }
            }
        }
        assembler.finish();
        unsettled
    }
}

/// A letter by itself may be an initial, a list marker or a numeral; "y" and "ở" are words.
fn is_lone_letter(text: &str, opening: bool) -> bool {
    text.chars().nth(1).is_none() && (opening || text.is_ascii() && text != "y")
}

#[cfg(test)]
mod tests {
    use super::{Lexicon, Normaliser, Voice};
    use crate::speech::context::LOOKS;

    #[test]
    fn ten_times_the_text_is_ten_times_the_work() {
        let reader = Normaliser::new(Voice::default(), Lexicon::default());
        for seed in
            ["((((", "1.1.1.1", "a/a/a/", "1-2-3-", "\"\"\"\"", "UBND (", "0912 ", "từ - ", "I II ", "x@y.vn ", "#a "]
        {
            let looks = |times: usize| {
                LOOKS.set(0);
                let text = seed.repeat(times);
                let spoken = reader.text(&text).text;
                assert!(spoken.len() < text.len() * 40, "{seed}");
                LOOKS.get()
            };
            let (short, long) = (looks(500), looks(5_000));
            assert!(long < short * 11 + 1_000, "{seed}: {short} looks, then {long}");
        }
    }
}
