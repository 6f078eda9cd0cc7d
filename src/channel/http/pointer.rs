//! Where an answer says something: a JSON pointer (RFC 6901) into its body, or one of its headers.

use std::ops::Range;

use reqwest::header::{HeaderMap, HeaderName};
use serde_json::Value;

use super::super::SettingsError;
use crate::text;

/// A place in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pointer {
    Json(String),
    Header(HeaderName),
}

impl Pointer {
    pub(super) fn parse(written: &str, span: Range<usize>) -> Result<Self, SettingsError> {
        if let Some(name) = written.strip_prefix("header:") {
            return HeaderName::from_bytes(name.trim().as_bytes()).map(Self::Header).map_err(|_| {
                SettingsError::at(
                    span,
                    text!("\"{name}\" không phải tên tiêu đề HTTP", "\"{name}\" is not the name of a header"),
                )
            });
        }
        if written.is_empty() || written.starts_with('/') {
            return Ok(Self::Json(written.to_owned()));
        }
        Err(SettingsError::at(
            span,
            text!(
                "\"{written}\" phải bắt đầu bằng / như \"/data/id\" (RFC 6901), hoặc là \"header:Location\"",
                "\"{written}\" has to begin with / like \"/data/id\" (RFC 6901), or be \"header:Location\""
            ),
        ))
    }

    /// What stands there in a document.
    pub(super) fn find<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Json(pointer) => document.pointer(pointer),
            Self::Header(_) => None,
        }
    }

    /// The words that stand there; nothing for an empty place.
    pub(super) fn words(&self, document: Option<&Value>, headers: &HeaderMap) -> Option<String> {
        let found = match self {
            Self::Json(_) => scalar(self.find(document?)?)?,
            Self::Header(name) => headers.get(name)?.to_str().ok()?.to_owned(),
        };
        (!found.is_empty()).then_some(found)
    }
}

/// A single value as words.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(words) => Some(words.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
