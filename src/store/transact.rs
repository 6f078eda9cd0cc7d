//! One transaction for a batch of work: all of it together, or, where a piece of it fails, each piece for itself.

use std::collections::{BTreeMap, HashSet};
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use super::ceiling::Leaves;
use super::db::Sql;
use super::leases::{Lease, lease_together};
use super::line::Line;
use super::seals::seal;
use super::settle::{Settle, settle};
use super::tx::Tx;
use super::writer::{Batch, Piece as _, Results};
use crate::queue::{Settlement, StoreError};

/// How often a piece is done again that met another machine's transaction.
pub(super) const AGAIN: usize = 3;

const BEGIN: Sql = Sql { sqlite: "BEGIN IMMEDIATE", postgres: "BEGIN" };
const ROLLBACK: Sql = Sql::both("ROLLBACK");
const SAVEPOINT: Sql = Sql::both("SAVEPOINT piece");
const ROLLBACK_TO: Sql = Sql::both("ROLLBACK TO piece");
const RELEASE: Sql = Sql::both("RELEASE piece");
const COMMIT: Sql = Sql::both("COMMIT");

async fn execute(tx: &mut Tx, statement: Sql) -> Result<(), StoreError> {
    tx.connection.execute(statement, Vec::new()).await.map(drop)
}

/// Undoes what is under way.
pub(super) async fn roll_back(tx: &mut Tx) -> Result<(), StoreError> {
    execute(tx, ROLLBACK).await
}

/// The outer error is the whole batch's, with whether it was certainly not committed.
///
/// The statements are given by hand: a full disk makes SQLite roll back by itself, which a transaction object would not
/// notice.
pub(super) async fn transact(
    tx: &mut Tx,
    batch: &mut Batch,
    line: &Line,
    name: &str,
) -> Result<Results, (StoreError, bool)> {
    let undone = |error| (error, true);
    let asked = batch.len();
    execute(tx, BEGIN).await.map_err(undone)?;
    tx.look_around().await.map_err(undone)?;
    let results = match all(tx, batch, line).await {
        Ok(()) => vec![Ok(()); batch.len()],
        Err(error) if batch.len() == 1 => return Err(undone(error)),
        // One of them failed: from the beginning, each for itself. Who was called out of the line asks again.
        Err(_) => {
            batch.truncate(asked);
            tx.called.clear();
            let rolled_back = roll_back(tx).await;
            // Fails where SQLite has rolled back already.
            if tx.connection.is_shared() {
                rolled_back.map_err(undone)?;
            }
            tx.forget();
            tx.woken.clear();
            tx.recorded.clear();
            let mut refused = BTreeMap::new();
            loop {
                execute(tx, BEGIN).await.map_err(undone)?;
                match each(tx, batch, &refused).await {
                    Ok(results) => break results,
                    Err(Broken { at: Some(at), error }) => drop(refused.insert(at, error)),
                    Err(Broken { at: None, error }) => return Err(undone(error)),
                }
                tx.forget();
                tx.woken.clear();
                tx.recorded.clear();
            }
        }
    };
    tx.tell_others(name).await.map_err(undone)?;
    // Last of all: whoever waits for the end of the chain holds nothing that others wait for.
    seal(tx).await.map_err(undone)?;
    execute(tx, COMMIT).await.map_err(|error| (error, false))?;
    Ok(results)
}

/// Everything in the batch; what is to be settled in one go, with a few statements for all of it.
async fn all(tx: &mut Tx, batch: &mut Batch, line: &Line) -> Result<(), StoreError> {
    let before = tx.level().await?;
    let mut asked: Vec<&mut Settle> = batch.iter_mut().filter_map(|piece| piece.settle()).collect();
    let together = asked.len() > 1;
    if together {
        let groups: Vec<&[Settlement]> = asked.iter().map(|settle| settle.settlements.as_slice()).collect();
        let fenced = guarded(settle(tx, &groups)).await?;
        for (settle, fenced) in asked.iter_mut().zip(fenced) {
            settle.fenced = fenced;
        }
    }
    // What is settled, and what comes in, is there before anything is leased.
    for piece in batch.iter_mut() {
        if !(together && piece.settle().is_some()) && piece.lease().is_none() {
            guarded(piece.run(tx)).await?;
        }
    }
    let asked = batch.len();
    for lease in line.call(&tx.woken) {
        tx.called.insert(lease.request.channel.clone());
        batch.push(Box::new(lease));
    }
    for piece in batch.iter_mut().skip(asked) {
        if piece.lease().is_none() {
            guarded(piece.run(tx)).await?;
        }
    }
    let mut leases: Vec<&mut Lease> = batch.iter_mut().filter_map(|piece| piece.lease()).collect();
    if leases.len() > 1 && are_of_different_channels(&leases) {
        guarded(lease_together(tx, &mut leases)).await?;
    } else {
        for lease in leases {
            guarded(lease.run(tx)).await?;
        }
    }
    let leaves: Vec<Leaves> = batch.iter().map(|piece| piece.leaves()).collect();
    tx.check(before, &leaves).await
}

fn are_of_different_channels(leases: &[&mut Lease]) -> bool {
    let channels: HashSet<&str> = leases.iter().map(|lease| lease.request.channel.as_str()).collect();
    channels.len() == leases.len()
}

/// The transaction came to its end before that of the batch.
struct Broken {
    /// The piece for which SQLite has undone everything by itself, as it does when there is no room: the others are done
    /// again without it.
    at: Option<usize>,
    error: StoreError,
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self { at: None, error }
    }
}

/// Each piece in a savepoint: one that fails is undone alone, or done again if it met somebody else's. Those that were
/// `refused` before are passed over.
async fn each(tx: &mut Tx, batch: &mut Batch, refused: &BTreeMap<usize, StoreError>) -> Result<Results, Broken> {
    let mut results = Vec::with_capacity(batch.len());
    for (at, piece) in batch.iter_mut().enumerate() {
        if let Some(error) = refused.get(&at) {
            results.push(Err(error.clone()));
            continue;
        }
        let mut left = if tx.connection.is_shared() { AGAIN } else { 0 };
        results.push(loop {
            execute(tx, SAVEPOINT).await?;
            let before = tx.level().await?;
            let done = match guarded(piece.run(tx)).await {
                Ok(()) => tx.check(before, &[piece.leaves()]).await,
                failed => failed,
            };
            if let Err(error) = &done {
                let at = (!tx.connection.is_shared()).then_some(at);
                execute(tx, ROLLBACK_TO).await.map_err(|_| Broken { at, error: error.clone() })?;
            }
            execute(tx, RELEASE).await?;
            if done != Err(StoreError::Busy) || left == 0 {
                break done;
            }
            left -= 1;
        });
    }
    Ok(results)
}

/// A mistake in one piece of work must not end the only writer.
async fn guarded<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.unwrap_or_else(|_| Err(StoreError::Other("loa itself failed; please report it".to_owned())))
}
