//! Joins readings into the clean text of one line and notes where each was heard.

use super::lex::Lexeme;
use super::reading::{Mark, Reading, Say};
use super::token::{Certainty, Class, Token};
use std::ops::Range;

/// Builds one line.
pub(crate) struct Assembler<'a> {
    line: &'a str,
    /// Where the line begins in the whole input.
    base: usize,
    headline: bool,
    text: &'a mut String,
    tokens: &'a mut Vec<Token>,
    line_start: usize,
    pending: Option<Mark>,
    /// A run of plain words not yet turned into a token: its bytes in the line, and where it is heard.
    plain: Option<(Range<usize>, usize)>,
}

impl<'a> Assembler<'a> {
    pub(crate) fn new(
        line: &'a str,
        base: usize,
        headline: bool,
        text: &'a mut String,
        tokens: &'a mut Vec<Token>,
    ) -> Self {
        let line_start = text.len();
        Self { line, base, headline, text, tokens, line_start, pending: None, plain: None }
    }

    /// A word read as written.
    pub(crate) fn plain(&mut self, lexeme: &Lexeme<'_>) {
        self.space();
        let heard = self.text.len();
        self.text.push_str(&lexeme.text);
        self.extend_plain(lexeme.start..lexeme.end, heard);
    }

    /// A rule's reading of `lexemes`.
    pub(crate) fn reading(&mut self, lexemes: &[Lexeme<'_>], reading: Reading) {
        let (Some(first), Some(last)) = (lexemes.first(), lexemes.last()) else {
            return;
        };
        let span = first.start..last.end;
        if let Say::Pause(mark) = reading.say
            && reading.certainty == Certainty::Sure
        {
            self.wait(mark);
            if let Some((run, _)) = &mut self.plain {
                run.end = span.end;
            }
            return;
        }
        self.flush_plain();
        match reading.say {
            Say::Words(ref words) => {
                self.space();
                let heard = self.text.len();
                self.words(words);
                self.token(span, heard, reading);
            }
            Say::AsWritten => {
                self.space();
                let heard = self.text.len();
                for (i, lexeme) in lexemes.iter().enumerate() {
                    if i > 0 {
                        self.text.push(' ');
                    }
                    self.text.push_str(&lexeme.text);
                }
                self.token(span, heard, reading);
            }
            Say::Pause(mark) => {
                let heard = self.text.len();
                self.token(span, heard, reading);
                self.wait(mark);
            }
            Say::Nothing => {
                let heard = self.text.len();
                self.token(span, heard, reading);
            }
        }
    }

    /// Ends the line.
    pub(crate) fn finish(mut self) {
        self.flush_plain();
        if let Some(mark) = self.pending.filter(|&mark| mark != Mark::Comma)
            && self.text.len() > self.line_start
        {
            self.text.push(mark.sign());
        }
    }

    fn wait(&mut self, mark: Mark) {
        self.pending = self.pending.max(Some(mark));
    }

    fn at_sentence_start(&self) -> bool {
        self.text.len() == self.line_start
            || self.text.as_bytes().strip_suffix(b" ").and_then(<[u8]>::last).is_some_and(|b| b".?!".contains(b))
    }

    /// What stands between the words so far and the next.
    fn space(&mut self) {
        let mark = self.pending.take();
        if self.text.len() == self.line_start {
            return;
        }
        if let Some(mark) = mark {
            self.text.push(mark.sign());
        }
        self.text.push(' ');
    }

    fn words(&mut self, words: &str) {
        if self.headline {
            self.text.extend(words.chars().flat_map(char::to_uppercase));
            return;
        }
        let mut chars = words.chars();
        if self.at_sentence_start()
            && let Some(first) = chars.next()
        {
            self.text.extend(first.to_uppercase());
        }
        self.text.push_str(chars.as_str());
    }

    fn token(&mut self, span: Range<usize>, heard: usize, reading: Reading) {
        let spoken = self.text.get(heard..).unwrap_or_default().to_owned();
        let heard = heard..self.text.len();
        if let Some(mark) = reading.pause {
            self.wait(mark);
        }
        self.push(span, heard, spoken, reading.class, reading.rule, reading.certainty, reading.others);
    }

    fn extend_plain(&mut self, span: Range<usize>, heard: usize) {
        match &mut self.plain {
            Some((run, _)) => run.end = span.end,
            None => self.plain = Some((span, heard)),
        }
    }

    fn flush_plain(&mut self) {
        let Some((span, from)) = self.plain.take() else {
            return;
        };
        let end = self.text.len();
        let spoken = self.text.get(from..end).unwrap_or_default().to_owned();
        self.push(span, from..end, spoken, Class::Plain, "chữ thường", Certainty::Sure, Vec::new());
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one token, in order")]
    fn push(
        &mut self,
        span: Range<usize>,
        heard: Range<usize>,
        spoken: String,
        class: Class,
        rule: &'static str,
        certainty: Certainty,
        alternatives: Vec<String>,
    ) {
        let written = self.line.get(span.clone()).unwrap_or_default().to_owned();
        let span = span.start + self.base..span.end + self.base;
        self.tokens.push(Token { span, heard, written, spoken, class, rule, certainty, alternatives });
    }
}
