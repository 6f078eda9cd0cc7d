//! Words without what people leave out when they look for them: case, Vietnamese diacritics, punctuation.

use unicode_normalization::UnicodeNormalization as _;

/// The words of a text: "Lịch tiếp công dân, 12/2026" → `lich`, `tiep`, `cong`, `dan`, `12`, `2026`.
#[must_use]
pub fn folded(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.nfd().flat_map(char::to_lowercase) {
        match c {
            '\u{300}'..='\u{36f}' => {}
            'đ' => word.push('d'),
            c if c.is_alphanumeric() => word.push(c),
            _ if word.is_empty() => {}
            _ => words.push(std::mem::take(&mut word)),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn words_are_found_however_they_are_typed() {
        for written in ["Lịch tiếp công dân", "LỊCH TIẾP CÔNG DÂN", "lich tiep cong dan", "Lịch tiếp công dân…"]
        {
            assert_eq!(folded(written), ["lich", "tiep", "cong", "dan"], "{written}");
        }
        assert_eq!(folded("Đường 30/4 (bai-2026_001)"), ["duong", "30", "4", "bai", "2026", "001"]);
        assert!(folded(" – ").is_empty());
    }
}
