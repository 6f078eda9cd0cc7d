//! Sentences and breath groups of a spoken text.

use super::syllables;

/// Where to breathe, in syllables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breath {
    /// A group shorter than this is joined to the next.
    pub least: usize,
    /// A group longer than this is broken.
    pub most: usize,
    /// A sentence up to this long needs no mark.
    pub sentence: usize,
    /// The sign put at a breath inside a long sentence.
    pub sign: char,
}

impl Default for Breath {
    fn default() -> Self {
        Self { least: 8, most: 20, sentence: 35, sign: '/' }
    }
}

/// Words a group may begin with, and how good a place that is (higher is better).
const OPENERS: [(&str, i32); 73] = [
    ("nhằm", 4),
    ("đồng thời", 4),
    ("trong đó", 4),
    ("qua đó", 4),
    ("từ đó", 4),
    ("nhất là", 4),
    ("đặc biệt là", 4),
    ("song", 3),
    ("nhưng", 4),
    ("tuy nhiên", 4),
    ("góp phần", 4),
    ("để", 3),
    ("do", 3),
    ("vì", 3),
    ("nếu", 3),
    ("khi", 3),
    ("và", 3),
    ("hoặc", 3),
    ("theo", 2),
    ("về", 2),
    ("của", 2),
    ("cho", 2),
    ("với", 2),
    ("tại", 2),
    ("trên", 2),
    ("trong", 2),
    ("từ", 2),
    ("đến", 2),
    ("được", 2),
    ("là", 2),
    ("đã", 2),
    ("sẽ", 2),
    ("cần", 2),
    ("đang", 2),
    ("bằng", 2),
    ("sau", 2),
    ("trước", 2),
    ("có", 2),
    ("các", 2),
    ("những", 2),
    ("đánh giá", 1),
    ("triển khai", 1),
    ("thực hiện", 1),
    ("tổ chức", 1),
    ("báo cáo", 1),
    ("xây dựng", 1),
    ("nâng cao", 1),
    ("tăng cường", 1),
    ("bảo vệ", 1),
    ("phối hợp", 1),
    ("đề nghị", 1),
    ("tuyên truyền", 1),
    ("kết quả", 1),
    ("công tác", 1),
    ("nhiệm vụ", 1),
    ("chủ trì", 1),
    ("đề xuất", 1),
    ("tiếp tục", 1),
    ("làm", 2),
    ("gây", 2),
    ("khiến", 2),
    ("bị", 2),
    ("như", 2),
    ("diễn ra", 2),
    ("đạt", 1),
    ("chiếm", 1),
    ("tham gia", 1),
    ("phục vụ", 1),
    ("hỗ trợ", 1),
    ("chỉ đạo", 1),
    ("hướng dẫn", 1),
    ("giúp", 1),
    ("vào", 1),
];

/// Said in one breath, whatever stands between them.
const UNITED: [(&str, &str); 5] =
    [("phòng,", "chống"), ("kỷ,", "cương"), ("đạt", "được"), ("tập", "và"), ("làm", "theo")];

/// Number words; a number is never broken.
const NUMBERS: [&str; 22] = [
    "không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười", "mươi", "mốt", "tư", "lăm", "trăm",
    "nghìn", "ngàn", "triệu", "tỷ", "linh", "phẩy",
];

/// How many syllables past the limit a good break may still be looked for.
const GRACE: usize = 4;

/// The sentences of a text, each with what ends it. "…" ends one only before a capital.
#[must_use]
pub fn sentences(spoken: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for line in spoken.lines() {
        let mut rest = line;
        let mut from = 0;
        while let Some(end) = rest.get(from..).and_then(|tail| tail.find(['.', '?', '!', '…'])) {
            let sign = rest.get(from + end..).and_then(|tail| tail.chars().next());
            from += end + sign.map_or(1, char::len_utf8);
            let Some((head, tail)) = rest.split_at_checked(from) else {
                break;
            };
            let next = tail.trim_start().chars().next();
            if sign == Some('…') && next.is_some_and(char::is_lowercase) {
                continue;
            }
            out.push(head);
            rest = tail;
            from = 0;
        }
        out.push(rest);
    }
    let spoken = |sentence: &&str| sentence.chars().any(char::is_alphabetic);
    out.into_iter().map(str::trim).filter(spoken).collect()
}

impl Breath {
    /// The text with a sign at each breath inside sentences too long for one.
    #[must_use]
    pub fn mark(&self, spoken: &str) -> String {
        let mut out = String::with_capacity(spoken.len() + spoken.len() / 32);
        for (i, line) in spoken.split('\n').enumerate() {
            if i > 0 {
                out.push('\n');
            }
            for (j, sentence) in sentences(line).into_iter().enumerate() {
                if j > 0 {
                    out.push(' ');
                }
                if syllables(sentence) <= self.sentence {
                    out.push_str(sentence);
                } else {
                    out.push_str(&self.groups(sentence).join(&format!(" {} ", self.sign)));
                }
            }
        }
        out
    }

    /// The breath groups of one sentence, in order.
    #[must_use]
    pub fn groups(&self, sentence: &str) -> Vec<String> {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        let mut groups = Vec::new();
        let mut rest = words.as_slice();
        while rest.len() > self.most {
            let (head, tail) = rest.split_at(self.best_break(rest));
            groups.push(head.join(" "));
            rest = tail;
        }
        if !rest.is_empty() {
            groups.push(rest.join(" "));
        }
        groups
    }

    /// The best place to break: after a mark or before a conjunction within one breath, else the first fair place past it.
    fn best_break(&self, words: &[&str]) -> usize {
        let end = words.len().saturating_sub(1);
        let last = self.most.min(end).max(1);
        let first = self.least.clamp(1, last);
        // Ties go to the longer group; a leftover too short to stand alone costs.
        let value = |i: usize| worth(words, i) - if words.len() - i < 4 { 3 } else { 0 };
        let within = (first..=last).max_by_key(|&i| (value(i), i)).unwrap_or(last);
        if value(within) > 0 {
            return within;
        }
        (last..=(last + GRACE).min(end)).find(|&i| value(i) > 0).unwrap_or(within)
    }
}

/// How good a break before word `i` is; 0 may cut a compound in two, less than 0 a number.
fn worth(words: &[&str], i: usize) -> i32 {
    let before = i.checked_sub(1).and_then(|k| words.get(k)).copied().unwrap_or_default();
    if before.ends_with([';', ':']) {
        return 6;
    }
    let here = words.get(i).copied().unwrap_or_default();
    let one = here.trim_end_matches(',').to_lowercase();
    if UNITED.contains(&(before.to_lowercase().as_str(), one.as_str())) {
        return -1;
    }
    if let Some(listed) = before.strip_suffix(',') {
        // "ngày mười sáu, mười bảy": a list of numbers is better kept together.
        let numbers = NUMBERS.contains(&one.as_str()) && NUMBERS.contains(&listed.to_lowercase().as_str());
        return if numbers { 1 } else { 5 };
    }
    if NUMBERS.contains(&one.as_str()) && NUMBERS.contains(&before.to_lowercase().as_str()) {
        return -1;
    }
    let two = words.get(i + 1).map(|w| format!("{one} {}", w.trim_end_matches(',').to_lowercase())).unwrap_or_default();
    let capital = |word: &str| word.chars().next().is_some_and(char::is_uppercase);
    // Inside a name: "Ban / Chỉ đạo".
    if capital(here) && capital(before) && !before.ends_with([',', ';', ':']) {
        return 0;
    }
    let opener = OPENERS.iter().filter(|(opener, _)| *opener == one || *opener == two).map(|&(_, worth)| worth).max();
    // A name begins: "hoạt động / Ban Chỉ đạo".
    opener.unwrap_or_else(|| i32::from(capital(here) && !capital(before)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_sentences_are_left_alone() {
        let text = "Sáng nay, Ủy ban nhân dân xã họp. Dự họp có các thôn.";
        assert_eq!(Breath::default().mark(text), text);
    }

    #[test]
    fn an_ellipsis_inside_a_sentence_does_not_end_it() {
        assert_eq!(sentences("Gạo, muối… được trao. Bà con vui."), ["Gạo, muối… được trao.", "Bà con vui."]);
    }

    #[test]
    fn no_group_is_longer_than_a_breath() {
        let sentence = "các đồng chí thành viên Ban Chỉ đạo đã trao đổi, thảo luận rõ những kết quả đạt được, chỉ ra những hạn chế \
                        phân tích làm rõ nguyên nhân đề xuất kinh nghiệm giải pháp nhằm phối hợp thực hiện hiệu quả công tác";
        let breath = Breath::default();
        let groups = breath.groups(sentence);
        assert!(groups.len() > 2);
        assert!(groups.iter().all(|g| syllables(g) <= breath.most + GRACE));
        assert_eq!(groups.join(" "), sentence.split_whitespace().collect::<Vec<_>>().join(" "));
    }
}
