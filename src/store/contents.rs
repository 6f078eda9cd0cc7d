//! What articles say. The content of a revision never changes, so it is read and parsed once for all channels, and a
//! little of it is kept.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::db::{Arg, Connection, Sql};
use crate::article::{Article, ArticleId, Revision};
use crate::queue::StoreError;

/// Most bytes of stored JSON whose articles are kept; in memory they take about twice as much.
const KEPT: usize = 4 * 1024 * 1024;

/// One revision.
#[derive(Clone)]
pub(super) struct Content {
    pub(super) article: Arc<Article>,
    /// When this revision was handed over.
    pub(super) accepted: DateTime<Utc>,
    /// When the article was handed over for the first time.
    pub(super) first_accepted: DateTime<Utc>,
}

/// Which revision of which article.
pub(super) type Which = (ArticleId, Revision);

/// What was asked for, by revision.
pub(super) type Found = HashMap<Which, Content>;

/// The contents that were read last.
#[derive(Clone, Default)]
pub(super) struct Contents(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    by_revision: HashMap<Which, Content>,
    /// In the order in which they came, with their sizes.
    order: VecDeque<(Which, usize)>,
    bytes: usize,
}

impl Kept {
    fn keep(&mut self, which: Which, content: Content, bytes: usize) {
        if self.by_revision.insert(which, content).is_some()
            && let Some(place) = self.order.iter().position(|(kept, _)| *kept == which)
            && let Some((_, before)) = self.order.remove(place)
        {
            self.bytes -= before;
        }
        self.order.push_back((which, bytes));
        self.bytes += bytes;
        while self.bytes > KEPT
            && let Some((oldest, bytes)) = self.order.pop_front()
        {
            self.by_revision.remove(&oldest);
            self.bytes -= bytes;
        }
    }
}

#[derive(Serialize)]
struct Key {
    article: i64,
    revision: u32,
}

impl Contents {
    /// These revisions; all of them are there.
    pub(super) async fn get(
        &self,
        connection: &mut Connection,
        which: impl IntoIterator<Item = Which>,
    ) -> Result<Found, StoreError> {
        const READ: Sql = Sql {
            sqlite: "SELECT r.article_id, r.revision, r.content, r.accepted_at, a.accepted_at AS first_accepted_at \
                     FROM json_each($1) k JOIN revisions r ON r.article_id = k.value ->> 'article' \
                     AND r.revision = k.value ->> 'revision' JOIN articles a ON a.id = r.article_id",
            postgres: "SELECT r.article_id, r.revision, r.content, r.accepted_at, a.accepted_at AS first_accepted_at \
                       FROM json_to_recordset($1::json) AS k (article bigint, revision bigint) \
                       JOIN revisions r ON r.article_id = k.article AND r.revision = k.revision \
                       JOIN articles a ON a.id = r.article_id",
        };
        let which: HashSet<Which> = which.into_iter().collect();
        let mut found: Found = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            which.iter().filter_map(|which| Some((*which, kept.by_revision.get(which)?.clone()))).collect()
        };
        let missing: Vec<Key> = which
            .iter()
            .filter(|which| !found.contains_key(which))
            .map(|(article, revision)| Key { article: article.0, revision: revision.0 })
            .collect();
        if missing.is_empty() {
            return Ok(found);
        }
        for row in connection.fetch(READ, vec![Arg::rows(&missing)?]).await? {
            let which = (ArticleId(row.int("article_id")?), Revision(row.small("revision")?));
            let content = Content {
                article: Arc::new(row.json("content")?),
                accepted: row.instant("accepted_at")?,
                first_accepted: row.instant("first_accepted_at")?,
            };
            let bytes = row.text("content")?.len();
            self.keep(which, content.clone(), bytes);
            found.insert(which, content);
        }
        match which.iter().find(|which| !found.contains_key(which)) {
            None => Ok(found),
            Some((id, revision)) => Err(StoreError::Corrupt(format!("revision {revision} of article {id} is missing"))),
        }
    }

    /// Keeps what was just read or written, which takes so many bytes as JSON.
    pub(super) fn keep(&self, which: Which, content: Content, bytes: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(which, content, bytes);
    }

    /// Forgets everything: a transaction that was undone may have been read.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }
}

/// When these articles were withdrawn, if they were.
pub(super) async fn withdrawals(
    connection: &mut Connection,
    ids: &[ArticleId],
) -> Result<BTreeMap<ArticleId, DateTime<Utc>>, StoreError> {
    const READ: Sql = Sql {
        sqlite: "SELECT id, withdrawn_at FROM articles \
                 WHERE id IN (SELECT value FROM json_each($1)) AND withdrawn_at IS NOT NULL",
        postgres: "SELECT id, withdrawn_at FROM articles WHERE id IN \
                   (SELECT value::bigint FROM json_array_elements_text($1::json)) AND withdrawn_at IS NOT NULL",
    };
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = connection.fetch(READ, vec![Arg::rows(ids)?]).await?;
    rows.iter().map(|row| Ok((ArticleId(row.int("id")?), row.instant("withdrawn_at")?))).collect()
}
