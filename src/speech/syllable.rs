//! Whether a word could be a Vietnamese syllable, so that foreign words and abbreviations stand out.

use std::collections::HashSet;
use std::sync::LazyLock;
use unicode_normalization::char::decompose_canonical;

/// Initial consonants, longest first.
const ONSETS: [&str; 27] = [
    "ngh", "ng", "nh", "ch", "gh", "gi", "kh", "ph", "qu", "th", "tr", "b", "c", "d", "đ", "g", "h", "k", "l", "m",
    "n", "p", "r", "s", "t", "v", "x",
];

/// Vowels and finals, tone removed, sorted.
const RIMES: [&str; 159] = [
    "a", "ac", "ach", "ai", "am", "an", "ang", "anh", "ao", "ap", "at", "au", "ay", "e", "ec", "em", "en", "eng", "eo",
    "ep", "et", "i", "ia", "ich", "im", "in", "inh", "ip", "it", "iu", "iêc", "iêm", "iên", "iêng", "iêp", "iêt",
    "iêu", "o", "oa", "oac", "oach", "oai", "oam", "oan", "oang", "oanh", "oao", "oap", "oat", "oay", "oc", "oe",
    "oen", "oeo", "oet", "oi", "om", "on", "ong", "ooc", "oong", "op", "ot", "oă", "oăc", "oăm", "oăn", "oăng", "oăt",
    "u", "ua", "uc", "ui", "um", "un", "ung", "up", "ut", "uy", "uya", "uych", "uyn", "uynh", "uyp", "uyt", "uyu",
    "uyê", "uyên", "uyêt", "uâ", "uân", "uâng", "uât", "uây", "uê", "uêch", "uênh", "uô", "uôc", "uôi", "uôm", "uôn",
    "uông", "uôt", "uơ", "uơn", "y", "yêm", "yên", "yêng", "yêt", "yêu", "âc", "âm", "ân", "âng", "âp", "ât", "âu",
    "ây", "ê", "êch", "êm", "ên", "ênh", "êp", "êt", "êu", "ô", "ôc", "ôi", "ôm", "ôn", "ông", "ôp", "ôt", "ăc", "ăm",
    "ăn", "ăng", "ăp", "ăt", "ơ", "ơi", "ơm", "ơn", "ơp", "ơt", "ư", "ưa", "ưc", "ưi", "ưn", "ưng", "ưt", "ưu", "ươ",
    "ươc", "ươi",
];

/// Rimes in ươ-, which would run past the table above.
const RIMES_UO: [&str; 7] = ["ươm", "ươn", "ương", "ươp", "ươt", "ươu", "ưm"];

/// The word, in lower case, has the build of a Vietnamese syllable.
pub(crate) fn is_syllable(low: &str) -> bool {
    // The longest, "nghiêng" with a tone, has 7 letters.
    if low.is_empty() || low.len() > 16 {
        return false;
    }
    if low.is_ascii() { is_built(low) } else { is_built(&bare(low)) }
}

fn is_built(bare: &str) -> bool {
    let initial = bare.bytes().next().unwrap_or_default();
    ONSETS.iter().filter(|onset| onset.as_bytes().first() == Some(&initial)).any(|onset| {
        bare.strip_prefix(onset).is_some_and(|rime| is_rime(rime) || (*onset == "gi" && is_rime_after_gi(rime)))
    }) || is_rime(bare)
}

/// The word, in lower-case ASCII, could be a syllable typed without any marks, as in web addresses.
pub(crate) fn is_unmarked_syllable(low: &str) -> bool {
    static UNMARKED: LazyLock<HashSet<String>> =
        LazyLock::new(|| RIMES.iter().chain(&RIMES_UO).map(|rime| ascii(rime)).collect());
    UNMARKED.contains(low)
        || ONSETS
            .iter()
            .any(|onset| low.strip_prefix(ascii(onset).as_str()).is_some_and(|rime| UNMARKED.contains(rime)))
}

/// Letters without the tone; the vowel's own mark (â, ê, ơ …) stays.
pub(crate) fn bare(low: &str) -> String {
    let mut out = String::with_capacity(low.len());
    for c in low.chars() {
        out.push(if c.is_ascii() { c } else { toneless(c) });
    }
    out
}

/// Plain ASCII letters: no tone, no vowel mark, đ as d.
pub(crate) fn ascii(low: &str) -> String {
    low.chars()
        .map(|c| {
            if c == 'đ' || c == 'Đ' {
                return 'd';
            }
            let mut base = c;
            decompose_canonical(c, |part| {
                if part.is_alphabetic() {
                    base = part;
                }
            });
            base
        })
        .collect()
}

fn is_rime(rime: &str) -> bool {
    RIMES.binary_search(&rime).is_ok() || RIMES_UO.contains(&rime)
}

/// "gì" leaves nothing, "giếng" leaves "êng".
fn is_rime_after_gi(rime: &str) -> bool {
    rime.is_empty() || matches!(rime, "n" | "m" | "p" | "t" | "c" | "êng" | "êc" | "êt" | "êp" | "êm" | "ên" | "êu")
}

fn toneless(c: char) -> char {
    const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];
    let mut parts = ['\0'; 4];
    let mut n = 0;
    decompose_canonical(c, |part| {
        if !TONES.contains(&part)
            && let Some(slot) = parts.get_mut(n)
        {
            *slot = part;
            n += 1;
        }
    });
    let [base, mark, ..] = parts;
    if n == 2 { unicode_normalization::char::compose(base, mark).unwrap_or(c) } else { base }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rimes_are_sorted() {
        assert!(RIMES.is_sorted());
    }

    #[test]
    fn syllables_and_strangers() {
        for word in ["nghiêng", "quyết", "gì", "giếng", "khuya", "ủy", "xã", "đường", "hươu", "quốc", "xoong", "yêu"]
        {
            assert!(is_syllable(word), "{word}");
        }
        for word in ["zalo", "facebook", "ubnd", "krông", "đắk", "online", "bcđ"] {
            assert!(!is_syllable(word), "{word}");
        }
    }

    #[test]
    fn ascii_drops_every_mark() {
        assert_eq!(ascii("chuyểnđổisố"), "chuyendoiso");
    }
}
