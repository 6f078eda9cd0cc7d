//! How far a file may grow, and for whom the last of it is kept: a store that fills up takes nothing more; then it tries
//! nothing more; what became of the tries under way it still records.

use std::path::{Path, PathBuf};

use super::db::{Connection, Sql};
use super::deliveries::under_way;
use super::space::{ALL, FREE, folder_of, left_on_disk, pragma};
use super::sqlite::{PAGE, SqliteOptions};
use crate::queue::StoreError;

/// Of a store that may not grow beyond a size, one part in so many is kept for results, and as much again for tries.
const PARTS: i64 = 32;
/// Pages kept for each of them: a small store has some, and a large one no more than several hundred results need.
const KEPT: std::ops::RangeInclusive<i64> = 16..=1_024;
/// Pages that one result takes at most: its note in two languages stands with the delivery and in the ledger.
const RESULT: i64 = 2;
/// With so many pages left nobody counts what is under way.
const AMPLE: i64 = 16_384;
/// With so many when a transaction begins nobody looks again before its end: none takes as much.
const ROOMY: i64 = 4 * AMPLE;

/// What a piece of work leaves of the last room.
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
    file: PathBuf,
    folder: PathBuf,
    most: Option<i64>,
    /// Pages kept for results, beside those of the tries under way, and as many again for tries.
    kept: i64,
}

/// How full a file is, in pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    all: i64,
    free: i64,
}

impl Ceiling {
    pub(super) fn of(options: &SqliteOptions) -> Self {
        let most = options.most_pages();
        let kept = most.map_or(i64::MAX, |most| most / PARTS).clamp(*KEPT.start(), *KEPT.end());
        Self { file: options.path.clone(), folder: folder_of(&options.path), most, kept }
    }

    /// Bytes that there may be until nothing more is taken in.
    pub(super) fn for_intake(&self) -> Option<u64> {
        self.most.and_then(|most| u64::try_from(most - 2 * self.kept).ok()).map(|pages| pages * PAGE)
    }

    /// How many pages a file of so many may have that was larger than it may be now, or nearly: what became of its tries
    /// still finds room.
    pub(super) fn beyond(&self, all: i64) -> Option<i64> {
        let most = self.most.filter(|most| all > most - self.kept)?;
        Some(all.max(most).saturating_add(self.kept))
    }

    pub(super) async fn level(connection: &mut Connection) -> Result<Level, StoreError> {
        let (all, free) =
            (pragma(connection, ALL, "page_count").await?, pragma(connection, FREE, "freelist_count").await?);
        Ok(Level { all, free })
    }

    /// On a disk that is nearly full the write-ahead log is taken over into the file before each transaction: then it is
    /// written anew from its beginning, and need not grow.
    pub(super) async fn mind_the_disk(&self, connection: &mut Connection) -> Result<(), StoreError> {
        const TAKE_OVER: Sql = Sql::both("PRAGMA wal_checkpoint(PASSIVE)");
        if disk(&self.folder) < self.kept {
            // Somebody who reads may be in the way: the next time will do.
            connection.first(TAKE_OVER, Vec::new()).await.map(drop)?;
        }
        Ok(())
    }

    /// Whether there is so much room that a transaction that begins now need not look again.
    pub(super) async fn is_roomy(&self, connection: &mut Connection) -> Result<bool, StoreError> {
        let now = Self::level(connection).await?;
        Ok(self.room(now, now) >= ROOMY)
    }

    /// [`StoreError::Full`] when what was done since `before` does not leave what it has to.
    pub(super) async fn check(
        &self,
        connection: &mut Connection,
        before: Level,
        leaves: &[Leaves],
    ) -> Result<(), StoreError> {
        if leaves.iter().all(|leaves| *leaves == Leaves::Nothing) {
            return Ok(());
        }
        let now = Self::level(connection).await?;
        let left = self.left(connection, before, now).await?;
        let grew = now.all - now.free > before.all - before.free;
        let has_room = |leaves: &Leaves| match leaves {
            Leaves::Nothing => true,
            Leaves::RoomForResults => left >= self.kept,
            Leaves::RoomForTries => !grew || left >= 2 * self.kept,
        };
        if leaves.iter().all(has_room) { Ok(()) } else { Err(StoreError::Full) }
    }

    /// How many tries more may begin.
    pub(super) async fn tries(&self, connection: &mut Connection) -> Result<usize, StoreError> {
        let now = Self::level(connection).await?;
        let left = self.left(connection, now, now).await?;
        // Beside its result a try needs some for its beginning.
        let tries = if left < AMPLE { (left - self.kept) / (RESULT + 1) } else { i64::MAX };
        Ok(usize::try_from(tries).unwrap_or_default())
    }

    /// Pages left beside those that the tries under way will need.
    async fn left(&self, connection: &mut Connection, before: Level, now: Level) -> Result<i64, StoreError> {
        let left = self.room(before, now);
        if left >= AMPLE {
            return Ok(left);
        }
        Ok(left - under_way(connection).await?.saturating_mul(RESULT))
    }

    /// Pages left.
    fn room(&self, before: Level, now: Level) -> i64 {
        let new = (now.all - before.all).max(0);
        // What is in the log, or is not written yet, is still to come into the file; the latter into the log as well.
        let written =
            std::fs::metadata(&self.file).map_or(0, |file| i64::try_from(file.len() / PAGE).unwrap_or(i64::MAX));
        let disk = disk(&self.folder).saturating_sub((now.all - written).max(0)).saturating_sub(new);
        let grows = disk.min(self.most.map_or(i64::MAX, |most| most - now.all));
        grows.saturating_add(now.free)
    }
}

/// Pages left on the disk. What it does not say is found out by writing.
fn disk(folder: &Path) -> i64 {
    left_on_disk(folder).and_then(|bytes| i64::try_from(bytes / PAGE).ok()).unwrap_or(i64::MAX)
}
