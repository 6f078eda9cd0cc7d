//! Taking back what a dead process left, and planning again what waits.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnection;

use super::lease::candidate;
use super::rows::{DELIVERY, delivery, swap};
use super::settle::close_attempt;
use super::{SqliteStore, failed};
use crate::delivery::{Delivery, Event, State, apply};
use crate::queue::{AttemptReport, OnLost, Planner, StoreError};
use crate::text;

impl SqliteStore {
    pub(super) async fn sweep_now(
        &self,
        now: DateTime<Utc>,
        not_of: Option<String>,
        on_lost: OnLost,
    ) -> Result<usize, StoreError> {
        let swept = self
            .writer
            .run(move |connection| Box::pin(async move { sweep(connection, now, not_of.as_deref(), &on_lost).await }))
            .await?;
        if swept > 0 {
            self.ring_all();
        }
        Ok(swept)
    }

    pub(super) async fn replan_now(&self, channel: String, planner: Planner) -> Result<usize, StoreError> {
        let name = channel.clone();
        let planned = self
            .writer
            .run(move |connection| Box::pin(async move { replan(connection, &name, &planner).await }))
            .await?;
        self.ring([channel.as_str()]);
        Ok(planned)
    }
}

async fn sweep(
    connection: &mut SqliteConnection,
    now: DateTime<Utc>,
    not_of: Option<&str>,
    on_lost: &OnLost,
) -> Result<usize, StoreError> {
    let mut swept = 0;
    for before in in_state(connection, "sending", None).await? {
        let State::Sending { lease, .. } = &before.state else { continue };
        let orphaned = not_of.is_some_and(|alive| alive != lease.node);
        if lease.until > now && !orphaned {
            continue;
        }
        let attempt = lease.attempt;
        let Ok(after) = apply(&before, Event::LeaseLost(on_lost(&before))) else { continue };
        swap(connection, &before, &after).await?;
        let report = AttemptReport {
            attempt,
            finished: now,
            outcome: "lost",
            note: Some(text!(
                "tiến trình gửi dừng giữa chừng, chưa rõ kết quả",
                "the sending process ended in the middle; the result is not known"
            )),
            ..AttemptReport::default()
        };
        close_attempt(connection, before.id, &report).await?;
        swept += 1;
    }
    Ok(swept)
}

async fn replan(connection: &mut SqliteConnection, channel: &str, planner: &Planner) -> Result<usize, StoreError> {
    let mut planned = 0;
    for before in in_state(connection, "waiting", Some(channel)).await? {
        let Some(action) = before.needed() else { continue };
        let candidate = candidate(connection, &before, action, None).await?;
        let Ok(after) = apply(&before, Event::Replan(planner(&candidate))) else { continue };
        swap(connection, &before, &after).await?;
        planned += 1;
    }
    Ok(planned)
}

async fn in_state(
    connection: &mut SqliteConnection,
    state: &str,
    channel: Option<&str>,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {DELIVERY} FROM deliveries d WHERE d.state = ?1 AND d.channel = coalesce(?2, d.channel) ORDER BY d.id"
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(state).bind(channel).fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(delivery).collect()
}
