//! Pictures, kept by their content.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::copies::later;
use super::rows::millis;
use super::{SqliteStore, failed};
use crate::article::Kept;
use crate::channel::{Pictures, SendError};
use crate::queue::StoreError;

impl SqliteStore {
    pub(super) async fn keep_picture_now(
        &self,
        kept: Kept,
        bytes: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO pictures (hash, media_type, bytes, fetched_at) VALUES (?, ?, ?, ?) \
                         ON CONFLICT DO NOTHING",
                    )
                    .bind(&kept.hash)
                    .bind(&kept.media_type)
                    .bind(&bytes)
                    .bind(millis(now))
                    .execute(connection)
                    .await
                    .map_err(failed)?;
                    Ok(())
                })
            })
            .await
    }
}

/// The pictures of a store.
pub(super) struct KeptPictures(pub(super) SqliteStore);

impl Pictures for KeptPictures {
    fn bytes<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, SendError>> {
        Box::pin(async move {
            sqlx::query_scalar("SELECT bytes FROM pictures WHERE hash = ?")
                .bind(hash)
                .fetch_optional(&self.0.readers)
                .await
                .map_err(|error| later(failed(error)))
        })
    }
}
