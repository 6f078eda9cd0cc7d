//! One statement over many rows, so that a batch costs as many statements as a single delivery.
//!
//! SQLite takes the rows as `VALUES`: its way through JSON costs more than everything else that such a statement does.
//! PostgreSQL takes them as one JSON argument.

use serde_json::{Map, Value};
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, query::Query};

use super::db::{Arg, Connection, Sql};
use super::error::failed;
use super::row::{Row, to_json};
use crate::queue::StoreError;

/// Most rows of one statement for SQLite.
const MOST: usize = 64;

/// A statement over a table `n` of rows that go in with it.
pub(super) struct Many<const N: usize> {
    /// The columns of `n`. A row whose first column is NULL stands for no row.
    pub(super) columns: [&'static str; N],
    /// For SQLite: what follows the definition of `n`.
    pub(super) sqlite: &'static str,
    /// For PostgreSQL, which takes the rows as `json_to_recordset($1::json)`.
    pub(super) postgres: &'static str,
}

impl<const N: usize> Many<N> {
    /// How many rows it changed.
    pub(super) async fn execute(&self, connection: &mut Connection, rows: Vec<[Arg; N]>) -> Result<u64, StoreError> {
        let mut changed = 0;
        match connection {
            Connection::Direct(own) => {
                for rows in chunks(rows) {
                    let (sql, cells) = self.values(rows);
                    changed += own.execute_in_order(&sql, &cells)?;
                }
            }
            Connection::Sqlite(own) => {
                for rows in chunks(rows) {
                    let query = in_order(self.values(rows));
                    changed += query.execute(&mut *own).await.map_err(failed)?.rows_affected();
                }
            }
            Connection::Postgres(_) => return self.json(connection, rows).await,
        }
        Ok(changed)
    }

    /// What it returns, for all rows.
    pub(super) async fn fetch(&self, connection: &mut Connection, rows: Vec<[Arg; N]>) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::new();
        match connection {
            Connection::Direct(own) => {
                for rows in chunks(rows) {
                    let (sql, cells) = self.values(rows);
                    found.extend(own.fetch_in_order(&sql, &cells)?);
                }
            }
            Connection::Sqlite(own) => {
                for rows in chunks(rows) {
                    let rows = in_order(self.values(rows)).fetch_all(&mut *own).await.map_err(failed)?;
                    found.extend(rows.into_iter().map(Row::Sqlite));
                }
            }
            Connection::Postgres(_) => {
                let sql = Sql { sqlite: "", postgres: self.postgres };
                return connection.fetch(sql, vec![self.argument(rows)?]).await;
            }
        }
        Ok(found)
    }

    async fn json(&self, connection: &mut Connection, rows: Vec<[Arg; N]>) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let sql = Sql { sqlite: "", postgres: self.postgres };
        connection.execute(sql, vec![self.argument(rows)?]).await
    }

    /// The rows as JSON objects.
    fn argument(&self, rows: Vec<[Arg; N]>) -> Result<Arg, StoreError> {
        let value = |arg| match arg {
            Arg::Int(number) => Value::from(number),
            Arg::Text(text) => Value::from(text),
            Arg::Bytes(_) => Value::Null,
        };
        let object = |row: [Arg; N]| -> Map<String, Value> {
            self.columns.iter().map(|name| (*name).to_owned()).zip(row.into_iter().map(value)).collect()
        };
        let objects: Vec<_> = rows.into_iter().map(object).collect();
        Ok(Arg::Text(Some(to_json(&objects)?)))
    }

    /// The statement for so many rows, or for a few more with nothing in them: so it is prepared for a few lengths only.
    fn values(&self, rows: Vec<[Arg; N]>) -> (String, Vec<Arg>) {
        let length = rows.len().next_power_of_two();
        let mut sql = format!("WITH n ({}) AS (VALUES ", self.columns.join(", "));
        for row in 0..length {
            sql.push_str(if row == 0 { "(" } else { ",(" });
            for column in 0..N {
                sql.push_str(if column == 0 { "?" } else { ",?" });
            }
            sql.push(')');
        }
        sql.push_str(") ");
        sql.push_str(self.sqlite);
        let missing = (length - rows.len()) * N;
        (sql, rows.into_iter().flatten().chain((0..missing).map(|_| Arg::Int(None))).collect())
    }
}

fn in_order((sql, cells): (String, Vec<Arg>)) -> Query<'static, Sqlite, SqliteArguments> {
    cells.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), Arg::bind_to)
}

fn chunks<const N: usize>(rows: Vec<[Arg; N]>) -> impl Iterator<Item = Vec<[Arg; N]>> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let chunk: Vec<_> = rows.by_ref().take(MOST).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}
