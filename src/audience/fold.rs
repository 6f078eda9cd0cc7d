//! Words compared without regard to case, tone marks and punctuation.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// `Thư điện tử:` and `thu dien tu` are the same word.
#[must_use]
pub fn folded(words: &str) -> String {
    let letter = |c: char| match c {
        'đ' | 'Đ' => 'd',
        c if c.is_alphanumeric() => c,
        _ => ' ',
    };
    let bare: String = words.nfd().filter(|c| !is_combining_mark(*c)).map(letter).collect();
    bare.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}
