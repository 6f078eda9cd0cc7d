//! A lexicon file as people edit it: one line changes, every other line and every comment stays.

use super::lexicon::{Lexicon, LexiconError};

/// A reading as it stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// As it is written.
    pub written: String,
    /// As it is read.
    pub spoken: String,
    /// For colleagues.
    pub note: String,
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let line = line.trim_start_matches('\u{feff}');
        if line.trim().is_empty() || line.starts_with('#') {
            return None;
        }
        let mut columns = line.split('\t').map(|column| column.trim().to_owned());
        let mut next = || columns.next().unwrap_or_default();
        Some(Self { written: next(), spoken: next(), note: next() })
    }

    fn show(&self) -> String {
        let one_line = |words: &str| words.split_whitespace().collect::<Vec<_>>().join(" ");
        let (written, spoken, note) = (one_line(&self.written), one_line(&self.spoken), one_line(&self.note));
        if note.is_empty() { format!("{written}\t{spoken}") } else { format!("{written}\t{spoken}\t{note}") }
    }
}

/// The readings of a file, in order.
pub fn lines(tsv: &str) -> impl Iterator<Item = Line> {
    tsv.lines().filter_map(Line::read)
}

/// The file with `after` in the place of `before`, which may be nothing: at its end, or gone. `None` when `before` is not
/// there any more.
///
/// # Errors
/// What is wrong with the file that would come out.
pub fn edited(tsv: &str, before: Option<&Line>, after: Option<&Line>) -> Option<Result<String, Vec<LexiconError>>> {
    let mut kept: Vec<String> = tsv.lines().map(str::to_owned).collect();
    match before {
        None => kept.extend(after.map(Line::show)),
        Some(before) => {
            let place = kept.iter().position(|line| Line::read(line).as_ref() == Some(before))?;
            match after {
                Some(after) => drop(kept.get_mut(place).map(|line| *line = after.show())),
                None => drop(kept.remove(place)),
            }
        }
    }
    let mut text = kept.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    if let Some(after) = after.filter(|after| Line::read(&after.show()).is_none()) {
        let (line, written) = (kept.len(), &after.written);
        let message = format!("“{written}” không dùng được: chữ viết không để trống và không bắt đầu bằng dấu #");
        return Some(Err(vec![LexiconError { line, message }]));
    }
    Some(Lexicon::parse(&text).map(|_| text))
}

#[cfg(test)]
mod tests {
    use super::{Line, edited, lines};

    fn line(written: &str, spoken: &str) -> Line {
        Line { written: written.to_owned(), spoken: spoken.to_owned(), note: String::new() }
    }

    #[test]
    fn one_line_changes_and_the_others_stay() {
        let file = "# của xã\nTNCS\tthanh niên cộng sản\tghi chú\n\n# hết\nABC\ta bê xê\n";
        let old = lines(file).next().unwrap_or_default();
        assert_eq!(old.note, "ghi chú");
        let new = line("TNCS", "thanh niên");
        let becomes = |file: &str| Some(Ok(file.to_owned()));
        assert_eq!(
            edited(file, Some(&old), Some(&new)),
            becomes("# của xã\nTNCS\tthanh niên\n\n# hết\nABC\ta bê xê\n")
        );
        assert_eq!(edited(file, Some(&old), None), becomes("# của xã\n\n# hết\nABC\ta bê xê\n"));
        assert_eq!(edited("", None, Some(&new)), becomes("TNCS\tthanh niên\n"));
        assert_eq!(edited(file, Some(&new), None), None, "it is not there");
        let refused = |after: &Line| edited(file, None, Some(after)).is_some_and(|edited| edited.is_err());
        assert!(refused(&line("ABC", "khác")), "twice");
        assert!(refused(&line("#x", "khác")) && refused(&line("", "")) && refused(&line("X", "")));
        assert_eq!(edited("", None, Some(&line("X\tY\nZ", "ích"))), becomes("X Y Z\tích\n"));
    }
}
