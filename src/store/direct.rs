//! SQLite on the caller's own thread: no statement is handed to another thread, and no row comes back from one. That is what
//! the writer needs, which asks for many small things and has a thread of its own to wait for the disk.

use std::path::Path;
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, OpenFlags, ToSql};

use super::db::Arg;
use super::error::from_sqlite;
use super::row::Row;
use crate::queue::StoreError;

/// Statements that stay prepared: more than those that come again and again.
const PREPARED: usize = 128;

/// An open file.
pub(super) struct Direct(rusqlite::Connection);

/// A row, copied out of the database.
pub(super) struct DirectRow {
    columns: Arc<[Box<str>]>,
    values: Box<[Value]>,
}

fn failed(error: rusqlite::Error) -> StoreError {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            from_sqlite(failure.extended_code.unsigned_abs(), &message.unwrap_or_else(|| failure.to_string()))
        }
        other => StoreError::Other(other.to_string()),
    }
}

impl ToSql for Arg {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(Some(number)) => ValueRef::Integer(*number),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Int(None) | Self::Text(None) => ValueRef::Null,
        }))
    }
}

impl Direct {
    /// Opens a file that is there.
    pub(super) fn open(path: &Path, pragmas: &[(&str, String)]) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let own = rusqlite::Connection::open_with_flags(path, flags).map_err(failed)?;
        own.set_prepared_statement_cache_capacity(PREPARED);
        // Otherwise a statement is planned anew for each of its arguments that meets the condition of an index.
        own.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
        for (name, value) in pragmas {
            // Some of them answer.
            own.pragma_update_and_check(None, name, value, |_| Ok(())).or_else(no_answer).map_err(failed)?;
        }
        Ok(Self(own))
    }

    pub(super) fn close(self) {
        // Everything acknowledged is on disk: what a farewell comes to does not matter.
        drop(self.0.close());
    }

    /// How many rows it changed. Arguments are `$1`, `$2` …
    pub(super) fn execute(&self, sql: &str, args: &[Arg]) -> Result<u64, StoreError> {
        self.named(sql, args).and_then(|statement| self.run(statement)).map_err(failed)
    }

    /// The same once for each of many rows, all of them or as far as it came. Their columns are `?1`, `?2` …
    pub(super) fn execute_each<const N: usize>(&self, sql: &str, many: &[[Arg; N]]) -> Result<u64, StoreError> {
        let each = || {
            let mut statement = self.0.prepare_cached(sql)?;
            let mut changed = 0;
            for row in many {
                bind(&mut statement, row)?;
                let mut rows = statement.raw_query();
                while rows.next()?.is_some() {}
                changed += self.0.changes();
            }
            Ok(changed)
        };
        each().map_err(failed)
    }

    pub(super) fn fetch(&self, sql: &str, args: &[Arg]) -> Result<Vec<Row>, StoreError> {
        self.named(sql, args).and_then(rows).map_err(failed)
    }

    pub(super) fn fetch_each<const N: usize>(&self, sql: &str, many: &[[Arg; N]]) -> Result<Vec<Row>, StoreError> {
        let each = || {
            let mut statement = self.0.prepare_cached(sql)?;
            let mut found = Vec::new();
            for row in many {
                bind(&mut statement, row)?;
                read(&mut statement, &mut found)?;
            }
            Ok(found)
        };
        each().map_err(failed)
    }

    fn named(&self, sql: &str, args: &[Arg]) -> rusqlite::Result<CachedStatement<'_>> {
        let mut statement = self.0.prepare_cached(sql)?;
        debug_assert!(statement.parameter_count() <= args.len(), "an argument is missing: {sql}");
        for (number, arg) in (1..).zip(args) {
            // What only the other database's words make use of.
            let Some(place) = statement.parameter_index(&format!("${number}"))? else { continue };
            statement.raw_bind_parameter(place, arg)?;
        }
        Ok(statement)
    }

    fn run(&self, mut statement: CachedStatement<'_>) -> rusqlite::Result<u64> {
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        Ok(self.0.changes())
    }
}

fn no_answer(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(()),
        error => Err(error),
    }
}

fn bind<const N: usize>(statement: &mut CachedStatement<'_>, row: &[Arg; N]) -> rusqlite::Result<()> {
    debug_assert_eq!(statement.parameter_count(), N, "arguments that are too few or too many");
    (1..).zip(row).try_for_each(|(place, arg): (usize, &Arg)| statement.raw_bind_parameter(place, arg))
}

fn rows(mut statement: CachedStatement<'_>) -> rusqlite::Result<Vec<Row>> {
    let mut found = Vec::new();
    read(&mut statement, &mut found)?;
    Ok(found)
}

fn read(statement: &mut CachedStatement<'_>, found: &mut Vec<Row>) -> rusqlite::Result<()> {
    let columns: Arc<[Box<str>]> = statement.column_names().into_iter().map(Box::from).collect();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let values: rusqlite::Result<Box<[Value]>> = (0..columns.len()).map(|place| row.get(place)).collect();
        found.push(Row::Direct(DirectRow { columns: Arc::clone(&columns), values: values? }));
    }
    Ok(())
}

impl DirectRow {
    fn value(&self, column: &str) -> Result<&Value, StoreError> {
        let place = self.columns.iter().position(|name| **name == *column);
        place
            .and_then(|place| self.values.get(place))
            .ok_or_else(|| StoreError::Other(format!("there is no column {column}")))
    }

    pub(super) fn int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Integer(number) => Ok(Some(*number)),
            other => Err(unexpected(column, other)),
        }
    }

    pub(super) fn text(&self, column: &str) -> Result<Option<&str>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(unexpected(column, other)),
        }
    }

    pub(super) fn bytes(&self, column: &str) -> Result<Option<&[u8]>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Blob(bytes) => Ok(Some(bytes)),
            other => Err(unexpected(column, other)),
        }
    }
}

fn unexpected(column: &str, value: &Value) -> StoreError {
    StoreError::Corrupt(format!("{column} is of the type {}", value.data_type()))
}
