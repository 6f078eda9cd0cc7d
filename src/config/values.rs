//! The small values people write: durations, rates, sizes.

use std::time::Duration;

use crate::queue::Rate;
use crate::text;
use crate::text::Text;

/// `30s`, `15m`, `6h`, `2d`.
///
/// # Errors
/// What would be right.
pub fn duration(words: &str) -> Result<Duration, Text> {
    let unit = |unit: &str| match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        _ => None,
    };
    number_and_unit(words, unit).filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(|| {
        text!(
            "\"{words}\" không phải khoảng thời gian; viết như \"30s\", \"15m\", \"6h\", \"2d\"",
            "\"{words}\" is not a duration; write it like \"30s\", \"15m\", \"6h\", \"2d\""
        )
    })
}

/// `30/h`, `5/m`, `2/s`, `100/d`.
///
/// # Errors
/// What would be right.
pub fn rate(words: &str) -> Result<Rate, Text> {
    let parts = words.split_once('/').and_then(|(most, per)| {
        let most = most.trim().parse::<u32>().ok().filter(|most| *most > 0)?;
        let per = match per.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        Some(Rate { most, per: Duration::from_secs(per) })
    });
    parts.ok_or_else(|| {
        text!(
            "\"{words}\" không phải tốc độ; viết như \"30/h\" (30 lần mỗi giờ), \"5/m\", \"2/s\", \"100/d\"",
            "\"{words}\" is not a rate; write it like \"30/h\" (30 an hour), \"5/m\", \"2/s\", \"100/d\""
        )
    })
}

/// `500MB`, `10GB`: bytes.
///
/// # Errors
/// What would be right.
pub fn size(words: &str) -> Result<u64, Text> {
    let unit = |unit: &str| match unit {
        "KB" => Some(1 << 10),
        "MB" => Some(1 << 20),
        "GB" => Some(1 << 30),
        _ => None,
    };
    number_and_unit(words, unit).filter(|bytes| *bytes > 0).ok_or_else(|| {
        text!(
            "\"{words}\" không phải dung lượng; viết như \"500MB\", \"10GB\"",
            "\"{words}\" is not a size; write it like \"500MB\", \"10GB\""
        )
    })
}

fn number_and_unit(words: &str, factor: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let words = words.trim();
    let end = words.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = words.split_at_checked(end)?;
    number.parse::<u64>().ok()?.checked_mul(factor(unit.trim())?)
}
