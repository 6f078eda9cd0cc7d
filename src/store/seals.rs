//! The chain over the ledger of decisions: each decision is sealed with the hash of the one before it, in the transaction
//! that writes it. Whoever changes, takes away or slips in a decision afterwards breaks the chain there.
//!
//! Processes that share a store take turns at the chain's end: its row is locked last of all in a transaction, so that
//! nobody who waits for it holds what the others wait for.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::db::{Arg, Connection, Sql, args};
use super::row::{Row, millis, to_json};
use super::tx::Tx;
use crate::article::sha256_hex;
use crate::ledger::Break;
use crate::queue::StoreError;

/// Decisions read at once.
const ROWS: i64 = 2_000;

/// What is sealed of a decision.
macro_rules! decision_columns {
    () => {
        "d.id, d.at, d.who, d.what, d.article_id, d.delivery_id, d.channel, d.note"
    };
}

fn digest(row: &Row) -> Result<String, StoreError> {
    let decision = (
        (row.int("id")?, row.int("at")?, row.text("who")?, row.text("what")?),
        (row.opt_int("article_id")?, row.opt_int("delivery_id")?, row.opt_text("channel")?, row.opt_text("note")?),
    );
    Ok(sha256_hex(to_json(&decision)?.as_bytes()))
}

fn link(before: &str, digest: &str) -> String {
    sha256_hex(format!("{before}\n{digest}").as_bytes())
}

#[derive(Serialize)]
struct Seal {
    id: i64,
    seq: i64,
    digest: String,
    hash: String,
}

/// Seals what this transaction wrote into the ledger.
pub(super) async fn seal(tx: &mut Tx) -> Result<(), StoreError> {
    const WRITTEN: Sql = Sql {
        sqlite: concat!(
            "SELECT ",
            decision_columns!(),
            " FROM decisions d WHERE d.id IN (SELECT value FROM json_each($1)) AND d.seq IS NULL ORDER BY d.id"
        ),
        postgres: concat!(
            "SELECT ",
            decision_columns!(),
            " FROM decisions d WHERE d.id IN (SELECT value::bigint FROM json_array_elements_text($1::json)) \
             AND d.seq IS NULL ORDER BY d.id"
        ),
    };
    if tx.recorded.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = std::mem::take(&mut tx.recorded).into_iter().collect();
    let rows = tx.connection.fetch(WRITTEN, vec![Arg::rows(&ids)?]).await?;
    append(&mut tx.connection, &rows).await
}

/// Puts these decisions at the end of the chain.
async fn append(connection: &mut Connection, rows: &[Row]) -> Result<(), StoreError> {
    const TAKE: Sql = Sql::both("UPDATE chain SET begun = begun WHERE id = 1 RETURNING head_seq, head_hash");
    const SEAL: Sql = Sql {
        sqlite: "INSERT INTO seals (seq, digest, hash) SELECT value ->> 'seq', value ->> 'digest', value ->> 'hash' \
                 FROM json_each($1)",
        postgres: "INSERT INTO seals (seq, digest, hash) SELECT seq, digest, hash \
                   FROM json_to_recordset($1::json) AS s (seq bigint, digest text, hash text)",
    };
    const PLACE: Sql = Sql {
        sqlite: "UPDATE decisions SET seq = s.value ->> 'seq' FROM json_each($1) s WHERE decisions.id = s.value ->> 'id'",
        postgres: "UPDATE decisions SET seq = s.seq FROM json_to_recordset($1::json) AS s (id bigint, seq bigint) \
                   WHERE decisions.id = s.id",
    };
    const END: Sql = Sql::both("UPDATE chain SET head_seq = $1, head_hash = $2 WHERE id = 1");
    if rows.is_empty() {
        return Ok(());
    }
    let end = connection.first(TAKE, Vec::new()).await?.ok_or_else(headless)?;
    let (mut seq, mut hash) = (end.int("head_seq")?, end.string("head_hash")?);
    let mut seals = Vec::with_capacity(rows.len());
    for row in rows {
        let digest = digest(row)?;
        seq += 1;
        hash = link(&hash, &digest);
        seals.push(Seal { id: row.int("id")?, seq, digest, hash: hash.clone() });
    }
    connection.execute(SEAL, vec![Arg::rows(&seals)?]).await?;
    connection.execute(PLACE, vec![Arg::rows(&seals)?]).await?;
    connection.execute(END, args![seq, hash]).await.map(drop)
}

fn headless() -> StoreError {
    StoreError::Corrupt("the chain of the ledger has no end".to_owned())
}

/// Seals what was there before the chain, once, some at a time.
pub(super) async fn begin(connection: &mut Connection) -> Result<(), StoreError> {
    const BEGUN: Sql = Sql::both("SELECT begun FROM chain WHERE id = 1");
    const LOCK: Sql = Sql::both("UPDATE chain SET begun = begun WHERE id = 1 RETURNING begun");
    const OLD: Sql = Sql::both(concat!(
        "SELECT ",
        decision_columns!(),
        " FROM decisions d WHERE d.seq IS NULL ORDER BY d.id LIMIT $1"
    ));
    const DONE: Sql = Sql::both("UPDATE chain SET begun = 1 WHERE id = 1");
    const BEGIN: Sql = Sql { sqlite: "BEGIN IMMEDIATE", postgres: "BEGIN" };
    loop {
        let row = connection.first(BEGUN, Vec::new()).await?.ok_or_else(headless)?;
        if row.flag("begun")? {
            return Ok(());
        }
        connection.execute(BEGIN, Vec::new()).await?;
        let piece = async {
            // Whoever came first may have done it meanwhile.
            let row = connection.first(LOCK, Vec::new()).await?.ok_or_else(headless)?;
            if row.flag("begun")? {
                return Ok(());
            }
            let rows = connection.fetch(OLD, args![ROWS]).await?;
            append(connection, &rows).await?;
            if rows.is_empty() {
                connection.execute(DONE, Vec::new()).await?;
            }
            Ok(())
        };
        let done = piece.await;
        let end = if done.is_ok() { Sql::both("COMMIT") } else { Sql::both("ROLLBACK") };
        let ended = connection.execute(end, Vec::new()).await;
        done?;
        ended?;
    }
}

/// Notes that these decisions (their places in the chain) are taken away, because they were kept for long enough.
pub(super) async fn take(connection: &mut Connection, places: &[Row], now: DateTime<Utc>) -> Result<(), StoreError> {
    const GONE: Sql = Sql {
        sqlite: "UPDATE seals SET gone_at = $2 WHERE seq IN (SELECT value FROM json_each($1))",
        postgres: "UPDATE seals SET gone_at = $2 WHERE seq IN \
                   (SELECT value::bigint FROM json_array_elements_text($1::json))",
    };
    let places: Result<Vec<Option<i64>>, StoreError> = places.iter().map(|row| row.opt_int("seq")).collect();
    let places: Vec<i64> = places?.into_iter().flatten().collect();
    if places.is_empty() {
        return Ok(());
    }
    connection.execute(GONE, vec![Arg::rows(&places)?, millis(now).into()]).await.map(drop)
}

/// Takes away some of the seals at the beginning whose decisions are gone; how many.
pub(super) async fn trim(tx: &mut Tx) -> Result<u64, StoreError> {
    const FIRST: Sql = Sql::both("SELECT seq, hash, gone_at FROM seals ORDER BY seq LIMIT $1");
    const FLOOR: Sql = Sql::both("UPDATE chain SET floor_seq = $1, floor_hash = $2 WHERE id = 1 AND floor_seq < $1");
    const DELETE: Sql = Sql::both("DELETE FROM seals WHERE seq <= $1");
    let rows = tx.connection.fetch(FIRST, args![ROWS]).await?;
    let mut floor = None;
    for row in &rows {
        if row.opt_int("gone_at")?.is_none() {
            break;
        }
        floor = Some((row.int("seq")?, row.string("hash")?));
    }
    let Some((seq, hash)) = floor else { return Ok(0) };
    tx.connection.execute(FLOOR, args![seq, hash]).await?;
    tx.connection.execute(DELETE, args![seq]).await
}

/// The first place where the ledger is not what was sealed.
pub(super) async fn verify(own: &mut Connection) -> Result<Option<Break>, StoreError> {
    const ENDS: Sql = Sql::both("SELECT floor_seq, floor_hash, head_seq, head_hash FROM chain WHERE id = 1");
    const SEALS: Sql = Sql::both(concat!(
        "SELECT s.seq AS place, s.digest, s.hash, s.gone_at, d.seq, ",
        decision_columns!(),
        " FROM seals s LEFT JOIN decisions d ON d.seq = s.seq WHERE s.seq > $1 ORDER BY s.seq LIMIT $2"
    ));
    const LOOSE: Sql = Sql::both(
        "SELECT d.id FROM decisions d WHERE d.seq IS NULL \
         OR NOT EXISTS (SELECT 1 FROM seals s WHERE s.seq = d.seq) ORDER BY d.id LIMIT 1",
    );
    let ends = own.first(ENDS, Vec::new()).await?.ok_or_else(headless)?;
    let (mut seq, mut hash) = (ends.int("floor_seq")?, ends.string("floor_hash")?);
    loop {
        let rows = own.fetch(SEALS, args![seq, ROWS]).await?;
        for row in &rows {
            let decision = row.opt_int("seq")?.map(|_| row.int("id")).transpose()?;
            let place = row.int("place")?;
            if place != seq + 1 {
                return Ok(Some(Break::Missing(seq + 1)));
            }
            let sealed = row.string("digest")?;
            match decision {
                Some(id) if row.opt_int("gone_at")?.is_some() || digest(row)? != sealed => {
                    return Ok(Some(Break::Changed(id)));
                }
                None if row.opt_int("gone_at")?.is_none() => return Ok(Some(Break::Missing(place))),
                _ => {}
            }
            hash = link(&hash, &sealed);
            if hash != row.text("hash")? {
                return Ok(Some(decision.map_or(Break::Missing(place), Break::Changed)));
            }
            seq = place;
        }
        if rows.is_empty() {
            break;
        }
    }
    if seq != ends.int("head_seq")? || hash != ends.text("head_hash")? {
        return Ok(Some(Break::Missing(seq + 1)));
    }
    let loose = own.first(LOOSE, Vec::new()).await?;
    loose.map(|row| row.int("id").map(Break::Added)).transpose()
}

/// Does `look` as of one moment, although others write.
pub(super) async fn at_one_moment<T>(
    own: &mut Connection,
    look: impl AsyncFnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    const BEGIN: Sql = Sql { sqlite: "BEGIN", postgres: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" };
    own.execute(BEGIN, Vec::new()).await?;
    let seen = look(own).await;
    let ended = own.execute(Sql::both("ROLLBACK"), Vec::new()).await;
    let seen = seen?;
    ended.map(|_| seen)
}
