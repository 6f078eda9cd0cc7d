//! One change for many rows, so that a batch costs as many exchanges with the database as a single delivery.
//!
//! SQLite runs a prepared statement once for each row: there is nobody to talk to in between, and every way of giving it
//! all rows at once costs more. PostgreSQL takes them as one JSON argument.

use serde::ser::{Serialize, Serializer};

use super::db::{Arg, Connection, Sql};
use super::row::{Row, to_json};
use crate::queue::StoreError;

/// A statement over rows that go in with it.
pub(super) struct Many<const N: usize> {
    /// What the columns are called in PostgreSQL's statement.
    pub(super) columns: [&'static str; N],
    /// For one row, whose columns are `?1`, `?2` …
    pub(super) sqlite: &'static str,
    /// For all rows, which are `json_to_recordset($1::json)`.
    pub(super) postgres: &'static str,
}

impl<const N: usize> Many<N> {
    /// How many rows it changed.
    pub(super) async fn execute(&self, connection: &mut Connection, rows: Vec<[Arg; N]>) -> Result<u64, StoreError> {
        match connection {
            Connection::Direct(own) => own.execute_each(self.sqlite, &rows),
            Connection::Sqlite(_) => {
                let mut changed = 0;
                for row in rows {
                    changed += connection.execute(Sql::both(self.sqlite), row.into()).await?;
                }
                Ok(changed)
            }
            Connection::Postgres(_) if rows.is_empty() => Ok(0),
            Connection::Postgres(_) => connection.execute(self.statement(), vec![self.argument(rows)?]).await,
        }
    }

    /// What it returns, for all rows.
    pub(super) async fn fetch(&self, connection: &mut Connection, rows: Vec<[Arg; N]>) -> Result<Vec<Row>, StoreError> {
        match connection {
            Connection::Direct(own) => own.fetch_each(self.sqlite, &rows),
            Connection::Sqlite(_) => {
                let mut found = Vec::new();
                for row in rows {
                    found.extend(connection.fetch(Sql::both(self.sqlite), row.into()).await?);
                }
                Ok(found)
            }
            Connection::Postgres(_) => connection.fetch(self.statement(), vec![self.argument(rows)?]).await,
        }
    }

    fn statement(&self) -> Sql {
        Sql { sqlite: "", postgres: self.postgres }
    }

    /// The rows as JSON objects.
    fn argument(&self, rows: Vec<[Arg; N]>) -> Result<Arg, StoreError> {
        let objects: Vec<_> = rows.into_iter().map(|cells| Object { columns: &self.columns, cells }).collect();
        Ok(Arg::Text(Some(to_json(&objects)?)))
    }
}

/// A row as a JSON object.
struct Object<'c, const N: usize> {
    columns: &'c [&'static str; N],
    cells: [Arg; N],
}

impl<const N: usize> Serialize for Object<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.columns.iter().zip(&self.cells))
    }
}

impl Serialize for Arg {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(number) => number.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            Self::Bytes(_) => serializer.serialize_none(),
        }
    }
}
