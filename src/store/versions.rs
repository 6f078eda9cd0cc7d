//! Earlier versions of files.

use futures_util::future::BoxFuture;

use super::Store;
use super::db::{Sql, args};
use super::people::record;
use super::row::{Row, millis};
use super::tx::Tx;
use crate::queue::{FileChange, StoreError, Version, Versions};

/// So many versions of a file are kept.
const KEPT: i64 = 200;

fn version(row: &Row) -> Result<Version, StoreError> {
    Ok(Version {
        id: row.int("id")?,
        file: row.string("file")?,
        who: row.string("who")?,
        at: row.instant("at")?,
        content: row.opt_string("content")?,
    })
}

async fn keep(tx: &mut Tx, change: &FileChange) -> Result<(), StoreError> {
    const LAST: Sql = Sql::both("SELECT content FROM file_versions WHERE file = $1 ORDER BY id DESC LIMIT 1");
    const KEEP: Sql = Sql::both("INSERT INTO file_versions (file, who, at, content) VALUES ($1, $2, $3, $4)");
    const OVER: Sql = Sql::both(
        "DELETE FROM file_versions WHERE file = $1 AND id NOT IN \
         (SELECT id FROM file_versions WHERE file = $1 ORDER BY id DESC LIMIT $2)",
    );
    let by = &change.record.by;
    tx.alone_at(&change.file).await?;
    let last = tx.connection.first(LAST, args![&change.file]).await?;
    let known = last.as_ref().map(|row| row.opt_string("content")).transpose()?.flatten();
    if known != change.before {
        let args = args![&change.file, "", millis(by.at), change.before.clone()];
        tx.connection.execute(KEEP, args).await?;
    }
    let args = args![&change.file, &by.who, millis(by.at), change.after.clone()];
    tx.connection.execute(KEEP, args).await?;
    tx.connection.execute(OVER, args![&change.file, KEPT]).await?;
    let (what, channel) = (change.record.what, change.record.channel.as_deref());
    record(tx, &by.who, what, by.at, channel, None, &change.record.note).await
}

impl Versions for Store {
    fn keep(&self, change: FileChange) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.writer.run(change, |tx, change| Box::pin(keep(tx, change))))
    }

    fn versions(&self, file: String, most: u32) -> BoxFuture<'_, Result<Vec<Version>, StoreError>> {
        const OF: Sql = Sql::both(
            "SELECT id, file, who, at, CAST(NULL AS text) AS content FROM file_versions WHERE file = $1 ORDER BY id DESC LIMIT $2",
        );
        Box::pin(async move {
            let rows = self.readers.fetch(OF, args![file, i64::from(most)]).await?;
            rows.iter().map(version).collect()
        })
    }

    fn version(&self, id: i64) -> BoxFuture<'_, Result<Option<Version>, StoreError>> {
        const ONE: Sql = Sql::both("SELECT * FROM file_versions WHERE id = $1");
        Box::pin(async move { self.readers.first(ONE, args![id]).await?.as_ref().map(version).transpose() })
    }
}
