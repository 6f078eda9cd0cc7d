//! A store that is nearly full: something else is in its file.

use std::path::Path;

use sqlx::{ConnectOptions as _, SqliteConnection};

/// A connection of the test's own, which no ceiling binds.
pub(crate) async fn open(file: &Path) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    options.connect().await.expect("the store's file")
}

/// Leaves no more than so many pages of a store that may have `ceiling` of them.
pub(crate) async fn load(file: &mut SqliteConnection, ceiling: i64, left: i64) {
    const PAGES: &str = "INSERT INTO ballast WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ?1) \
                         SELECT zeroblob(4050) FROM n";
    sqlx::query("CREATE TABLE ballast (page BLOB)").execute(&mut *file).await.expect("a table");
    let all: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *file).await.expect("its pages");
    let free: i64 = sqlx::query_scalar("PRAGMA freelist_count").fetch_one(&mut *file).await.expect("its free pages");
    sqlx::query(PAGES).bind(ceiling - all + free - left).execute(&mut *file).await.expect("the ballast");
}

/// Makes room again.
pub(crate) async fn unload(file: &mut SqliteConnection) {
    sqlx::query("DELETE FROM ballast").execute(file).await.expect("room");
}
