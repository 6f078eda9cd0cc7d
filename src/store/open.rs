//! Which database, and how it is opened.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::bells::Bells;
use super::ceiling::Ceiling;
use super::db::{Connection, Readers};
use super::postgres::PostgresOptions;
use super::sqlite::{BUSY, SqliteOptions};
use crate::clock::Clock;
use crate::queue::StoreError;

/// Pause before a new file that somebody else is just making is tried again.
const OPEN_AGAIN: Duration = Duration::from_millis(50);

/// How to open a store.
#[derive(Clone, Debug)]
pub enum StoreOptions {
    /// One file, one daemon.
    Sqlite(SqliteOptions),
    /// A database server, as many daemons as there are machines.
    Postgres(PostgresOptions),
}

impl From<SqliteOptions> for StoreOptions {
    fn from(options: SqliteOptions) -> Self {
        Self::Sqlite(options)
    }
}

impl From<PostgresOptions> for StoreOptions {
    fn from(options: PostgresOptions) -> Self {
        Self::Postgres(options)
    }
}

impl StoreOptions {
    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(options) => Some(&options.path),
            Self::Postgres(_) => None,
        }
    }

    /// How far a file may grow; a server minds its own disk.
    pub(super) fn ceiling(&self) -> Option<Ceiling> {
        match self {
            Self::Sqlite(options) => Some(Ceiling::of(options)),
            Self::Postgres(_) => None,
        }
    }
}

/// Makes connections.
#[derive(Clone)]
pub(super) struct Opener {
    options: Arc<StoreOptions>,
    /// This process, in what it tells others.
    name: Arc<str>,
    ceiling: Option<Arc<Ceiling>>,
}

impl Opener {
    pub(super) fn new(options: StoreOptions) -> Self {
        let ceiling = options.ceiling().map(Arc::new);
        Self { options: Arc::new(options), name: format!("{:x}", fastrand::u64(..)).into(), ceiling }
    }

    pub(super) fn options(&self) -> &StoreOptions {
        &self.options
    }

    /// The file, if it is one.
    pub(super) fn file(&self) -> Option<&Path> {
        self.options.file()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How far a file may grow; a server minds its own disk.
    pub(super) fn ceiling(&self) -> Option<Arc<Ceiling>> {
        self.ceiling.clone()
    }

    pub(super) async fn connect(&self) -> Result<Connection, StoreError> {
        match &*self.options {
            StoreOptions::Sqlite(options) => options.connect().await,
            StoreOptions::Postgres(options) => options.connect().await,
        }
    }

    /// The connection of the writer, to a store that is up to date.
    pub(super) async fn connect_to_write(&self) -> Result<Connection, StoreError> {
        match &*self.options {
            StoreOptions::Sqlite(options) => {
                let options = options.clone();
                let opening = tokio::task::spawn_blocking(move || options.connect_to_write());
                opening.await.map_err(|error| StoreError::Other(error.to_string()))?
            }
            StoreOptions::Postgres(options) => options.connect().await,
        }
    }

    /// The connection of the writer, in place of one that has brought the store up to date.
    pub(super) async fn to_write(&self, opened: Connection) -> Result<Connection, StoreError> {
        if opened.is_shared() {
            return Ok(opened);
        }
        opened.close().await;
        self.connect_to_write().await
    }

    pub(super) async fn readers(&self) -> Result<Readers, StoreError> {
        match &*self.options {
            StoreOptions::Sqlite(options) => options.readers().await,
            StoreOptions::Postgres(options) => options.readers(),
        }
    }

    /// Waits no longer for a server than is reasonable. A file answers, or waits for another process by itself.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, StoreError> {
        match &*self.options {
            StoreOptions::Sqlite(_) => Ok(work.await),
            StoreOptions::Postgres(_) => super::postgres::in_time(work).await,
        }
    }

    pub(super) async fn watch(&self, readers: &Readers, bells: &Bells, clock: &Clock) -> Result<(), StoreError> {
        match (&*self.options, readers) {
            (StoreOptions::Postgres(_), Readers::Postgres(pool)) => {
                super::postgres::watch(pool, &self.name, bells, clock).await
            }
            (StoreOptions::Sqlite(options), _) => options.watch(bells).await,
            (StoreOptions::Postgres(_), Readers::Sqlite(_)) => Ok(()),
        }
    }

    /// Does `open` until it is not met by another process that opens the same new file. SQLite answers "busy" at once,
    /// without waiting, when two of them turn it to WAL together.
    pub(super) async fn patiently<T>(&self, open: impl AsyncFn() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut pause = tokio::time::interval(OPEN_AGAIN);
        for _ in 0..BUSY.as_millis() / OPEN_AGAIN.as_millis() {
            pause.tick().await;
            match open().await {
                Err(StoreError::Busy) => {}
                opened => return opened,
            }
        }
        Err(StoreError::Busy)
    }
}
