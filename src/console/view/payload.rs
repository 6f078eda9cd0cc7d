//! The exact payload of a delivery, as far as a page can show it.

use serde_json::{Value, json};

use crate::console::Proof;

/// Longest payload that stands in a page, in characters; the rest is in the file.
const SHOWN: usize = 40_000;

/// For `approval.html`: the text, whether all of it is there, its size and its hash.
pub(in crate::console) fn payload(proof: &Proof) -> Value {
    let text = std::str::from_utf8(&proof.bytes).ok();
    let shown: Option<String> = text.map(|text| text.chars().take(SHOWN).collect());
    let whole = shown.as_ref().is_some_and(|shown| shown.len() == proof.bytes.len());
    json!({
        "text": shown,
        "whole": whole,
        "bytes": proof.bytes.len(),
        "extension": proof.extension,
        "hash": proof.hash,
        "note": proof.note,
    })
}
