//! Taking over an article: one transaction from "what is there" to "what is wanted everywhere".

use std::sync::Arc;

use super::ceiling::Leaves;
use super::contents::Content;
use super::db::{Connection, Sql, args};
use super::deliveries::{insert, of_article, swap_with};
use super::people::record_about;
use super::row::{instant, millis, to_json};
use super::tx::Tx;
use super::{marks, pictures, words};
use crate::article::{Article, ArticleId, ArticleKey, Priority, Revision};
use crate::delivery::{Delivery, DeliveryId, Event, Plan, Wanted, apply};
use crate::queue::{Accepted, Change, Current, Decide, Handover, StoreError, Verdict};

pub(super) async fn accept(tx: &mut Tx, handover: &Handover, decide: &Decide) -> Result<Verdict, StoreError> {
    tx.alone_at(&handover.key.to_string()).await?;
    if let Some(verdict) = repeated(&mut tx.connection, handover).await? {
        return Ok(verdict);
    }
    let known = current(tx, &handover.key).await?;
    let change = match decide(known.as_ref()) {
        Ok(change) => change,
        Err(reason) => return Ok(Verdict::Refused(reason)),
    };
    let change = match remembered(&mut tx.connection, handover, known.as_ref(), change).await? {
        Ok(change) => change,
        Err(verdict) => return Ok(verdict),
    };
    // A withdrawal is taken in a full store, too.
    let leaves = if matches!(change, Change::Withdraw { .. }) { Leaves::Nothing } else { Leaves::RoomForTries };
    let before = tx.level().await?;
    let accepted = match (change, known) {
        (Change::Unchanged, Some(known)) => accepted(known.id, known.revision, false, known.deliveries.len()),
        (Change::Unchanged | Change::Withdraw { .. }, None) => {
            return Err(StoreError::Other("an article that is not there cannot stay or go".to_owned()));
        }
        (Change::Withdraw { plans }, Some(known)) => {
            const WITHDRAW: Sql = Sql::both(
                "UPDATE articles SET withdrawn_at = $1, quiet_since = NULL WHERE id = $2 AND withdrawn_at IS NULL",
            );
            tx.connection.execute(WITHDRAW, args![millis(handover.now), known.id.0]).await?;
            want(tx, &known, Wanted::Withdrawn, plans).await?;
            decision(tx, handover, "withdraw", known.id, known.revision).await?;
            accepted(known.id, known.revision, true, known.deliveries.len())
        }
        (Change::Revise { revision, article, plans } | Change::Anew { revision, article, plans }, known) => {
            let what = if known.is_some() { "correct" } else { "publish" };
            let deliveries = plans.len();
            let known = revise(tx, handover, known, revision, article).await?;
            want(tx, &known, Wanted::Revision(revision), plans).await?;
            decision(tx, handover, what, known.id, revision).await?;
            accepted(known.id, revision, true, deliveries)
        }
    };
    if let Some((key, fingerprint)) = &handover.request {
        const KEEP: Sql = Sql::both(
            "INSERT INTO request_keys (key, fingerprint, article_id, revision, changed, deliveries, at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        );
        let Accepted { id, revision, changed, deliveries, .. } = accepted;
        let (revision, deliveries) = (i64::from(revision.0), i64::try_from(deliveries).unwrap_or(i64::MAX));
        let at = millis(handover.now);
        let args = args![key, fingerprint, id.0, revision, i64::from(changed), deliveries, at];
        tx.connection.execute(KEEP, args).await?;
    }
    tx.check(before, &[leaves]).await?;
    Ok(Verdict::Accepted(accepted))
}

fn accepted(id: ArticleId, revision: Revision, changed: bool, deliveries: usize) -> Accepted {
    Accepted { id, revision, changed, deliveries, missing_pictures: 0 }
}

/// The answer that this request had before, if it is a repeat.
async fn repeated(connection: &mut Connection, handover: &Handover) -> Result<Option<Verdict>, StoreError> {
    const KEPT: Sql = Sql::both("SELECT * FROM request_keys WHERE key = $1");
    let Some((key, fingerprint)) = &handover.request else { return Ok(None) };
    let Some(row) = connection.first(KEPT, args![key]).await? else { return Ok(None) };
    if row.text("fingerprint")? != fingerprint {
        return Ok(Some(Verdict::KeyReused));
    }
    let (id, revision) = (ArticleId(row.int("article_id")?), Revision(row.small("revision")?));
    Ok(Some(Verdict::Accepted(accepted(id, revision, row.flag("changed")?, row.count("deliveries")?))))
}

/// What becomes of an article that is not there: if it was forgotten it is known all the same, and does not go out again
/// unless that is asked for.
async fn remembered(
    connection: &mut Connection,
    handover: &Handover,
    known: Option<&Current>,
    change: Change,
) -> Result<Result<Change, Verdict>, StoreError> {
    if known.is_some() {
        return Ok(Ok(change));
    }
    let Some(mark) = marks::find(connection, &handover.key).await? else { return Ok(Ok(change)) };
    match change {
        Change::Anew { revision, article, plans } => {
            marks::wipe(connection, &mark).await?;
            Ok(Ok(Change::Revise { revision: revision.max(mark.next()), article, plans }))
        }
        Change::Revise { article, .. } => Ok(Err(mark.verdict(&article))),
        other => Ok(Ok(other)),
    }
}

/// What is known of an article.
async fn current(tx: &mut Tx, key: &ArticleKey) -> Result<Option<Current>, StoreError> {
    const FIND: Sql =
        Sql::both("SELECT id, revision, withdrawn_at FROM articles WHERE source = $1 AND external_id = $2");
    let Some(row) = tx.connection.first(FIND, args![&key.source, &key.external_id]).await? else { return Ok(None) };
    let (id, revision) = (ArticleId(row.int("id")?), Revision(row.small("revision")?));
    let withdrawn = row.opt_int("withdrawn_at")?.is_some();
    let found = tx.contents([(id, revision)]).await?;
    let missing = || StoreError::Corrupt(format!("the content of article {id} is missing"));
    let article = found.get(&(id, revision)).ok_or_else(missing)?.article.clone();
    let deliveries = of_article(&mut tx.connection, id).await?;
    Ok(Some(Current { id, revision, article, withdrawn, deliveries }))
}

/// Stores the revision and returns the article as it now is.
async fn revise(
    tx: &mut Tx,
    handover: &Handover,
    known: Option<Current>,
    revision: Revision,
    article: Arc<Article>,
) -> Result<Current, StoreError> {
    const RAISE: Sql = Sql::both(
        "UPDATE articles SET revision = $1, withdrawn_at = NULL, quiet_since = NULL WHERE id = $2 AND revision < $1",
    );
    const FIRST: Sql = Sql::both(
        "INSERT INTO articles (source, external_id, revision, accepted_at) VALUES ($1, $2, $3, $4) RETURNING id",
    );
    const KEEP: Sql = Sql::both(
        "INSERT INTO revisions (article_id, revision, content, content_hash, accepted_at, author) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    );
    let (number, at) = (i64::from(revision.0), millis(handover.as_of));
    let connection = &mut tx.connection;
    let id = if let Some(known) = &known {
        connection.execute(RAISE, args![number, known.id.0]).await?;
        known.id
    } else {
        let key = &handover.key;
        let row = connection.first(FIRST, args![&key.source, &key.external_id, number, at]).await?;
        let unnumbered = || StoreError::Other("an article was stored without a number".to_owned());
        ArticleId(row.ok_or_else(unnumbered)?.int("id")?)
    };
    let mut authors: Vec<&str> = handover.writers.iter().map(String::as_str).collect();
    if !authors.contains(&handover.who.as_str()) {
        authors.push(&handover.who);
    }
    // No name has a line break.
    let content = to_json(&*article)?;
    if known.is_none() {
        // It is read again at once, to be sent.
        let at = instant(at);
        let new = Content { article: Arc::clone(&article), accepted: at, first_accepted: at };
        tx.contents.keep((id, revision), new, content.len());
    }
    let args = args![id.0, number, content, article.content_hash(), at, authors.join("\n")];
    connection.execute(KEEP, args).await?;
    words::keep(connection, id, &article).await?;
    pictures::used(connection, id, revision, &article).await?;
    let deliveries = known.map(|known| known.deliveries).unwrap_or_default();
    Ok(Current { id, revision, article, withdrawn: false, deliveries })
}

/// Moves `wanted` on every planned channel, and wakes it.
async fn want(tx: &mut Tx, known: &Current, wanted: Wanted, plans: Vec<(String, Plan)>) -> Result<(), StoreError> {
    // A withdrawal goes before everything else.
    let urgency = match known.article.priority {
        _ if wanted == Wanted::Withdrawn => 0,
        Priority::Urgent => 0,
        Priority::Normal => 1,
        Priority::Low => 2,
    };
    let (mut changes, mut new) = (Vec::new(), Vec::new());
    for (channel, plan) in plans {
        match known.deliveries.iter().find(|delivery| delivery.channel == channel) {
            Some(before) => {
                if let Ok(after) = apply(before, Event::Want(wanted, plan)) {
                    changes.push((before.clone(), after));
                }
            }
            None if wanted == Wanted::Withdrawn => continue,
            None => new.push(Delivery::new(DeliveryId(0), known.id, &channel, wanted, plan)),
        }
        tx.wake(&channel);
    }
    swap_with(&mut tx.connection, &changes, Some(urgency)).await?;
    insert(&mut tx.connection, &new, urgency).await
}

async fn decision(
    tx: &mut Tx,
    handover: &Handover,
    what: &str,
    article: ArticleId,
    revision: Revision,
) -> Result<(), StoreError> {
    let note = crate::text!("bản {revision}", "revision {revision}");
    record_about(tx, &handover.who, what, handover.now, None, (Some(article.0), None), &note).await
}
