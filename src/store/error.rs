//! What a database's error means.

use sqlx::postgres::PgDatabaseError;

use crate::queue::StoreError;

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    use sqlx::Error as E;
    match &error {
        E::Database(database) => match database.try_downcast_ref::<PgDatabaseError>() {
            Some(postgres) => from_postgres(postgres.code(), postgres.message()),
            None => {
                let code = database.code().and_then(|code| code.parse().ok());
                from_sqlite(code.unwrap_or_default(), database.message())
            }
        },
        E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::PoolClosed => {
            StoreError::Unreachable(error.to_string())
        }
        _ => StoreError::Other(error.to_string()),
    }
}

/// Result codes are in the documentation of SQLite's C interface; the lower eight bits are the primary code.
pub(super) fn from_sqlite(code: u32, message: &str) -> StoreError {
    match code & 0xff {
        5 | 6 => StoreError::Busy,
        8 | 14 => StoreError::Unreachable(message.to_owned()),
        11 | 26 => StoreError::Corrupt(message.to_owned()),
        13 => StoreError::Full,
        _ => StoreError::Other(message.to_owned()),
    }
}

/// Codes are in appendix A of PostgreSQL's documentation.
fn from_postgres(code: &str, message: &str) -> StoreError {
    match code {
        // Serialization failure, deadlock, lock timeout, statement timeout.
        "40001" | "40P01" | "55P03" | "57014" => StoreError::Busy,
        "53100" => StoreError::Full,
        "XX001" | "XX002" => StoreError::Corrupt(message.to_owned()),
        // Connection troubles, wrong credentials, no such database, too many connections, shutdown, idle in transaction.
        _ if ["08", "28", "3D", "57P", "25P"].iter().any(|class| code.starts_with(class)) || code == "53300" => {
            StoreError::Unreachable(message.to_owned())
        }
        _ => StoreError::Other(message.to_owned()),
    }
}
