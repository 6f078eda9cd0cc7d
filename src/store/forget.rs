//! What goes of an article: its trail once it has come to rest, and all of it when its life is over. Each piece is small,
//! looks again at what it is about, and leaves alone what has moved since.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::db::{Arg, Connection, Sql};
use super::marks::{self, Mark};
use super::row::{Row, millis};
use super::seals;
use super::tx::Tx;
use crate::article::{ArticleKey, Revision};
use crate::queue::StoreError;

/// A picture that was fetched this recently may belong to an article that is just being handed over.
pub(super) const FRESH: TimeDelta = TimeDelta::days(1);

/// A statement about the numbers in `$1`.
macro_rules! of_numbers {
    ($before:literal, $after:literal) => {
        Sql {
            sqlite: concat!($before, "(SELECT value FROM json_each($1))", $after),
            postgres: concat!($before, "(SELECT value::bigint FROM json_array_elements_text($1::json))", $after),
        }
    };
}

/// A statement about the names in `$1`.
macro_rules! of_names {
    ($before:literal, $after:literal) => {
        Sql {
            sqlite: concat!($before, "(SELECT value FROM json_each($1))", $after),
            postgres: concat!($before, "(SELECT value FROM json_array_elements_text($1::json))", $after),
        }
    };
}

/// The greatest of several instants, in the words of each database; nobody else is at the article until the transaction
/// ends.
macro_rules! at_rest {
    ($greatest:literal, $numbers:literal, $alone:literal) => {
        concat!(
            "SELECT a.id, a.source, a.external_id, a.revision, a.withdrawn_at, r.content_hash, ",
            $greatest,
            "(r.accepted_at, coalesce(a.withdrawn_at, 0), coalesce((SELECT max(coalesce(t.finished_at, t.started_at)) \
             FROM deliveries d JOIN attempts t ON t.delivery_id = d.id WHERE d.article_id = a.id), 0), \
             coalesce((SELECT max(c.at) FROM decisions c WHERE c.article_id = a.id), 0)) AS since \
             FROM articles a JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision WHERE a.id IN ",
            $numbers,
            " AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.article_id = a.id AND d.state <> 'settled')",
            $alone
        )
    };
}

/// An article of which everything is settled.
struct AtRest {
    id: i64,
    since: i64,
    mark: Mark,
}

fn article(row: &Row) -> Result<AtRest, StoreError> {
    let key = ArticleKey { source: row.string("source")?, external_id: row.string("external_id")? };
    let (id, revision) = (row.int("id")?, Revision(row.small("revision")?));
    let withdrawn = row.opt_int("withdrawn_at")?.is_some();
    Ok(AtRest {
        id,
        since: row.int("since")?,
        mark: Mark::of(&key, id, revision, row.text("content_hash")?, withdrawn),
    })
}

/// Those of `articles` to which nothing has happened since `from`.
async fn at_rest(
    connection: &mut Connection,
    articles: &[i64],
    from: DateTime<Utc>,
) -> Result<Vec<AtRest>, StoreError> {
    const AT_REST: Sql = Sql {
        sqlite: at_rest!("max", "(SELECT value FROM json_each($1))", ""),
        postgres: at_rest!(
            "greatest",
            "(SELECT value::bigint FROM json_array_elements_text($1::json))",
            " AND pg_try_advisory_xact_lock(1819238756, hashtext(a.source || '/' || a.external_id))"
        ),
    };
    let rows = connection.fetch(AT_REST, vec![Arg::rows(articles)?]).await?;
    let found: Result<Vec<AtRest>, StoreError> = rows.iter().map(article).collect();
    Ok(found?.into_iter().filter(|article| article.since < millis(from)).collect())
}

/// Articles, and the instant since which nothing may have happened to them.
pub(super) struct Asked {
    pub(super) articles: Vec<i64>,
    pub(super) from: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
}

/// Takes the trail of those that have come to rest, and says which they are.
pub(super) async fn trail(tx: &mut Tx, asked: &Asked) -> Result<Vec<i64>, StoreError> {
    const REST: Sql = Sql {
        sqlite: "UPDATE articles SET quiet_since = n.value ->> 'since' FROM json_each($1) n \
                 WHERE articles.id = n.value ->> 'id'",
        postgres: "UPDATE articles a SET quiet_since = n.since FROM json_to_recordset($1::json) \
                   AS n (id bigint, since bigint) WHERE a.id = n.id",
    };
    // The last try says how the delivery ended, and those of an edition who holds its letters.
    const ATTEMPTS: Sql = of_numbers!(
        "DELETE FROM attempts WHERE delivery_id IN (SELECT d.id FROM deliveries d WHERE d.article_id IN ",
        ") AND (errand = 'look_up' OR EXISTS (SELECT 1 FROM attempts l WHERE l.delivery_id = attempts.delivery_id \
         AND l.attempt > attempts.attempt AND l.errand <> 'look_up' \
         AND (attempts.edition IS NULL OR attempts.outcome = 'moved' OR l.edition = attempts.edition)))"
    );
    const REVISIONS: Sql = Sql {
        sqlite: "DELETE FROM revisions WHERE article_id IN (SELECT value FROM json_each($1)) \
                 AND revision < (SELECT a.revision FROM articles a WHERE a.id = article_id) \
                 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.article_id = revisions.article_id \
                 AND d.live ->> '$.shown.revision' = revisions.revision)",
        postgres: "DELETE FROM revisions WHERE article_id IN \
                   (SELECT value::bigint FROM json_array_elements_text($1::json)) \
                   AND revision < (SELECT a.revision FROM articles a WHERE a.id = article_id) \
                   AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.article_id = revisions.article_id \
                   AND d.live::json #>> '{shown,revision}' = revisions.revision::text)",
    };
    let connection = &mut tx.connection;
    let quiet = at_rest(connection, &asked.articles, asked.from).await?;
    if quiet.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = quiet.iter().map(|article| json!({ "id": article.id, "since": article.since })).collect();
    let ids: Vec<i64> = quiet.iter().map(|article| article.id).collect();
    connection.execute(REST, vec![Arg::rows(&rows)?]).await?;
    connection.execute(ATTEMPTS, vec![Arg::rows(&ids)?]).await?;
    if connection.execute(REVISIONS, vec![Arg::rows(&ids)?]).await? > 0 {
        loose_pictures(connection, &ids, asked.now).await?;
    }
    Ok(ids)
}

/// Which articles' copies go, and how many at once.
pub(super) struct AskedCopies {
    pub(super) articles: Vec<i64>,
    /// Those who have theirs as well: nobody will be told of a correction any more.
    pub(super) holders: bool,
    pub(super) most: i64,
}

/// Takes away single copies of articles at rest, and with the last of them the mailings; how many copies.
pub(super) async fn copies(tx: &mut Tx, asked: &AskedCopies) -> Result<u64, StoreError> {
    const FIND: Sql = of_numbers!(
        "SELECT c.channel, c.job_key, c.recipient FROM articles a JOIN deliveries d ON d.article_id = a.id \
         JOIN mailings m ON m.channel = d.channel AND m.article_id = d.article_id \
         JOIN copies c ON c.channel = m.channel AND c.job_key = m.job_key WHERE a.id IN ",
        " AND a.quiet_since IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deliveries u WHERE u.article_id = a.id \
         AND u.state <> 'settled') AND (c.state IN ('refused', 'left_out') OR $2 = 1) LIMIT $3"
    );
    const DELETE: Sql = Sql {
        sqlite: "DELETE FROM copies WHERE (channel, job_key, recipient) IN \
                 (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1))",
        postgres: "DELETE FROM copies WHERE (channel, job_key, recipient) IN \
                   (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_array_elements($1::json))",
    };
    const MAILINGS: Sql = of_numbers!(
        "DELETE FROM mailings WHERE (channel, article_id) IN (SELECT d.channel, d.article_id FROM articles a \
         JOIN deliveries d ON d.article_id = a.id WHERE a.id IN ",
        " AND a.quiet_since IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deliveries u WHERE u.article_id = a.id \
         AND u.state <> 'settled'))"
    );
    let connection = &mut tx.connection;
    let args = vec![Arg::rows(&asked.articles)?, i64::from(asked.holders).into(), asked.most.into()];
    let mut keys = Vec::new();
    for row in connection.fetch(FIND, args).await? {
        keys.push([row.string("channel")?, row.string("job_key")?, row.string("recipient")?]);
    }
    if keys.is_empty() {
        if asked.holders {
            connection.execute(MAILINGS, vec![Arg::rows(&asked.articles)?]).await?;
        }
        return Ok(0);
    }
    connection.execute(DELETE, vec![Arg::rows(&keys)?]).await
}

/// Forgets those whose life is over, but for a mark; how many. What has moved since lives on.
pub(super) async fn forget(tx: &mut Tx, asked: &Asked) -> Result<u64, StoreError> {
    const LIVES_ON: Sql = of_numbers!("UPDATE articles SET quiet_since = NULL WHERE id IN ", "");
    const ATTEMPTS: Sql = of_numbers!(
        "DELETE FROM attempts WHERE delivery_id IN (SELECT d.id FROM deliveries d WHERE d.article_id IN ",
        ")"
    );
    const APPROVALS: Sql = of_numbers!(
        "DELETE FROM approvals WHERE delivery_id IN (SELECT d.id FROM deliveries d WHERE d.article_id IN ",
        ")"
    );
    const WORDS: Sql = Sql {
        sqlite: "DELETE FROM article_words WHERE rowid IN (SELECT value FROM json_each($1))",
        postgres: "DELETE FROM article_words WHERE article_id IN \
                   (SELECT value::bigint FROM json_array_elements_text($1::json))",
    };
    const DELIVERIES: Sql = of_numbers!("DELETE FROM deliveries WHERE article_id IN ", "");
    const DECISIONS: Sql = of_numbers!("DELETE FROM decisions WHERE article_id IN ", " RETURNING seq");
    const REVISIONS: Sql = of_numbers!("DELETE FROM revisions WHERE article_id IN ", "");
    const ARTICLES: Sql = of_numbers!("DELETE FROM articles WHERE id IN ", "");
    let over = at_rest(&mut tx.connection, &asked.articles, asked.from).await?;
    let ids: Vec<i64> = over.iter().map(|article| article.id).collect();
    if !ids.is_empty() {
        // Their numbers may be given again.
        tx.forget();
    }
    let connection = &mut tx.connection;
    let living: Vec<i64> = asked.articles.iter().copied().filter(|id| !ids.contains(id)).collect();
    if !living.is_empty() {
        connection.execute(LIVES_ON, vec![Arg::rows(&living)?]).await?;
    }
    let marks: Vec<&Mark> = over.iter().map(|article| &article.mark).collect();
    marks::leave(connection, &marks).await?;
    for statement in [ATTEMPTS, APPROVALS, DELIVERIES, REVISIONS, WORDS] {
        connection.execute(statement, vec![Arg::rows(&ids)?]).await?;
    }
    let places = connection.fetch(DECISIONS, vec![Arg::rows(&ids)?]).await?;
    seals::take(connection, &places, asked.now).await?;
    loose_pictures(connection, &ids, asked.now).await?;
    connection.execute(ARTICLES, vec![Arg::rows(&ids)?]).await
}

/// Takes away the pictures that only revisions of these articles showed which are no longer there.
async fn loose_pictures(connection: &mut Connection, ids: &[i64], now: DateTime<Utc>) -> Result<(), StoreError> {
    const LOOSE: Sql = of_numbers!(
        "SELECT DISTINCT u.hash FROM picture_uses u WHERE u.article_id IN ",
        " AND NOT EXISTS (SELECT 1 FROM revisions r WHERE r.article_id = u.article_id AND r.revision = u.revision)"
    );
    const USES: Sql = of_numbers!(
        "DELETE FROM picture_uses WHERE article_id IN ",
        " AND NOT EXISTS (SELECT 1 FROM revisions r WHERE r.article_id = picture_uses.article_id \
         AND r.revision = picture_uses.revision)"
    );
    let rows = connection.fetch(LOOSE, vec![Arg::rows(ids)?]).await?;
    let hashes: Result<Vec<String>, StoreError> = rows.iter().map(|row| row.string("hash")).collect();
    let hashes = hashes?;
    if hashes.is_empty() {
        return Ok(());
    }
    connection.execute(USES, vec![Arg::rows(ids)?]).await?;
    pictures(connection, &hashes, now).await.map(drop)
}

/// Takes away those of these pictures that no revision shows; how many.
pub(super) async fn pictures(
    connection: &mut Connection,
    hashes: &[String],
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    const PICTURES: Sql = of_names!(
        "DELETE FROM pictures WHERE hash IN ",
        " AND fetched_at < $2 AND NOT EXISTS (SELECT 1 FROM picture_uses u WHERE u.hash = pictures.hash) \
         AND NOT EXISTS (SELECT 1 FROM manuscript_pictures m WHERE m.hash = pictures.hash)"
    );
    connection.execute(PICTURES, vec![Arg::rows(hashes)?, millis(now - FRESH).into()]).await
}
