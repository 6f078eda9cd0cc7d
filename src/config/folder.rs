//! All channel files of a folder, checked against each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono_tz::Tz;

use super::channel_file::ChannelSpec;
use super::error::ConfigError;
use crate::text;
use crate::text::nearest;

/// Reads every `*.toml` in `folder`, in order of name.
///
/// # Errors
/// Every file's first mistake, and what does not fit between files.
pub fn load_channels(folder: &Path, zone: Tz) -> Result<Vec<ChannelSpec>, Vec<ConfigError>> {
    let (specs, errors) = load_good_channels(folder, zone);
    if errors.is_empty() { Ok(specs) } else { Err(errors) }
}

/// The channels whose files are right, and the mistakes of the others.
#[must_use]
pub fn load_good_channels(folder: &Path, zone: Tz) -> (Vec<ChannelSpec>, Vec<ConfigError>) {
    load_as_if(folder, zone, None)
}

/// What a file shall say; `None`: it shall be gone.
pub type Instead<'a> = (&'a Path, Option<&'a str>);

/// The same, as if one of the files said something else.
#[must_use]
pub fn load_as_if(folder: &Path, zone: Tz, instead: Option<Instead<'_>>) -> (Vec<ChannelSpec>, Vec<ConfigError>) {
    let unreadable = |path: &Path, error: &std::io::Error| ConfigError {
        file: path.to_owned(),
        line: None,
        text: text!("không đọc được: {error}", "cannot be read: {error}"),
    };
    let mut files = match channel_files(folder) {
        Ok(files) => files,
        Err(error) => return (Vec::new(), vec![unreadable(folder, &error)]),
    };
    if let Some((path, text)) = instead {
        files.retain(|file| file != path);
        files.extend(text.map(|_| path.to_owned()));
        files.sort();
    }
    let mut specs = Vec::new();
    let mut errors = Vec::new();
    for file in files {
        let source = match instead {
            Some((path, Some(text))) if file == path => Ok(text.to_owned()),
            _ => std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error)),
        };
        match source.and_then(|source| ChannelSpec::parse_all(&file, &source, zone)) {
            Ok(read) => specs.extend(read.into_iter().map(|mut spec| {
                let secrets = super::secrets::files(&spec.source);
                spec.beside = stamp_of(beside(folder).into_iter().chain(secrets).collect());
                spec
            })),
            Err(error) => errors.push(error),
        }
    }
    // "trang-xa.an-binh.toml" may say the same name as a target of "trang-xa.toml".
    for position in (1..specs.len()).rev() {
        let name = specs.get(position).map(|spec| spec.channel.clone()).unwrap_or_default();
        if specs.iter().take(position).any(|earlier| earlier.channel == name) {
            let text = text!("đã có kênh khác tên \"{name}\"", "there is another channel named \"{name}\"");
            let double = specs.remove(position);
            errors.push(ConfigError { file: double.file, line: None, text });
        }
    }
    // Whether a name is missing can be said only when every file was understood.
    if errors.is_empty() {
        let astray: Vec<_> = specs.iter().filter_map(|spec| bad_after(spec, &specs)).collect();
        specs.retain(|spec| !astray.iter().any(|error| error.file == spec.file));
        errors.extend(astray);
    }
    (specs, errors)
}

/// When each file that channels are made from was last changed: channel files, templates, the lexicon, secrets.
/// Differs when one was edited, added or removed.
#[must_use]
pub fn stamp(folder: &Path, specs: &[ChannelSpec]) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
    let mut files = channel_files(folder).unwrap_or_default();
    files.extend(beside(folder));
    files.extend(specs.iter().flat_map(|spec| spec.secrets.iter().cloned()));
    stamp_of(files)
}

/// Size and time of files.
pub(super) type Stamp = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// What channels read beside their own files.
fn beside(folder: &Path) -> Vec<PathBuf> {
    let templates = std::fs::read_dir(folder.join("templates")).into_iter().flatten();
    let templates = templates.filter_map(|entry| Some(entry.ok()?.path()));
    std::iter::once(folder.join("lexicon.tsv")).chain(templates).collect()
}

fn stamp_of(files: Vec<PathBuf>) -> Stamp {
    let stamp = |path: PathBuf| {
        let meta = std::fs::metadata(&path).ok()?;
        Some((path, (meta.len(), meta.modified().ok())))
    };
    files.into_iter().filter_map(stamp).collect()
}

fn channel_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|ending| ending == "toml") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// `after` has to name another channel, and following it must come to an end.
fn bad_after(spec: &ChannelSpec, all: &[ChannelSpec]) -> Option<ConfigError> {
    let error = |text| Some(ConfigError::at(&spec.file, &spec.source, spec.after_span.clone(), text));
    let find = |name: &str| all.iter().find(|other| other.channel == name);
    let first = spec.schedule.after.as_deref()?;
    if find(first).is_none() {
        let valid = all.iter().map(|other| other.channel.clone()).filter(|name| *name != spec.channel).collect();
        return error(nearest::Unknown { name: first.to_owned(), valid, field: false }.text());
    }
    let mut next = Some(first);
    for _ in 0..=all.len() {
        match next {
            None => return None,
            Some(name) if name == spec.channel => {
                return error(text!(
                    "after nối vòng: kênh này chờ chính nó",
                    "after runs in a circle: this channel waits for itself"
                ));
            }
            Some(name) => next = find(name).and_then(|other| other.schedule.after.as_deref()),
        }
    }
    // It leads into a circle of others, who are told.
    None
}
