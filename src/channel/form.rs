//! What people fill in to set up a channel: a row for each key of its settings.
//!
//! The rows are written by hand, for they are words; a test holds them against the keys that the adapter really reads.

use serde::Deserialize;
use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

use crate::text::Text;

/// One key of a settings table, as people fill it in.
#[derive(Clone, Copy)]
pub struct Field {
    /// The key; a dot leads into a table.
    pub key: &'static str,
    /// What it is called.
    pub label: fn() -> Text,
    /// What to write there.
    pub help: fn() -> Text,
    /// How it is filled in.
    pub input: Input,
    /// Whether it has to be there.
    pub required: bool,
    /// Has a meaning only while another key says this.
    pub only: Option<(&'static str, &'static str)>,
}

/// How a field is filled in.
#[derive(Clone, Copy)]
pub enum Input {
    /// A line of text.
    Line,
    /// A whole number.
    Number,
    /// A whole number, or a name.
    NumberOrName,
    /// Yes or no; left alone, the usual.
    YesNo,
    /// One of these; left alone, the usual.
    Choice(&'static [Choice]),
    /// Some of these; none: the usual.
    Choices(&'static [Choice]),
    /// Several, a line for each.
    Lines,
    /// `immediate`, or cron lines, one below the other.
    Timing,
    /// A secret, typed once and never shown.
    Secret,
    /// A secret of several lines.
    SecretLines,
    /// Too much for a field: written in the file itself.
    InFile,
}

/// A word that a key may say, and what it means.
pub type Choice = (&'static str, fn() -> Text);

impl Field {
    /// A field that may be left empty.
    #[must_use]
    pub const fn new(key: &'static str, input: Input, label: fn() -> Text, help: fn() -> Text) -> Self {
        Self { key, label, help, input, required: false, only: None }
    }

    /// The same, but it has to be filled in.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same, with a meaning only while `key` says `word`.
    #[must_use]
    pub const fn only(self, key: &'static str, word: &'static str) -> Self {
        Self { only: Some((key, word)), ..self }
    }
}

/// The keys of a settings table, as the type that reads it names them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Keys(pub Vec<String>);

impl Keys {
    /// The keys that `T` reads.
    #[must_use]
    pub fn of<'de, T: Deserialize<'de>>() -> Self {
        let mut keys = Vec::new();
        // It always fails, once it has seen what it was after.
        drop(T::deserialize(Spy(&mut keys)));
        Self(keys.into_iter().map(str::to_owned).collect())
    }

    /// The same where `key` is a table of its own, which `T` reads.
    #[must_use]
    pub fn with<'de, T: Deserialize<'de>>(mut self, key: &str) -> Self {
        self.0.retain(|own| own != key);
        self.0.extend(Self::of::<T>().0.iter().map(|inner| format!("{key}.{inner}")));
        self
    }

    /// These, and those of `other` that are not among them.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for key in other.0 {
            if !self.0.contains(&key) {
                self.0.push(key);
            }
        }
        self
    }
}

/// Asked to read a struct, it notes the struct's fields.
struct Spy<'k>(&'k mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Spy<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0.extend_from_slice(fields);
        Err(Error::custom("seen"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("not a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
