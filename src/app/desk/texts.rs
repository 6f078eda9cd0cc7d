//! Files that officers change in the console: whole or not at all, with what stood there before kept.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::app::App;
use crate::console::Unable;
use crate::queue::{FileChange, Record, Versions as _};
use crate::text;
use crate::text::Text;

/// Who may read a file that was not there before.
const MODE: u32 = 0o644;

/// A file below the folder of the channel files.
#[derive(Clone, Debug)]
pub(super) struct TextFile {
    /// Its name in the history.
    pub(super) name: String,
    pub(super) path: PathBuf,
}

impl App {
    /// A file below the folder of the channel files, by its path there.
    pub(super) fn text_file(&self, inside: &str) -> TextFile {
        TextFile { name: inside.to_owned(), path: self.config.channels.join(inside) }
    }
}

impl TextFile {
    fn refused(&self, error: &io::Error) -> Unable {
        let path = self.path.display();
        Unable::Refused(text!("không ghi được {path}: {error}", "cannot write {path}: {error}"))
    }

    /// What it says; `None` where there is none.
    pub(super) async fn read(&self) -> Result<Option<String>, Unable> {
        match tokio::fs::read_to_string(&self.path).await {
            Ok(words) => Ok(Some(words)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let path = self.path.display();
                Err(Unable::Refused(text!("không đọc được {path}: {error}", "cannot read {path}: {error}")))
            }
        }
    }

    /// Writes it, or removes it, with a line in the ledger. Whoever calls this holds the lock over all such files.
    pub(super) async fn change(
        &self,
        app: &App,
        before: Option<String>,
        after: Option<String>,
        record: Record,
    ) -> Result<(), Unable> {
        if before == after {
            return Ok(());
        }
        // On disk before the ledger speaks of it; seen by others only afterwards.
        let (path, words) = (self.path.clone(), after.clone());
        let ready = beside(move || words.map(|words| prepared(&path, &words)).transpose()).await;
        let ready = ready.map_err(|error| self.refused(&error))?;
        app.store.keep(FileChange { file: self.name.clone(), before, after, record }).await?;
        let path = self.path.clone();
        beside(move || put(&path, ready)).await.map_err(|error| self.refused(&error))?;
        app.texts_changed.notify_one();
        Ok(())
    }
}

async fn beside<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other).flatten()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The new file under another name, complete and on disk.
fn prepared(path: &Path, words: &str) -> io::Result<NamedTempFile> {
    std::fs::create_dir_all(folder(path))?;
    let mut file = tempfile::Builder::new().prefix(".").suffix(".tmp").tempfile_in(folder(path))?;
    file.write_all(words.as_bytes())?;
    let mode = std::fs::metadata(path).map_or(MODE, |meta| meta.permissions().mode());
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn put(path: &Path, ready: Option<NamedTempFile>) -> io::Result<()> {
    match ready {
        Some(file) => drop(file.persist(path).map_err(|error| error.error)?),
        None => match std::fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        },
    }
    std::fs::File::open(folder(path))?.sync_all()
}

/// Somebody else has changed it meanwhile.
pub(super) fn changed_meanwhile() -> Text {
    text!(
        "có người vừa sửa chỗ này; hãy xem lại rồi làm lại nếu vẫn cần",
        "somebody has just changed this; look again, and do it once more if it is still needed"
    )
}
