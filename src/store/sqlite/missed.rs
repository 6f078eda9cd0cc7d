//! Sending a job again to those who missed it, and to nobody else.

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::people::record;
use super::rows::{DELIVERY, delivery, instant, load, millis, swap};
use super::{SqliteStore, failed};
use crate::article::{ArticleKey, Revision};
use crate::delivery::{Action, Delivery, DeliveryId, Event, Live, Plan, Slot, Why, apply, edition_key, job_key};
use crate::queue::StoreError;
use crate::text;
use crate::text::Text;

/// A delivery's last job.
struct Last {
    action: Action,
    edition: Option<Slot>,
    key: String,
}

impl SqliteStore {
    pub(super) async fn resend_missed_now(
        &self,
        id: DeliveryId,
        who: String,
        now: DateTime<Utc>,
    ) -> Result<Result<usize, Text>, StoreError> {
        let done =
            self.writer.run(move |connection| Box::pin(async move { resend(connection, id, &who, now).await })).await?;
        Ok(done.map(|(channel, count)| {
            self.ring([channel.as_str()]);
            count
        }))
    }
}

async fn resend(
    connection: &mut SqliteConnection,
    id: DeliveryId,
    who: &str,
    now: DateTime<Utc>,
) -> Result<Result<(String, usize), Text>, StoreError> {
    let Some(before) = load(connection, id).await? else {
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
    let plan = Plan { planned: now, due: now, why: Why::Turn, edition: last.edition, approval: false };
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
        sqlx::query("UPDATE editions SET closed_at = NULL WHERE channel = ? AND slot = ?")
            .bind(&before.channel)
            .bind(millis(slot))
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    for (before, after) in &changed {
        swap(connection, before, after).await?;
    }
    let note = text!("gửi bù cho {reopened} người bị lỡ", "sent again to {reopened} who missed it");
    record(connection, who, "retry", now, Some(&before.channel), Some(&before), &note).await?;
    Ok(Ok((before.channel, reopened)))
}

async fn last(connection: &mut SqliteConnection, delivery: &Delivery) -> Result<Option<Last>, StoreError> {
    let row = sqlx::query(
        "SELECT t.errand, t.revision, t.edition, a.source, a.external_id FROM attempts t \
         JOIN articles a ON a.id = ?2 WHERE t.delivery_id = ?1 AND t.errand <> 'look_up' ORDER BY t.attempt DESC LIMIT 1",
    )
    .bind(delivery.id.0)
    .bind(delivery.article.0)
    .fetch_optional(connection)
    .await
    .map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let revision = Revision(row.get::<Option<u32>, _>("revision").unwrap_or_default());
    let action = match row.get("errand") {
        "create" => Action::Create(revision),
        "update" => Action::Update(revision),
        _ => Action::Withdraw,
    };
    let edition = row.get::<Option<i64>, _>("edition").map(instant);
    let article = ArticleKey { source: row.get("source"), external_id: row.get("external_id") };
    let key = match edition {
        Some(slot) => edition_key(&delivery.channel, slot),
        // Neither what was live nor the hour tells two creates, or two updates, of one revision apart.
        None => job_key(&delivery.channel, &article, action, &Live::Nothing, delivery.plan.planned),
    };
    Ok(Some(Last { action, edition, key }))
}

/// The deliveries that left in an edition.
async fn of_edition(connection: &mut SqliteConnection, channel: &str, slot: Slot) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {DELIVERY} FROM deliveries d WHERE d.channel = ? AND EXISTS (SELECT 1 FROM attempts t \
         WHERE t.delivery_id = d.id AND t.edition = ? AND coalesce(t.outcome, '') <> 'moved')"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(channel)
        .bind(millis(slot))
        .fetch_all(connection)
        .await
        .map_err(failed)?;
    rows.iter().map(delivery).collect()
}

/// Opens the refused copies of those who may still be written to.
async fn reopen(
    connection: &mut SqliteConnection,
    channel: &str,
    key: &str,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let opened = sqlx::query(
        "UPDATE copies SET state = 'open', due = 0, since = NULL, at = ?3 \
         WHERE channel = ?1 AND job_key = ?2 AND state = 'refused' AND EXISTS (SELECT 1 FROM recipients r \
         WHERE r.channel = ?1 AND r.address = recipient AND r.standing = 'active')",
    )
    .bind(channel)
    .bind(key)
    .bind(millis(now))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(usize::try_from(opened.rows_affected()).unwrap_or(usize::MAX))
}
