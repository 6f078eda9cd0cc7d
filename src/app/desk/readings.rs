//! The office's readings, in `lexicon.tsv` beside the channel files.

use futures_util::future::BoxFuture;

use super::texts::{TextFile, changed_meanwhile};
use crate::app::App;
use crate::audience::folded;
use crate::console::{FoundReadings, ReadingChange, ReadingEntry, Readings, Tried, Unable};
use crate::queue::{By, Record, Versions as _};
use crate::speech::{Lexicon, LexiconError, Line, Normaliser, SHIPPED, Voice, edited, lines};
use crate::text;
use crate::text::Text;

/// Longest text that is tried, in characters.
const LONGEST: usize = 2_000;

impl App {
    fn lexicon_file(&self) -> TextFile {
        self.text_file("lexicon.tsv")
    }

    async fn change_readings(&self, change: ReadingChange, by: By) -> Result<(), Unable> {
        let file = self.lexicon_file();
        let _alone = self.texts.lock().await;
        let before = file.read().await?;
        let tsv = before.clone().unwrap_or_default();
        let (after, note) = match &change {
            ReadingChange::Add(entry) => (edited(&tsv, None, Some(&line(entry))), said("thêm", "added", entry)),
            ReadingChange::Replace { before, after } => {
                (edited(&tsv, Some(&line(before)), Some(&line(after))), said("sửa", "changed", after))
            }
            ReadingChange::Remove(entry) => (edited(&tsv, Some(&line(entry)), None), said("bỏ", "removed", entry)),
            ReadingChange::PutBack(id) => {
                let version = self.store.version(*id).await?.filter(|version| version.file == file.name);
                let content = version.ok_or(Unable::Missing)?.content.unwrap_or_default();
                let note = text!("từ điển đọc: trở lại bản {id}", "lexicon: back to version {id}");
                (Some(Lexicon::parse(&content).map(|_| content)), note)
            }
        };
        let after = after.ok_or_else(|| Unable::Refused(changed_meanwhile()))?;
        let after = after.map_err(|errors| Unable::Refused(joined(&errors)))?;
        file.change(self, before, Some(after), Record { by, what: "lexicon", channel: None, note }).await
    }
}

fn line(entry: &ReadingEntry) -> Line {
    Line { written: entry.written.clone(), spoken: entry.spoken.clone(), note: entry.note.clone() }
}

fn entry(line: Line) -> ReadingEntry {
    ReadingEntry { written: line.written, spoken: line.spoken, note: line.note }
}

fn said(vi: &str, en: &str, entry: &ReadingEntry) -> Text {
    let (written, spoken) = (&entry.written, &entry.spoken);
    text!("từ điển đọc: {vi} \"{written}\" → \"{spoken}\"", "lexicon: {en} \"{written}\" → \"{spoken}\"")
}

fn joined(errors: &[LexiconError]) -> Text {
    Text::same(errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join("; "))
}

fn holds(line: &Line, words: &str, bare: &str) -> bool {
    words.is_empty()
        || [&line.written, &line.spoken, &line.note]
            .into_iter()
            .any(|column| column.contains(words) || (!bare.is_empty() && folded(column).contains(bare)))
}

impl Readings for App {
    fn find(&self, words: &str, most: usize) -> BoxFuture<'_, Result<FoundReadings, Unable>> {
        let words = words.trim().to_owned();
        Box::pin(async move {
            let tsv = self.lexicon_file().read().await?.unwrap_or_default();
            let bare = folded(&words);
            let own: Vec<Line> = lines(&tsv).collect();
            let ours = |line: &Line| own.iter().any(|own| own.written == line.written);
            let found: Vec<ReadingEntry> =
                own.iter().filter(|line| holds(line, &words, &bare)).cloned().map(entry).collect();
            let built_in: Vec<ReadingEntry> =
                lines(SHIPPED).filter(|line| holds(line, &words, &bare) && !ours(line)).map(entry).collect();
            let errors = Lexicon::parse(&tsv).err().unwrap_or_default();
            Ok(FoundReadings {
                own_count: found.len(),
                built_in_count: built_in.len(),
                own: found.into_iter().take(most).collect(),
                built_in: built_in.into_iter().take(most).collect(),
                trouble: errors.iter().map(|error| Text::same(error.to_string())).collect(),
            })
        })
    }

    fn change(&self, change: ReadingChange, by: By) -> BoxFuture<'_, Result<(), Unable>> {
        Box::pin(self.change_readings(change, by))
    }

    fn try_out(&self, text: &str) -> BoxFuture<'_, Result<Tried, Unable>> {
        let text: String = text.chars().take(LONGEST).collect();
        Box::pin(async move {
            let tsv = self.lexicon_file().read().await?.unwrap_or_default();
            let lexicon = Lexicon::parse(&tsv).map_err(|errors| Unable::Refused(joined(&errors)))?;
            let spoken = tokio::task::spawn_blocking(move || Normaliser::new(Voice::default(), lexicon).text(&text));
            let spoken = spoken.await.map_err(|error| Unable::Refused(Text::same(error.to_string())))?;
            let doubts = spoken.doubts().map(|token| (token.written.clone(), token.spoken.clone())).collect();
            Ok(Tried { spoken: spoken.text, doubts })
        })
    }
}
