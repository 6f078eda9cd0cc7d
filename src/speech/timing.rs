//! How long a spoken text takes.

use super::syllables;

/// An announcer's pace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Syllables a minute; loudspeaker announcers read 160 to 200.
    pub syllables_per_minute: f64,
    /// Seconds after a comma, a colon, a semicolon or a breath mark.
    pub short_pause: f64,
    /// Seconds after a sentence.
    pub sentence_pause: f64,
    /// Seconds between two items.
    pub item_pause: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { syllables_per_minute: 180.0, short_pause: 0.3, sentence_pause: 0.8, item_pause: 2.5 }
    }
}

impl Pace {
    /// Seconds to read one item of spoken text, pauses included.
    #[must_use]
    pub fn seconds(&self, spoken: &str) -> f64 {
        let mut pauses = 0.0;
        for line in spoken.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let short = short_pauses(line);
            let marked = line.chars().filter(|c| matches!(c, '.' | '?' | '!' | '…')).count();
            let open_end = usize::from(!line.ends_with(['.', '?', '!', '…']));
            pauses += self.short_pause * small(short) + self.sentence_pause * small(marked + open_end);
        }
        small(syllables(spoken)) * 60.0 / self.syllables_per_minute.max(1.0) + pauses
    }

    /// Seconds for items read one after another.
    #[must_use]
    pub fn programme<'a>(&self, items: impl IntoIterator<Item = &'a str>) -> f64 {
        let mut total = 0.0;
        for (i, item) in items.into_iter().enumerate() {
            total += self.seconds(item) + if i > 0 { self.item_pause } else { 0.0 };
        }
        total
    }
}

/// Commas and their like, and breath signs that follow none: a sign after a comma is the same pause.
fn short_pauses(line: &str) -> usize {
    let mut paused = false;
    let mut count = 0;
    for word in line.split_whitespace() {
        let sign = word == "/";
        let ends = word.ends_with([',', ';', ':']);
        count += usize::from(ends || (sign && !paused));
        paused = ends;
    }
    count
}

fn small(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_of_syllables_takes_a_minute() {
        let text = vec!["ta"; 180].join(" ");
        assert!((Pace::default().seconds(&text) - 60.8).abs() < 1e-9);
    }

    #[test]
    fn items_are_spaced() {
        let pace = Pace::default();
        assert!((pace.programme(["ba.", "bốn."]) - 2.0 * pace.seconds("ba.") - 2.5).abs() < 1e-9);
    }
}
