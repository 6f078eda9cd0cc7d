//! A delivery's single copies, as people see them and decide about them.

use chrono::{DateTime, Utc};

use super::Store;
use super::db::{Arg, Connection, Sql, args};
use super::deliveries::{load, swap};
use super::missed::{again, last, of_edition, reopen_edition};
use super::people::record;
use super::row::{Row, millis, to_json};
use super::tx::Tx;
use crate::delivery::{Action, Delivery, DeliveryId, Event, Job, Plan, State, apply, edition_key};
use crate::ledger::CopyRow;
use crate::queue::{Answer, StoreError};
use crate::text;
use crate::text::Text;

impl Store {
    pub(super) async fn copies_of_now(
        &self,
        delivery: DeliveryId,
        state: Option<String>,
        after: Option<(String, String)>,
        most: u32,
    ) -> Result<Vec<CopyRow>, StoreError> {
        const COPIES: Sql = Sql {
            sqlite: "SELECT c.job_key, c.recipient, c.state, c.note, c.at FROM deliveries d \
                     JOIN copies c ON c.channel = d.channel AND c.job_key IN (SELECT value FROM json_each($6)) \
                     WHERE d.id = $1 AND c.state = coalesce($2, c.state) AND (c.job_key, c.recipient) > ($3, $4) \
                     ORDER BY c.job_key, c.recipient LIMIT $5",
            postgres: "SELECT c.job_key, c.recipient, c.state, c.note, c.at FROM deliveries d \
                       JOIN copies c ON c.channel = d.channel \
                       AND c.job_key IN (SELECT value FROM json_array_elements_text($6::json)) \
                       WHERE d.id = $1 AND c.state = coalesce($2, c.state) AND (c.job_key, c.recipient) > ($3, $4) \
                       ORDER BY c.job_key, c.recipient LIMIT $5",
        };
        let (job, recipient) = after.unwrap_or_default();
        let jobs = self.jobs_of(delivery).await?;
        let args = args![delivery.0, state, job, recipient, i64::from(most), jobs];
        let row = |row: &Row| {
            Ok(CopyRow {
                job: row.string("job_key")?,
                recipient: row.string("recipient")?,
                state: row.string("state")?,
                note: row.opt_string("note")?,
                at: row.instant("at")?,
            })
        };
        self.readers.fetch(COPIES, args).await?.iter().map(row).collect()
    }

    /// Keys of a delivery's own mailings, and of the editions that it was sent in.
    async fn jobs_of(&self, delivery: DeliveryId) -> Result<String, StoreError> {
        const EDITIONS: Sql = Sql::both(
            "SELECT DISTINCT channel, edition FROM attempts WHERE delivery_id = $1 AND edition IS NOT NULL \
             AND coalesce(outcome, '') <> 'moved'",
        );
        const OWN: Sql = Sql::both(
            "SELECT m.job_key FROM deliveries d JOIN mailings m ON m.channel = d.channel AND m.article_id = d.article_id \
             WHERE d.id = $1",
        );
        let editions = self.readers.fetch(EDITIONS, args![delivery.0]).await?;
        let own = self.readers.fetch(OWN, args![delivery.0]).await?;
        let edition = |row: &Row| Ok(edition_key(row.text("channel")?, row.instant("edition")?));
        let keys = own.iter().map(|row| row.string("job_key")).chain(editions.iter().map(edition));
        to_json(&keys.collect::<Result<Vec<_>, StoreError>>()?)
    }
}

/// What a person found out about single copies.
pub(super) struct Answering {
    pub(super) id: DeliveryId,
    pub(super) answer: Answer,
    pub(super) plan: Plan,
    pub(super) who: String,
    pub(super) now: DateTime<Utc>,
}

/// What a person found out about some of the copies in doubt. With the last of them the delivery goes on, and with it
/// those that left in the same edition.
pub(super) async fn answer(tx: &mut Tx, answering: &Answering) -> Result<Result<Delivery, Text>, StoreError> {
    let Answering { id, answer, plan, who, now } = answering;
    let connection = &mut tx.connection;
    let Some(before) = load(connection, &[*id]).await?.pop() else {
        return Ok(Err(text!("không có lượt phát số {id}", "there is no delivery {id}")));
    };
    let State::Uncertain { job, .. } = before.state else {
        return Ok(Err(text!("lượt phát {id} không có gì chưa rõ", "nothing about delivery {id} is uncertain")));
    };
    let in_doubt = in_doubt(connection, &before, job).await?;
    if let Some(other) = answer.recipients.iter().find(|recipient| !in_doubt.contains(recipient)) {
        return Ok(Err(text!(
            "{other} không nằm trong số người chưa rõ của lượt phát {id}; xem: loa recipients {id} --state begun",
            "{other} is not among those in doubt of delivery {id}; see: loa recipients {id} --state begun"
        )));
    }
    for recipient in &answer.recipients {
        settle(connection, &before, job, Some(recipient), answer.went_out, *now).await?;
    }
    let names = answer.recipients.join(", ");
    let note = if answer.went_out {
        text!("xác nhận đã nhận thư: {names}", "resolved, these have it: {names}")
    } else {
        text!("xác nhận chưa nhận thư, gửi lại: {names}", "resolved, these do not have it and get it: {names}")
    };
    record(tx, who, "resolve", *now, Some(&before.channel), Some(&before), &note).await?;
    let connection = &mut tx.connection;
    if in_doubt.iter().any(|recipient| !answer.recipients.contains(recipient)) {
        return Ok(Ok(before));
    }
    let event = if is_any(connection, &before, job, "open").await? {
        finish(connection, &before, job, *now).await?
    } else {
        Event::Resolve { went_out: true, plan: plan.clone() }
    };
    let together = match job.edition {
        Some(slot) => of_edition(connection, &before.channel, slot).await?,
        None => vec![before.clone()],
    };
    let mut changes = Vec::with_capacity(together.len());
    for sibling in together {
        let State::Uncertain { job, .. } = sibling.state else { continue };
        // Each article has its own step; what was found out is the same for all of them.
        let event = match event.clone() {
            Event::Missed { plan, .. } => Event::Missed { action: job.action, plan },
            other => other,
        };
        let after = apply(&sibling, event).map_err(|refused| StoreError::Other(refused.to_string()))?;
        changes.push((sibling, after));
    }
    swap(connection, &changes).await?;
    tx.wake(&before.channel);
    let answered = changes.into_iter().map(|(_, after)| after).find(|after| after.id == before.id);
    Ok(Ok(answered.unwrap_or(before)))
}

/// What a person saw of the delivery holds for its copies in doubt as well. Where some have had theirs, the job is not
/// begun again but finished.
pub(super) async fn resolve_copies(
    connection: &mut Connection,
    delivery: &Delivery,
    event: Event,
    now: DateTime<Utc>,
) -> Result<Event, StoreError> {
    let (Event::Resolve { went_out, .. }, State::Uncertain { job, .. }) = (&event, &delivery.state) else {
        return Ok(event);
    };
    settle(connection, delivery, *job, None, *went_out, now).await?;
    // An edition that was finished without this article has nobody left: then it goes to everybody, as a new one.
    let is_over = job.edition.is_some() && !is_any(connection, delivery, *job, "open").await?;
    if !went_out && !is_over && is_any(connection, delivery, *job, "sent").await? {
        return finish(connection, delivery, *job, now).await;
    }
    Ok(event)
}

/// The job is finished for those who do not have it: an edition as itself, not as the next one.
async fn finish(
    connection: &mut Connection,
    delivery: &Delivery,
    job: Job,
    now: DateTime<Utc>,
) -> Result<Event, StoreError> {
    if let Some(slot) = job.edition {
        reopen_edition(connection, &delivery.channel, slot).await?;
    }
    Ok(Event::Missed { action: job.action, plan: again(job.edition, now) })
}

/// Which copies are a job's: of the mailings on `$1` about the article `$2`, or of the one named `$3`.
macro_rules! of_job {
    () => {
        "channel = $1 AND job_key IN (SELECT m.job_key FROM mailings m WHERE m.channel = $1 AND m.article_id = $2 \
         UNION ALL SELECT $3)"
    };
}

/// Copies in doubt become sent, or open again; all of them, or one recipient's.
async fn settle(
    connection: &mut Connection,
    delivery: &Delivery,
    job: Job,
    recipient: Option<&str>,
    went_out: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const ALL: Sql =
        Sql::both(concat!("UPDATE copies SET state = $4, due = 0, at = $5 WHERE ", of_job!(), " AND state = 'begun'"));
    const ONE: Sql = Sql::both(concat!(
        "UPDATE copies SET state = $4, due = 0, at = $5 WHERE ",
        of_job!(),
        " AND state = 'begun' AND recipient = $6"
    ));
    let mut args = of_job(connection, delivery, job).await?;
    args.extend(args![if went_out { "sent" } else { "open" }, millis(now)]);
    let Some(recipient) = recipient else { return connection.execute(ALL, args).await.map(drop) };
    args.push(recipient.into());
    connection.execute(ONE, args).await.map(drop)
}

/// What says which copies are a job's: `$1`, `$2`, `$3`. An earlier letter about the same article, which a correction has
/// overtaken, is another job.
async fn of_job(connection: &mut Connection, delivery: &Delivery, job: Job) -> Result<Vec<Arg>, StoreError> {
    let key = match job {
        Job { edition: Some(slot), .. } => Some(edition_key(&delivery.channel, slot)),
        // Each order to withdraw has a key of its own.
        Job { action: Action::Withdraw, .. } => None,
        Job { .. } => last(connection, delivery).await?.map(|last| last.key),
    };
    let article = key.is_none().then_some(delivery.article.0);
    Ok(args![&delivery.channel, article, key])
}

async fn in_doubt(connection: &mut Connection, delivery: &Delivery, job: Job) -> Result<Vec<String>, StoreError> {
    const IN_DOUBT: Sql = Sql::both(concat!("SELECT recipient FROM copies WHERE ", of_job!(), " AND state = 'begun'"));
    let args = of_job(connection, delivery, job).await?;
    let rows = connection.fetch(IN_DOUBT, args).await?;
    rows.iter().map(|row| row.string("recipient")).collect()
}

async fn is_any(connection: &mut Connection, delivery: &Delivery, job: Job, state: &str) -> Result<bool, StoreError> {
    const ANY: Sql = Sql::both(concat!("SELECT 1 FROM copies WHERE ", of_job!(), " AND state = $4 LIMIT 1"));
    let mut args = of_job(connection, delivery, job).await?;
    args.push(state.into());
    Ok(connection.first(ANY, args).await?.is_some())
}
