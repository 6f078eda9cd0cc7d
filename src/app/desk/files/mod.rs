//! The channels' files, changed by officers: checked as the daemon would, kept in every version, written whole.

mod draft;
mod form;
mod history;
mod secrets;

use std::io;
use std::path::{Path, PathBuf};

use futures_util::future::BoxFuture;

use crate::app::App;
use crate::article::sha256_hex;
use crate::channel::{KINDS, Kind, kind};
use crate::config::{ChannelFile, ConfigError, GROUPS, load_as_if, load_good_channels};
use crate::console::{ChannelFiles, ChannelForm, FileChange, FileMistake, KindLine, Saved, Version};
use crate::queue::{By, Record, StoreError};
use crate::text;
use crate::text::Text;

/// Longest name of a channel's file, in bytes.
const LONGEST: usize = 200;

/// Stands for what a file says.
fn seal(said: Option<&str>) -> String {
    said.map(|said| sha256_hex(said.as_bytes())).unwrap_or_default()
}

fn unreadable(path: &Path, error: &io::Error) -> Text {
    let path = path.display();
    text!("không đọc được {path}: {error}", "cannot read {path}: {error}")
}

fn unwritable(path: &Path, error: &io::Error) -> Text {
    let path = path.display();
    text!("không ghi được {path}: {error}", "cannot write {path}: {error}")
}

/// What a file says; `None` where there is none.
fn said(path: &Path) -> Result<Option<String>, Text> {
    match std::fs::read_to_string(path) {
        Ok(said) => Ok(Some(said)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The kind that a file says it is of.
fn kind_of(file: &ChannelFile) -> Option<&'static Kind> {
    kind(&file.shown("kind", crate::channel::Input::Line))
}

impl App {
    /// The file of a channel, and its name without ending: a target's file is its channel's.
    fn file_of(&self, channel: &str) -> Option<(PathBuf, String)> {
        let odd = |c: char| matches!(c, '/' | '\\') || c.is_control();
        if channel.is_empty() || channel.len() > LONGEST || channel.starts_with('.') || channel.contains(odd) {
            return None;
        }
        let path = |name: &str| self.config.channels.join(format!("{name}.toml"));
        let whole = path(channel);
        let of_target = channel.rsplit_once('.').map(|(name, _)| name).filter(|name| path(name).is_file());
        match of_target {
            Some(name) if !whole.is_file() => Some((path(name), name.to_owned())),
            _ => Some((whole, channel.to_owned())),
        }
    }

    /// What would be wrong if `path` said `text`, or were not there any more.
    fn mistakes(&self, path: &Path, text: Option<&str>) -> Vec<FileMistake> {
        let (folder, zone) = (&self.config.channels, self.config.office.timezone);
        let (_, before) = load_good_channels(folder, zone);
        let (specs, after) = load_as_if(folder, zone, Some((path, text)));
        let mut errors: Vec<ConfigError> =
            after.into_iter().filter(|error| error.file == path || !before.contains(error)).collect();
        if errors.is_empty() {
            let own = specs.iter().filter(|spec| spec.is_of(path));
            errors.extend(own.filter_map(|spec| {
                let live = spec.enabled && !spec.rehearsal;
                spec.open(&self.config.office, &self.config.base, live).err()
            }));
        }
        errors.into_iter().map(|error| mistake(error, path, text.unwrap_or_default())).collect()
    }

    async fn changed(&self, channel: String, change: FileChange, by: By) -> Result<Saved, StoreError> {
        // One after the other: what was compared is still there when it is replaced.
        let _turn = self.hands.files.lock().await;
        let (app, name, author) = (self.clone(), channel, by.clone());
        let drafting = tokio::task::spawn_blocking(move || app.file_draft(&name, change, &author)).await;
        let failed = |error: tokio::task::JoinError| StoreError::Other(error.to_string());
        let draft = match drafting.map_err(failed)? {
            Ok(draft) => draft,
            Err(saved) => return Ok(saved),
        };
        let record =
            Record { by, what: "channel_file", channel: Some(draft.channel.clone()), note: draft.what.clone() };
        // The ledger first: a change that is not in it does not happen.
        if let Err(error) = self.people().record(record).await {
            draft.undo();
            return Err(error);
        }
        let saved = tokio::task::spawn_blocking(move || draft.put()).await.map_err(failed)?;
        self.hands.changed.notify_one();
        Ok(saved)
    }
}

/// Where a mistake belongs in the form.
fn mistake(error: ConfigError, path: &Path, text: &str) -> FileMistake {
    if error.file != path {
        return FileMistake { key: None, line: None, text: elsewhere(&error) };
    }
    let file = ChannelFile::read(text).ok();
    let rows = file.as_ref().and_then(kind_of).map(form::rows).unwrap_or_default();
    let keys: Vec<&str> = rows.iter().map(|(key, _)| key.as_str()).collect();
    let on_line = error.line.and_then(|line| ChannelFile::on_line(text, line, &keys));
    // What is missing stands on no line.
    let named = || {
        let last = |key: &&&str| key.rsplit('.').next().unwrap_or(key).to_owned();
        keys.iter().find(|key| {
            let key = last(key);
            let said = &error.text.en;
            said.starts_with(&format!("\"{key}\"")) || said.starts_with(&format!("{key} "))
        })
    };
    let key = on_line.or_else(|| named().copied()).map(str::to_owned);
    FileMistake { key, line: error.line, text: error.text }
}

/// A mistake in another file.
fn elsewhere(error: &ConfigError) -> Text {
    let (file, Text { vi, en }) = (error.file.display(), &error.text);
    text!("{file}: {vi}", "{file}: {en}")
}

/// Does something with files, beside everything else.
fn beside<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&App) -> Result<T, Text> + Send + 'static,
) -> BoxFuture<'static, Result<T, Text>> {
    let app = app.clone();
    Box::pin(async move {
        let done = tokio::task::spawn_blocking(move || work(&app)).await;
        done.map_err(|error| Text::same(error.to_string()))?
    })
}

impl ChannelFiles for App {
    fn kinds(&self) -> Vec<KindLine> {
        KINDS.iter().map(|kind| KindLine { kind: kind.name, about: (kind.about)() }).collect()
    }

    fn new_form(&self, name: &str) -> Option<ChannelForm> {
        form::fresh(kind(name)?, self.config.office.timezone)
    }

    fn form(&self, channel: String) -> BoxFuture<'_, Result<Option<ChannelForm>, Text>> {
        beside(self, move |app| {
            let Some((path, name)) = app.file_of(&channel) else { return Ok(None) };
            let Some(source) = said(&path)? else { return Ok(None) };
            let read = ChannelFile::read(&source).ok();
            let known = read.as_ref().and_then(|file| Some((file, kind_of(file)?)));
            let form = match known {
                Some((file, kind)) => form::form(&name, kind, file, &source, app.config.office.timezone),
                None => ChannelForm {
                    channel: name,
                    kind: String::new(),
                    about: Text::default(),
                    seen: String::new(),
                    groups: Vec::new(),
                    source: source.clone(),
                },
            };
            Ok(Some(ChannelForm { seen: seal(Some(&source)), ..form }))
        })
    }

    fn change(&self, channel: String, change: FileChange, by: By) -> BoxFuture<'_, Result<Saved, StoreError>> {
        Box::pin(self.changed(channel, change, by))
    }

    fn versions(&self, channel: String) -> BoxFuture<'_, Result<Vec<Version>, Text>> {
        beside(self, move |app| {
            let Some((_, name)) = app.file_of(&channel) else { return Ok(Vec::new()) };
            let folder = &app.config.channels;
            history::versions(folder, &name).map_err(|error| unreadable(folder, &error))
        })
    }

    fn version(&self, channel: String, id: String) -> BoxFuture<'_, Result<Option<String>, Text>> {
        beside(self, move |app| {
            let Some((_, name)) = app.file_of(&channel) else { return Ok(None) };
            let folder = &app.config.channels;
            history::text(folder, &name, &id).map_err(|error| unreadable(folder, &error))
        })
    }

    fn past(&self) -> BoxFuture<'_, Result<Vec<String>, Text>> {
        beside(self, |app| {
            let folder = &app.config.channels;
            let mut names = history::channels(folder).map_err(|error| unreadable(folder, &error))?;
            names.retain(|name| !folder.join(format!("{name}.toml")).exists());
            Ok(names)
        })
    }

    fn broken(&self) -> BoxFuture<'_, Result<Vec<(String, Text)>, Text>> {
        beside(self, |app| {
            let (_, errors) = load_good_channels(&app.config.channels, app.config.office.timezone);
            let named = errors.into_iter().map(|error| {
                let name = error.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
                let at = error.line.map_or_else(Text::default, |line| text!("dòng {line}: ", "line {line}: "));
                (name.unwrap_or_default(), Text { vi: at.vi + &error.text.vi, en: at.en + &error.text.en })
            });
            Ok(named.collect())
        })
    }
}

/// The field of the head that has this key.
fn head(key: &str) -> Option<crate::channel::Field> {
    let fields = GROUPS.iter().filter(|group| group.table.is_empty()).flat_map(|group| group.fields);
    fields.into_iter().find(|field| field.key == key).copied()
}
