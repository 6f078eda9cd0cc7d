//! What changed from one revision to another: paragraph by paragraph, and word by word within those that changed.

use serde::Serialize;
use similar::{Algorithm, DiffTag, capture_diff_slices};

/// Paragraphs that stay the same are shown this far around a change.
const AROUND: usize = 1;
/// More words than these in one change are not compared one by one.
const WORDS: usize = 4_000;

/// Longest difference of two texts, in bytes; the rest is told to be there.
const LONGEST: usize = 24_000;

/// Some words of a paragraph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::console) struct Run {
    /// `same`, `removed` or `added`.
    pub(in crate::console) kind: &'static str,
    /// The words.
    pub(in crate::console) text: String,
}

/// A paragraph, or how many were left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(in crate::console) enum Piece {
    /// A paragraph.
    Paragraph {
        /// Its words.
        runs: Vec<Run>,
    },
    /// So many paragraphs are the same.
    Same {
        /// How many.
        same: usize,
    },
    /// The text is cut here; so many paragraphs come after.
    More {
        /// How many.
        more: usize,
    },
}

fn run(kind: &'static str, text: impl Into<String>) -> Run {
    Run { kind, text: text.into() }
}

fn whole(kind: &'static str, paragraph: &str) -> Piece {
    Piece::Paragraph { runs: vec![run(kind, paragraph)] }
}

/// Words, each with the space after it.
fn words(paragraph: &str) -> Vec<&str> {
    paragraph.split_inclusive(char::is_whitespace).collect()
}

/// The difference of two lines or paragraphs, word by word.
pub(in crate::console) fn by_words(old: &str, new: &str) -> Vec<Run> {
    let (old_words, new_words) = (words(old), words(new));
    if old_words.len() + new_words.len() > WORDS {
        return vec![run("removed", old), run("added", new)];
    }
    let piece = |words: &[&str], range: std::ops::Range<usize>| words.get(range).unwrap_or_default().concat();
    let mut runs = Vec::new();
    for op in capture_diff_slices(Algorithm::Patience, &old_words, &new_words) {
        let (tag, old_range, new_range) = op.as_tag_tuple();
        match tag {
            DiffTag::Equal => runs.push(run("same", piece(&new_words, new_range))),
            DiffTag::Delete => runs.push(run("removed", piece(&old_words, old_range))),
            DiffTag::Insert => runs.push(run("added", piece(&new_words, new_range))),
            DiffTag::Replace => {
                runs.push(run("removed", piece(&old_words, old_range)));
                runs.push(run("added", piece(&new_words, new_range)));
            }
        }
    }
    runs
}

/// The difference of two bodies of text.
pub(in crate::console) fn by_paragraphs(old: &str, new: &str) -> Vec<Piece> {
    let old: Vec<&str> = old.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()).collect();
    let new: Vec<&str> = new.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()).collect();
    let ops = capture_diff_slices(Algorithm::Patience, &old, &new);
    let last = ops.len().saturating_sub(1);
    let mut pieces = Vec::new();
    for (place, op) in ops.iter().enumerate() {
        let (tag, old_range, new_range) = op.as_tag_tuple();
        let old = old.get(old_range).unwrap_or_default();
        let new = new.get(new_range).unwrap_or_default();
        match tag {
            DiffTag::Equal => unchanged(new, place > 0, place < last, &mut pieces),
            DiffTag::Delete => pieces.extend(old.iter().map(|paragraph| whole("removed", paragraph))),
            DiffTag::Insert => pieces.extend(new.iter().map(|paragraph| whole("added", paragraph))),
            DiffTag::Replace => {
                let both = old.len().min(new.len());
                pieces.extend(old.iter().zip(new).map(|(old, new)| Piece::Paragraph { runs: by_words(old, new) }));
                pieces.extend(old.iter().skip(both).map(|paragraph| whole("removed", paragraph)));
                pieces.extend(new.iter().skip(both).map(|paragraph| whole("added", paragraph)));
            }
        }
    }
    bounded(pieces)
}

/// As much as a page can hold: what does not fit is cut, and how many paragraphs come after it is told.
fn bounded(pieces: Vec<Piece>) -> Vec<Piece> {
    let (mut shown, mut room, mut more) = (Vec::new(), LONGEST, 0);
    for piece in pieces {
        match piece {
            Piece::Paragraph { mut runs } if room > 0 => {
                runs.retain_mut(|run| {
                    let fits = room > 0;
                    run.text.truncate(run.text.floor_char_boundary(room));
                    // Each run has marks around it.
                    room = room.saturating_sub(run.text.len() + 16);
                    fits
                });
                shown.push(Piece::Paragraph { runs });
            }
            Piece::Paragraph { .. } => more += 1,
            Piece::Same { same } if room == 0 => more += same,
            other => shown.push(other),
        }
    }
    if room == 0 {
        shown.push(Piece::More { more });
    }
    shown
}

/// What stays the same, near the changes before and after it.
fn unchanged(paragraphs: &[&str], after: bool, before: bool, pieces: &mut Vec<Piece>) {
    let head = if after { AROUND } else { 0 };
    let tail = if before { AROUND } else { 0 };
    if paragraphs.len() <= head + tail {
        pieces.extend(paragraphs.iter().map(|paragraph| whole("same", paragraph)));
        return;
    }
    let left_out = paragraphs.len() - head - tail;
    pieces.extend(paragraphs.iter().take(head).map(|paragraph| whole("same", paragraph)));
    pieces.push(Piece::Same { same: left_out });
    pieces.extend(paragraphs.iter().skip(head + left_out).map(|paragraph| whole("same", paragraph)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_changed_are_told_apart_and_the_rest_stays() {
        assert_eq!(
            by_words("Họp lúc 8 giờ sáng.", "Họp lúc 9 giờ sáng."),
            [run("same", "Họp lúc "), run("removed", "8 "), run("added", "9 "), run("same", "giờ sáng.")]
        );
        assert_eq!(by_words("giống", "giống"), [run("same", "giống")]);
        assert_eq!(by_words("", "mới"), [run("added", "mới")]);
    }

    #[test]
    fn a_difference_that_is_too_long_is_cut_and_says_so() {
        let long = |word: &str| format!("{word} ").repeat(LONGEST / word.len());
        let pieces =
            by_paragraphs(&format!("{}\n\nMột.\n\nHai.", long("cũ")), &format!("{}\n\nMột.\n\nHai.", long("mới")));
        let length: usize = pieces.iter().map(|piece| serde_json::to_string(piece).unwrap_or_default().len()).sum();
        assert!((LONGEST / 2..2 * LONGEST).contains(&length), "{length}");
        assert_eq!(pieces.last(), Some(&Piece::More { more: 2 }), "the two that stay the same");
        assert!(matches!(by_paragraphs("a", "b").last(), Some(Piece::Paragraph { .. })));
    }

    #[test]
    fn both_texts_can_be_read_out_of_a_difference() {
        let old = "Một.\n\nHai cũ.\n\nBa.\n\nBốn.\n\nNăm.";
        let new = "Một.\n\nHai mới.\n\nBa.\n\nBốn.\n\nNăm.\n\nSáu.";
        let pieces = by_paragraphs(old, new);
        assert!(pieces.contains(&Piece::Same { same: 1 }), "{pieces:?}");
        let text = |skipped: &str| -> Vec<String> {
            let paragraphs = pieces.iter().filter_map(|piece| match piece {
                Piece::Paragraph { runs } => {
                    let kept = runs.iter().filter(|run| run.kind != skipped);
                    Some(kept.map(|run| run.text.as_str()).collect::<String>())
                }
                Piece::Same { .. } | Piece::More { .. } => None,
            });
            paragraphs.filter(|paragraph| !paragraph.is_empty()).collect()
        };
        assert_eq!(text("added"), ["Một.", "Hai cũ.", "Ba.", "Năm."]);
        assert_eq!(text("removed"), ["Một.", "Hai mới.", "Ba.", "Năm.", "Sáu."]);
        assert_eq!(by_paragraphs(old, old), [Piece::Same { same: 5 }]);
    }
}
