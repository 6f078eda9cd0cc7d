//! Rows to values and back. Instants are UTC milliseconds.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::direct::DirectRow;
use super::error::failed;
use crate::queue::StoreError;

pub(super) fn millis(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_millis()
}

pub(super) fn instant(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(error.to_string()))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn small(column: &str, number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| StoreError::Corrupt(format!("{column} is {number}")))
}

/// A row of either database.
pub(super) enum Row {
    Direct(DirectRow),
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

fn null(column: &str) -> StoreError {
    StoreError::Corrupt(format!("{column} is missing"))
}

impl Row {
    pub(super) fn int(&self, column: &str) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| null(column))
    }

    pub(super) fn opt_int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        match self {
            Self::Direct(row) => row.int(column),
            Self::Sqlite(row) => row.try_get(column).map_err(failed),
            Self::Postgres(row) => row.try_get(column).map_err(failed),
        }
    }

    /// A number that is kept small.
    pub(super) fn small(&self, column: &str) -> Result<u32, StoreError> {
        small(column, self.int(column)?)
    }

    pub(super) fn opt_small(&self, column: &str) -> Result<Option<u32>, StoreError> {
        self.opt_int(column)?.map(|number| small(column, number)).transpose()
    }

    pub(super) fn count(&self, column: &str) -> Result<usize, StoreError> {
        Ok(usize::try_from(self.int(column)?).unwrap_or_default())
    }

    /// Whether a number is not 0.
    pub(super) fn flag(&self, column: &str) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    pub(super) fn instant(&self, column: &str) -> Result<DateTime<Utc>, StoreError> {
        self.int(column).map(instant)
    }

    pub(super) fn opt_instant(&self, column: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.opt_int(column)?.map(instant))
    }

    pub(super) fn text(&self, column: &str) -> Result<&str, StoreError> {
        self.opt_text(column)?.ok_or_else(|| null(column))
    }

    pub(super) fn opt_text(&self, column: &str) -> Result<Option<&str>, StoreError> {
        match self {
            Self::Direct(row) => row.text(column),
            Self::Sqlite(row) => row.try_get(column).map_err(failed),
            Self::Postgres(row) => row.try_get(column).map_err(failed),
        }
    }

    pub(super) fn string(&self, column: &str) -> Result<String, StoreError> {
        self.text(column).map(str::to_owned)
    }

    pub(super) fn opt_string(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(self.opt_text(column)?.map(str::to_owned))
    }

    pub(super) fn bytes(&self, column: &str) -> Result<Vec<u8>, StoreError> {
        let bytes: Option<&[u8]> = match self {
            Self::Direct(row) => row.bytes(column)?,
            Self::Sqlite(row) => row.try_get(column).map_err(failed)?,
            Self::Postgres(row) => row.try_get(column).map_err(failed)?,
        };
        bytes.map(<[u8]>::to_vec).ok_or_else(|| null(column))
    }

    pub(super) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        from_json(self.text(column)?)
    }
}
