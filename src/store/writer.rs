//! Group commit: whatever queued up while the last transaction committed goes into the next one, and everybody is
//! answered after the commit that holds their work. Each process has one writer.

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::bells::Bells;
use super::ceiling::Leaves;
use super::contents::Contents;
use super::db::Connection;
use super::leases::Lease;
use super::line::Line;
use super::open::Opener;
use super::settle::Settle;
use super::transact::{AGAIN, roll_back, transact};
use super::tx::Tx;
use crate::queue::{Ask, Leased, Settlement, StoreError};

/// Most pieces of work in one transaction.
const MOST: usize = 256;

/// Handle of the one task that writes.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Asked>,
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
    /// What it has to leave of the store's last room, once it has run.
    fn leaves(&self) -> Leaves;
    /// Whether the connection is closed before the answer; whoever comes later opens it again.
    fn ends(&self) -> bool {
        false
    }
}

/// What waits for its turn.
enum Asked {
    Piece(Box<dyn Piece>),
    /// To lease what it asks for by then.
    Lease(Ask, oneshot::Sender<Result<Leased, StoreError>>),
}

impl Asked {
    /// What there is to do now that it is its turn.
    fn ready(self) -> Option<Box<dyn Piece>> {
        match self {
            Self::Piece(piece) => Some(piece),
            Self::Lease(ask, answer) => match ask() {
                Some(request) => Some(Box::new(Lease { request, leased: Leased::default(), answer })),
                None => {
                    // Nothing is taken, whether or not somebody waits.
                    drop(answer.send(Ok(Leased::default())));
                    None
                }
            },
        }
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

    fn leaves(&self) -> Leaves {
        Leaves::Nothing
    }

    fn ends(&self) -> bool {
        true
    }
}

/// What is done with what is asked.
pub(super) type Work<A, T> = for<'c> fn(&'c mut Tx, &'c A) -> BoxFuture<'c, Result<T, StoreError>>;

struct Job<A, T> {
    asked: A,
    work: Work<A, T>,
    leaves: Leaves,
    value: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<A: Send + Sync, T: Send> Piece for Job<A, T> {
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

    fn leaves(&self) -> Leaves {
        self.leaves
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
        let tx = Some(Tx::new(connection, contents.clone(), opener.ceiling()));
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
        self.run_leaving(Leaves::RoomForTries, asked, work).await
    }

    /// As [`Self::run`], for what must be kept even when the store takes nothing more.
    pub(super) async fn record<A, T>(&self, asked: A, work: Work<A, T>) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.run_leaving(Leaves::Nothing, asked, work).await
    }

    /// As [`Self::run`], for what has to leave only so much of the store's last room.
    pub(super) async fn run_leaving<A, T>(&self, leaves: Leaves, asked: A, work: Work<A, T>) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.send(Job { asked, work, leaves, value: None, answer }).await.map_err(closed)?;
        answered.await.map_err(closed)?
    }

    /// Settles, together with whatever else is settled in the next transaction.
    pub(super) async fn settle(&self, settlements: Vec<Settlement>) -> Result<usize, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(Settle { settlements, fenced: 0, answer }).await.map_err(closed)?;
        answered.await.map_err(closed)?
    }

    /// Leases, together with whatever else is leased in the next transaction.
    pub(super) async fn lease(&self, ask: Ask) -> Result<Leased, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Asked::Lease(ask, answer)).await.map_err(closed)?;
        answered.await.map_err(closed)?
    }

    async fn send(&self, piece: impl Piece + 'static) -> Result<(), mpsc::error::SendError<Asked>> {
        self.queue.send(Asked::Piece(Box::new(piece))).await
    }

    /// Waits until everything handed in so far is on disk and the connection is closed: a file is then at rest.
    pub(super) async fn close(self) {
        let (answer, answered) = oneshot::channel();
        if self.send(End(answer)).await.is_ok() {
            // What an earlier piece came to, its own asker hears.
            drop(answered.await);
        }
    }
}

pub(super) type Batch = Vec<Box<dyn Piece>>;
pub(super) type Results = Vec<Result<(), StoreError>>;

/// The writer's own.
struct Desk {
    opener: Opener,
    contents: Contents,
    bells: Bells,
    line: Line,
    /// `None` after the connection was lost.
    tx: Option<Tx>,
}

async fn write(mut desk: Desk, mut work: mpsc::Receiver<Asked>) {
    while let Some(first) = work.recv().await {
        let mut batch: Batch = first.ready().into_iter().collect();
        while batch.len() < MOST
            && let Ok(next) = work.try_recv()
        {
            batch.extend(next.ready());
        }
        if batch.is_empty() {
            continue;
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
                Ok(connection) => Tx::new(connection, self.contents.clone(), self.opener.ceiling()),
                Err(error) => return Err(Undone { error, again: false }),
            },
        };
        tx.woken.clear();
        tx.called.clear();
        tx.recorded.clear();
        let shared = tx.connection.is_shared();
        if let Err(error) = tx.mind_the_disk().await {
            tracing::warn!(%error, "the write-ahead log could not be taken over");
        }
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
                if !broken && (roll_back(&mut tx).await.is_ok() || !shared) {
                    self.tx = Some(tx);
                }
                let again = undone && shared && (matches!(error, StoreError::Busy) || broken && may_be_stale);
                Err(Undone { error, again })
            }
        }
    }
}
