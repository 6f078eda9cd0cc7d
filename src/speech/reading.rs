//! What a rule answers: how many lexemes it takes and how they are said.

use super::token::{Certainty, Class};

/// A pause mark of the clean text, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    Comma,
    Colon,
    Semicolon,
    Ellipsis,
    Stop,
    Exclamation,
    Question,
}

impl Mark {
    pub(crate) fn sign(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Colon => ':',
            Self::Semicolon => ';',
            Self::Ellipsis => '…',
            Self::Stop => '.',
            Self::Exclamation => '!',
            Self::Question => '?',
        }
    }
}

/// What is said.
#[derive(Debug)]
pub(crate) enum Say {
    /// These words.
    Words(String),
    /// The lexemes' own letters.
    AsWritten,
    /// A pause.
    Pause(Mark),
    /// Nothing.
    Nothing,
}

/// A rule's answer.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) take: usize,
    pub(crate) say: Say,
    /// A pause after the words.
    pub(crate) pause: Option<Mark>,
    pub(crate) class: Class,
    pub(crate) rule: &'static str,
    pub(crate) certainty: Certainty,
    pub(crate) others: Vec<String>,
}

impl Reading {
    pub(crate) fn say(take: usize, words: impl Into<String>, class: Class, rule: &'static str) -> Self {
        Self::of(take, Say::Words(words.into()), class, rule)
    }

    pub(crate) fn pause(take: usize, mark: Mark, rule: &'static str) -> Self {
        Self::of(take, Say::Pause(mark), Class::Symbol, rule)
    }

    pub(crate) fn nothing(take: usize, class: Class, rule: &'static str) -> Self {
        Self::of(take, Say::Nothing, class, rule)
    }

    pub(crate) fn as_written(take: usize, class: Class, rule: &'static str) -> Self {
        Self::of(take, Say::AsWritten, class, rule)
    }

    fn of(take: usize, say: Say, class: Class, rule: &'static str) -> Self {
        Self { take, say, pause: None, class, rule, certainty: Certainty::Sure, others: Vec::new() }
    }

    /// Its words might be taken for something else in another reading: letters, names, dropped signs.
    pub(crate) fn may_be_reread(&self) -> bool {
        match self.class {
            Class::Code
            | Class::Web
            | Class::Acronym
            | Class::Foreign
            | Class::Marker
            | Class::Roman
            | Class::Address => true,
            Class::Symbol => !matches!(self.say, Say::Pause(_)),
            _ => self.certainty != Certainty::Sure,
        }
    }

    pub(crate) fn then(mut self, mark: Mark) -> Self {
        self.pause = Some(mark);
        self
    }

    /// The likeliest of several.
    pub(crate) fn guess(mut self) -> Self {
        self.certainty = self.certainty.max(Certainty::Guess);
        self
    }

    pub(crate) fn guess_if(self, doubtful: bool) -> Self {
        if doubtful { self.guess() } else { self }
    }

    pub(crate) fn unknown(mut self) -> Self {
        self.certainty = Certainty::Unknown;
        self
    }

    pub(crate) fn or(mut self, other: impl Into<String>) -> Self {
        self.others.push(other.into());
        self
    }
}
