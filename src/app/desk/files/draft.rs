//! A change of a channel's file: everything but the last step, which cannot fail any more, is done before it is recorded.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use tempfile::NamedTempFile;

use super::form::{self, Filled};
use super::{head, history, kind_of, said, seal, secrets, unreadable, unwritable};
use crate::app::App;
use crate::channel::kind;
use crate::config::ChannelFile;
use crate::console::{Collision, Difference, FileChange, FileMistake, Saved};
use crate::queue::By;
use crate::text;
use crate::text::Text;

/// A channel file that is not there yet, as others read it.
const MODE: u32 = 0o644;
/// Longest name of a channel.
const MOST_NAME: usize = 40;

/// A change that was checked and prepared.
pub(super) struct Draft {
    pub(super) channel: String,
    pub(super) what: Text,
    path: PathBuf,
    /// `None`: the file goes.
    staged: Option<NamedTempFile>,
    /// The versions that were kept for it.
    kept: Vec<PathBuf>,
    secrets: secrets::Written,
}

/// What the file shall say.
struct Wish {
    /// `None`: nothing, it goes.
    text: Option<String>,
    what: Text,
    secrets: Vec<(String, SecretString)>,
}

impl Wish {
    fn of(text: String, what: Text) -> Self {
        Self { text: Some(text), what, secrets: Vec::new() }
    }
}

impl App {
    /// Prepares a change, or says what came of it.
    pub(super) fn file_draft(&self, channel: &str, change: FileChange, by: &By) -> Result<Draft, Saved> {
        if let FileChange::New { .. } = change {
            self.free_name(channel)?;
        }
        let (path, channel) = self.file_of(channel).ok_or(Saved::NotThere)?;
        let before = said(&path).map_err(Saved::Refused)?;
        let wish = self.wish(&channel, before.as_deref(), change)?;
        if wish.secrets.is_empty() && wish.text == before {
            return Err(Saved::Same);
        }
        let mut draft = Draft {
            channel,
            what: wish.what,
            path,
            staged: None,
            kept: Vec::new(),
            secrets: secrets::Written::default(),
        };
        match self.prepare(&mut draft, before.as_deref(), wish.text.as_deref(), &wish.secrets, by) {
            Ok(()) => Ok(draft),
            Err(saved) => {
                draft.undo();
                Err(saved)
            }
        }
    }

    fn free_name(&self, channel: &str) -> Result<(), Saved> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let wrong = |text| Saved::Wrong(vec![FileMistake { key: Some("file".to_owned()), line: None, text }]);
        if channel.is_empty() || channel.len() > MOST_NAME || !channel.chars().all(plain) {
            return Err(wrong(text!(
                "tên tệp gồm chữ thường không dấu, chữ số và gạch nối, nhiều nhất {MOST_NAME} chữ, như \"fanpage-xa\"",
                "the file's name may hold lower-case letters, digits and hyphens, at most {MOST_NAME}, such as \"fanpage-xa\""
            )));
        }
        let taken = self.config.channels.join(format!("{channel}.toml")).exists();
        if taken {
            return Err(wrong(text!("đã có kênh \"{channel}\"", "there is a channel \"{channel}\" already")));
        }
        Ok(())
    }

    fn wish(&self, channel: &str, before: Option<&str>, change: FileChange) -> Result<Wish, Saved> {
        let same = |seen: &str| seal(before) == *seen;
        match change {
            FileChange::New { kind: name, fields } => {
                let kind = kind(&name).ok_or(Saved::NotThere)?;
                let mut file = read(kind.example)?;
                let filled = form::fill(&mut file, kind, &fields, true).map_err(Saved::Wrong)?;
                self.filled(channel, file, filled, text!("thêm kênh", "added the channel"))
            }
            FileChange::Fields { seen, fields } => {
                let now = before.ok_or(Saved::NotThere)?;
                let mut file = read(now)?;
                let kind = kind_of(&file).ok_or(Saved::NotThere)?;
                let filled = form::fill(&mut file, kind, &fields, false).map_err(Saved::Wrong)?;
                if !same(&seen) {
                    let differ = form::differences(kind, &read(now)?, &fields);
                    return Err(collision(before, file.text(), differ));
                }
                let Text { vi, en } = listed(&filled.labels);
                self.filled(channel, file, filled, text!("sửa {vi}", "changed {en}"))
            }
            FileChange::Text { seen, text } => {
                let text = text.replace("\r\n", "\n");
                if before.is_none() {
                    // Made on this page: named as if it were made in the form.
                    self.free_name(channel)?;
                }
                if !same(&seen) {
                    return Err(collision(before, text, Vec::new()));
                }
                Ok(Wish::of(text, text!("sửa cả tệp", "changed the file as a whole")))
            }
            FileChange::Set { key, value } => {
                let mut file = read(before.ok_or(Saved::NotThere)?)?;
                let field = head(key).ok_or(Saved::NotThere)?;
                file.fill(key, &field, value).map_err(|error| Saved::Refused(error.0))?;
                let Text { vi, en } = (field.label)();
                Ok(Wish::of(file.text(), text!("đổi {vi}: {value}", "{en}: {value}")))
            }
            FileChange::Back { seen, version } => {
                let folder = &self.config.channels;
                let found = history::text(folder, channel, &version);
                let text = found.map_err(|error| Saved::Refused(unreadable(folder, &error)))?.ok_or(Saved::NotThere)?;
                if !same(&seen) {
                    return Err(collision(before, text, Vec::new()));
                }
                Ok(Wish::of(text, text!("đưa bản {version} trở lại", "put the version {version} back")))
            }
            FileChange::Delete { seen } => {
                before.ok_or(Saved::NotThere)?;
                if !same(&seen) {
                    return Err(collision(before, String::new(), Vec::new()));
                }
                Ok(Wish { text: None, what: text!("xóa kênh", "deleted the channel"), secrets: Vec::new() })
            }
        }
    }

    /// What a form wishes for: its secrets are only named in the file.
    fn filled(&self, channel: &str, mut file: ChannelFile, filled: Filled, what: Text) -> Result<Wish, Saved> {
        let mut secrets = Vec::new();
        for (key, secret) in filled.secrets {
            let path = self.secret_path(channel, &key)?;
            file.keep_secret(&key, &path.display().to_string()).map_err(|error| Saved::Refused(error.0))?;
            secrets.push((key, SecretString::from(secret)));
        }
        Ok(Wish { text: Some(file.text()), what, secrets })
    }

    fn secret_path(&self, channel: &str, key: &str) -> Result<PathBuf, Saved> {
        let base = &self.config.base;
        secrets::path(base, channel, key).map_err(|error| Saved::Refused(unwritable(base, &error)))
    }

    fn prepare(
        &self,
        draft: &mut Draft,
        before: Option<&str>,
        after: Option<&str>,
        typed: &[(String, SecretString)],
        by: &By,
    ) -> Result<(), Saved> {
        for (key, secret) in typed {
            let path = self.secret_path(&draft.channel, key)?;
            let written = draft.secrets.write(path.clone(), secret);
            written.map_err(|error| Saved::Refused(unwritable(&path, &error)))?;
        }
        let mistakes = self.mistakes(&draft.path, after);
        if !mistakes.is_empty() {
            return Err(Saved::Wrong(mistakes));
        }
        let channels = &self.config.channels;
        let refused = |error| Saved::Refused(unwritable(channels, &error));
        if let Some(before) = before
            && !history::is_newest(channels, &draft.channel, before).map_err(refused)?
        {
            let outside = By { who: "?".to_owned(), at: by.at };
            let what = text!("sửa ngoài trang này", "changed elsewhere");
            let before = secrets::hidden(before);
            draft.kept.push(history::keep(channels, &draft.channel, &before, &outside, what).map_err(refused)?);
        }
        if let Some(after) = after {
            draft.kept.push(history::keep(channels, &draft.channel, after, by, draft.what.clone()).map_err(refused)?);
            draft.staged = Some(stage(&draft.path, after).map_err(refused)?);
        }
        Ok(())
    }
}

fn read(text: &str) -> Result<ChannelFile, Saved> {
    ChannelFile::read(text).map_err(|error| Saved::Wrong(vec![FileMistake { key: None, line: None, text: error.0 }]))
}

fn collision(theirs: Option<&str>, mine: String, fields: Vec<Difference>) -> Saved {
    Saved::Changed(Box::new(Collision { seen: seal(theirs), theirs: theirs.map(str::to_owned), mine, fields }))
}

fn listed(labels: &[Text]) -> Text {
    let join = |words: Vec<&str>| words.join(", ");
    Text {
        vi: join(labels.iter().map(|label| label.vi.as_str()).collect()),
        en: join(labels.iter().map(|label| label.en.as_str()).collect()),
    }
}

/// The new text, on disk beside the file and with its mode.
fn stage(path: &Path, text: &str) -> std::io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".").suffix(".tmp").tempfile_in(folder)?;
    let mode = std::fs::metadata(path).map_or(MODE, |meta| meta.permissions().mode() & 0o777);
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

impl Draft {
    /// The last step.
    pub(super) fn put(mut self) -> Saved {
        let put = match self.staged.take() {
            Some(staged) => staged.persist(&self.path).map(drop).map_err(|error| error.error),
            None => std::fs::remove_file(&self.path),
        };
        let folder = self.path.parent().unwrap_or(Path::new(".")).to_owned();
        match put.and_then(|()| std::fs::File::open(&folder)?.sync_all()) {
            Ok(()) => Saved::Done,
            Err(error) => {
                let text = unwritable(&self.path, &error);
                self.undo();
                Saved::Refused(text)
            }
        }
    }

    /// Leaves everything as it was.
    pub(super) fn undo(self) {
        for path in self.kept {
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::error!(path = %path.display(), %error, "a version that was not used could not be removed");
            }
        }
        self.secrets.undo();
    }
}
