//! One SQLite file: WAL, `synchronous=FULL`.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};

use super::bells::Bells;
use super::ceiling::Ceiling;
use super::db::{Connection, Readers, Sql};
use super::direct::Direct;
use super::error::failed;
use super::space::{LOG_CEILING, log_of};
use crate::queue::StoreError;

/// How long another process may hold the file before we give up.
pub(super) const BUSY: Duration = Duration::from_secs(10);
/// How often a running daemon looks whether another process has written.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// It looks into the file itself at least once in so many times.
const LOOKS: u32 = 8;
pub(super) const PAGE: u64 = 4096;
/// No file of SQLite has more.
const MOST_PAGES: i64 = 4_294_967_294;
/// Pages that the writer keeps in memory, in KiB. What one transaction changes has to fit: it would be written twice.
const WRITER_CACHE: u32 = 4 * 1024;
/// Pages in the log after which they are taken over into the file. What changes often is taken over once for many changes.
const LOG_PAGES: u32 = 2_000;

/// The list of migrations is made before anything else: whatever is there without it is not ours.
const TABLES: Sql =
    Sql::both("SELECT count(*) AS tables, coalesce(sum(name = '_sqlx_migrations'), 0) AS ours FROM sqlite_master");

/// How to open a store in a file.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The file; made if it is missing.
    pub path: PathBuf,
    /// The file may not grow beyond this many bytes.
    pub max_size: Option<u64>,
}

impl SqliteOptions {
    /// An empty store and what is kept of its room need about half of this.
    pub const LEAST_SIZE: u64 = 1 << 20;

    /// How many pages the file may have.
    pub(super) fn most_pages(&self) -> Option<i64> {
        let pages = self.max_size?.max(Self::LEAST_SIZE) / PAGE;
        Some(i64::try_from(pages).unwrap_or(i64::MAX).min(MOST_PAGES))
    }

    fn connect_options(&self) -> SqliteConnectOptions {
        let connect = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("journal_size_limit", LOG_CEILING.to_string())
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .foreign_keys(true)
            .disable_statement_logging();
        match self.most_pages() {
            Some(most) => connect.pragma("max_page_count", most.to_string()),
            None => connect,
        }
    }

    pub(super) async fn connect(&self) -> Result<Connection, StoreError> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| StoreError::Unreachable(format!("{}: {error}", folder.display())))?;
        }
        let mut connect = self.connect_options();
        if std::fs::metadata(&self.path).is_ok_and(|file| file.len() > 0) {
            inspect(&self.path).await?;
        } else {
            // Of a new file only: said to one that is there, it is written into it each time.
            connect = connect.auto_vacuum(SqliteAutoVacuum::Incremental);
        }
        let connection = connect.connect().await.map_err(|error| opening(error, &self.path))?;
        Ok(Connection::Sqlite(connection))
    }

    /// The writer's connection, to a file that is there and up to date.
    pub(super) fn connect_to_write(&self) -> Result<Connection, StoreError> {
        let mut pragmas = vec![
            ("busy_timeout", BUSY.as_millis().to_string()),
            ("foreign_keys", "ON".to_owned()),
            ("synchronous", "FULL".to_owned()),
            ("journal_mode", "WAL".to_owned()),
            ("journal_size_limit", LOG_CEILING.to_string()),
            ("wal_autocheckpoint", LOG_PAGES.to_string()),
            ("cache_size", format!("-{WRITER_CACHE}")),
        ];
        if let Some(most) = self.most_pages() {
            pragmas.push(("max_page_count", most.to_string()));
        }
        let own = Direct::open(&self.path, &pragmas).map_err(|error| naming(error, &self.path))?;
        let all = own.fetch("PRAGMA page_count", &[])?.first().map(|row| row.int("page_count")).transpose()?;
        if let Some(most) = all.and_then(|all| Ceiling::of(self).beyond(all)) {
            own.fetch(&format!("PRAGMA max_page_count = {most}"), &[])?;
        }
        Ok(Connection::Direct(own))
    }

    /// A connection beside the writer's that waits no longer than this for others.
    pub(super) async fn connect_patiently(&self, patience: Duration) -> Result<Connection, StoreError> {
        let connect = self.connect_options().create_if_missing(false).busy_timeout(patience);
        connect.connect().await.map(Connection::Sqlite).map_err(|error| opening(error, &self.path))
    }

    /// A connection that changes nothing, also where the folder cannot be written.
    pub(super) async fn connect_to_look(&self) -> Result<Connection, StoreError> {
        let plain = SqliteConnectOptions::new().filename(&self.path).busy_timeout(BUSY).disable_statement_logging();
        let look = plain.read_only(true);
        let mut connection = match look.clone().connect().await {
            Ok(own) => Connection::Sqlite(own),
            Err(error) => return Err(opening(error, &self.path)),
        };
        // Without a log beside it, and in a folder that cannot be written, the file is read as it is.
        if connection.fetch(TABLES, Vec::new()).await.is_err_and(|error| matches!(error, StoreError::Unreachable(_))) {
            let own = look.immutable(true).connect().await.map_err(|error| opening(error, &self.path))?;
            connection = Connection::Sqlite(own);
        }
        Ok(connection)
    }

    pub(super) async fn readers(&self) -> Result<Readers, StoreError> {
        let connect = self.connect_options().pragma("query_only", "ON");
        let readers = SqlitePoolOptions::new().max_connections(4).connect_with(connect).await;
        readers.map(Readers::Sqlite).map_err(|error| opening(error, &self.path))
    }

    /// Size and time of the log and of the file.
    fn last_written(&self) -> [Option<(u64, SystemTime)>; 2] {
        let of = |file: &Path| std::fs::metadata(file).ok().and_then(|meta| Some((meta.len(), meta.modified().ok()?)));
        [of(&log_of(&self.path)), of(&self.path)]
    }

    /// Rings every bell when another process has written. Returns only when the file can no longer be read.
    pub(super) async fn watch(&self, bells: &Bells) -> Result<(), StoreError> {
        const VERSION: Sql = Sql::both("PRAGMA data_version");
        let connect = self.connect_options().pragma("query_only", "ON");
        let own = connect.connect().await.map_err(|error| opening(error, &self.path))?;
        let mut connection = Connection::Sqlite(own);
        let mut every = tokio::time::interval(LOOK_EVERY);
        let (mut seen, mut written, mut looks) = (None, None, 0_u32);
        loop {
            every.tick().await;
            looks = looks.wrapping_add(1);
            // Whoever writes writes into the log. Its time is not fine enough to be relied on alone.
            let last = written.replace(self.last_written());
            if last == written && !looks.is_multiple_of(LOOKS) {
                continue;
            }
            let row = connection.first(VERSION, Vec::new()).await?;
            let version = row.map(|row| row.int("data_version")).transpose()?.unwrap_or_default();
            // The first look rings as well: what was written before it is not seen to have changed.
            if seen.replace(version) != Some(version) {
                bells.ring_all();
            }
        }
    }
}

/// Looks into a file that is there before anything is written into it: another program's database is not ours.
async fn inspect(path: &Path) -> Result<(), StoreError> {
    let connect = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging();
    let own: SqliteConnection = connect.connect().await.map_err(|error| opening(error, path))?;
    let mut connection = Connection::Sqlite(own);
    let row = connection.first(TABLES, Vec::new()).await.map_err(|error| naming(error, path))?;
    connection.close().await;
    match row {
        Some(row) if row.int("tables")? > 0 && row.int("ours")? == 0 => {
            Err(StoreError::Corrupt("it is another program's database".to_owned()))
        }
        _ => Ok(()),
    }
}

fn opening(error: sqlx::Error, path: &Path) -> StoreError {
    naming(failed(error), path)
}

fn naming(error: StoreError, path: &Path) -> StoreError {
    match error {
        StoreError::Other(detail) | StoreError::Unreachable(detail) => {
            StoreError::Unreachable(format!("{}: {detail}", path.display()))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{LOG_CEILING, Sql, SqliteOptions, StoreError};

    /// SQLite ignores what it does not understand of a pragma.
    #[tokio::test]
    async fn the_writers_connection_is_as_it_was_asked_for() -> Result<(), StoreError> {
        const PRAGMAS: [(Sql, &str, i64); 6] = [
            (Sql::both("PRAGMA foreign_keys"), "foreign_keys", 1),
            (Sql::both("PRAGMA synchronous"), "synchronous", 2),
            (Sql::both("PRAGMA busy_timeout"), "timeout", 10_000),
            (Sql::both("PRAGMA wal_autocheckpoint"), "wal_autocheckpoint", 2_000),
            (Sql::both("PRAGMA cache_size"), "cache_size", -4_096),
            (Sql::both("PRAGMA max_page_count"), "max_page_count", 256),
        ];
        let folder = tempfile::tempdir().map_err(|error| StoreError::Other(error.to_string()))?;
        let options = SqliteOptions { path: folder.path().join("loa.db"), max_size: Some(1024 * 1024) };
        options.connect().await?.close().await;
        let mut own = options.connect_to_write()?;
        for (pragma, column, expected) in PRAGMAS {
            let row = own.first(pragma, Vec::new()).await?;
            assert_eq!(row.map(|row| row.int(column)), Some(Ok(expected)), "{column}");
        }
        let row = own.first(Sql::both("PRAGMA journal_mode"), Vec::new()).await?;
        assert_eq!(row.map(|row| row.string("journal_mode")), Some(Ok("wal".to_owned())));
        let row = own.first(Sql::both("PRAGMA journal_size_limit"), Vec::new()).await?;
        let limit = row.map(|row| row.count("journal_size_limit").map(|bytes| bytes as u64));
        assert_eq!(limit, Some(Ok(LOG_CEILING)));
        own.close().await;
        Ok(())
    }
}
