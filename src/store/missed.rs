//! Sending a job again to those who missed it, and to nobody else.

use chrono::{DateTime, Utc};

use super::db::{Connection, Sql, args};
use super::deliveries::{delivery, delivery_columns, load, swap};
use super::people::record;
use super::row::{instant, millis};
use super::tx::Tx;
use crate::article::{ArticleKey, Revision};
use crate::delivery::{Action, Delivery, DeliveryId, Event, Live, Plan, Slot, apply, edition_key, job_key};
use crate::queue::StoreError;
use crate::text;
use crate::text::Text;

macro_rules! of {
    ($lock:literal) => {
        concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries d WHERE d.channel = $1 AND EXISTS (SELECT 1 FROM attempts t WHERE t.delivery_id = d.id \
             AND t.edition = $2 AND coalesce(t.outcome, '') <> 'moved') ORDER BY d.id",
            $lock
        )
    };
}

/// A delivery's last job.
pub(super) struct Last {
    action: Action,
    edition: Option<Slot>,
    /// The job's name.
    pub(super) key: String,
}

pub(super) async fn resend(
    tx: &mut Tx,
    id: DeliveryId,
    who: &str,
    now: DateTime<Utc>,
) -> Result<Result<usize, Text>, StoreError> {
    let connection = &mut tx.connection;
    let Some(before) = load(connection, &[id]).await?.pop() else {
        return Ok(Err(text!("không có lượt phát số {id}", "there is no delivery {id}")));
    };
    let Some(last) = last(connection, &before).await? else {
        return Ok(Err(text!("lượt phát {id} chưa gửi lần nào", "delivery {id} has not been tried yet")));
    };
    if last.action == Action::Withdraw {
        return Ok(Err(text!(
            "lần gửi sau cùng của lượt phát {id} là thư thu hồi; thư thu hồi không gửi lại được",
            "the last job of delivery {id} was a withdrawal, which is not sent again"
        )));
    }
    let together = match last.edition {
        Some(slot) => of_edition(connection, &before.channel, slot).await?,
        None => vec![before.clone()],
    };
    // Judged before anything is changed: a refusal is a value, and leaves no trace.
    let plan = again(last.edition, now);
    let mut changed = Vec::with_capacity(together.len());
    for before in together {
        let action = Action::Create(before.live.revision().unwrap_or(Revision::FIRST));
        let action = if last.edition.is_some() { action } else { last.action };
        let Ok(after) = apply(&before, Event::Missed { action, plan: plan.clone() }) else {
            let (id, state) = (before.id, before.state.name());
            return Ok(Err(text!(
                "lượt phát {id} đang ở trạng thái \"{state}\"; chỉ gửi bù được khi đã xong hoặc thất bại",
                "delivery {id} is \"{state}\"; only what is settled or failed can be sent to those who missed it"
            )));
        };
        changed.push((before, after));
    }
    let reopened = reopen(connection, &before.channel, &last.key, now).await?;
    if reopened == 0 {
        return Ok(Err(text!(
            "lượt phát {id} không có ai bị lỡ mà còn gửi thư được",
            "nobody who may be written to has missed delivery {id}"
        )));
    }
    if let Some(slot) = last.edition {
        reopen_edition(connection, &before.channel, slot).await?;
    }
    swap(connection, &changed).await?;
    let note = text!("gửi bù cho {reopened} người bị lỡ", "sent again to {reopened} who missed it");
    record(tx, who, "retry", now, Some(&before.channel), Some(&before), &note).await?;
    tx.wake(&before.channel);
    Ok(Ok(reopened))
}

pub(super) async fn last(connection: &mut Connection, delivery: &Delivery) -> Result<Option<Last>, StoreError> {
    const LAST: Sql = Sql::both(
        "SELECT t.errand, t.revision, t.edition, a.source, a.external_id FROM attempts t \
         JOIN articles a ON a.id = $2 WHERE t.delivery_id = $1 AND t.errand <> 'look_up' ORDER BY t.attempt DESC LIMIT 1",
    );
    let Some(row) = connection.first(LAST, args![delivery.id.0, delivery.article.0]).await? else { return Ok(None) };
    let revision = Revision(row.opt_small("revision")?.unwrap_or_default());
    let action = match row.text("errand")? {
        "create" => Action::Create(revision),
        "update" => Action::Update(revision),
        _ => Action::Withdraw,
    };
    let edition = row.opt_int("edition")?.map(instant);
    let article = ArticleKey { source: row.string("source")?, external_id: row.string("external_id")? };
    let key = match edition {
        Some(slot) => edition_key(&delivery.channel, slot),
        // Neither what was live nor the hour tells two creates, or two updates, of one revision apart.
        None => {
            job_key(&delivery.channel, &article, action, &Live::Nothing, delivery.plan.planned, delivery.plan.again)
        }
    };
    Ok(Some(Last { action, edition, key }))
}

/// At once, and in the edition that it was in.
pub(super) fn again(edition: Option<Slot>, now: DateTime<Utc>) -> Plan {
    Plan { edition, ..Plan::at_once(now) }
}

pub(super) async fn reopen_edition(connection: &mut Connection, channel: &str, slot: Slot) -> Result<(), StoreError> {
    const REOPEN: Sql = Sql::both("UPDATE editions SET closed_at = NULL WHERE channel = $1 AND slot = $2");
    connection.execute(REOPEN, args![channel, millis(slot)]).await.map(drop)
}

/// The deliveries that left in an edition.
pub(super) async fn of_edition(
    connection: &mut Connection,
    channel: &str,
    slot: Slot,
) -> Result<Vec<Delivery>, StoreError> {
    const OF: Sql = Sql { sqlite: of!(""), postgres: of!(" FOR UPDATE OF d") };
    let rows = connection.fetch(OF, args![channel, millis(slot)]).await?;
    rows.iter().map(delivery).collect()
}

/// Opens the refused copies of those who may still be written to.
async fn reopen(
    connection: &mut Connection,
    channel: &str,
    key: &str,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    const OPEN: Sql = Sql::both(
        "UPDATE copies SET state = 'open', due = 0, since = NULL, at = $3 \
         WHERE channel = $1 AND job_key = $2 AND state = 'refused' AND EXISTS (SELECT 1 FROM recipients r \
         WHERE r.channel = $1 AND r.address = recipient AND r.standing = 'active')",
    );
    let opened = connection.execute(OPEN, args![channel, key, millis(now)]).await?;
    Ok(usize::try_from(opened).unwrap_or(usize::MAX))
}
