//! The ledger's rows of attempts: opened with the lease, closed once.

use super::db::{Arg, Connection};
use super::many::Many;
use super::row::{millis, to_json};
use crate::delivery::{Delivery, DeliveryId, Job};
use crate::queue::{AttemptReport, LeaseRequest, StoreError};

/// A row that begins.
pub(super) struct Opening([Arg; 8]);

impl Opening {
    /// For a delivery that is leased now.
    pub(super) fn of(request: &LeaseRequest, leased: &Delivery, errand: &'static str, job: Job) -> Self {
        Self([
            leased.id.0.into(),
            leased.attempt.into(),
            request.channel.as_str().into(),
            errand.into(),
            job.action.revision().map(|revision| i64::from(revision.0)).into(),
            job.edition.map(millis).into(),
            request.node.as_str().into(),
            millis(request.now).into(),
        ])
    }
}

/// Opens the rows of leases.
pub(super) async fn open(connection: &mut Connection, openings: Vec<Opening>) -> Result<(), StoreError> {
    const OPEN: Many<8> = Many {
        columns: ["delivery_id", "attempt", "channel", "errand", "revision", "edition", "node", "started_at"],
        sqlite: "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, edition, node, started_at) \
                 SELECT * FROM n WHERE delivery_id IS NOT NULL",
        postgres: "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, edition, node, started_at) \
                   SELECT delivery_id, attempt, channel, errand, revision, edition, node, started_at \
                   FROM json_to_recordset($1::json) AS n (delivery_id bigint, attempt bigint, channel text, errand text, \
                   revision bigint, edition bigint, node text, started_at bigint)",
    };
    OPEN.execute(connection, openings.into_iter().map(|opening| opening.0).collect()).await.map(drop)
}

/// Closes rows; one that is closed already stays as it is.
pub(super) async fn close(
    connection: &mut Connection,
    reports: &[(DeliveryId, &AttemptReport)],
) -> Result<(), StoreError> {
    const CLOSE: Many<8> = Many {
        columns: ["delivery_id", "attempt", "finished_at", "outcome", "note", "payload_hash", "remote_id", "url"],
        sqlite: "UPDATE OR FAIL attempts SET finished_at = n.finished_at, outcome = n.outcome, note = n.note, \
                 payload_hash = n.payload_hash, remote_id = n.remote_id, url = n.url FROM n \
                 WHERE attempts.delivery_id = n.delivery_id AND attempts.attempt = n.attempt \
                 AND attempts.finished_at IS NULL",
        postgres: "UPDATE attempts a SET finished_at = n.finished_at, outcome = n.outcome, note = n.note, \
                   payload_hash = n.payload_hash, remote_id = n.remote_id, url = n.url \
                   FROM json_to_recordset($1::json) AS n (delivery_id bigint, attempt bigint, finished_at bigint, \
                   outcome text, note text, payload_hash text, remote_id text, url text) \
                   WHERE a.delivery_id = n.delivery_id AND a.attempt = n.attempt AND a.finished_at IS NULL",
    };
    let row = |(id, report): &(DeliveryId, &AttemptReport)| {
        Ok([
            id.0.into(),
            report.attempt.into(),
            millis(report.finished).into(),
            report.outcome.into(),
            report.note.as_ref().map(to_json).transpose()?.into(),
            report.payload_hash.as_deref().into(),
            report.remote_id.as_deref().into(),
            report.url.as_deref().into(),
        ])
    };
    let rows: Result<Vec<[Arg; 8]>, StoreError> = reports.iter().map(row).collect();
    CLOSE.execute(connection, rows?).await.map(drop)
}
