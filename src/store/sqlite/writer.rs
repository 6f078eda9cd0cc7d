//! Group commit: whatever queued up while the last transaction committed goes into the next one, and
//! everybody is answered after the commit that holds their work.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use super::failed;
use crate::queue::StoreError;

/// Most pieces of work in one transaction.
const MOST: usize = 128;

/// Handle of the one task that writes.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Piece>>,
}

/// A piece of work, waiting for its transaction.
trait Piece: Send {
    /// Does the work. An error undoes the whole transaction, so a refusal that is nobody's fault is a
    /// value, not an error.
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, Result<(), StoreError>>;
    /// Answers whoever asked for it.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Ask<T, F> {
    work: Option<F>,
    value: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Piece for Ask<T, F>
where
    T: Send,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send,
{
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, Result<(), StoreError>> {
        Box::pin(async move {
            if let Some(work) = self.work.take() {
                self.value = Some(work(connection).await?);
            }
            Ok(())
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { value, answer, .. } = *self;
        let lost = || StoreError::Other("the work was not done".to_owned());
        // Where nobody waits any more, the work is committed all the same.
        drop(answer.send(committed.and_then(|()| value.ok_or_else(lost))));
    }
}

impl Writer {
    pub(super) fn start(connection: SqliteConnection) -> Self {
        let (queue, work) = mpsc::channel(4 * MOST);
        tokio::spawn(write(connection, work));
        Self { queue }
    }

    /// Does `work` in the next transaction and returns once that is on disk.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let ask = Ask { work: Some(work), value: None, answer };
        let closed = |_| StoreError::Other("the store is closed".to_owned());
        self.queue.send(Box::new(ask)).await.map_err(|_| StoreError::Other("the store is closed".to_owned()))?;
        answered.await.map_err(closed)?
    }

    /// Waits until everything handed in so far is on disk.
    pub(super) async fn close(self) {
        drop(self.run(|_| Box::pin(async { Ok(()) })).await);
    }
}

async fn write(mut connection: SqliteConnection, mut work: mpsc::Receiver<Box<dyn Piece>>) {
    while let Some(first) = work.recv().await {
        let mut batch = vec![first];
        while batch.len() < MOST
            && let Ok(next) = work.try_recv()
        {
            batch.push(next);
        }
        let results = commit(&mut connection, &mut batch).await;
        for (piece, result) in batch.into_iter().zip(results) {
            piece.answer(result);
        }
    }
    drop(connection.close().await);
}

/// One transaction for the whole batch. A piece that fails is undone alone; the others are committed.
///
/// The statements are given by hand: a full disk makes SQLite roll back by itself, which a transaction object
/// would not notice.
async fn commit(connection: &mut SqliteConnection, batch: &mut [Box<dyn Piece>]) -> Vec<Result<(), StoreError>> {
    match pieces(connection, batch).await {
        Ok(results) => results,
        Err(error) => {
            // Fails where SQLite has rolled back already; either way nothing of the batch is kept.
            drop(execute(connection, "ROLLBACK").await);
            vec![Err(error); batch.len()]
        }
    }
}

/// The outer error is the whole batch's.
async fn pieces(
    connection: &mut SqliteConnection,
    batch: &mut [Box<dyn Piece>],
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    execute(connection, "BEGIN IMMEDIATE").await?;
    let mut results = Vec::with_capacity(batch.len());
    for piece in batch {
        execute(connection, "SAVEPOINT piece").await?;
        // A mistake in one piece of work must not end the only writer.
        let done = AssertUnwindSafe(piece.run(connection)).catch_unwind().await;
        let done = done.unwrap_or_else(|_| Err(StoreError::Other("loa itself failed; please report it".to_owned())));
        if let Err(error) = &done {
            execute(connection, "ROLLBACK TO piece").await.map_err(|_| error.clone())?;
        }
        execute(connection, "RELEASE piece").await?;
        results.push(done);
    }
    execute(connection, "COMMIT").await?;
    Ok(results)
}

async fn execute(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), StoreError> {
    sqlx::query(statement).execute(connection).await.map(drop).map_err(failed)
}
