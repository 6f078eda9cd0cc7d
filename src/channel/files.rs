//! Files that appear whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::failure::{Attention, SendError};
use crate::text;

/// A file could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub(crate) struct FileError {
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    /// Something went wrong at `path`.
    pub(crate) fn new(path: PathBuf, source: io::Error) -> Self {
        Self { path, source }
    }

    /// A folder that cannot be written is the channel's trouble, not the article's.
    pub(crate) fn into_send_error(self) -> SendError {
        let (path, source) = (self.path.display(), &self.source);
        let note = text!("không ghi được {path}: {source}", "cannot write {path}: {source}");
        match self.source.kind() {
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::StorageFull
            | io::ErrorKind::IsADirectory => SendError::attention(Attention::Misconfigured, note),
            _ => SendError::transient(note),
        }
    }
}

/// Writes a file so that a reader sees the old one or the new one, and it outlives a power cut: temporary
/// file beside it, fsync, rename, fsync of the folder. Makes missing folders.
pub(crate) async fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_as(path, bytes, PUBLIC).await
}

/// The same for a file that nobody else may read.
pub(crate) async fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_as(path, bytes, PRIVATE).await
}

/// Who may read a file, as far as the process's umask lets them.
const PUBLIC: u32 = 0o666;
const PRIVATE: u32 = 0o600;

async fn write_as(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let (owned, bytes) = (path.to_owned(), bytes.to_vec());
    let done = tokio::task::spawn_blocking(move || write_now(&owned, &bytes, mode)).await;
    done.map_err(io::Error::other).flatten().map_err(|source| FileError { path: path.to_owned(), source })
}

fn write_now(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    // Named after the file: what a kill leaves behind is replaced when the job is done again.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.tmp"));
    if mode == PRIVATE && temporary.exists() {
        // A file that is there keeps its mode when it is written again.
        std::fs::remove_file(&temporary)?;
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    File::open(folder)?.sync_all()
}

/// Reads a file; `None` when there is none.
pub(crate) async fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match tokio::fs::read(path).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError { path: path.to_owned(), source }),
    }
}

/// Removes a file; one that is not there is removed already.
pub(crate) async fn remove(path: &Path) -> Result<(), FileError> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(|source| FileError { path: path.to_owned(), source }),
    }
}

/// Proves that a folder can be written by writing into it.
pub(crate) async fn probe(folder: &Path) -> Result<super::Health, SendError> {
    let path = folder.join(".loa-probe");
    write(&path, b"").await.map_err(FileError::into_send_error)?;
    remove(&path).await.map_err(FileError::into_send_error)?;
    let folder = folder.display();
    let note = text!("thư mục {folder} ghi được", "the folder {folder} can be written");
    Ok(super::Health { proven: true, credential_ends: None, note })
}

/// The files of a folder with that ending; none when the folder is not there.
pub(crate) async fn list(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, FileError> {
    let fail = |source| FileError { path: folder.to_owned(), source };
    let mut entries = match tokio::fs::read_dir(folder).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail(error)),
    };
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(fail)? {
        let path = entry.path();
        if path.extension().is_some_and(|found| found == ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
