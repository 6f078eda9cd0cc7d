//! Requests that carry a key of their own, and what they were answered.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::Store;
use super::db::{Sql, args};
use super::row::millis;
use super::tx::Tx;
use crate::queue::{Claim, Requests, StoreError};

struct Asked {
    key: String,
    fingerprint: String,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
}

async fn claim(tx: &mut Tx, asked: &Asked) -> Result<Claim, StoreError> {
    const TAKE: Sql = Sql::both(
        "INSERT INTO requests (key, fingerprint, busy_until, at) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING",
    );
    const KNOWN: Sql = Sql::both("SELECT fingerprint, status, body FROM requests WHERE key = $1");
    const TAKE_OVER: Sql = Sql::both(
        "UPDATE requests SET busy_until = $2, at = $3 WHERE key = $1 AND status IS NULL AND busy_until <= $3",
    );
    let (now, until) = (millis(asked.now), millis(asked.until));
    if tx.connection.execute(TAKE, args![&asked.key, &asked.fingerprint, until, now]).await? == 1 {
        return Ok(Claim::Mine);
    }
    let Some(row) = tx.connection.first(KNOWN, args![&asked.key]).await? else { return Ok(Claim::Busy) };
    if row.text("fingerprint")? != asked.fingerprint {
        return Ok(Claim::Reused);
    }
    if let (Some(status), Some(body)) = (row.opt_int("status")?, row.opt_string("body")?) {
        return Ok(Claim::Done { status: u16::try_from(status).unwrap_or(200), body });
    }
    let taken = tx.connection.execute(TAKE_OVER, args![&asked.key, until, now]).await?;
    Ok(if taken == 1 { Claim::Mine } else { Claim::Busy })
}

impl Requests for Store {
    fn claim(
        &self,
        key: String,
        fingerprint: String,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Claim, StoreError>> {
        let asked = Asked { key, fingerprint, now, until };
        Box::pin(self.writer.record(asked, |tx, asked| Box::pin(claim(tx, asked))))
    }

    fn answered(&self, key: String, status: u16, body: String) -> BoxFuture<'_, Result<(), StoreError>> {
        const ANSWERED: Sql = Sql::both("UPDATE requests SET status = $2, body = $3 WHERE key = $1");
        Box::pin(self.writer.record((key, status, body), |tx, (key, status, body)| {
            Box::pin(async move {
                tx.connection.execute(ANSWERED, args![&*key, i64::from(*status), &*body]).await.map(drop)
            })
        }))
    }

    fn give_up(&self, key: String) -> BoxFuture<'_, Result<(), StoreError>> {
        const GIVE_UP: Sql = Sql::both("DELETE FROM requests WHERE key = $1 AND status IS NULL");
        Box::pin(self.writer.record(key, |tx, key| {
            Box::pin(async move { tx.connection.execute(GIVE_UP, args![&*key]).await.map(drop) })
        }))
    }
}
