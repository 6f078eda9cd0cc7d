//! Group commit: whatever queued up while the last transaction committed goes into the next one, and everybody is
//! answered after the commit that holds their work. Each process has one writer.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::bells::Bells;
use super::contents::Contents;
use super::db::{Connection, Sql};
use super::leases::{Lease, lease_together};
use super::line::Line;
use super::open::Opener;
use super::seals::seal;
use super::settle::{Settle, settle};
use super::tx::Tx;
use crate::queue::{LeaseRequest, Leased, Settlement, StoreError};

/// Most pieces of work in one transaction.
const MOST: usize = 256;
/// How often a piece is done again that met another machine's transaction.
const AGAIN: usize = 3;

/// Handle of the one task that writes.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Piece>>,
    /// Workers that wait for what comes in.
    pub(super) line: Line,
}

/// A piece of work, waiting for its transaction. It may be done again: a refusal that is nobody's fault is a value, an
/// error undoes it.
pub(super) trait Piece: Send {
    /// Does the work.
    fn run<'c>(&'c mut self, tx: &'c mut Tx) -> BoxFuture<'c, Result<(), StoreError>>;
    /// Answers whoever asked for it.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
    /// For those that are settled together.
    fn settle(&mut self) -> Option<&mut Settle> {
        None
    }
    /// For those that are leased together.
    fn lease(&mut self) -> Option<&mut Lease> {
        None
    }
    /// Whether the connection is closed before the answer; whoever comes later opens it again.
    fn ends(&self) -> bool {
        false
    }
}

/// Somebody closes the store.
struct End(oneshot::Sender<Result<(), StoreError>>);

impl Piece for End {
    fn run<'c>(&'c mut self, _: &'c mut Tx) -> BoxFuture<'c, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        // Where nobody waits any more, it is closed all the same.
        drop(self.0.send(committed));
    }

    fn ends(&self) -> bool {
        true
    }
}

/// What is done with what is asked.
pub(super) type Work<A, T> = for<'c> fn(&'c mut Tx, &'c A) -> BoxFuture<'c, Result<T, StoreError>>;

struct Ask<A, T> {
    asked: A,
    work: Work<A, T>,
    value: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<A: Send + Sync, T: Send> Piece for Ask<A, T> {
    fn run<'c>(&'c mut self, tx: &'c mut Tx) -> BoxFuture<'c, Result<(), StoreError>> {
        Box::pin(async move {
            self.value = Some((self.work)(tx, &self.asked).await?);
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

fn closed<E>(_: E) -> StoreError {
    StoreError::Other("the store is closed".to_owned())
}

impl Writer {
    /// A file is written by a thread of its own, which may wait for the disk; a server by a task.
    pub(super) fn start(
        opener: Opener,
        connection: Connection,
        contents: Contents,
        bells: Bells,
    ) -> Result<Self, StoreError> {
        let (queue, work) = mpsc::channel(4 * MOST);
        let shared = connection.is_shared();
        let line = Line::default();
        let tx = Some(Tx::new(connection, contents.clone()));
        let writing = write(Desk { opener, bells, line: line.clone(), tx, contents }, work);
        if shared {
            tokio::spawn(writing);
        } else {
            let runtime = tokio::runtime::Handle::current();
            let thread = std::thread::Builder::new().name("writer".to_owned());
            thread.spawn(move || runtime.block_on(writing)).map_err(|error| StoreError::Other(error.to_string()))?;
        }
        Ok(Self { queue, line })
    }

    /// Does `work` with `asked` in the next transaction and returns once that is on disk.
    pub(super) async fn run<A, T>(&self, asked: A, work: Work<A, T>) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Box::new(Ask { asked, work, value: None, answer })).await.map_err(closed)?;
        answered.await.map_err(closed)?
    }

    /// Settles, together with whatever else is settled in the next transaction.
    pub(super) async fn settle(&self, settlements: Vec<Settlement>) -> Result<usize, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Box::new(Settle { settlements, fenced: 0, answer })).await.map_err(closed)?;
        answered.await.map_err(closed)?
    }

    /// Leases, together with whatever else is leased in the next transaction.
    pub(super) async fn lease(&self, request: LeaseRequest) -> Result<Leased, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Box::new(Lease { request, leased: Leased::default(), answer })).await.map_err(closed)?;
        answered.await.map_err(closed)?
    }

    /// Waits until everything handed in so far is on disk and the connection is closed: a file is then at rest.
    pub(super) async fn close(self) {
        let (answer, answered) = oneshot::channel();
        if self.queue.send(Box::new(End(answer))).await.is_ok() {
            // What an earlier piece came to, its own asker hears.
            drop(answered.await);
        }
    }
}

type Batch = Vec<Box<dyn Piece>>;
type Results = Vec<Result<(), StoreError>>;

/// The writer's own.
struct Desk {
    opener: Opener,
    contents: Contents,
    bells: Bells,
    line: Line,
    /// `None` after the connection was lost.
    tx: Option<Tx>,
}

async fn write(mut desk: Desk, mut work: mpsc::Receiver<Box<dyn Piece>>) {
    while let Some(first) = work.recv().await {
        let mut batch = vec![first];
        while batch.len() < MOST
            && let Ok(next) = work.try_recv()
        {
            batch.push(next);
        }
        let results = desk.commit(&mut batch).await;
        if batch.iter().any(|piece| piece.ends())
            && let Some(tx) = desk.tx.take()
        {
            tx.connection.close().await;
        }
        for (piece, result) in batch.into_iter().zip(results) {
            piece.answer(result);
        }
    }
    if let Some(tx) = desk.tx {
        tx.connection.close().await;
    }
}

/// A batch that came to nothing.
struct Undone {
    error: StoreError,
    /// It was certainly not committed, and may go better the next time.
    again: bool,
}

impl Desk {
    /// One transaction for the whole batch. A piece that fails is undone alone; the others are committed.
    async fn commit(&mut self, batch: &mut Batch) -> Results {
        let mut left = AGAIN;
        loop {
            match self.once(batch).await {
                Ok(results) => return results,
                Err(undone) if undone.again && left > 0 => left -= 1,
                Err(undone) => return vec![Err(undone.error); batch.len()],
            }
        }
    }

    async fn once(&mut self, batch: &mut Batch) -> Result<Results, Undone> {
        let kept = self.tx.take();
        // A connection that broke since it was last used is nobody's fault.
        let may_be_stale = kept.is_some();
        let mut tx = match kept {
            Some(tx) => tx,
            None => match self.opener.connect_to_write().await {
                Ok(connection) => Tx::new(connection, self.contents.clone()),
                Err(error) => return Err(Undone { error, again: false }),
            },
        };
        tx.woken.clear();
        tx.called.clear();
        tx.recorded.clear();
        let shared = tx.connection.is_shared();
        let outcome = match self.opener.in_time(transact(&mut tx, batch, &self.line, self.opener.name())).await {
            Ok(outcome) => outcome,
            Err(too_long) => Err((too_long, false)),
        };
        match outcome {
            Ok(results) => {
                if results.iter().any(Result::is_err) {
                    tx.forget();
                }
                let called = std::mem::take(&mut tx.called);
                tx.woken.retain(|channel| !called.contains(channel));
                self.bells.ring(&tx.woken);
                self.tx = Some(tx);
                Ok(results)
            }
            Err((error, undone)) => {
                tx.forget();
                let broken = shared && matches!(error, StoreError::Unreachable(_));
                // Fails where SQLite has rolled back already; either way nothing of the batch is kept.
                if !broken && (execute(&mut tx, ROLLBACK).await.is_ok() || !shared) {
                    self.tx = Some(tx);
                }
                let again = undone && shared && (matches!(error, StoreError::Busy) || broken && may_be_stale);
                Err(Undone { error, again })
            }
        }
    }
}

const BEGIN: Sql = Sql { sqlite: "BEGIN IMMEDIATE", postgres: "BEGIN" };
const ROLLBACK: Sql = Sql::both("ROLLBACK");
const SAVEPOINT: Sql = Sql::both("SAVEPOINT piece");
const ROLLBACK_TO: Sql = Sql::both("ROLLBACK TO piece");
const RELEASE: Sql = Sql::both("RELEASE piece");
const COMMIT: Sql = Sql::both("COMMIT");

async fn execute(tx: &mut Tx, statement: Sql) -> Result<(), StoreError> {
    tx.connection.execute(statement, Vec::new()).await.map(drop)
}

/// The outer error is the whole batch's, with whether it was certainly not committed.
///
/// The statements are given by hand: a full disk makes SQLite roll back by itself, which a transaction object would not
/// notice.
async fn transact(tx: &mut Tx, batch: &mut Batch, line: &Line, name: &str) -> Result<Results, (StoreError, bool)> {
    let undone = |error| (error, true);
    let asked = batch.len();
    execute(tx, BEGIN).await.map_err(undone)?;
    let results = match all(tx, batch, line).await {
        Ok(()) => vec![Ok(()); batch.len()],
        Err(error) if batch.len() == 1 => return Err(undone(error)),
        // One of them failed: from the beginning, each for itself. Who was called out of the line asks again.
        Err(_) => {
            batch.truncate(asked);
            tx.called.clear();
            let rolled_back = execute(tx, ROLLBACK).await;
            // Fails where SQLite has rolled back already.
            if tx.connection.is_shared() {
                rolled_back.map_err(undone)?;
            }
            tx.forget();
            tx.woken.clear();
            tx.recorded.clear();
            execute(tx, BEGIN).await.map_err(undone)?;
            each(tx, batch).await.map_err(undone)?
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
    Ok(())
}

fn are_of_different_channels(leases: &[&mut Lease]) -> bool {
    let channels: HashSet<&str> = leases.iter().map(|lease| lease.request.channel.as_str()).collect();
    channels.len() == leases.len()
}

/// Each piece in a savepoint: one that fails is undone alone, or done again if it met somebody else's.
async fn each(tx: &mut Tx, batch: &mut Batch) -> Result<Results, StoreError> {
    let mut results = Vec::with_capacity(batch.len());
    for piece in batch {
        let mut left = if tx.connection.is_shared() { AGAIN } else { 0 };
        results.push(loop {
            execute(tx, SAVEPOINT).await?;
            let done = guarded(piece.run(tx)).await;
            if let Err(error) = &done {
                execute(tx, ROLLBACK_TO).await.map_err(|_| error.clone())?;
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
