//! `[settings]` as it is written: requests as templates, and where their answers say what.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use toml::Spanned;

use super::super::Secret;
use crate::text::nearest::SECRET_IS_NAMED;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// `{{ base }}` in the templates: what differs between two portals of one make.
    pub(super) base: Option<Spanned<String>>,
    /// `{{ values.… }}` in the templates.
    #[serde(default)]
    pub(super) values: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) headers: Headers,
    pub(super) login: Option<Login>,
    pub(super) create: Spanned<CallTable>,
    pub(super) correct: Option<Spanned<CallTable>>,
    pub(super) reveal: Option<Spanned<CallTable>>,
    pub(super) withdraw: Option<Spanned<CallTable>>,
    pub(super) look_up: Option<Spanned<LookUpTable>>,
    pub(super) probe: Option<Spanned<CallTable>>,
}

pub(super) type Headers = BTreeMap<String, Spanned<HeaderWords>>;
pub(super) type Templates = BTreeMap<String, Spanned<String>>;

/// Basic authentication (RFC 7617).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Spanned<Secret>,
}

/// A request that does something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallTable {
    pub(super) method: Option<Spanned<String>>,
    pub(super) url: Spanned<String>,
    #[serde(default)]
    pub(super) headers: Headers,
    pub(super) json: Option<Spanned<String>>,
    pub(super) form: Option<Templates>,
    pub(super) multipart: Option<Templates>,
    pub(super) pictures: Option<Spanned<PicturesTable>>,
    #[serde(default)]
    pub(super) expect: Vec<Spanned<u16>>,
    pub(super) gone: Option<Vec<Spanned<u16>>>,
    pub(super) safe_to_repeat: Option<Spanned<bool>>,
    #[serde(default)]
    pub(super) answer: AnswerTable,
}

/// Pictures among the parts of a multipart body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PicturesTable {
    /// Name of the part that carries a picture.
    pub(super) field: String,
    /// Name of the part that carries its alternative text.
    pub(super) alt: Option<String>,
    /// Most pictures; the rest is left out.
    pub(super) most: Option<usize>,
}

/// Where an answer says what: JSON pointers (RFC 6901), or `header:Name`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerTable {
    pub(super) id: Option<Spanned<String>>,
    pub(super) url: Option<Spanned<String>>,
}

/// A request that asks whether our copy is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LookUpTable {
    pub(super) method: Option<Spanned<String>>,
    pub(super) url: Spanned<String>,
    #[serde(default)]
    pub(super) headers: Headers,
    pub(super) json: Option<Spanned<String>>,
    pub(super) form: Option<Templates>,
    #[serde(default)]
    pub(super) expect: Vec<Spanned<u16>>,
    pub(super) found: Spanned<String>,
    pub(super) r#match: Spanned<BTreeMap<String, Spanned<String>>>,
    #[serde(default)]
    pub(super) public: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) scan: bool,
    #[serde(default)]
    pub(super) answer: AnswerTable,
}

/// A header's value: a template, or the name of a secret with what stands before it.
pub(super) enum HeaderWords {
    Template(String),
    Secret { secret: Secret, prefix: String },
}

impl<'de> Deserialize<'de> for HeaderWords {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = HeaderWords;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or { env = \"NAME\" } or { file = \"/path\" }, with prefix = \"Bearer \" where needed")
    }

    fn visit_str<E: serde::de::Error>(self, words: &str) -> Result<HeaderWords, E> {
        Ok(HeaderWords::Template(words.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<HeaderWords, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Place {
            env: Option<String>,
            file: Option<PathBuf>,
            #[serde(default)]
            prefix: String,
        }
        // Whatever stands there instead is not repeated: it may be the secret itself.
        let place =
            Place::deserialize(MapAccessDeserializer::new(map)).map_err(|_| A::Error::custom(SECRET_IS_NAMED))?;
        let secret = match (place.env, place.file) {
            (Some(name), None) => Secret::Env(name),
            (None, Some(path)) => Secret::File(path),
            _ => return Err(A::Error::custom(SECRET_IS_NAMED)),
        };
        Ok(HeaderWords::Secret { secret, prefix: place.prefix })
    }
}
