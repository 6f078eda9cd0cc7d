//! Pictures, kept by their content.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::Store;
use super::copies::later;
use super::db::{Arg, Sql, args};
use super::row::millis;
use super::tx::Tx;
use crate::article::Kept;
use crate::channel::{Pictures, SendError};
use crate::queue::StoreError;

pub(super) async fn keep(tx: &mut Tx, kept: &Kept, bytes: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
    const KEEP: Sql = Sql::both(
        "INSERT INTO pictures (hash, media_type, bytes, fetched_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    );
    let mut args = args![&kept.hash, &kept.media_type];
    args.extend([Arg::Bytes(bytes.to_vec()), millis(now).into()]);
    tx.connection.execute(KEEP, args).await.map(drop)
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
