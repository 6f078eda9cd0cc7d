//! Numbers in words.

use super::voice::Region;

const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];

/// A count in words: 104 is "một trăm linh bốn", 2023 "hai nghìn không trăm hai mươi ba".
#[must_use]
pub fn cardinal(n: u64, region: Region) -> String {
    let mut words = Vec::with_capacity(12);
    push(&mut words, n, region, false);
    words.join(" ")
}

/// Digits one by one; anything but ASCII digits is skipped.
#[must_use]
pub fn digit_by_digit(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 6);
    for digit in digits.bytes().filter(u8::is_ascii_digit) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(digit_word(digit));
    }
    out
}

/// A digit string as a count, leading zeros dropped; digit by digit when it does not fit 64 bits.
pub(crate) fn count(digits: &str, region: Region) -> String {
    digits.parse().map_or_else(|_| digit_by_digit(digits), |n| cardinal(n, region))
}

/// A digit string in a numbered document or form, where a leading zero is said: 05 is "không năm".
pub(crate) fn label(digits: &str, region: Region) -> String {
    let kept = digits.trim_start_matches('0');
    let zeros = digits.len() - kept.len();
    if zeros == 0 || kept.is_empty() || zeros > 3 {
        return if zeros > 0 { digit_by_digit(digits) } else { count(digits, region) };
    }
    let mut out = "không ".repeat(zeros);
    out.push_str(&count(kept, region));
    out
}

/// The digits after the comma: two are a pair ("phẩy bảy mươi lăm") unless one of them is a zero,
/// which, like three and more, is read digit by digit.
pub(crate) fn fraction(digits: &str, region: Region) -> String {
    match digits.as_bytes() {
        [tens, units] if *tens != b'0' && *units != b'0' => count(digits, region),
        _ => digit_by_digit(digits),
    }
}

/// The value of a Roman numeral in canonical form, 1 to 3999.
pub(crate) fn roman(word: &str) -> Option<u64> {
    const STEPS: [(&str, u64); 13] = [
        ("M", 1000),
        ("CM", 900),
        ("D", 500),
        ("CD", 400),
        ("C", 100),
        ("XC", 90),
        ("L", 50),
        ("XL", 40),
        ("X", 10),
        ("IX", 9),
        ("V", 5),
        ("IV", 4),
        ("I", 1),
    ];
    if word.is_empty() || word.len() > 15 {
        return None;
    }
    let mut rest = word;
    let mut value = 0;
    for (sign, worth) in STEPS {
        let mut times = 0;
        while let Some(tail) = rest.strip_prefix(sign) {
            times += 1;
            // Only I, X, C and M repeat, and at most three times.
            if times > 3 || (times > 1 && !matches!(sign, "M" | "C" | "X" | "I")) {
                return None;
            }
            rest = tail;
            value += worth;
        }
    }
    rest.is_empty().then_some(value)
}

fn digit_word(digit: u8) -> &'static str {
    DIGITS.get(usize::from(digit.wrapping_sub(b'0'))).copied().unwrap_or("không")
}

fn word(n: u64) -> &'static str {
    usize::try_from(n).ok().and_then(|n| DIGITS.get(n)).copied().unwrap_or("không")
}

/// `padded`: a higher group was said, so zero hundreds are said too.
fn push(out: &mut Vec<&'static str>, n: u64, region: Region, padded: bool) {
    const BILLION: u64 = 1_000_000_000;
    if n == 0 && out.is_empty() {
        out.push(word(0));
        return;
    }
    let mut padded = padded;
    let (billions, below) = (n / BILLION, n % BILLION);
    if billions > 0 {
        push(out, billions, region, padded);
        out.push("tỷ");
        padded = true;
    }
    let groups = [(below / 1_000_000, "triệu"), (below / 1000 % 1000, region.thousand()), (below % 1000, "")];
    for (value, name) in groups {
        if value > 0 {
            push_group(out, value, region, padded);
            if !name.is_empty() {
                out.push(name);
            }
            padded = true;
        }
    }
}

/// Three digits, 1 to 999.
fn push_group(out: &mut Vec<&'static str>, n: u64, region: Region, padded: bool) {
    let (hundreds, tens, units) = (n / 100, n / 10 % 10, n % 10);
    let hundreds_said = hundreds > 0 || padded;
    if hundreds_said {
        out.extend([word(hundreds), "trăm"]);
    }
    match (tens, units) {
        (0, 0) => {}
        (0, _) => {
            if hundreds_said {
                out.push(region.odd());
            }
            out.push(word(units));
        }
        (1, 0) => out.push("mười"),
        (1, 5) => out.extend(["mười", "lăm"]),
        (1, _) => out.extend(["mười", word(units)]),
        (_, 0) => out.extend([word(tens), "mươi"]),
        (_, 1) => out.extend([word(tens), "mươi", "mốt"]),
        (_, 4) => out.extend([word(tens), "mươi", "tư"]),
        (_, 5) => out.extend([word(tens), "mươi", "lăm"]),
        _ => out.extend([word(tens), "mươi", word(units)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_follow_the_house_reading() {
        for (n, words) in [
            (0, "không"),
            (15, "mười lăm"),
            (24, "hai mươi tư"),
            (104, "một trăm linh bốn"),
            (1001, "một nghìn không trăm linh một"),
            (2_000_000, "hai triệu"),
            (1_000_000_000_000_000_000, "một tỷ tỷ"),
        ] {
            assert_eq!(cardinal(n, Region::North), words);
        }
        assert_eq!(cardinal(1_204, Region::South), "một ngàn hai trăm lẻ bốn");
    }

    #[test]
    fn the_largest_number_is_read() {
        assert!(cardinal(u64::MAX, Region::North).ends_with("mốt nghìn sáu trăm mười lăm"));
    }

    #[test]
    fn roman_numerals_must_be_canonical() {
        assert_eq!(roman("XIV"), Some(14));
        assert_eq!(roman("MMMCMXCIX"), Some(3999));
        assert_eq!(roman("IIX"), None);
        assert_eq!(roman("VV"), None);
    }

    #[test]
    fn zeros_of_a_label_are_said() {
        assert_eq!(label("05", Region::North), "không năm");
        assert_eq!(label("100", Region::North), "một trăm");
    }
}
