//! Packages on disk: written whole or not at all, never over what is there already.

use std::fs::{self, File};
use std::io::{self, Cursor, Write as _};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::article::sha256_hex;

/// The files of a package, in order: name inside it, and bytes.
pub(super) type Parts = Vec<(String, Vec<u8>)>;

/// How a package stands in the folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    /// One file.
    #[default]
    Zip,
    /// A folder with the parts as files.
    Folder,
}

/// What is at a package's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum There {
    Nothing,
    /// A package, by its fingerprint.
    Package(String),
}

impl Form {
    /// The file or folder of a package with that name.
    pub(super) fn path(self, folder: &Path, name: &str) -> PathBuf {
        match self {
            Self::Zip => folder.join(format!("{name}.zip")),
            Self::Folder => folder.join(name),
        }
    }

    /// The fingerprint of a package that is still to be written.
    pub(super) fn fingerprint(self, parts: &Parts) -> io::Result<String> {
        match self {
            Self::Zip => Ok(sha256_hex(&zipped(parts)?)),
            Self::Folder => Ok(fingerprint(parts)),
        }
    }

    /// Writes a package at a place where nothing is.
    pub(super) fn write(self, path: &Path, parts: &Parts) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let temporary = folder.join(format!(".{}.tmp", path.file_name().unwrap_or_default().to_string_lossy()));
        // What a kill left behind.
        remove(&temporary)?;
        match self {
            Self::Zip => write_synced(&temporary, &zipped(parts)?)?,
            Self::Folder => {
                for (name, bytes) in parts {
                    let file = temporary.join(name);
                    fs::create_dir_all(file.parent().unwrap_or(&temporary))?;
                    write_synced(&file, bytes)?;
                }
                File::open(&temporary)?.sync_all()?;
            }
        }
        fs::rename(&temporary, path)?;
        File::open(folder)?.sync_all()
    }
}

/// What stands at `path`, file or folder.
pub(super) fn there(path: &Path) -> io::Result<There> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(There::Nothing),
        Err(error) => Err(error),
        Ok(found) if found.is_dir() => {
            let mut parts = Parts::new();
            gather(path, path, &mut parts)?;
            Ok(There::Package(fingerprint(&parts)))
        }
        Ok(_) => Ok(There::Package(sha256_hex(&fs::read(path)?))),
    }
}

/// Moves a package into `folder`, under a name that is free there.
pub(super) fn set_aside(path: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    // A folder's name ends in its revision, which looks like an ending: both are kept.
    let mut place = folder.join(format!("{stem}{ending}"));
    let mut count = 1;
    while fs::symlink_metadata(&place).is_ok() {
        count += 1;
        place = folder.join(format!("{stem}-{count}{ending}"));
    }
    fs::rename(path, &place)?;
    File::open(folder)?.sync_all()?;
    File::open(path.parent().unwrap_or(folder))?.sync_all()
}

/// Removes a file or a folder, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

fn gather(root: &Path, folder: &Path, parts: &mut Parts) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(root, &path, parts)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            parts.push((name, fs::read(&path)?));
        }
    }
    Ok(())
}

fn fingerprint(parts: &Parts) -> String {
    let mut lines: Vec<String> = parts.iter().map(|(name, bytes)| format!("{name} {}", sha256_hex(bytes))).collect();
    lines.sort();
    sha256_hex(lines.join("\n").as_bytes())
}

/// The same parts give the same bytes: no clock, no order but their own, nothing compressed.
fn zipped(parts: &Parts) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    for (name, bytes) in parts {
        zip.start_file(name.as_str(), options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
