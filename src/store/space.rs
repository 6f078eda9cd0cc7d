//! Room on the disk: what a file no longer needs goes back, and its write-ahead log has a ceiling.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Store;
use super::db::{Connection, Sql, args};
use super::open::StoreOptions;
use super::tx::Tx;
use crate::queue::StoreError;

/// The write-ahead log may grow beyond this only while somebody reads for long.
pub(super) const LOG_CEILING: u64 = 16 * 1024 * 1024;
/// Longest wait for readers, while which nobody writes.
const PATIENCE: Duration = Duration::from_millis(100);
/// Pages given back in one piece.
const PAGES: i64 = 256;
/// Free pages that stay for what comes next: this many, and a tenth of the file.
const SPARE: i64 = 1_000;

/// The folder of a file.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Bytes that a file in this folder may still take up.
pub(super) fn left_on_disk(folder: &Path) -> Option<u64> {
    rustix::fs::statvfs(folder).ok().map(|disk| disk.f_bavail * disk.f_frsize)
}

/// The log beside a store's file.
pub(super) fn log_of(file: &Path) -> PathBuf {
    beside(file, "-wal")
}

pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.to_owned().into_os_string();
    path.push(ending);
    path.into()
}

impl Store {
    /// Gives back pages of a file that can do so while it is in use; how many.
    pub(super) async fn give_back(&self) -> Result<u64, StoreError> {
        let mut given = 0;
        if self.opener.file().is_none() {
            return Ok(given);
        }
        loop {
            match self.writer.record((), |tx, ()| Box::pin(give_back(tx))).await? {
                0 => return Ok(given),
                some => given += some,
            }
        }
    }

    /// Empties the write-ahead log when it has outgrown its ceiling. Readers that follow one another without a gap keep
    /// SQLite from beginning it anew by itself.
    ///
    /// # Errors
    /// What the database reports. That somebody still reads is none: the next time will do.
    pub async fn mind_the_log(&self) -> Result<(), StoreError> {
        const EMPTY: Sql = Sql::both("PRAGMA wal_checkpoint(TRUNCATE)");
        let StoreOptions::Sqlite(options) = self.opener.options() else { return Ok(()) };
        if std::fs::metadata(log_of(&options.path)).map_or(0, |log| log.len()) <= LOG_CEILING {
            return Ok(());
        }
        let mut own = options.connect_patiently(PATIENCE).await?;
        let emptied = own.first(EMPTY, Vec::new()).await;
        own.close().await;
        match emptied {
            Ok(row) => {
                let busy = row.map(|row| row.flag("busy")).transpose()?.unwrap_or_default();
                tracing::debug!(busy, "the write-ahead log was above its ceiling");
                Ok(())
            }
            Err(StoreError::Busy) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// A number that SQLite knows about a file.
pub(super) async fn pragma(connection: &mut Connection, name: Sql, column: &str) -> Result<i64, StoreError> {
    let row = connection.first(name, args![]).await?;
    row.map(|row| row.int(column)).transpose().map(Option::unwrap_or_default)
}

pub(super) const FREE: Sql = Sql::both("PRAGMA freelist_count");
pub(super) const ALL: Sql = Sql::both("PRAGMA page_count");
pub(super) const SHRINKS: Sql = Sql::both("PRAGMA auto_vacuum");
/// The file gives pages back when it is asked to.
pub(super) const INCREMENTAL: i64 = 2;

async fn give_back(tx: &mut Tx) -> Result<u64, StoreError> {
    const GIVE: Sql = Sql::both("PRAGMA incremental_vacuum(256)");
    let connection = &mut tx.connection;
    let (free, all) = (pragma(connection, FREE, "freelist_count").await?, pragma(connection, ALL, "page_count").await?);
    let shrinks = pragma(connection, SHRINKS, "auto_vacuum").await? == INCREMENTAL;
    if !shrinks || free < PAGES + SPARE.max(all / 10) {
        return Ok(0);
    }
    connection.execute(GIVE, Vec::new()).await?;
    let left = pragma(connection, FREE, "freelist_count").await?;
    Ok(u64::try_from(free - left).unwrap_or_default())
}
