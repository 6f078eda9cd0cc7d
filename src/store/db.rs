//! The two databases, spoken to in one way: a statement, its arguments, its rows.
//!
//! Everything that the store knows is decided and read once, in the files beside this one. A statement stands there in
//! the words of both databases ([`Sql`]), side by side, so that neither can be forgotten. Lists go in as one JSON argument,
//! tables of many rows as `super::many` has it.

use serde::Serialize;
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Connection as _, Postgres, Sqlite};

use super::direct::Direct;
use super::error::failed;
use super::row::Row;
use crate::queue::StoreError;

/// One statement. Its arguments are `$1`, `$2` ….
#[derive(Clone, Copy)]
pub(super) struct Sql {
    /// For SQLite, which takes lists as `json_each($n)`.
    pub(super) sqlite: &'static str,
    /// For PostgreSQL, which takes them as `json_to_recordset($n::json)`.
    pub(super) postgres: &'static str,
}

impl Sql {
    /// The same words for both.
    pub(super) const fn both(sql: &'static str) -> Self {
        Self { sqlite: sql, postgres: sql }
    }
}

/// One argument.
pub(super) enum Arg {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

impl Arg {
    /// Many rows as one argument.
    pub(super) fn rows<T: Serialize>(rows: &[T]) -> Result<Self, StoreError> {
        Ok(Self::Text(Some(super::row::to_json(rows)?)))
    }

    /// The next argument of a statement for SQLite.
    pub(super) fn bind_to(
        query: Query<'static, Sqlite, SqliteArguments>,
        arg: Self,
    ) -> Query<'static, Sqlite, SqliteArguments> {
        match arg {
            Self::Int(value) => query.bind(value),
            Self::Text(value) => query.bind(value),
            Self::Bytes(value) => query.bind(value),
        }
    }
}

impl From<u32> for Arg {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<Option<&str>> for Arg {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

/// The arguments of a statement, each turned into what it is.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::db::Arg::from($value)),*] };
}
pub(super) use args;

fn for_sqlite(sql: &'static str, args: Vec<Arg>) -> Query<'static, Sqlite, SqliteArguments> {
    args.into_iter().fold(sqlx::query(sql), Arg::bind_to)
}

fn for_postgres(sql: &'static str, args: Vec<Arg>) -> Query<'static, Postgres, PgArguments> {
    args.into_iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Int(value) => query.bind(value),
        Arg::Text(value) => query.bind(value.map(without_nul)),
        Arg::Bytes(value) => query.bind(value),
    })
}

/// PostgreSQL keeps no text with U+0000 in it, whatever a far side puts into its answers.
fn without_nul(mut text: String) -> String {
    if text.contains('\0') {
        text = text.replace('\0', "\u{fffd}");
    }
    // In JSON it stands escaped, behind an even number of backslashes.
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("\\u0000")).map(|at| at + from) {
        let backslashes = text.get(..at).map_or(0, |before| before.len() - before.trim_end_matches('\\').len());
        if backslashes % 2 == 0 {
            text.replace_range(at..at + 6, "\\ufffd");
        }
        from = at + 6;
    }
    text
}

fn postgres_rows(rows: Vec<PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}

fn sqlite_rows(rows: Vec<SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

/// One connection.
pub(super) enum Connection {
    /// The writer's, which answers at once.
    Direct(Direct),
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Connection {
    /// Whether other machines may be at the same work.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    pub(super) async fn fetch(&mut self, sql: Sql, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Direct(own) => return own.fetch(sql.sqlite, &args),
            Self::Sqlite(own) => for_sqlite(sql.sqlite, args).fetch_all(own).await.map(sqlite_rows),
            Self::Postgres(own) => for_postgres(sql.postgres, args).fetch_all(own).await.map(postgres_rows),
        }
        .map_err(failed)
    }

    pub(super) async fn first(&mut self, sql: Sql, args: Vec<Arg>) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(sql, args).await?.into_iter().next())
    }

    /// Ends it in good order.
    pub(super) async fn close(self) {
        // Everything acknowledged is on disk: what a farewell comes to does not matter.
        match self {
            Self::Direct(own) => own.close(),
            Self::Sqlite(own) => drop(own.close().await),
            Self::Postgres(own) => drop(own.close().await),
        }
    }

    /// How many rows it changed.
    pub(super) async fn execute(&mut self, sql: Sql, args: Vec<Arg>) -> Result<u64, StoreError> {
        match self {
            Self::Direct(own) => return own.execute(sql.sqlite, &args),
            Self::Sqlite(own) => for_sqlite(sql.sqlite, args).execute(own).await.map(|done| done.rows_affected()),
            Self::Postgres(own) => for_postgres(sql.postgres, args).execute(own).await.map(|done| done.rows_affected()),
        }
        .map_err(failed)
    }
}

/// Connections that only read.
#[derive(Clone)]
pub(super) enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Readers {
    pub(super) async fn fetch(&self, sql: Sql, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(pool) => for_sqlite(sql.sqlite, args).fetch_all(pool).await.map(sqlite_rows),
            Self::Postgres(pool) => for_postgres(sql.postgres, args).fetch_all(pool).await.map(postgres_rows),
        }
        .map_err(failed)
    }

    pub(super) async fn first(&self, sql: Sql, args: Vec<Arg>) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(sql, args).await?.into_iter().next())
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without_nul;

    #[test]
    fn text_without_nul_stays_and_nul_is_replaced_where_it_is_meant() {
        for (from, to) in [
            ("ặ", "ặ"),
            ("a\0b", "a\u{fffd}b"),
            (r#"["\u0000"]"#, r#"["\ufffd"]"#),
            (r#"["\\u0000\u0000"]"#, r#"["\\u0000\ufffd"]"#),
        ] {
            assert_eq!(without_nul(from.to_owned()), to);
        }
    }
}
