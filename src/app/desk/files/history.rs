//! Every version of a channel's file, in a hidden folder beside the channel files: a TOML file for each, with one line
//! before it that says who wrote it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::console::Version;
use crate::queue::By;
use crate::text::Text;

const FOLDER: &str = ".history";
/// Begins the line about a version.
const MARK: &str = "#loa ";
/// Versions that are shown.
const SHOWN: usize = 200;

#[derive(Serialize, Deserialize)]
struct About {
    at: DateTime<Utc>,
    who: String,
    what: Text,
}

fn folder(channels: &Path, channel: &str) -> PathBuf {
    channels.join(FOLDER).join(channel)
}

/// The names of a channel's versions, the newest first.
fn names(channels: &Path, channel: &str) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder(channels, channel)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".toml").map(str::to_owned));
    }
    names.sort_by(|a, b| b.cmp(a));
    Ok(names)
}

fn read(channels: &Path, channel: &str, id: &str) -> io::Result<Option<(About, String)>> {
    if !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(None);
    }
    let whole = match std::fs::read_to_string(folder(channels, channel).join(format!("{id}.toml"))) {
        Ok(whole) => whole,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (first, rest) = whole.split_once('\n').unwrap_or((&whole, ""));
    let about = first.strip_prefix(MARK).and_then(|about| serde_json::from_str(about).ok());
    Ok(about.map(|about| (about, rest.to_owned())))
}

/// What a version said.
pub(super) fn text(channels: &Path, channel: &str, id: &str) -> io::Result<Option<String>> {
    Ok(read(channels, channel, id)?.map(|(_, text)| text))
}

/// The newest versions.
pub(super) fn versions(channels: &Path, channel: &str) -> io::Result<Vec<Version>> {
    let mut versions = Vec::new();
    for id in names(channels, channel)?.into_iter().take(SHOWN) {
        if let Some((About { at, who, what }, _)) = read(channels, channel, &id)? {
            versions.push(Version { id, at, who, what });
        }
    }
    Ok(versions)
}

/// The channels of which there are versions.
pub(super) fn channels(channels: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(channels.join(FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Whether the newest version says this.
pub(super) fn is_newest(channels: &Path, channel: &str, said: &str) -> io::Result<bool> {
    let Some(newest) = names(channels, channel)?.into_iter().next() else { return Ok(false) };
    Ok(text(channels, channel, &newest)?.as_deref() == Some(said))
}

/// Keeps a version; returns where.
pub(super) fn keep(channels: &Path, channel: &str, said: &str, by: &By, what: Text) -> io::Result<PathBuf> {
    let folder = folder(channels, channel);
    std::fs::create_dir_all(&folder)?;
    let about = About { at: by.at, who: by.who.clone(), what };
    let about = serde_json::to_string(&about)?;
    // Two in one millisecond are two all the same.
    let mut at = by.at;
    let path = loop {
        let path = folder.join(format!("{}.toml", at.format("%Y%m%dT%H%M%S%3fZ")));
        if !path.exists() {
            break path;
        }
        at += chrono::TimeDelta::milliseconds(1);
    };
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    file.write_all(format!("{MARK}{about}\n{said}").as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    std::fs::File::open(&folder)?.sync_all()?;
    Ok(path)
}
