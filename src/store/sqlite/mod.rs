//! One SQLite file: WAL, `synchronous=FULL`, one writer that commits in groups.

mod accept;
mod copies;
mod editions;
mod lease;
mod missed;
mod people;
mod pictures;
mod read;
mod rows;
mod settle;
mod single_copies;
mod standing;
mod subscribers;
mod sweep;
mod writer;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqlStr};
use tokio::sync::Notify;

use crate::queue::StoreError;
use writer::Writer;

/// How long another process may hold the file before we give up.
const BUSY: Duration = Duration::from_secs(10);
/// Pause before a new file that somebody else is just making is tried again.
const OPEN_AGAIN: Duration = Duration::from_millis(50);
/// How often a running daemon looks whether another process has written.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const PAGE: u64 = 4096;

/// Every schema change since the first, in order. Never edited once released.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("../migrations/0001_first.sql")),
    (2, "pictures", include_str!("../migrations/0002_pictures.sql")),
    (3, "mail", include_str!("../migrations/0003_mail.sql")),
];

/// How to open a store.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The file; made if it is missing.
    pub path: PathBuf,
    /// The file may not grow beyond this many bytes.
    pub max_size: Option<u64>,
}

/// The store on one SQLite file. Cheap to clone.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    /// Makes recipients' tokens; made once, with the file.
    key: Arc<[u8]>,
    bells: Arc<Mutex<HashMap<String, Arc<Notify>>>>,
}

impl SqliteStore {
    /// Opens the file, making it and bringing its schema up to date if needed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the file is damaged or something else's (it is left as it is);
    /// [`StoreError::Newer`] when a newer loa made it; otherwise what the database reports.
    pub async fn open(options: &SqliteOptions) -> Result<Self, StoreError> {
        // SQLite answers "busy" at once, without waiting, when two processes turn a new file to WAL together.
        let mut pause = tokio::time::interval(OPEN_AGAIN);
        for _ in 0..BUSY.as_millis() / OPEN_AGAIN.as_millis() {
            pause.tick().await;
            match Self::open_once(options).await {
                Err(StoreError::Busy) => {}
                opened => return opened,
            }
        }
        Err(StoreError::Busy)
    }

    async fn open_once(options: &SqliteOptions) -> Result<Self, StoreError> {
        if let Some(folder) = options.path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| StoreError::Unreachable(format!("{}: {error}", folder.display())))?;
        }
        let connect = connect_options(options);
        if std::fs::metadata(&options.path).is_ok_and(|file| file.len() > 0) {
            inspect(&options.path).await?;
        }
        let mut connection = connect.connect().await.map_err(|error| opening(error, &options.path))?;
        migrate(&mut connection).await?;
        let key = token_key(&mut connection).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(connect.read_only(false).pragma("query_only", "ON"))
            .await
            .map_err(|error| opening(error, &options.path))?;
        Ok(Self { writer: Writer::start(connection), readers, key, bells: Arc::default() })
    }

    /// Watches for other processes that write into the same file, and rings every bell when one did.
    /// Returns only when the store can no longer be read.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn watch(&self) -> Result<(), StoreError> {
        let mut connection = self.readers.acquire().await.map_err(failed)?.detach();
        let mut every = tokio::time::interval(LOOK_EVERY);
        let mut seen: Option<i64> = None;
        loop {
            every.tick().await;
            let version: i64 =
                sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut connection).await.map_err(failed)?;
            if seen.replace(version).is_some_and(|before| before != version) {
                self.ring_all();
            }
        }
    }

    /// Closes the file; everything acknowledged is in it.
    pub async fn close(self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    fn bell_of(&self, channel: &str) -> Arc<Notify> {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(channel.to_owned()).or_default())
    }

    fn ring<'a>(&self, channels: impl IntoIterator<Item = &'a str>) {
        for channel in channels {
            self.bell_of(channel).notify_one();
        }
    }

    fn ring_all(&self) {
        let bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.values().for_each(|bell| bell.notify_one());
    }
}

/// Looks into a file that is there before anything is written into it: another program's database is not ours.
async fn inspect(path: &Path) -> Result<(), StoreError> {
    let connect = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging();
    let mut connection = connect.connect().await.map_err(|error| opening(error, path))?;
    // The list of migrations is made before anything else: whatever is there without it is not ours.
    let row = sqlx::query(
        "SELECT count(*) AS tables, coalesce(sum(name = '_sqlx_migrations'), 0) AS ours FROM sqlite_master",
    );
    let row = row.fetch_one(&mut connection).await.map_err(|error| opening(error, path))?;
    if row.get::<i64, _>("tables") > 0 && row.get::<i64, _>("ours") == 0 {
        return Err(StoreError::Corrupt("it is another program's database".to_owned()));
    }
    connection.close().await.map_err(failed)
}

fn connect_options(options: &SqliteOptions) -> SqliteConnectOptions {
    let connect = SqliteConnectOptions::new()
        .filename(&options.path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .disable_statement_logging();
    match options.max_size {
        Some(bytes) => connect.pragma("max_page_count", (bytes / PAGE).max(64).to_string()),
        None => connect,
    }
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let migrations = MIGRATIONS.iter().map(|(version, name, sql)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    });
    let newest = MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or_default();
    if let Some(found) = schema_version(connection).await?
        && found > newest
    {
        return Err(StoreError::Newer(format!("schema {found}, this loa knows {newest}")));
    }
    let migrator = Migrator::with_migrations(migrations.collect());
    loop {
        let before = schema_version(connection).await?;
        let Err(error) = migrator.run_direct(None, connection, false).await else { return Ok(()) };
        // Another process may have been making the same change at the same moment; then it is there now.
        if schema_version(connection).await? == before {
            return Err(match error {
                sqlx::migrate::MigrateError::Execute(error) => failed(error),
                other => StoreError::Other(other.to_string()),
            });
        }
    }
}

/// The key of recipients' tokens.
async fn token_key(connection: &mut SqliteConnection) -> Result<Arc<[u8]>, StoreError> {
    const NAME: &str = "recipients";
    let read = async |connection: &mut SqliteConnection| {
        let secret: Option<Vec<u8>> = sqlx::query_scalar("SELECT secret FROM keys WHERE name = ?")
            .bind(NAME)
            .fetch_optional(connection)
            .await
            .map_err(failed)?;
        Ok::<_, StoreError>(secret.map(Arc::from))
    };
    if let Some(key) = read(connection).await? {
        return Ok(key);
    }
    sqlx::query("INSERT INTO keys (name, secret) VALUES (?, randomblob(32)) ON CONFLICT DO NOTHING")
        .bind(NAME)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    read(connection).await?.ok_or_else(|| StoreError::Other("the key of the recipients is missing".to_owned()))
}

/// The newest migration in the file; `None` in a new file.
async fn schema_version(connection: &mut SqliteConnection) -> Result<Option<i64>, StoreError> {
    let known = sqlx::query("SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    if known.get::<i64, _>(0) == 0 {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection).await.map_err(failed)
}

fn opening(error: sqlx::Error, path: &Path) -> StoreError {
    match failed(error) {
        StoreError::Other(detail) | StoreError::Unreachable(detail) => {
            StoreError::Unreachable(format!("{}: {detail}", path.display()))
        }
        other => other,
    }
}

/// What a database error means. SQLite's primary result codes are in its C interface documentation.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn failed(error: sqlx::Error) -> StoreError {
    let Some(database) = error.as_database_error() else { return StoreError::Other(error.to_string()) };
    let code = database.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default() & 0xff;
    match code {
        5 | 6 => StoreError::Busy,
        8 | 14 => StoreError::Unreachable(database.message().to_owned()),
        11 | 26 => StoreError::Corrupt(database.message().to_owned()),
        13 => StoreError::Full,
        _ => StoreError::Other(database.message().to_owned()),
    }
}
