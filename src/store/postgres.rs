//! A PostgreSQL server that several machines share.
//!
//! There is no leader: whoever finds something due first has it (`SKIP LOCKED`), and rows, leases and editions are
//! fenced as on one machine. What needs the only one who asks (a rate limit, an edition) is asked for under a lock that
//! ends with the transaction. `NOTIFY` wakes the others; they look now and then all the same.
//!
//! The hour is the server's. Machines' clocks differ, and a lease that one has taken must not look over to another, nor
//! a bulletin be early or late by whose turn it is: every process measures how far its clock is off and corrects it.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret as _;
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};

use super::bells::Bells;
use super::db::{Connection, Readers, Sql};
use super::error::failed;
use super::tx::EVERY_CHANNEL;
use crate::channel::Secret;
use crate::clock::Clock;
use crate::queue::StoreError;
use crate::text;
use crate::text::Text;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest wait for a transaction. Far less than a lease lasts.
const TRANSACTION: Duration = Duration::from_secs(20);
/// Workers look for work this often though nobody rang, and the clock is compared.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Rest before a lost server is looked for again.
const REST: Duration = Duration::from_secs(1);
/// A clock this little off is left alone.
const CLOSE_ENOUGH: TimeDelta = TimeDelta::milliseconds(20);

/// What every session asks of the server. A process that is stopped in the middle of a transaction must not keep others
/// waiting; what is acknowledged is on the server's disk, whatever it usually does.
const SESSION: [(&str, &str); 7] = [
    ("synchronous_commit", "on"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("lock_timeout", "5s"),
    ("statement_timeout", "15s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    // Statements here are short: compiling one takes longer than it does.
    ("jit", "off"),
];

/// How to reach a store on a server.
#[derive(Clone)]
pub struct PostgresOptions {
    connect: Box<PgConnectOptions>,
    password: Option<Secret>,
}

impl std::fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOptions").field("place", &self.place()).finish_non_exhaustive()
    }
}

impl PostgresOptions {
    /// From `postgres://user@host:port/database`; without a password: `PGPASSFILE` or none.
    ///
    /// # Errors
    /// What is wrong with the address, without repeating it.
    pub fn new(url: &str, password: Option<Secret>) -> Result<Self, Text> {
        let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
        let user = authority.split(['/', '?']).next().and_then(|authority| authority.rsplit_once('@'));
        if user.is_some_and(|(user, _)| user.contains(':')) || url.contains("password=") {
            return Err(text!(
                "mật khẩu không viết trong url; ghi password = {{ env = \"TÊN\" }} hoặc {{ file = \"/đường/dẫn\" }}, hoặc dùng PGPASSFILE",
                "the password does not stand in the url; write password = {{ env = \"NAME\" }} or {{ file = \"/path\" }}, or use PGPASSFILE"
            ));
        }
        let wrong = || {
            text!(
                "url của kho dữ liệu có dạng \"postgres://người-dùng@máy-chủ:5432/tên-cơ-sở-dữ-liệu\"",
                "the store's url looks like \"postgres://user@host:5432/database\""
            )
        };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(wrong());
        }
        let connect: PgConnectOptions = url.parse().map_err(|_| wrong())?;
        let connect = connect.application_name("loa").options(SESSION).disable_statement_logging();
        Ok(Self { connect: Box::new(connect), password })
    }

    /// Which server and database, for people.
    fn place(&self) -> String {
        let database = self.connect.get_database().unwrap_or_else(|| self.connect.get_username());
        format!("{}:{}/{database}", self.connect.get_host(), self.connect.get_port())
    }

    /// The command that backs the database up into a file.
    #[must_use]
    pub fn dump_command(&self, file: &Path) -> String {
        format!("pg_dump --format=custom --file={} {}", file.display(), self.named())
    }

    /// The command that puts such a file back.
    #[must_use]
    pub fn restore_command(&self, file: &Path) -> String {
        format!("pg_restore --clean --if-exists --single-transaction {} {}", self.named(), file.display())
    }

    fn named(&self) -> String {
        let (host, port, user) = (self.connect.get_host(), self.connect.get_port(), self.connect.get_username());
        let database = self.connect.get_database().unwrap_or(user);
        format!("--host={host} --port={port} --username={user} --dbname={database}")
    }

    fn with_password(&self) -> Result<PgConnectOptions, StoreError> {
        let connect = PgConnectOptions::clone(&self.connect);
        let Some(secret) = &self.password else { return Ok(connect) };
        let password = secret.read().map_err(|error| StoreError::Unreachable(error.0.en))?;
        Ok(connect.password(password.expose_secret()))
    }

    pub(super) async fn connect(&self) -> Result<Connection, StoreError> {
        let connect = self.with_password()?;
        let connected = tokio::time::timeout(CONNECT, connect.connect()).await;
        let own = connected.map_err(|_| too_long()).and_then(|own| own.map_err(failed));
        let mut connection = Connection::Postgres(own.map_err(|error| self.naming(error))?);
        inspect(&mut connection).await.map_err(|error| self.naming(error))?;
        Ok(connection)
    }

    pub(super) fn readers(&self) -> Result<Readers, StoreError> {
        let options = PgPoolOptions::new().max_connections(6).acquire_timeout(CONNECT);
        Ok(Readers::Postgres(options.connect_lazy_with(self.with_password()?)))
    }

    fn naming(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Other(detail) | StoreError::Unreachable(detail) => {
                StoreError::Unreachable(format!("{}: {detail}", self.place()))
            }
            other => other,
        }
    }
}

fn too_long() -> StoreError {
    StoreError::Unreachable("the server did not answer in time".to_owned())
}

pub(super) async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, StoreError> {
    tokio::time::timeout(TRANSACTION, work).await.map_err(|_| too_long())
}

/// Another program's tables are not ours to add to.
async fn inspect(connection: &mut Connection) -> Result<(), StoreError> {
    const TABLES: Sql = Sql::both(
        "SELECT count(*) AS tables, count(*) FILTER (WHERE table_name = '_sqlx_migrations') AS ours \
         FROM information_schema.tables WHERE table_schema = current_schema()",
    );
    match connection.first(TABLES, Vec::new()).await? {
        Some(row) if row.int("tables")? > 0 && row.int("ours")? == 0 => {
            Err(StoreError::Corrupt("it is another program's database".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Hears what others have written, rings the bells, and keeps the clock right. Does not end: a server that is away comes
/// back.
pub(super) async fn watch(pool: &PgPool, name: &str, bells: &Bells, clock: &Clock) -> Result<(), StoreError> {
    let mut pause = tokio::time::interval(REST);
    pause.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        pause.tick().await;
        if let Err(error) = listen(pool, name, bells, clock).await {
            tracing::warn!(%error, "the store's server cannot be heard; workers look by themselves meanwhile");
        }
        bells.ring_all();
    }
}

async fn listen(pool: &PgPool, name: &str, bells: &Bells, clock: &Clock) -> Result<(), StoreError> {
    let mut listener = PgListener::connect_with(pool).await.map_err(failed)?;
    listener.listen("loa").await.map_err(failed)?;
    // What was written before this is not told any more.
    bells.ring_all();
    let mut every = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            heard = listener.try_recv() => match heard.map_err(failed)? {
                None => bells.ring_all(),
                Some(heard) => match heard.payload().split_once(' ') {
                    Some((from, _)) if from == name => {}
                    Some((_, channel)) => bells.ring(&[channel.to_owned()].into()),
                    None => bells.ring(&[EVERY_CHANNEL.to_owned()].into()),
                },
            },
            _ = every.tick() => {
                bells.ring_all();
                set_clock(&Readers::Postgres(pool.clone()), clock).await?;
            }
        }
    }
}

/// Corrects the clock to the server's.
pub(super) async fn set_clock(readers: &Readers, clock: &Clock) -> Result<(), StoreError> {
    const NOW: Sql = Sql::both("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now");
    // The first question may have to wait for a connection.
    for _ in 0..2 {
        let asked = clock.now();
        let row = readers.first(NOW, Vec::new()).await?;
        let answered = clock.now();
        let Some(row) = row else { continue };
        let server = row.instant("now")?;
        let took = answered - asked;
        if took > TimeDelta::seconds(1) {
            continue;
        }
        let off = server - (asked + took / 2);
        if off.abs() > CLOSE_ENOUGH.max(took) {
            tracing::info!(
                off_ms = off.num_milliseconds(),
                "this machine's clock differs from the store's, which counts"
            );
            clock.correct(off);
        }
    }
    Ok(())
}
