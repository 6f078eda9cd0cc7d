//! Where everything durable is kept. All SQL lives here.

mod sqlite;

pub use sqlite::{SqliteOptions, SqliteStore};
