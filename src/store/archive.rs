//! Looking things up: what is looked for narrows down to candidates by an index, and of those only so many are looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::Store;
use super::db::{Arg, Sql, args};
use super::deliveries::{delivery_rows, for_a_person};
use super::read::{article_row, delivery_row};
use super::row::{from_json, millis};
use super::words::topic_word;
use crate::article::{Article, ArticleId, Revision};
use crate::delivery::DeliveryId;
use crate::ledger::{ApprovalRow, Archive, DecisionRow, DeliveryRow, Listed, Page, RevisionRow, Sought};
use crate::queue::StoreError;
use crate::text::fold::folded;

/// So many candidates are looked at in one go.
const WINDOW: i64 = 4_000;
/// So many of them at once.
const CHUNK: usize = 250;
/// States whose deliveries are few and stand in an index of their own.
const FEW: [&str; 3] = ["held", "uncertain", "failed"];

macro_rules! listed {
    ($title:literal, $ids:literal) => {
        concat!(
            "SELECT a.id, a.source, a.external_id, a.revision, a.withdrawn_at, a.accepted_at, ",
            $title,
            " AS title FROM articles a JOIN revisions r ON r.article_id = a.id AND r.revision = a.revision \
             WHERE a.id IN (",
            $ids,
            ") ORDER BY a.id DESC"
        )
    };
}

macro_rules! fitting {
    ($ids:literal) => {
        concat!(
            "SELECT a.id FROM articles a WHERE a.id IN (",
            $ids,
            ") AND a.accepted_at >= $2 AND a.accepted_at < $3 AND ($4 = 0 OR EXISTS (SELECT 1 FROM deliveries d \
             WHERE d.article_id = a.id AND d.channel = coalesce($5, d.channel) AND d.state = coalesce($6, d.state))) \
             ORDER BY a.id DESC LIMIT $7"
        )
    };
}

/// Which articles come into question: no older and no newer than these.
struct Range {
    from: i64,
    before: i64,
}

impl Store {
    /// The articles of these days, by number: an article that is taken over later has a higher one.
    async fn range(&self, sought: &Sought) -> Result<Option<Range>, StoreError> {
        const LAST: Sql =
            Sql::both("SELECT id FROM articles WHERE accepted_at < $1 ORDER BY accepted_at DESC, id DESC LIMIT 1");
        const FIRST: Sql =
            Sql::both("SELECT id FROM articles WHERE accepted_at >= $1 ORDER BY accepted_at, id LIMIT 1");
        let mut range = Range { from: 0, before: sought.before.map_or(i64::MAX, |id| id.0) };
        if let Some(until) = sought.until {
            let Some(row) = self.readers.first(LAST, args![millis(until)]).await? else { return Ok(None) };
            range.before = range.before.min(row.int("id")?.saturating_add(1));
        }
        if let Some(from) = sought.from {
            let Some(row) = self.readers.first(FIRST, args![millis(from)]).await? else { return Ok(None) };
            range.from = row.int("id")?;
        }
        Ok(Some(range))
    }

    /// Candidates, the newest first, at most `most`.
    async fn candidates(&self, sought: &Sought, range: &Range, most: i64) -> Result<Vec<i64>, StoreError> {
        const BY_WORDS: Sql = Sql {
            sqlite: "SELECT rowid AS id FROM article_words WHERE article_words MATCH $1 AND rowid < $2 AND rowid >= $3 \
                     ORDER BY rowid DESC LIMIT $4",
            postgres: "SELECT article_id AS id FROM article_words WHERE words @@ $1::tsquery AND article_id < $2 \
                       AND article_id >= $3 ORDER BY article_id DESC LIMIT $4",
        };
        const BY_STATE: Sql = Sql::both(concat!(
            "SELECT DISTINCT d.article_id AS id FROM deliveries d WHERE d.state = $1 AND ",
            for_a_person!(),
            " AND d.article_id < $2 AND d.article_id >= $3 ORDER BY d.article_id DESC LIMIT $4",
        ));
        const ALL: Sql = Sql::both("SELECT id FROM articles WHERE id < $1 AND id >= $2 ORDER BY id DESC LIMIT $3");
        let mut words = folded(&sought.words);
        if words.is_empty() && !sought.words.trim().is_empty() {
            return Ok(Vec::new());
        }
        words.extend(sought.topic.as_deref().map(topic_word));
        let few = sought.state.as_deref().filter(|state| FEW.contains(state));
        let rows = if !words.is_empty() {
            let (mark, and) = if self.opener.file().is_some() { ("\"", " ") } else { ("'", " & ") };
            let ending = if self.opener.file().is_some() { "*" } else { ":*" };
            let asked: Vec<String> = words.iter().map(|word| format!("{mark}{word}{mark}{ending}")).collect();
            self.readers.fetch(BY_WORDS, args![asked.join(and), range.before, range.from, most]).await?
        } else if let Some(state) = few {
            self.readers.fetch(BY_STATE, args![state, range.before, range.from, most]).await?
        } else {
            self.readers.fetch(ALL, args![range.before, range.from, most]).await?
        };
        rows.iter().map(|row| row.int("id")).collect()
    }

    /// Those of `ids` that fit, the newest first.
    async fn fitting(&self, sought: &Sought, ids: &[i64], most: i64) -> Result<Vec<i64>, StoreError> {
        const FITTING: Sql = Sql {
            sqlite: fitting!("SELECT value FROM json_each($1)"),
            postgres: fitting!("SELECT value::bigint FROM json_array_elements_text($1::json)"),
        };
        let asks = sought.channel.is_some() || sought.state.is_some();
        let mut args = vec![Arg::rows(ids)?];
        args.extend(args![
            sought.from.map_or(i64::MIN, millis),
            sought.until.map_or(i64::MAX, millis),
            i64::from(asks),
            sought.channel.clone(),
            sought.state.clone(),
            most
        ]);
        self.readers.fetch(FITTING, args).await?.iter().map(|row| row.int("id")).collect()
    }

    async fn listed(&self, ids: &[i64]) -> Result<Vec<Listed>, StoreError> {
        const LISTED: Sql = Sql {
            sqlite: listed!("r.content ->> 'title'", "SELECT value FROM json_each($1)"),
            postgres: listed!(
                "r.content::json ->> 'title'",
                "SELECT value::bigint FROM json_array_elements_text($1::json)"
            ),
        };
        const DELIVERIES: Sql = Sql {
            sqlite: delivery_rows!(
                "r.content ->> 'title'",
                "d.article_id IN (SELECT value FROM json_each($1)) ORDER BY d.channel"
            ),
            postgres: delivery_rows!(
                "r.content::json ->> 'title'",
                "d.article_id IN (SELECT value::bigint FROM json_array_elements_text($1::json)) ORDER BY d.channel"
            ),
        };
        let mut by_article: BTreeMap<ArticleId, Vec<DeliveryRow>> = BTreeMap::new();
        for row in self.readers.fetch(DELIVERIES, vec![Arg::rows(ids)?]).await? {
            let row = delivery_row(&row)?;
            by_article.entry(row.delivery.article).or_default().push(row);
        }
        let rows = self.readers.fetch(LISTED, vec![Arg::rows(ids)?]).await?;
        rows.iter()
            .map(|row| {
                let article = article_row(row)?;
                let deliveries = by_article.remove(&article.id).unwrap_or_default();
                Ok(Listed { accepted: row.instant("accepted_at")?, article, deliveries })
            })
            .collect()
    }

    async fn seek_now(&self, sought: &Sought) -> Result<Page, StoreError> {
        let Some(range) = self.range(sought).await? else { return Ok(Page::default()) };
        // One more than is shown says whether there are more.
        let most = i64::from(sought.most) + 1;
        let narrowed = sought.channel.is_some() || sought.state.is_some() || sought.from.is_some();
        let window = if narrowed { WINDOW } else { most };
        let candidates = self.candidates(sought, &range, window).await?;
        let mut ids = Vec::new();
        for chunk in candidates.chunks(CHUNK) {
            let left = most - i64::try_from(ids.len()).unwrap_or(i64::MAX);
            ids.extend(self.fitting(sought, chunk, left).await?);
            if i64::try_from(ids.len()).unwrap_or(i64::MAX) >= most {
                break;
            }
        }
        let shown = usize::try_from(sought.most).unwrap_or(usize::MAX);
        let more = ids.len() > shown;
        ids.truncate(shown);
        let looked_at_all = i64::try_from(candidates.len()).unwrap_or(i64::MAX) < window;
        let older = if more { ids.last() } else { candidates.last().filter(|_| !looked_at_all) };
        Ok(Page { older: older.map(|id| ArticleId(*id)), rows: self.listed(&ids).await? })
    }
}

impl Archive for Store {
    fn seek(&self, sought: Sought) -> BoxFuture<'_, Result<Page, StoreError>> {
        Box::pin(async move { self.seek_now(&sought).await })
    }

    fn topics(&self, most: u32) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        const TOPICS: Sql = Sql::both("SELECT name FROM topics ORDER BY folded LIMIT $1");
        Box::pin(async move {
            let rows = self.readers.fetch(TOPICS, args![i64::from(most)]).await?;
            rows.iter().map(|row| row.string("name")).collect()
        })
    }

    fn revisions(&self, article: ArticleId) -> BoxFuture<'_, Result<Vec<RevisionRow>, StoreError>> {
        const REVISIONS: Sql = Sql::both(
            "SELECT revision, author, accepted_at FROM revisions WHERE article_id = $1 ORDER BY revision DESC LIMIT 200",
        );
        Box::pin(async move {
            let rows = self.readers.fetch(REVISIONS, args![article.0]).await?;
            rows.iter()
                .map(|row| {
                    Ok(RevisionRow {
                        revision: Revision(row.small("revision")?),
                        authors: row.opt_text("author")?.unwrap_or_default().lines().map(str::to_owned).collect(),
                        accepted: row.instant("accepted_at")?,
                    })
                })
                .collect()
        })
    }

    fn revision(
        &self,
        article: ArticleId,
        revision: Revision,
    ) -> BoxFuture<'_, Result<Option<Arc<Article>>, StoreError>> {
        const ONE: Sql = Sql::both("SELECT content FROM revisions WHERE article_id = $1 AND revision = $2");
        Box::pin(async move {
            let row = self.readers.first(ONE, args![article.0, i64::from(revision.0)]).await?;
            row.map(|row| row.json("content").map(Arc::new)).transpose()
        })
    }

    fn decisions(&self, article: ArticleId, most: u32) -> BoxFuture<'_, Result<Vec<DecisionRow>, StoreError>> {
        const DECISIONS: Sql = Sql::both(
            "SELECT at, who, what, delivery_id, channel, note FROM decisions WHERE article_id = $1 ORDER BY id DESC LIMIT $2",
        );
        Box::pin(async move {
            let rows = self.readers.fetch(DECISIONS, args![article.0, i64::from(most)]).await?;
            rows.iter()
                .map(|row| {
                    Ok(DecisionRow {
                        at: row.instant("at")?,
                        who: row.string("who")?,
                        what: row.string("what")?,
                        delivery: row.opt_int("delivery_id")?.map(DeliveryId),
                        channel: row.opt_string("channel")?,
                        note: row.opt_text("note")?.map(from_json).transpose()?,
                    })
                })
                .collect()
        })
    }

    fn approvals(&self, article: ArticleId, most: u32) -> BoxFuture<'_, Result<Vec<ApprovalRow>, StoreError>> {
        const APPROVALS: Sql = Sql::both(
            "SELECT p.delivery_id, p.revision, p.payload_hash, p.who, p.at FROM deliveries d \
             JOIN approvals p ON p.delivery_id = d.id WHERE d.article_id = $1 ORDER BY p.id DESC LIMIT $2",
        );
        Box::pin(async move {
            let rows = self.readers.fetch(APPROVALS, args![article.0, i64::from(most)]).await?;
            rows.iter()
                .map(|row| {
                    let at: DateTime<Utc> = row.instant("at")?;
                    Ok(ApprovalRow {
                        delivery: DeliveryId(row.int("delivery_id")?),
                        revision: Revision(row.small("revision")?),
                        payload_hash: row.string("payload_hash")?,
                        who: row.string("who")?,
                        at,
                    })
                })
                .collect()
        })
    }

    fn unapproved(&self, after: Option<DeliveryId>, most: u32) -> BoxFuture<'_, Result<Vec<DeliveryRow>, StoreError>> {
        // The state is said twice: only so SQLite sees that the index of what needs a person has them all.
        const UNAPPROVED: Sql = Sql {
            sqlite: delivery_rows!(
                "r.content ->> 'title'",
                concat!(
                    "d.state = 'held' AND ",
                    for_a_person!(),
                    " AND d.detail ->> '$.why.for' IN ('approval', 'returned') AND d.id > $1 ORDER BY d.id LIMIT $2"
                )
            ),
            postgres: delivery_rows!(
                "r.content::json ->> 'title'",
                concat!(
                    "d.state = 'held' AND ",
                    for_a_person!(),
                    " AND d.detail::json #>> '{why,for}' IN ('approval', 'returned') AND d.id > $1 ORDER BY d.id LIMIT $2"
                )
            ),
        };
        Box::pin(async move {
            let after = after.map_or(0, |id| id.0);
            self.readers.fetch(UNAPPROVED, args![after, i64::from(most)]).await?.iter().map(delivery_row).collect()
        })
    }
}
