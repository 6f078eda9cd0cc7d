//! Where everything durable is kept. All SQL lives here.

mod sqlite;
mod token;

pub use sqlite::{SqliteOptions, SqliteStore};
