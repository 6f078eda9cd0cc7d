//! What people decide: about one delivery, or about a channel. Each decision is a line in the ledger.

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::rows::{from_json, instant, load, millis, swap, to_json};
use super::single_copies::resolve_copies;
use super::{SqliteStore, failed};
use crate::delivery::{Delivery, DeliveryId, Event, apply};
use crate::queue::{Pause, PauseCause, StoreError};
use crate::text;
use crate::text::Text;

impl SqliteStore {
    pub(super) async fn decide_now(
        &self,
        id: DeliveryId,
        event: Event,
        who: String,
        now: DateTime<Utc>,
    ) -> Result<Result<Delivery, Text>, StoreError> {
        let decided = self
            .writer
            .run(move |connection| Box::pin(async move { decide(connection, id, event, &who, now).await }))
            .await?;
        if let Ok(delivery) = &decided {
            self.ring([delivery.channel.as_str()]);
        }
        Ok(decided)
    }

    pub(super) async fn pause_now(&self, channel: String, pause: Pause) -> Result<(), StoreError> {
        self.writer
            .run(move |connection| {
                Box::pin(async move {
                    let inserted =
                        sqlx::query("INSERT INTO pauses (channel, pause) VALUES (?, ?) ON CONFLICT DO NOTHING")
                            .bind(&channel)
                            .bind(to_json(&pause)?)
                            .execute(&mut *connection)
                            .await
                            .map_err(failed)?;
                    if inserted.rows_affected() == 0 {
                        return Ok(());
                    }
                    let who = match &pause.cause {
                        PauseCause::Person(name) => name.as_str(),
                        PauseCause::Attention(_) => "loa",
                    };
                    record(connection, who, "pause", pause.since, Some(&channel), None, &pause.note).await
                })
            })
            .await
    }

    pub(super) async fn resume_now(
        &self,
        channel: String,
        who: String,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let name = channel.clone();
        let resumed = self
            .writer
            .run(move |connection| {
                Box::pin(async move {
                    let gone = sqlx::query("DELETE FROM pauses WHERE channel = ?")
                        .bind(&name)
                        .execute(&mut *connection)
                        .await
                        .map_err(failed)?;
                    // A person knows better than the far side's last word; loa does not.
                    let rested = if who == "loa" { 0 } else { wake(connection, &name, now).await? };
                    if gone.rows_affected() + rested == 0 {
                        return Ok(false);
                    }
                    let note = text!("tiếp tục", "resumed");
                    record(connection, &who, "resume", now, Some(&name), None, &note).await?;
                    Ok(true)
                })
            })
            .await?;
        self.ring([channel.as_str()]);
        Ok(resumed)
    }

    pub(super) async fn throttle_now(&self, channel: String, until: DateTime<Utc>) -> Result<(), StoreError> {
        self.writer
            .run(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO rests (channel, until) VALUES (?, ?) \
                         ON CONFLICT (channel) DO UPDATE SET until = max(until, excluded.until)",
                    )
                    .bind(&channel)
                    .bind(millis(until))
                    .execute(connection)
                    .await
                    .map_err(failed)?;
                    Ok(())
                })
            })
            .await
    }

    pub(super) async fn paused_now(&self, channel: &str) -> Result<Option<Pause>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(failed)?;
        pause_of(&mut connection, channel).await
    }
}

/// Ends a channel's rest; how many there were.
async fn wake(connection: &mut SqliteConnection, channel: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let woken = sqlx::query("DELETE FROM rests WHERE channel = ? AND until > ?")
        .bind(channel)
        .bind(millis(now))
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(woken.rows_affected())
}

/// Until when the channel rests, if it still does.
pub(super) async fn rest_of(
    connection: &mut SqliteConnection,
    channel: &str,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let until: Option<i64> = sqlx::query_scalar("SELECT until FROM rests WHERE channel = ? AND until > ?")
        .bind(channel)
        .bind(millis(now))
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    Ok(until.map(instant))
}

pub(super) async fn pause_of(connection: &mut SqliteConnection, channel: &str) -> Result<Option<Pause>, StoreError> {
    let row = sqlx::query("SELECT pause FROM pauses WHERE channel = ?")
        .bind(channel)
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    row.map(|row| from_json(row.get("pause"))).transpose()
}

async fn decide(
    connection: &mut SqliteConnection,
    id: DeliveryId,
    event: Event,
    who: &str,
    now: DateTime<Utc>,
) -> Result<Result<Delivery, Text>, StoreError> {
    let Some(before) = load(connection, id).await? else {
        return Ok(Err(text!("không có lượt phát số {id}", "there is no delivery {id}")));
    };
    let (what, note) = match &event {
        Event::Resolve { went_out: true, .. } => ("resolve", text!("xác nhận: đã lên", "resolved: it went out")),
        Event::Resolve { .. } => ("resolve", text!("xác nhận: chưa lên", "resolved: it did not go out")),
        _ => ("retry", text!("cho gửi lại", "let it go on")),
    };
    let event = resolve_copies(connection, &before, event, now).await?;
    let Ok(after) = apply(&before, event) else {
        let state = before.state.name();
        return Ok(Err(text!(
            "lượt phát {id} đang ở trạng thái \"{state}\", không làm việc này được",
            "delivery {id} is \"{state}\", in which this cannot be done"
        )));
    };
    swap(connection, &before, &after).await?;
    record(connection, who, what, now, Some(&before.channel), Some(&before), &note).await?;
    Ok(Ok(after))
}

pub(super) async fn record(
    connection: &mut SqliteConnection,
    who: &str,
    what: &str,
    at: DateTime<Utc>,
    channel: Option<&str>,
    delivery: Option<&Delivery>,
    note: &Text,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO decisions (at, who, what, article_id, delivery_id, channel, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(millis(at))
    .bind(who)
    .bind(what)
    .bind(delivery.map(|delivery| delivery.article.0))
    .bind(delivery.map(|delivery| delivery.id.0))
    .bind(channel)
    .bind(to_json(note)?)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}
