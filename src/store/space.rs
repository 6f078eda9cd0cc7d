//! Room on the disk: what a file no longer needs goes back, its write-ahead log has a ceiling, and the last of it is kept for
//! what must not be lost: what became of a try.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Store;
use super::db::{Connection, Sql, args};
use super::open::StoreOptions;
use super::sqlite::{PAGE, SqliteOptions};
use super::tx::Tx;
use crate::queue::StoreError;

/// The write-ahead log may grow beyond this only while somebody reads for long.
pub(super) const LOG_CEILING: u64 = 16 * 1024 * 1024;
/// Longest wait for readers, while which nobody writes.
const PATIENCE: Duration = Duration::from_millis(100);
/// Pages given back in one piece.
const PAGES: i64 = 256;
/// Of a store with a ceiling, one part in so many is kept for each of the two below.
const PARTS: i64 = 32;
/// Pages kept for each of them: a small store has some, and a large one no more than several thousand results need.
const KEPT: std::ops::RangeInclusive<i64> = 16..=1_024;
/// Results that are sure to find room in one page.
const RESULTS: i64 = 2;
/// Free pages that stay for what comes next: this many, and a tenth of the file.
const SPARE: i64 = 1_000;

/// What a piece of work leaves of the last room. A store that fills up takes nothing more; then it tries nothing more; what
/// became of the tries under way it still records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    /// What became of a try, what people decide, and what makes room.
    Nothing,
    /// A try: its result will need room, even where its beginning does not.
    RoomForResults,
    /// What comes in, and everything else. What takes no more room than there was may always be done.
    RoomForTries,
}

/// How far a file may grow.
#[derive(Debug)]
pub(super) struct Ceiling {
    folder: PathBuf,
    most: Option<i64>,
    /// Pages kept for results, beside those of the tries under way, and as many again for tries.
    kept: i64,
}

/// How full a file is, in pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    used: i64,
    left: i64,
}

impl Ceiling {
    pub(super) fn of(options: &SqliteOptions) -> Self {
        let most = options.most_pages();
        let kept = most.map_or(i64::MAX, |most| most / PARTS).clamp(*KEPT.start(), *KEPT.end());
        Self { folder: folder_of(&options.path), most, kept }
    }

    /// Bytes that there may be until nothing more is taken in.
    pub(super) fn for_intake(&self) -> Option<u64> {
        self.most.and_then(|most| u64::try_from(most - 2 * self.kept).ok()).map(|pages| pages * PAGE)
    }

    pub(super) async fn level(&self, connection: &mut Connection) -> Result<Level, StoreError> {
        let all = pragma(connection, ALL, "page_count").await?;
        let free = pragma(connection, FREE, "freelist_count").await?;
        // What the disk does not say is found out by writing.
        let disk = left_on_disk(&self.folder).and_then(|bytes| i64::try_from(bytes / PAGE).ok()).unwrap_or(i64::MAX);
        let grows = disk.min(self.most.map_or(i64::MAX, |most| most - all));
        Ok(Level { used: all - free, left: grows.saturating_add(free) })
    }

    /// [`StoreError::Full`] when what was done since `before` does not leave what it has to, with so many tries under way.
    pub(super) async fn check(
        &self,
        connection: &mut Connection,
        before: Level,
        leaves: &[Leaves],
        tries: usize,
    ) -> Result<(), StoreError> {
        if leaves.iter().all(|leaves| *leaves == Leaves::Nothing) {
            return Ok(());
        }
        let after = self.level(connection).await?;
        let left = after.left - i64::try_from(tries).unwrap_or(i64::MAX) / RESULTS;
        let has_room = |leaves: &Leaves| match leaves {
            Leaves::Nothing => true,
            Leaves::RoomForResults => left >= self.kept,
            Leaves::RoomForTries => after.used <= before.used || left >= 2 * self.kept,
        };
        if leaves.iter().all(has_room) { Ok(()) } else { Err(StoreError::Full) }
    }
}

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
