//! Walks the cursor over each line and lets the first rule that recognises something say it.

use super::assemble::Assembler;
use super::class;
use super::context::{Cx, Env};
use super::definitions;
use super::headline::is_headline;
use super::lex::lex;
use super::lexicon::Lexicon;
use super::token::{Spoken, Token};
use super::voice::Voice;
use std::collections::HashMap;
use unicode_normalization::{UnicodeNormalization, is_nfc};

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

    fn definitions(&self, text: &str) -> HashMap<String, String> {
        let mut learned = HashMap::new();
        for line in text.split('\n').filter(|line| line.contains('(')) {
            let lexemes = lex(line);
            let none = HashMap::new();
            let env = Env { voice: &self.voice, lexicon: &self.lexicon, learned: &none, headline: false };
            definitions::learn(&Cx { lexemes: &lexemes, at: 0, env: &env }, &mut learned);
        }
        learned
    }

    fn read_line(
        &self,
        line: &str,
        base: usize,
        learned: &HashMap<String, String>,
        out: &mut String,
        tokens: &mut Vec<Token>,
    ) {
        let lexemes = lex(line);
        let headline = is_headline(&lexemes);
        let env = Env { voice: &self.voice, lexicon: &self.lexicon, learned, headline };
        let mut assembler = Assembler::new(line, base, headline, out, tokens);
        let mut cx = Cx { lexemes: &lexemes, at: 0, env: &env };
        while let Some(lexeme) = lexemes.get(cx.at) {
            match class::read(&cx) {
                None => {
                    assembler.plain(lexeme);
                    cx.at += 1;
                }
                Some(reading) => {
                    let end = cx.at + reading.take.max(1);
                    let taken = lexemes.get(cx.at..end).unwrap_or_default();
                    assembler.reading(taken, reading);
                    cx.at = end;
                }
            }
        }
        assembler.finish();
    }
}
