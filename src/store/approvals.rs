//! What named persons have approved.

use chrono::{DateTime, Utc};

use super::db::{Connection, Sql, args};
use super::row::millis;
use crate::delivery::{Action, Delivery, Event};
use crate::queue::StoreError;
use crate::text;
use crate::text::Text;

/// Whether this person may approve it: where two are asked for, not who wrote the revision.
pub(super) async fn check(
    connection: &mut Connection,
    delivery: &Delivery,
    event: &Event,
    who: &str,
) -> Result<Result<(), Text>, StoreError> {
    const AUTHOR: Sql = Sql::both("SELECT author FROM revisions WHERE article_id = $1 AND revision = $2");
    let Event::Approve { by_another: true, .. } = event else { return Ok(Ok(())) };
    let Some(revision) = delivery.needed().and_then(Action::revision) else { return Ok(Ok(())) };
    let row = connection.first(AUTHOR, args![delivery.article.0, i64::from(revision.0)]).await?;
    let author = row.map(|row| row.opt_string("author")).transpose()?.flatten();
    if author.is_some_and(|authors| authors.lines().any(|author| author == who)) {
        return Ok(Err(text!(
            "bản {revision} do chính {who} soạn; kênh này cần người khác duyệt",
            "{who} wrote revision {revision}; on this channel somebody else has to approve it"
        )));
    }
    Ok(Ok(()))
}

/// Keeps what was approved, where that is what was decided.
pub(super) async fn keep(
    connection: &mut Connection,
    delivery: &Delivery,
    event: &Event,
    who: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const KEEP: Sql =
        Sql::both("INSERT INTO approvals (delivery_id, revision, payload_hash, who, at) VALUES ($1, $2, $3, $4, $5)");
    let Event::Approve { plan, .. } = event else { return Ok(()) };
    let (Some(revision), Some(approved)) = (delivery.needed().and_then(Action::revision), &plan.approved) else {
        return Ok(());
    };
    let args = args![delivery.id.0, i64::from(revision.0), &approved.hash, who, millis(now)];
    connection.execute(KEEP, args).await.map(drop)
}
