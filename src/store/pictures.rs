//! Pictures, kept by their content.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::Store;
use super::copies::later;
use super::db::{Arg, Connection, Sql, args};
use super::forget::FRESH;
use super::row::millis;
use super::tx::Tx;
use crate::article::{Article, ArticleId, Kept, Revision};
use crate::channel::{Pictures, SendError};
use crate::queue::StoreError;

pub(super) async fn keep(tx: &mut Tx, kept: &Kept, bytes: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
    // One that was fetched long ago is wanted again: whoever tidies must leave it to the article that comes with it.
    const AGAIN: Sql = Sql::both("UPDATE pictures SET fetched_at = $2 WHERE hash = $1 AND fetched_at < $3");
    const KEEP: Sql = Sql::both(
        "INSERT INTO pictures (hash, media_type, bytes, fetched_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    );
    let at = millis(now);
    let mut args = args![&kept.hash, &kept.media_type];
    args.extend([Arg::Bytes(bytes.to_vec()), at.into()]);
    if tx.connection.execute(KEEP, args).await? == 0 {
        tx.connection.execute(AGAIN, args![&kept.hash, at, millis(now - FRESH / 2)]).await?;
    }
    Ok(())
}

/// Notes which pictures a revision shows.
pub(super) async fn used(
    connection: &mut Connection,
    id: ArticleId,
    revision: Revision,
    article: &Article,
) -> Result<(), StoreError> {
    const USED: Sql = Sql {
        sqlite: "INSERT INTO picture_uses (article_id, revision, hash) SELECT $1, $2, value FROM json_each($3) \
                 WHERE true ON CONFLICT DO NOTHING",
        postgres: "INSERT INTO picture_uses (article_id, revision, hash) \
                   SELECT $1, $2, value FROM json_array_elements_text($3::json) ON CONFLICT DO NOTHING",
    };
    let kept = article.images.iter().filter_map(|image| image.kept.as_ref());
    let hashes: Vec<&str> = kept.map(|kept| kept.hash.as_str()).collect();
    if hashes.is_empty() {
        return Ok(());
    }
    let args = vec![id.0.into(), i64::from(revision.0).into(), Arg::rows(&hashes)?];
    connection.execute(USED, args).await.map(drop)
}

/// The pictures of a store.
pub(super) struct KeptPictures(pub(super) Store);

impl Pictures for KeptPictures {
    fn bytes<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, SendError>> {
        const READ: Sql = Sql::both("SELECT bytes FROM pictures WHERE hash = $1");
        Box::pin(async move {
            let row = self.0.readers.first(READ, args![hash]).await.map_err(later)?;
            row.map(|row| row.bytes("bytes")).transpose().map_err(later)
        })
    }
}
