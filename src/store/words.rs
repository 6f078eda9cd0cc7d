//! What articles can be found by: the words of their newest title, their names and their topics, folded, in the
//! database's own index of words.

use std::collections::BTreeSet;

use super::db::{Arg, Connection, Sql, args};
use crate::article::{Article, ArticleId, sha256_hex};
use crate::queue::StoreError;
use crate::text::fold::folded;

/// Articles whose words are made at once.
const ROWS: i64 = 500;

/// A topic as one word that no title holds.
pub(super) fn topic_word(topic: &str) -> String {
    let hash = sha256_hex(folded(topic).join(" ").as_bytes());
    format!("0t{}", hash.get(..16).unwrap_or(&hash))
}

/// An article's words, each once.
fn words(id: i64, source: &str, external_id: &str, title: &str, topics: &[String]) -> String {
    let id = id.to_string();
    let plain = [title, external_id, source, &id].into_iter().flat_map(folded);
    let words: BTreeSet<String> = plain.chain(topics.iter().map(|topic| topic_word(topic))).collect();
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// Keeps the words of an article's newest revision, in place of any before.
pub(super) async fn keep(connection: &mut Connection, id: ArticleId, article: &Article) -> Result<(), StoreError> {
    let words = words(id.0, &article.key.source, &article.key.external_id, &article.title, &article.topics);
    put(connection, id.0, &words).await?;
    name(connection, &article.topics).await
}

async fn put(connection: &mut Connection, id: i64, words: &str) -> Result<(), StoreError> {
    const CLEAR: Sql = Sql {
        sqlite: "DELETE FROM article_words WHERE rowid = $1",
        postgres: "DELETE FROM article_words WHERE article_id = $1",
    };
    const PUT: Sql = Sql {
        sqlite: "INSERT INTO article_words (rowid, words) VALUES ($1, $2)",
        postgres: "INSERT INTO article_words (article_id, words) VALUES ($1, array_to_tsvector(string_to_array($2, ' ')))",
    };
    connection.execute(CLEAR, args![id]).await?;
    connection.execute(PUT, args![id, words]).await.map(drop)
}

/// Remembers topics that are new.
async fn name(connection: &mut Connection, topics: &[String]) -> Result<(), StoreError> {
    const NAME: Sql = Sql {
        sqlite: "INSERT INTO topics (folded, name) SELECT value ->> 0, value ->> 1 FROM json_each($1) WHERE true \
                 ON CONFLICT DO NOTHING",
        postgres: "INSERT INTO topics (folded, name) SELECT value ->> 0, value ->> 1 FROM json_array_elements($1::json) \
                   ON CONFLICT DO NOTHING",
    };
    let mut rows: Vec<(String, &String)> = topics.iter().map(|topic| (folded(topic).join(" "), topic)).collect();
    rows.retain(|(folded, _)| !folded.is_empty());
    // In one order, so that machines that share a store never wait for each other.
    rows.sort();
    if rows.is_empty() {
        return Ok(());
    }
    connection.execute(NAME, vec![Arg::rows(&rows)?]).await.map(drop)
}

/// Makes the words of articles from before there were any, once, some at a time.
pub(super) async fn begin(connection: &mut Connection) -> Result<(), StoreError> {
    const BEGUN: Sql = Sql::both("SELECT done FROM words_begun WHERE id = 1");
    const LOCK: Sql = Sql::both("UPDATE words_begun SET upto = upto WHERE id = 1 RETURNING upto, done");
    const NEXT: Sql = Sql {
        sqlite: "SELECT a.id, a.source, a.external_id, \
                 CASE WHEN json_valid(r.content) THEN r.content ->> 'title' END AS title, \
                 coalesce(CASE WHEN json_valid(r.content) THEN r.content -> 'topics' END, '[]') AS topics \
                 FROM articles a JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision WHERE a.id > $1 ORDER BY a.id LIMIT $2",
        postgres: "SELECT a.id, a.source, a.external_id, r.content::json ->> 'title' AS title, \
                   coalesce(r.content::json ->> 'topics', '[]') AS topics FROM articles a \
                   JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision \
                   WHERE a.id > $1 ORDER BY a.id LIMIT $2 FOR SHARE OF a",
    };
    const UPTO: Sql = Sql::both("UPDATE words_begun SET upto = $1, done = $2 WHERE id = 1");
    const BEGIN: Sql = Sql { sqlite: "BEGIN IMMEDIATE", postgres: "BEGIN" };
    let lost = || StoreError::Corrupt("nothing says how far the words of articles are there".to_owned());
    loop {
        if connection.first(BEGUN, Vec::new()).await?.ok_or_else(lost)?.flag("done")? {
            return Ok(());
        }
        connection.execute(BEGIN, Vec::new()).await?;
        let piece = async {
            // Whoever came first may have done it meanwhile.
            let row = connection.first(LOCK, Vec::new()).await?.ok_or_else(lost)?;
            if row.flag("done")? {
                return Ok(());
            }
            let mut upto = row.int("upto")?;
            let rows = connection.fetch(NEXT, args![upto, ROWS]).await?;
            for row in &rows {
                upto = row.int("id")?;
                // What cannot be read is found by its names all the same; `loa doctor` speaks of it.
                let topics: Vec<String> = row.json("topics").unwrap_or_default();
                let title = row.opt_text("title")?.unwrap_or_default();
                let words = words(upto, row.text("source")?, row.text("external_id")?, title, &topics);
                put(connection, upto, &words).await?;
                name(connection, &topics).await?;
            }
            connection.execute(UPTO, args![upto, i64::from(rows.is_empty())]).await.map(drop)
        };
        let done = piece.await;
        let end = if done.is_ok() { Sql::both("COMMIT") } else { Sql::both("ROLLBACK") };
        let ended = connection.execute(end, Vec::new()).await;
        done?;
        ended?;
    }
}
