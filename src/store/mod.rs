//! Where everything durable is kept. All SQL lives here.
//!
//! One store over two databases. Decisions are taken once, in Rust, over rows: what a delivery becomes says
//! [`crate::delivery::apply`], and the row is swapped if it is still what was read. Rows are read and written many at a
//! time, so that a batch of deliveries costs as many exchanges with a server as one:
//!
//! ```text
//! queue, read, board, archive, books, feeds, requests, sessions   the traits that the rest of loa sees
//! tidy space backup exam                                                     what keeps a store well for years
//! accept lease leases due editions judge settle sweep people missed single_copies copies leave pictures feed_entries
//! forget marks accounts sessions seals approvals words manuscripts versions    decisions, over
//! deliveries attempts contents                                               rows, many at a time, over
//! writer transact tx   one transaction for whatever has queued up, over
//! ceiling            what of the last room is kept for whom
//! many db row error    a statement in the words of both databases, over
//! sqlite postgres open migrate                                               a file, or a server
//! ```

mod accept;
mod accounts;
mod approvals;
mod archive;
mod attempts;
mod backup;
mod bells;
mod board;
mod books;
mod ceiling;
mod channels;
mod contents;
mod copies;
mod db;
mod deliveries;
mod direct;
mod due;
mod editions;
mod error;
mod exam;
mod forget;
mod feed_entries;
mod feeds;
mod judge;
mod lease;
mod leases;
mod leave;
mod line;
mod many;
mod manuscripts;
mod marks;
mod migrate;
mod missed;
mod open;
mod order;
mod people;
mod pictures;
mod postgres;
mod queue;
mod read;
mod requests;
mod row;
mod seals;
mod sessions;
mod settle;
mod single_copies;
mod space;
mod sqlite;
mod standing;
mod subscribers;
mod sweep;
mod tidy;
mod token;
mod transact;
mod tx;
mod versions;
mod words;
mod writer;

use std::sync::Arc;

use crate::clock::Clock;
use crate::queue::StoreError;

use bells::Bells;
use contents::Contents;
use db::Readers;
use open::Opener;
use writer::Writer;

pub use backup::{Progress, Restored, back_up, restore};
pub use exam::examine;
pub use open::StoreOptions;
pub use postgres::PostgresOptions;
pub use sqlite::SqliteOptions;

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    opener: Opener,
    writer: Writer,
    readers: Readers,
    bells: Bells,
    /// Makes recipients' tokens; made once, with the store.
    key: Arc<[u8]>,
}

impl Store {
    /// Opens the store, making it and bringing its schema up to date if needed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is damaged or something else's (it is left as it is); [`StoreError::Newer`] when
    /// a newer loa made it; otherwise what the database reports.
    pub async fn open(options: impl Into<StoreOptions>) -> Result<Self, StoreError> {
        let opener = Opener::new(options.into());
        opener.patiently(async || Self::open_once(&opener).await).await
    }

    async fn open_once(opener: &Opener) -> Result<Self, StoreError> {
        let mut connection = opener.connect().await?;
        migrate::migrate(&mut connection).await?;
        seals::begin(&mut connection).await?;
        words::begin(&mut connection).await?;
        let key = migrate::token_key(&mut connection).await?;
        let readers = opener.readers().await?;
        let bells = Bells::default();
        let connection = opener.to_write(connection).await?;
        let writer = Writer::start(opener.clone(), connection, Contents::default(), bells.clone())?;
        Ok(Self { opener: opener.clone(), writer, readers, bells, key })
    }

    /// Watches for others who write into the same store, and rings the bells when one did. Returns only when the store
    /// can no longer be read.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn watch(&self, clock: &Clock) -> Result<(), StoreError> {
        self.opener.watch(&self.readers, &self.bells, clock).await
    }

    /// Corrects a clock that follows this machine's to the store's, where machines share one.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn set_clock(&self, clock: &Clock) -> Result<(), StoreError> {
        match &self.readers {
            Readers::Sqlite(_) => Ok(()),
            Readers::Postgres(_) => postgres::set_clock(&self.readers, clock).await,
        }
    }

    /// Closes it; everything acknowledged is on disk.
    pub async fn close(self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
