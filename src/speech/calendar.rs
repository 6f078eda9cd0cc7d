//! Dates and times of day in words, for greetings and for the date rules.

use super::number::cardinal;
use super::voice::Region;

/// A weekday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weekday {
    /// thứ hai
    Monday,
    /// thứ ba
    Tuesday,
    /// thứ tư
    Wednesday,
    /// thứ năm
    Thursday,
    /// thứ sáu
    Friday,
    /// thứ bảy
    Saturday,
    /// Chủ nhật
    Sunday,
}

impl Weekday {
    /// Its name.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Monday => "thứ hai",
            Self::Tuesday => "thứ ba",
            Self::Wednesday => "thứ tư",
            Self::Thursday => "thứ năm",
            Self::Friday => "thứ sáu",
            Self::Saturday => "thứ bảy",
            Self::Sunday => "Chủ nhật",
        }
    }
}

/// "thứ ba, ngày hai mươi lăm tháng tư năm hai nghìn không trăm hai mươi ba".
#[must_use]
pub fn date_in_words(weekday: Option<Weekday>, day: u32, month: u32, year: Option<u32>, region: Region) -> String {
    let mut out = weekday.map(|w| format!("{}, ", w.in_words())).unwrap_or_default();
    out.push_str("ngày ");
    out.push_str(&date(day, month, year, region));
    out
}

/// "bảy giờ ba mươi phút"; the minutes of a full hour are not said.
#[must_use]
pub fn time_in_words(hour: u32, minute: u32, region: Region) -> String {
    let hour = cardinal(hour.into(), region);
    if minute == 0 {
        return format!("{hour} giờ");
    }
    format!("{hour} giờ {} phút", cardinal(minute.into(), region))
}

/// Without the word "ngày".
pub(crate) fn date(day: u32, month: u32, year: Option<u32>, region: Region) -> String {
    let year = year.map(|y| format!(" năm {}", cardinal(y.into(), region))).unwrap_or_default();
    format!("{} tháng {}{year}", self::day(day, region), self::month(month, region))
}

/// Days 1 to 10 are "mùng".
pub(crate) fn day(day: u32, region: Region) -> String {
    let words = cardinal(day.into(), region);
    if (1..=10).contains(&day) { format!("mùng {words}") } else { words }
}

/// April is "tư".
pub(crate) fn month(month: u32, region: Region) -> String {
    if month == 4 { "tư".to_owned() } else { cardinal(month.into(), region) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_date() {
        assert_eq!(
            date_in_words(Some(Weekday::Tuesday), 4, 4, Some(2023), Region::North),
            "thứ ba, ngày mùng bốn tháng tư năm hai nghìn không trăm hai mươi ba"
        );
        assert_eq!(time_in_words(5, 0, Region::North), "năm giờ");
        assert_eq!(time_in_words(16, 45, Region::North), "mười sáu giờ bốn mươi lăm phút");
    }
}
