//! What is left of an article that was forgotten: enough to know it again, so that it never goes out a second time by
//! mistake.

use serde_json::json;

use super::db::{Arg, Connection, Sql};
use super::row::Row;
use crate::article::{Article, ArticleId, ArticleKey, Revision, sha256_hex};
use crate::queue::{Accepted, StoreError, Verdict};
use crate::text;

/// Of a SHA-256 in hexadecimal; so many digits tell more articles apart than there will ever be.
const DIGITS: usize = 32;

/// The mark of one article.
pub(super) struct Mark {
    identity: String,
    article: i64,
    revision: Revision,
    content: String,
    withdrawn: bool,
}

fn short(hash: &str) -> String {
    hash.get(..DIGITS).unwrap_or(hash).to_owned()
}

fn identity(key: &ArticleKey) -> String {
    short(&sha256_hex(format!("{}\n{}", key.source, key.external_id).as_bytes()))
}

impl Mark {
    pub(super) fn of(key: &ArticleKey, article: i64, revision: Revision, content: &str, withdrawn: bool) -> Self {
        Self { identity: identity(key), article, revision, content: short(content), withdrawn }
    }

    /// The answer to the same article handed in again, unless somebody asks by name for it to go out anew: what it said
    /// when it was forgotten is nothing new, and for anything else its copies would have to be known.
    pub(super) fn verdict(&self, article: &Article) -> Verdict {
        if !self.withdrawn && short(&article.content_hash()) == self.content {
            return Verdict::Accepted(Accepted {
                id: ArticleId(self.article),
                revision: self.revision,
                changed: false,
                deliveries: 0,
                missing_pictures: 0,
            });
        }
        let key = &article.key;
        Verdict::Refused(text!(
            "bài {key} đã hết thời hạn lưu (store.article_days), loa không còn biết các bản đã phát ở đâu. Sửa hoặc gỡ trực tiếp \
             trên từng kênh; muốn phát lại như bài mới: loa publish --again",
            "article {key} is older than loa keeps articles (store.article_days): it no longer knows where the copies are. \
             Change them on the channels themselves; to send it out as a new one: loa publish --again"
        ))
    }

    /// The first revision that no far side has seen.
    pub(super) fn next(&self) -> Revision {
        self.revision.next()
    }
}

/// Leaves marks.
pub(super) async fn leave(connection: &mut Connection, marks: &[&Mark]) -> Result<(), StoreError> {
    const LEAVE: Sql = Sql {
        sqlite: "INSERT INTO forgotten (identity, article_id, revision, content, withdrawn) \
                 SELECT unhex(value ->> 'identity'), value ->> 'article', value ->> 'revision', \
                 unhex(value ->> 'content'), value ->> 'withdrawn' FROM json_each($1) WHERE true \
                 ON CONFLICT (identity) DO UPDATE SET article_id = excluded.article_id, revision = excluded.revision, \
                 content = excluded.content, withdrawn = excluded.withdrawn",
        postgres: "INSERT INTO forgotten (identity, article_id, revision, content, withdrawn) \
                   SELECT decode(identity, 'hex'), article, revision, decode(content, 'hex'), withdrawn \
                   FROM json_to_recordset($1::json) AS n (identity text, article bigint, revision bigint, content text, \
                   withdrawn bigint) ON CONFLICT (identity) DO UPDATE SET article_id = excluded.article_id, \
                   revision = excluded.revision, content = excluded.content, withdrawn = excluded.withdrawn",
    };
    if marks.is_empty() {
        return Ok(());
    }
    let row = |mark: &&Mark| {
        json!({
            "identity": mark.identity, "article": mark.article, "revision": mark.revision, "content": mark.content,
            "withdrawn": i64::from(mark.withdrawn),
        })
    };
    let rows: Vec<_> = marks.iter().map(row).collect();
    connection.execute(LEAVE, vec![Arg::rows(&rows)?]).await.map(drop)
}

/// The mark of an article, if it was forgotten.
pub(super) async fn find(connection: &mut Connection, key: &ArticleKey) -> Result<Option<Mark>, StoreError> {
    const FIND: Sql = Sql {
        sqlite: "SELECT article_id, revision, lower(hex(content)) AS content, withdrawn FROM forgotten \
                 WHERE identity = unhex($1)",
        postgres: "SELECT article_id, revision, encode(content, 'hex') AS content, withdrawn FROM forgotten \
                   WHERE identity = decode($1, 'hex')",
    };
    let identity = identity(key);
    let mark = |row: &Row| {
        Ok(Mark {
            identity: identity.clone(),
            article: row.int("article_id")?,
            revision: Revision(row.small("revision")?),
            content: row.string("content")?,
            withdrawn: row.flag("withdrawn")?,
        })
    };
    connection.first(FIND, vec![(&identity).into()]).await?.as_ref().map(mark).transpose()
}

/// Takes a mark away: its article is there again.
pub(super) async fn wipe(connection: &mut Connection, mark: &Mark) -> Result<(), StoreError> {
    const WIPE: Sql = Sql {
        sqlite: "DELETE FROM forgotten WHERE identity = unhex($1)",
        postgres: "DELETE FROM forgotten WHERE identity = decode($1, 'hex')",
    };
    connection.execute(WIPE, vec![(&mark.identity).into()]).await.map(drop)
}
