//! What officers are writing.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;

use super::Store;
use super::db::{Arg, Connection, Sql, args};
use super::row::{Row, millis, to_json};
use super::tx::Tx;
use crate::article::{ArticleId, Revision};
use crate::queue::{Manuscript, Manuscripts, PictureFile, StoreError};

/// What was handed over is remembered so long, for whoever sends the form once more.
const DONE: TimeDelta = TimeDelta::days(7);
/// What nobody has gone on with for so long is thrown away.
const LEFT: TimeDelta = TimeDelta::days(180);
/// Topics are read out of so many articles.
const TOPICS_OF: i64 = 60;

fn manuscript(row: &Row) -> Result<Manuscript, StoreError> {
    let corrects = row.opt_int("article_id")?.zip(row.opt_small("base")?);
    Ok(Manuscript {
        token: row.string("token")?,
        who: row.string("who")?,
        writers: row.json("writers")?,
        saved_at: row.instant("saved_at")?,
        corrects: corrects.map(|(article, base)| (ArticleId(article), Revision(base))),
        written: row.json("written")?,
        became: row.opt_int("became")?.map(ArticleId),
    })
}

async fn let_go(connection: &mut Connection, token: &str) -> Result<(), StoreError> {
    const PICTURES: Sql = Sql::both("DELETE FROM manuscript_pictures WHERE token = $1");
    connection.execute(PICTURES, args![token]).await.map(drop)
}

async fn save(tx: &mut Tx, one: &Manuscript, replaces: Option<DateTime<Utc>>) -> Result<bool, StoreError> {
    const SAVE: Sql = Sql::both(
        "INSERT INTO manuscripts (token, who, saved_at, article_id, base, written, writers) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (token) DO UPDATE SET who = excluded.who, \
         saved_at = excluded.saved_at, base = excluded.base, written = excluded.written, writers = excluded.writers \
         WHERE manuscripts.became IS NULL AND manuscripts.saved_at = coalesce($8, manuscripts.saved_at)",
    );
    const SHOWS: Sql = Sql {
        sqlite: "INSERT INTO manuscript_pictures (token, hash) SELECT $1, value FROM json_each($2) \
                 WHERE true ON CONFLICT DO NOTHING",
        postgres: "INSERT INTO manuscript_pictures (token, hash) \
                   SELECT $1, value FROM json_array_elements_text($2::json) ON CONFLICT DO NOTHING",
    };
    const OVER: Sql = Sql::both(
        "SELECT token FROM manuscripts WHERE saved_at < $1 OR (saved_at < $2 AND became IS NOT NULL) \
         ORDER BY saved_at LIMIT 20",
    );
    let (article, base) = one.corrects.map_or((None, None), |(id, base)| (Some(id.0), Some(i64::from(base.0))));
    let args = args![
        &one.token,
        &one.who,
        millis(one.saved_at),
        article,
        base,
        to_json(&one.written)?,
        to_json(&one.writers)?,
        replaces.map(millis),
    ];
    if tx.connection.execute(SAVE, args).await? == 0 {
        return Ok(false);
    }
    let_go(&mut tx.connection, &one.token).await?;
    let kept = one.written.pictures.iter().filter_map(|picture| picture.kept.as_ref());
    let hashes: Vec<&str> = kept.map(|kept| kept.hash.as_str()).collect();
    tx.connection.execute(SHOWS, vec![(&one.token).into(), Arg::rows(&hashes)?]).await?;
    let now = one.saved_at;
    for row in tx.connection.fetch(OVER, args![millis(now - LEFT), millis(now - DONE)]).await? {
        remove(&mut tx.connection, row.text("token")?).await?;
    }
    Ok(true)
}

async fn remove(connection: &mut Connection, token: &str) -> Result<u64, StoreError> {
    const REMOVE: Sql = Sql::both("DELETE FROM manuscripts WHERE token = $1");
    let_go(connection, token).await?;
    connection.execute(REMOVE, args![token]).await
}

async fn throw_away(tx: &mut Tx, token: &str) -> Result<bool, StoreError> {
    const OPEN: Sql = Sql::both("SELECT token FROM manuscripts WHERE token = $1 AND became IS NULL");
    if tx.connection.first(OPEN, args![token]).await?.is_none() {
        return Ok(false);
    }
    Ok(remove(&mut tx.connection, token).await? > 0)
}

async fn handed_over(tx: &mut Tx, token: &str, became: ArticleId, now: DateTime<Utc>) -> Result<(), StoreError> {
    const DONE: Sql = Sql::both("UPDATE manuscripts SET became = $2, saved_at = $3 WHERE token = $1");
    tx.connection.execute(DONE, args![token, became.0, millis(now)]).await?;
    let_go(&mut tx.connection, token).await
}

impl Manuscripts for Store {
    fn save(&self, manuscript: Manuscript, replaces: Option<DateTime<Utc>>) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(
            self.writer
                .run((manuscript, replaces), |tx, (manuscript, replaces)| Box::pin(save(tx, manuscript, *replaces))),
        )
    }

    fn manuscript(&self, token: String) -> BoxFuture<'_, Result<Option<Manuscript>, StoreError>> {
        const ONE: Sql = Sql::both("SELECT * FROM manuscripts WHERE token = $1");
        Box::pin(async move { self.readers.first(ONE, args![token]).await?.as_ref().map(manuscript).transpose() })
    }

    fn unfinished(&self, most: u32) -> BoxFuture<'_, Result<Vec<Manuscript>, StoreError>> {
        const OPEN: Sql = Sql::both("SELECT * FROM manuscripts WHERE became IS NULL ORDER BY saved_at DESC LIMIT $1");
        Box::pin(async move {
            let rows = self.readers.fetch(OPEN, args![i64::from(most)]).await?;
            rows.iter().map(manuscript).collect()
        })
    }

    fn handed_over(
        &self,
        token: String,
        became: ArticleId,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(
            self.writer
                .run((token, became, now), |tx, (token, became, now)| Box::pin(handed_over(tx, token, *became, *now))),
        )
    }

    fn throw_away(&self, token: String) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.writer.run(token, |tx, token| Box::pin(throw_away(tx, token))))
    }

    fn recent_topics(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        const TOPICS: Sql = Sql {
            sqlite: "SELECT r.content ->> '$.topics' AS topics FROM articles a JOIN revisions r ON r.article_id = a.id \
                     AND r.revision = a.revision ORDER BY a.id DESC LIMIT $1",
            postgres: "SELECT r.content::json ->> 'topics' AS topics FROM articles a JOIN revisions r \
                       ON r.article_id = a.id AND r.revision = a.revision ORDER BY a.id DESC LIMIT $1",
        };
        Box::pin(async move {
            let mut counts: HashMap<String, usize> = HashMap::new();
            for row in self.readers.fetch(TOPICS, args![TOPICS_OF]).await? {
                for topic in row.json::<Vec<String>>("topics")? {
                    *counts.entry(topic).or_default() += 1;
                }
            }
            let mut topics: Vec<(usize, String)> = counts.into_iter().map(|(topic, count)| (count, topic)).collect();
            topics.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            Ok(topics.into_iter().map(|(_, topic)| topic).collect())
        })
    }

    fn first_accepted(&self, article: ArticleId) -> BoxFuture<'_, Result<Option<DateTime<Utc>>, StoreError>> {
        const FIRST: Sql = Sql::both("SELECT accepted_at FROM articles WHERE id = $1");
        Box::pin(async move {
            let row = self.readers.first(FIRST, args![article.0]).await?;
            row.map(|row| row.instant("accepted_at")).transpose()
        })
    }

    fn shown_picture(&self, hash: String) -> BoxFuture<'_, Result<Option<PictureFile>, StoreError>> {
        const SHOWN: Sql = Sql::both(
            "SELECT media_type, bytes FROM pictures WHERE hash = $1 \
             AND EXISTS (SELECT 1 FROM picture_uses u WHERE u.hash = pictures.hash)",
        );
        Box::pin(async move {
            let row = self.readers.first(SHOWN, args![hash]).await?;
            row.map(|row| Ok((row.string("media_type")?, row.bytes("bytes")?))).transpose()
        })
    }
}
