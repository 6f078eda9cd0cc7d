//! Any text at all: no panic, a closed alphabet, NFC, and nothing left to read the second time.
//!
//! `cargo install cargo-fuzz`, then `cargo fuzz run --fuzz-dir tests/fuzz -s none say -- -max_total_time=600`.
//! `-s none` needs no nightly compiler.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use loa::speech::breath::Breath;
use loa::speech::{Lexicon, Normaliser, Voice, clean};
use unicode_normalization::is_nfc;

static READER: LazyLock<Normaliser> = LazyLock::new(|| Normaliser::new(Voice::default(), Lexicon::default()));

fuzz_target!(|text: &str| {
    let spoken = READER.text(text);
    assert!(is_nfc(&spoken.text), "not NFC: {:?}", spoken.text);
    let strange = spoken.text.chars().find(|&c| !(c.is_alphabetic() || c == ' ' || c == '\n' || ".,;:?!…".contains(c)));
    assert_eq!(strange, None, "{:?}", spoken.text);
    assert_eq!(READER.text(&spoken.text).text, spoken.text, "read again, it changes");
    for token in &spoken.tokens {
        assert_eq!(text.get(token.span.clone()), Some(token.written.as_str()), "a span that is not the token");
    }
    let cleaned = clean::article(text);
    for sentence in loa::speech::breath::sentences(&READER.text(&cleaned).text) {
        drop(Breath::default().mark(sentence));
    }
});
