//! The schema and its changes: only forward, each in a transaction, by one process at a time.

use std::sync::Arc;

use sqlx::SqlStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use super::db::{Connection, Sql, args};
use super::error::failed;
use crate::queue::StoreError;

type Change = (i64, &'static str, &'static str);

/// Every schema change since the first, in order. Never edited once released.
const SQLITE: &[Change] = &[
    (1, "first", include_str!("migrations/sqlite/0001_first.sql")),
    (2, "pictures", include_str!("migrations/sqlite/0002_pictures.sql")),
    (3, "mail", include_str!("migrations/sqlite/0003_mail.sql")),
    (4, "keep", include_str!("migrations/sqlite/0004_keep.sql")),
    (5, "feeds", include_str!("migrations/sqlite/0005_feeds.sql")),
    (6, "people", include_str!("migrations/sqlite/0006_people.sql")),
    (7, "lighter", include_str!("migrations/sqlite/0007_lighter.sql")),
    (8, "articles", include_str!("migrations/sqlite/0008_articles.sql")),
    (9, "places", include_str!("migrations/sqlite/0009_places.sql")),
    (10, "writing", include_str!("migrations/sqlite/0010_writing.sql")),
    (11, "books", include_str!("migrations/sqlite/0011_books.sql")),
    (12, "writers", include_str!("migrations/sqlite/0012_writers.sql")),
    (13, "mailings", include_str!("migrations/sqlite/0013_mailings.sql")),
    (14, "lean", include_str!("migrations/sqlite/0014_lean.sql")),
    (15, "schedules", include_str!("migrations/sqlite/0015_schedules.sql")),
];
const POSTGRES: &[Change] = &[
    (1, "first", include_str!("migrations/postgres/0001_first.sql")),
    (2, "keep", include_str!("migrations/postgres/0002_keep.sql")),
    (3, "feeds", include_str!("migrations/postgres/0003_feeds.sql")),
    (4, "people", include_str!("migrations/postgres/0004_people.sql")),
    (5, "lighter", include_str!("migrations/postgres/0005_lighter.sql")),
    (6, "articles", include_str!("migrations/postgres/0006_articles.sql")),
    (7, "places", include_str!("migrations/postgres/0007_places.sql")),
    (8, "writing", include_str!("migrations/postgres/0008_writing.sql")),
    (9, "books", include_str!("migrations/postgres/0009_books.sql")),
    (10, "writers", include_str!("migrations/postgres/0010_writers.sql")),
    (11, "mailings", include_str!("migrations/postgres/0011_mailings.sql")),
    (12, "lean", include_str!("migrations/postgres/0012_lean.sql")),
    (13, "schedules", include_str!("migrations/postgres/0013_schedules.sql")),
];

/// The newest schema that this loa knows.
pub(super) fn newest_known(connection: &Connection) -> i64 {
    let changes = if connection.is_shared() { POSTGRES } else { SQLITE };
    changes.iter().map(|(version, ..)| *version).max().unwrap_or_default()
}

/// Brings the schema up to date.
pub(super) async fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let changes = if connection.is_shared() { POSTGRES } else { SQLITE };
    let newest = newest_known(connection);
    if let Some(found) = schema_version(connection).await?
        && found > newest
    {
        return Err(StoreError::Newer(format!("schema {found}, this loa knows {newest}")));
    }
    let migrations = changes.iter().map(|(version, name, sql)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    });
    let migrator = Migrator::with_migrations(migrations.collect());
    loop {
        let before = schema_version(connection).await?;
        // On PostgreSQL the migrator holds an advisory lock: whoever comes second finds everything done.
        let migrated = match connection {
            Connection::Direct(_) => return Err(StoreError::Other("the writer does not migrate".to_owned())),
            Connection::Sqlite(own) => migrator.run_direct(None, own, false).await,
            Connection::Postgres(own) => migrator.run_direct(None, own, false).await,
        };
        let Err(error) = migrated else { return Ok(()) };
        // Another process may have been making the same change at the same moment; then it is there now.
        if schema_version(connection).await? == before {
            return Err(match error {
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
                other => StoreError::Other(other.to_string()),
            });
        }
    }
}

/// The newest migration that was made; `None` in a new database.
pub(super) async fn schema_version(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    const KNOWN: Sql = Sql {
        sqlite: "SELECT count(*) AS known FROM sqlite_master WHERE name = '_sqlx_migrations'",
        postgres: "SELECT count(*) AS known FROM information_schema.tables \
                   WHERE table_name = '_sqlx_migrations' AND table_schema = current_schema()",
    };
    const NEWEST: Sql = Sql::both("SELECT max(version) AS newest FROM _sqlx_migrations");
    let known = connection.first(KNOWN, Vec::new()).await?;
    if !known.is_some_and(|row| row.flag("known").unwrap_or_default()) {
        return Ok(None);
    }
    let newest = connection.first(NEWEST, Vec::new()).await?;
    Ok(newest.map(|row| row.opt_int("newest")).transpose()?.flatten())
}

/// The key of recipients' tokens, which only the store knows.
pub(super) async fn token_key(connection: &mut Connection) -> Result<Arc<[u8]>, StoreError> {
    const NAME: &str = "recipients";
    const READ: Sql = Sql::both("SELECT secret FROM keys WHERE name = $1");
    const MAKE: Sql = Sql {
        sqlite: "INSERT INTO keys (name, secret) VALUES ($1, randomblob(32)) ON CONFLICT DO NOTHING",
        // Each of them holds 122 random bits.
        postgres: "INSERT INTO keys (name, secret) VALUES ($1, decode(replace(gen_random_uuid()::text || \
                   gen_random_uuid()::text, '-', ''), 'hex')) ON CONFLICT DO NOTHING",
    };
    // Nearly always it is there, and nothing has to be written.
    if let Some(row) = connection.first(READ, args![NAME]).await? {
        return Ok(Arc::from(row.bytes("secret")?));
    }
    connection.execute(MAKE, args![NAME]).await?;
    let row = connection.first(READ, args![NAME]).await?;
    let missing = || StoreError::Other("the key of the recipients is missing".to_owned());
    Ok(Arc::from(row.ok_or_else(missing)?.bytes("secret")?))
}
