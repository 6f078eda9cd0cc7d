//! What the normaliser hands back: the spoken text and, for each piece, how it was read and how surely.

use std::fmt;
use std::ops::Range;

/// How far a reading can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// chắc: the grammar or the lexicon leaves one reading.
    Sure,
    /// suy đoán: the likeliest of several readings.
    Guess,
    /// không rõ: read in the safest way (spelled, digit by digit); needs a lexicon entry.
    Unknown,
}

impl Certainty {
    /// The word shown to staff.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Sure => "chắc",
            Self::Guess => "suy đoán",
            Self::Unknown => "không rõ",
        }
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// What kind of thing a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Vietnamese words, read as written.
    Plain,
    /// A lexicon entry or another known abbreviation.
    Abbreviation,
    /// An abbreviation nobody taught us, spelled.
    Acronym,
    /// A foreign word or name.
    Foreign,
    /// A count.
    Cardinal,
    /// A number with a fractional part, or a dotted version number.
    Decimal,
    /// "thứ 7", "lần thứ 8", "hạng 1".
    Ordinal,
    /// A Roman numeral.
    Roman,
    /// A day, month or year.
    Date,
    /// A clock time or a duration written with units.
    Time,
    /// An amount of money.
    Money,
    /// A number with a unit.
    Measure,
    /// A fraction, a ratio or a score.
    Ratio,
    /// "đến" between two values.
    Range,
    /// A telephone, hotline, identity or account number, digit by digit.
    Phone,
    /// The number of a document with its code.
    DocCode,
    /// A road, a kilometre post, a house number.
    Address,
    /// A web or mail address, a hashtag.
    Web,
    /// Letters and digits in one word: 10A1, B52.
    Code,
    /// A list marker at the head of a line.
    Marker,
    /// A bracket that only defines an abbreviation; not read.
    Definition,
    /// Punctuation and signs.
    Symbol,
}

impl Class {
    /// A short, stable name for tables and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Abbreviation => "abbreviation",
            Self::Acronym => "acronym",
            Self::Foreign => "foreign",
            Self::Cardinal => "cardinal",
            Self::Decimal => "decimal",
            Self::Ordinal => "ordinal",
            Self::Roman => "roman",
            Self::Date => "date",
            Self::Time => "time",
            Self::Money => "money",
            Self::Measure => "measure",
            Self::Ratio => "ratio",
            Self::Range => "range",
            Self::Phone => "phone",
            Self::DocCode => "doc_code",
            Self::Address => "address",
            Self::Web => "web",
            Self::Code => "code",
            Self::Marker => "marker",
            Self::Definition => "definition",
            Self::Symbol => "symbol",
        }
    }
}

/// One piece of the input and its reading. Runs of plain words are one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Bytes of the input.
    pub span: Range<usize>,
    /// Bytes of [`Spoken::text`]; empty when nothing is said.
    pub heard: Range<usize>,
    /// The input under `span`.
    pub written: String,
    /// The words said for it, without the punctuation that follows.
    pub spoken: String,
    /// What it was taken for.
    pub class: Class,
    /// The name of the rule that decided.
    pub rule: &'static str,
    /// How surely.
    pub certainty: Certainty,
    /// Other readings it could have had.
    pub alternatives: Vec<String>,
}

/// A text ready to be read aloud.
///
/// `text` holds only letters, spaces, line breaks and the marks `, . ; : ? ! …`, in NFC, one line
/// out for each line in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spoken {
    /// The words.
    pub text: String,
    /// How each piece was read, in order.
    pub tokens: Vec<Token>,
}

impl Spoken {
    /// The tokens an editor should look at.
    pub fn doubts(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter().filter(|token| token.certainty != Certainty::Sure)
    }
}
