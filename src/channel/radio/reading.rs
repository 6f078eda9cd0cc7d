//! One item as it is read aloud: its sentences, how long they take, and where the reading is in doubt.

use serde::Serialize;

use super::super::Item;
use crate::delivery::Action;
use crate::speech::breath::{Breath, sentences};
use crate::speech::timing::Pace;
use crate::speech::{Certainty, Normaliser, Spoken, clean};

/// Stands behind a doubtful word until the script is put together; no article can hold it (it is private use,
/// which speech drops).
const DOUBT: char = '\u{e000}';
/// What the announcer sees instead.
const DOUBT_SIGN: &str = " [?]";

/// One item, ready to be read.
pub(super) struct Reading {
    /// Its title in words.
    pub(super) title: String,
    /// Its sentences as the announcer sees them, with breath signs and doubt signs.
    pub(super) marked: Vec<String>,
    /// Its sentences for a machine, without signs.
    pub(super) plain: Vec<String>,
    /// Seconds that reading it takes.
    pub(super) seconds: f64,
    /// What an editor should look at.
    pub(super) doubts: Vec<Doubt>,
    /// An urgent notice, read once more.
    pub(super) twice: bool,
    /// Paragraphs, as written, that the slot had no room for.
    pub(super) cut: Vec<String>,
}

/// A word whose reading is not certain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Doubt {
    pub(super) written: String,
    pub(super) read_as: String,
    pub(super) certainty: &'static str,
    pub(super) others: Vec<String>,
    pub(super) sentence: String,
}

/// How an office reads.
pub(super) struct Reader {
    pub(super) normaliser: Normaliser,
    pub(super) pace: Pace,
    pub(super) breath: Breath,
}

impl Reader {
    /// One line in words.
    pub(super) fn say(&self, line: &str) -> String {
        self.normaliser.line(line).text
    }

    /// What is read of one item of an office.
    pub(super) fn item(&self, item: &Item, office: &str) -> Reading {
        self.read(item, &Self::source(item, office), is_urgent(item))
    }

    /// The same, read once even if it is urgent, without its last `fewer` paragraphs; `None` when that would leave nothing.
    pub(super) fn shortened(&self, item: &Item, office: &str, fewer: usize) -> Option<Reading> {
        let source = Self::source(item, office);
        let paragraphs: Vec<&str> = source.lines().collect();
        let left = paragraphs.len().checked_sub(fewer).filter(|left| *left > 0)?;
        let (kept, cut) = paragraphs.split_at(left);
        let mut reading = self.read(item, &kept.join("\n"), false);
        reading.cut = cut.iter().map(|paragraph| (*paragraph).to_owned()).collect();
        Some(reading)
    }

    fn read(&self, item: &Item, source: &str, twice: bool) -> Reading {
        let title = self.normaliser.line(clean::headline(&item.article.title, &item.article.body_text));
        let body = self.normaliser.text(source);
        let mut doubts = doubts(&title);
        doubts.extend(doubts_of_body(&body));
        let plain: Vec<String> = sentences(&body.text).into_iter().map(ended).collect();
        let signed = with_signs(&body);
        let mark = |sentence: &str| ended(&self.breath.mark(sentence)).replace(DOUBT, DOUBT_SIGN);
        let marked = sentences(&signed).into_iter().map(mark).collect();
        let spoken = format!("{}\n{}", title.text, plain.join("\n"));
        let times = if twice { 2.0 } else { 1.0 };
        let seconds = self.pace.seconds(&spoken) * times + self.pace.item_pause;
        Reading {
            title: with_signs(&title).replace(DOUBT, DOUBT_SIGN),
            marked,
            plain,
            seconds,
            doubts,
            twice,
            cut: Vec::new(),
        }
    }

    /// The words of the article that are read, or of the notice that takes it back.
    fn source(item: &Item, office: &str) -> String {
        if item.action == Action::Withdraw {
            return format!(
                "{office} thông báo thu hồi nội dung vừa nêu. Đề nghị bà con không sử dụng thông tin đã phát trước đây."
            );
        }
        let body = clean::article(&item.article.body_text);
        let title = clean::headline(&item.article.title, &item.article.body_text);
        // Many portals repeat the title as the first line of the text.
        match body.split_once('\n') {
            Some((first, rest)) if first.eq_ignore_ascii_case(title) || first == title => rest.to_owned(),
            _ => body,
        }
    }
}

/// Urgent notices are read twice.
pub(super) fn is_urgent(item: &Item) -> bool {
    item.article.priority == crate::article::Priority::Urgent && item.action != Action::Withdraw
}

/// A sentence whose source forgot the full stop gets one: the voice has to fall.
fn ended(sentence: &str) -> String {
    let open = sentence.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == DOUBT);
    if open { format!("{sentence}.") } else { sentence.to_owned() }
}

fn doubts(spoken: &Spoken) -> Vec<Doubt> {
    let seen = |token: &crate::speech::Token| Doubt {
        written: token.written.clone(),
        read_as: token.spoken.clone(),
        certainty: token.certainty.label(),
        others: token.alternatives.clone(),
        sentence: sentence_around(&spoken.text, token.heard.start),
    };
    spoken.doubts().map(seen).collect()
}

/// The same word in doubt again says nothing new.
fn doubts_of_body(spoken: &Spoken) -> Vec<Doubt> {
    let mut found: Vec<Doubt> = Vec::new();
    for doubt in doubts(spoken) {
        if !found.iter().any(|known| known.written == doubt.written && known.read_as == doubt.read_as) {
            found.push(doubt);
        }
    }
    found
}

/// Whether anything could not be read at all: then a machine is not given the text.
pub(super) fn is_unreadable(doubt: &Doubt) -> bool {
    doubt.certainty == Certainty::Unknown.label()
}

fn sentence_around(text: &str, at: usize) -> String {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    let ends = ['.', '?', '!', '…', '\n'];
    let start = before.rfind(ends).map_or(before, |end| before.get(end..).unwrap_or(before));
    let rest = after.find(ends).and_then(|end| after.get(..end)).unwrap_or(after);
    format!("{start}{rest}").trim_matches(|c: char| ends.contains(&c) || c.is_whitespace()).to_owned()
}

/// The words with a sign behind each doubtful one.
fn with_signs(spoken: &Spoken) -> String {
    let mut marked = spoken.text.clone();
    let mut ends: Vec<usize> = spoken.doubts().map(|token| token.heard.end).collect();
    ends.sort_unstable();
    ends.dedup();
    for end in ends.into_iter().rev() {
        if marked.is_char_boundary(end) {
            marked.insert(end, DOUBT);
        }
    }
    marked
}
