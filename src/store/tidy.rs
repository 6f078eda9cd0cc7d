//! A round of tidying: finds what has been kept for long enough, and takes it away in small pieces, between which
//! everybody else's work goes on. What a piece is about is found without holding up the writer.

use chrono::{DateTime, TimeDelta, Utc};

use super::Store;
use super::db::{Arg, Sql, args};
use super::forget::{self, Asked, AskedCopies, FRESH};
use super::row::{Row, millis};
use super::seals;
use super::tx::Tx;
use crate::delivery::edition_key;
use crate::queue::{Keep, StoreError, Tidied};

/// Articles in one piece.
const ARTICLES: i64 = 50;
/// Single rows in one piece.
const ROWS: i64 = 1_000;
/// Days over which bounces are counted, and some more.
const BOUNCES: TimeDelta = TimeDelta::days(60);

impl Store {
    /// Takes away what was kept for long enough. Does nothing on a store that another process is tidying.
    ///
    /// # Errors
    /// What the database reports; what was taken away before stays away.
    pub async fn tidy(&self, keep: &Keep, now: DateTime<Utc>) -> Result<Tidied, StoreError> {
        let mut tidied = Tidied::default();
        if let Some(from) = keep.trail_from(now) {
            self.take_trails(from, now, &mut tidied).await?;
            tidied.rows += self.take_rows(requests, from).await?
                + self.take_rows(answers, from).await?
                + self.take_rows(bounces, from.min(now - BOUNCES)).await?;
            tidied.rows += self.take_pictures(now).await?;
        }
        if let Some(from) = keep.articles_from(now) {
            self.forget_articles(from, now, &mut tidied).await?;
            tidied.rows += self.take_decisions(from, now).await?;
            tidied.rows += self.take_editions(from).await?;
        }
        tidied.pages = self.give_back().await?;
        Ok(tidied)
    }

    /// Articles to which nothing has happened for long enough lose their trail.
    async fn take_trails(
        &self,
        from: DateTime<Utc>,
        now: DateTime<Utc>,
        tidied: &mut Tidied,
    ) -> Result<(), StoreError> {
        const LIVELY: Sql = Sql::both(
            "SELECT id, accepted_at FROM articles WHERE quiet_since IS NULL AND accepted_at < $1 \
             AND (accepted_at, id) > ($2, $3) ORDER BY accepted_at, id LIMIT $4",
        );
        let (mut at, mut id) = (i64::MIN, i64::MIN);
        loop {
            let rows = self.readers.fetch(LIVELY, args![millis(from), at, id, ARTICLES]).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            (at, id) = (last.int("accepted_at")?, last.int("id")?);
            let articles = numbers(&rows)?;
            let asked = Asked { articles, from, now };
            let quiet = self.writer.record(asked, |tx, asked| Box::pin(forget::trail(tx, asked))).await?;
            tidied.at_rest += u64::try_from(quiet.len()).unwrap_or_default();
            self.take_copies(&quiet, false).await?;
        }
    }

    async fn forget_articles(
        &self,
        from: DateTime<Utc>,
        now: DateTime<Utc>,
        tidied: &mut Tidied,
    ) -> Result<(), StoreError> {
        const OVER: Sql = Sql::both(
            "SELECT id FROM articles WHERE quiet_since IS NOT NULL AND quiet_since < $1 ORDER BY quiet_since LIMIT $2",
        );
        loop {
            let rows = self.readers.fetch(OVER, args![millis(from), ARTICLES]).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let articles = numbers(&rows)?;
            self.take_copies(&articles, true).await?;
            let asked = Asked { articles, from, now };
            tidied.forgotten += self.writer.record(asked, |tx, asked| Box::pin(forget::forget(tx, asked))).await?;
        }
    }

    async fn take_copies(&self, articles: &[i64], holders: bool) -> Result<(), StoreError> {
        loop {
            let asked = AskedCopies { articles: articles.to_vec(), holders, most: ROWS };
            if self.writer.record(asked, |tx, asked| Box::pin(forget::copies(tx, asked))).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Deletes rows older than `from`, piece by piece.
    async fn take_rows(&self, delete: fn() -> Sql, from: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut taken = 0;
        loop {
            let piece = self.writer.record((delete, millis(from)), |tx, (delete, from)| {
                Box::pin(async move { tx.connection.execute(delete(), args![*from, ROWS]).await })
            });
            match piece.await? {
                0 => return Ok(taken),
                some => taken += some,
            }
        }
    }

    /// What people decided about channels and recipients; what they decided about an article goes with the article. The
    /// chain keeps their seals, but for those at its beginning.
    async fn take_decisions(&self, from: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64, StoreError> {
        const DELETE: Sql = Sql::both(
            "DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE article_id IS NULL AND at < $1 LIMIT $2) \
             RETURNING seq",
        );
        let mut taken = 0;
        loop {
            let piece = self.writer.record((from, now), |tx, (from, now)| {
                Box::pin(async move {
                    let places = tx.connection.fetch(DELETE, args![millis(*from), ROWS]).await?;
                    seals::take(&mut tx.connection, &places, *now).await?;
                    Ok(u64::try_from(places.len()).unwrap_or_default())
                })
            });
            match piece.await? {
                0 => break,
                some => taken += some,
            }
        }
        while self.writer.record((), |tx, ()| Box::pin(seals::trim(tx))).await? > 0 {}
        Ok(taken)
    }

    /// Pictures that were fetched for an article which was never taken.
    async fn take_pictures(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        const LOOSE: Sql = Sql::both(
            "SELECT hash FROM pictures WHERE fetched_at < $1 \
             AND NOT EXISTS (SELECT 1 FROM picture_uses u WHERE u.hash = pictures.hash) \
         AND NOT EXISTS (SELECT 1 FROM manuscript_pictures m WHERE m.hash = pictures.hash)",
        );
        let rows = self.readers.fetch(LOOSE, args![millis(now - FRESH)]).await?;
        let hashes: Result<Vec<String>, StoreError> = rows.iter().map(|row| row.string("hash")).collect();
        let mut taken = 0;
        // One by one: they are large.
        for hash in hashes? {
            taken += self
                .writer
                .run((hash, now), |tx, (hash, now)| {
                    Box::pin(forget::pictures(&mut tx.connection, std::slice::from_ref(hash), *now))
                })
                .await?;
        }
        Ok(taken)
    }

    /// Editions of which no article is known any more, with their copies.
    async fn take_editions(&self, from: DateTime<Utc>) -> Result<u64, StoreError> {
        const OVER: Sql = Sql::both(
            "SELECT channel, slot FROM editions WHERE slot < $1 AND closed_at IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM attempts t WHERE t.channel = editions.channel AND t.edition = editions.slot) \
             AND (channel, slot) NOT IN (SELECT channel, edition FROM deliveries \
             WHERE state <> 'settled' AND edition IS NOT NULL)",
        );
        let mut taken = 0;
        for row in self.readers.fetch(OVER, args![millis(from)]).await? {
            let edition =
                (row.string("channel")?, row.int("slot")?, edition_key(row.text("channel")?, row.instant("slot")?));
            loop {
                let piece = self
                    .writer
                    .run(edition.clone(), |tx, (channel, slot, key)| Box::pin(take_edition(tx, channel, *slot, key)));
                match piece.await? {
                    0 => break,
                    some => taken += some,
                }
            }
        }
        Ok(taken)
    }
}

fn numbers(rows: &[Row]) -> Result<Vec<i64>, StoreError> {
    rows.iter().map(|row| row.int("id")).collect()
}

fn requests() -> Sql {
    Sql::both("DELETE FROM request_keys WHERE key IN (SELECT key FROM request_keys WHERE at < $1 LIMIT $2)")
}

fn answers() -> Sql {
    Sql::both("DELETE FROM requests WHERE key IN (SELECT key FROM requests WHERE at < $1 LIMIT $2)")
}

fn bounces() -> Sql {
    Sql::both(
        "DELETE FROM soft_bounces WHERE (channel, address, day) IN \
         (SELECT channel, address, day FROM soft_bounces WHERE at < $1 LIMIT $2)",
    )
}

/// Takes away some of an edition's copies, and with the last of them the edition.
async fn take_edition(tx: &mut Tx, channel: &str, slot: i64, key: &str) -> Result<u64, StoreError> {
    const COPIES: Sql = Sql::both(
        "DELETE FROM copies WHERE channel = $1 AND job_key = $2 AND recipient IN \
         (SELECT recipient FROM copies WHERE channel = $1 AND job_key = $2 LIMIT $3)",
    );
    const MAILING: Sql = Sql::both("DELETE FROM mailings WHERE channel = $1 AND job_key = $2");
    const EDITION: Sql = Sql::both("DELETE FROM editions WHERE channel = $1 AND slot = $2");
    let copies = tx.connection.execute(COPIES, args![channel, key, ROWS]).await?;
    if copies > 0 {
        return Ok(copies);
    }
    tx.connection.execute(MAILING, args![channel, key]).await?;
    tx.connection.execute(EDITION, vec![Arg::from(channel), slot.into()]).await
}
