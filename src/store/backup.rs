//! A copy of the store in one file, made while others work, and the way back.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Store;
use super::contents::Contents;
use super::db::{Connection, Sql, args};
use super::exam::{broken_references, damage};
use super::migrate;
use super::people::record;
use super::row::{millis, to_json};
use super::space::{ALL, beside, log_of, pragma};
use super::sqlite::{BUSY, PAGE, SqliteOptions};
use super::sweep::{self, Sweep};
use super::tx::{EVERY_CHANNEL, Tx};
use crate::delivery::{Delivery, Event, State, Why, apply};
use crate::queue::{OnLost, Pause, StoreError};

/// How often somebody who watches is told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// Ends the log of a file; refused while anybody else has it open.
const ALONE: Sql = Sql::both("PRAGMA journal_mode = DELETE");
/// Deliveries changed in one go.
const CHUNK: usize = 500;

/// Told how many bytes there are, and about how many there will be.
pub type Progress<'p> = &'p (dyn Fn(u64, u64) + Send + Sync);

fn cannot(path: &Path) -> impl Fn(std::io::Error) -> StoreError {
    let path = path.display().to_string();
    move |error| match error.kind() {
        std::io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Unreachable(format!("{path}: {error}")),
    }
}

/// A new file that nobody else may read: letters' addresses and the store's own key are in it.
fn new_file(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(cannot(path))
}

/// Everything of the file, and its name, is on disk when this returns.
fn on_disk(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(cannot(path))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot(folder))
}

/// Removes what was half made when it goes out of scope before it is done.
struct HalfMade<'p>(Vec<&'p Path>);

impl Drop for HalfMade<'_> {
    fn drop(&mut self) {
        for path in &self.0 {
            // It may not be there yet.
            drop(std::fs::remove_file(path));
        }
    }
}

/// Copies the store in a file into the new file `to`, as it is at one instant, and reads the copy through; its size.
///
/// # Errors
/// [`StoreError::Unreachable`] when `to` is there already or cannot be made; otherwise what the database reports. Nothing
/// half made is left behind.
pub async fn back_up(from: &SqliteOptions, to: &Path, progress: Progress<'_>) -> Result<u64, StoreError> {
    const COPY: Sql = Sql::both("VACUUM INTO $1");
    if !from.path.exists() {
        return Err(cannot(&from.path)(std::io::ErrorKind::NotFound.into()));
    }
    // The name is taken before the work begins: nothing is ever written over.
    new_file(to)?;
    let part = beside(to, ".part");
    let mut half_made = HalfMade(vec![to]);
    new_file(&part)?;
    half_made.0.push(&part);
    let mut own = from.connect_patiently(BUSY).await?;
    let all = u64::try_from(pragma(&mut own, ALL, "page_count").await?).unwrap_or_default() * PAGE;
    let written = || std::fs::metadata(&part).map_or(0, |file| file.len());
    let mut every = tokio::time::interval(TELL_EVERY);
    {
        let copying = own.execute(COPY, args![part.to_string_lossy().into_owned()]);
        tokio::pin!(copying);
        loop {
            tokio::select! {
                copied = &mut copying => break copied?,
                _ = every.tick() => progress(written(), all),
            };
        }
    };
    own.close().await;
    check(&SqliteOptions { path: part.clone(), max_size: None }).await?;
    on_disk(&part)?;
    std::fs::rename(&part, to).map_err(cannot(to))?;
    on_disk(to)?;
    half_made.0.clear();
    std::fs::metadata(to).map(|file| file.len()).map_err(cannot(to))
}

/// Reads a store's file through without changing it.
///
/// # Errors
/// [`StoreError::Corrupt`] when it is damaged or something else's, [`StoreError::Newer`] when a newer loa made it.
async fn check(file: &SqliteOptions) -> Result<(), StoreError> {
    let mut own = file.connect_to_look().await?;
    let checked = check_on(&mut own).await;
    own.close().await;
    checked
}

async fn check_on(own: &mut Connection) -> Result<(), StoreError> {
    let newest = migrate::newest_known(own);
    match migrate::schema_version(own).await? {
        None => return Err(StoreError::Corrupt("it is another program's database, or empty".to_owned())),
        Some(found) if found > newest => {
            return Err(StoreError::Newer(format!("schema {found}, this loa knows {newest}")));
        }
        Some(_) => {}
    }
    if let Some(damage) = damage(own).await?.into_iter().next() {
        return Err(StoreError::Corrupt(damage));
    }
    match broken_references(own).await?.into_iter().next() {
        Some((table, number)) => Err(StoreError::Corrupt(format!("{number} rows of {table} refer to nothing"))),
        None => Ok(()),
    }
}

/// What the store has to know when it comes back from a backup.
pub struct Restored {
    /// Who put it back, when and why: the pause of every channel.
    pub pause: Pause,
    /// That person, for the ledger.
    pub who: String,
    /// The channels that are configured.
    pub channels: Vec<String>,
    /// What becomes of a delivery that was being sent.
    pub on_lost: OnLost,
    /// What becomes of one that waited and may have gone out since.
    pub on_restored: OnLost,
}

/// Puts a backup in the place of the store in a file, which has to be at rest. What stood there is kept beside it; returns
/// where. The store comes up with every channel paused.
///
/// # Errors
/// What is wrong with the backup, before anything is changed; or what the disk or the database reports.
pub async fn restore(
    backup: &Path,
    to: &SqliteOptions,
    aside: &str,
    restored: Restored,
) -> Result<Option<PathBuf>, StoreError> {
    if std::fs::metadata(log_of(backup)).is_ok_and(|log| log.len() > 0) {
        return Err(StoreError::Corrupt(format!(
            "{} has a log beside it: it is a store in use, not a backup",
            backup.display()
        )));
    }
    let mut given = File::open(backup).map_err(cannot(backup))?;
    if let Some(folder) = to.path.parent() {
        std::fs::create_dir_all(folder).map_err(cannot(folder))?;
    }
    let fresh = beside(&to.path, ".restoring");
    let (log, index) = (log_of(&fresh), beside(&fresh, "-shm"));
    // Left by a restore that was killed.
    drop(HalfMade(vec![&fresh, &log, &index]));
    let mut half_made = HalfMade(vec![&fresh, &log, &index]);
    std::io::copy(&mut given, &mut new_file(&fresh)?).map_err(cannot(&fresh))?;
    let options = SqliteOptions { path: fresh.clone(), max_size: None };
    check(&options).await?;
    come_back_in(&options, &restored).await?;
    on_disk(&fresh)?;
    let kept = set_aside(to, aside).await?;
    std::fs::rename(&fresh, &to.path).map_err(cannot(&to.path))?;
    on_disk(&to.path)?;
    half_made.0.clear();
    Ok(kept)
}

/// Brings a store's file that nobody else knows up to date, and lets it come back.
async fn come_back_in(file: &SqliteOptions, restored: &Restored) -> Result<(), StoreError> {
    const BEGIN: Sql = Sql::both("BEGIN IMMEDIATE");
    const COMMIT: Sql = Sql::both("COMMIT");
    let mut own = file.connect().await?;
    migrate::migrate(&mut own).await?;
    let mut tx = Tx::new(own, Contents::default(), None);
    tx.connection.execute(BEGIN, Vec::new()).await?;
    come_back(&mut tx, restored).await?;
    tx.connection.execute(COMMIT, Vec::new()).await?;
    // One file, without a log beside it.
    tx.connection.first(ALONE, Vec::new()).await?;
    tx.connection.close().await;
    Ok(())
}

/// Moves the present store out of the way; where to, if there was one.
async fn set_aside(store: &SqliteOptions, aside: &str) -> Result<Option<PathBuf>, StoreError> {
    if store.path.exists() {
        // Only who is alone with the file can end its log; a file that is too damaged for that is moved with it.
        if let Ok(mut own) = store.connect_patiently(Duration::from_secs(1)).await {
            let alone = own.first(ALONE, Vec::new()).await;
            own.close().await;
            if matches!(alone, Err(StoreError::Busy)) {
                return Err(StoreError::Busy);
            }
        }
    }
    let kept = beside(&store.path, aside);
    let mut moved = false;
    // The log goes first: a store that is put here must never meet another one's.
    for ending in ["-wal", "-shm", ""] {
        let (from, to) = (beside(&store.path, ending), beside(&kept, ending));
        if to.exists() {
            return Err(cannot(&to)(std::io::ErrorKind::AlreadyExists.into()));
        }
        match std::fs::rename(&from, &to) {
            Ok(()) => moved = true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot(&from)(error)),
        }
    }
    Ok(moved.then_some(kept))
}

impl Store {
    /// Notes that the store is not where it was left: it comes from a backup. Nothing leaves any more until a person lets
    /// the channels go one by one; what may have gone out since the backup is uncertain.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn come_back(&self, restored: Restored) -> Result<(), StoreError> {
        self.writer.run(restored, |tx, restored| Box::pin(come_back(tx, restored))).await
    }
}

async fn come_back(tx: &mut Tx, restored: &Restored) -> Result<(), StoreError> {
    const CHANNELS: Sql = Sql::both("SELECT DISTINCT channel FROM deliveries");
    const RESTORE: Sql = Sql::both("INSERT INTO restores (at, pause) VALUES ($1, $2)");
    const NONE: Sql = Sql::both("DELETE FROM let_go");
    const PAUSE: Sql = Sql::both(
        "INSERT INTO pauses (channel, pause) VALUES ($1, $2) ON CONFLICT (channel) DO UPDATE SET pause = excluded.pause",
    );
    // Who was about to get a letter may have it.
    const COPIES: Sql = Sql::both("UPDATE copies SET state = 'begun', at = $1 WHERE state = 'open'");
    let (now, pause) = (restored.pause.since, to_json(&restored.pause)?);
    tx.connection.execute(RESTORE, args![millis(now), &pause]).await?;
    tx.connection.execute(NONE, Vec::new()).await?;
    let mut channels = restored.channels.clone();
    for row in tx.connection.fetch(CHANNELS, Vec::new()).await? {
        channels.push(row.string("channel")?);
    }
    channels.sort();
    channels.dedup();
    for channel in &channels {
        tx.connection.execute(PAUSE, args![channel, &pause]).await?;
        in_doubt(tx, channel, restored).await?;
    }
    let nobody = Some(String::new());
    sweep::sweep(tx, &Sweep { now, not_of: nobody, on_lost: restored.on_lost.clone() }).await?;
    tx.connection.execute(COPIES, args![millis(now)]).await?;
    record(tx, &restored.who, "restore", now, None, None, &restored.pause.note).await?;
    tx.wake(EVERY_CHANNEL);
    Ok(())
}

/// What waits on a channel and was due by now, or may have been at any time, becomes uncertain.
async fn in_doubt(tx: &mut Tx, channel: &str, restored: &Restored) -> Result<(), StoreError> {
    let waiting = super::deliveries::waiting(&mut tx.connection, channel).await?;
    for chunk in waiting.chunks(CHUNK) {
        let changes: Vec<(Delivery, Delivery)> = chunk
            .iter()
            .filter(|before| may_have_gone(before, restored.pause.since))
            .filter_map(|before| {
                let event = Event::Restored((restored.on_restored)(before));
                apply(before, event).ok().map(|after| (before.clone(), after))
            })
            .collect();
        super::deliveries::swap(&mut tx.connection, &changes).await?;
    }
    Ok(())
}

fn may_have_gone(delivery: &Delivery, now: DateTime<Utc>) -> bool {
    match &delivery.state {
        State::Waiting { why: Why::After { .. } | Why::Paused, .. } => true,
        State::Waiting { due, .. } => *due <= now,
        _ => false,
    }
}
