//! The ledger's rows of attempts: opened with the lease, closed once.

use serde::Serialize;

use super::db::{Arg, Connection, Sql};
use super::row::{millis, to_json};
use crate::delivery::{Delivery, DeliveryId, Job};
use crate::queue::{AttemptReport, LeaseRequest, StoreError};

/// A row that begins.
#[derive(Serialize)]
pub(super) struct Opening {
    channel: String,
    node: String,
    started_at: i64,
    delivery_id: i64,
    attempt: u32,
    errand: &'static str,
    revision: Option<u32>,
    edition: Option<i64>,
}

impl Opening {
    /// For a delivery that is leased now.
    pub(super) fn of(request: &LeaseRequest, leased: &Delivery, errand: &'static str, job: Job) -> Self {
        Self {
            channel: request.channel.clone(),
            node: request.node.clone(),
            started_at: millis(request.now),
            delivery_id: leased.id.0,
            attempt: leased.attempt,
            errand,
            revision: job.action.revision().map(|revision| revision.0),
            edition: job.edition.map(millis),
        }
    }
}

/// Opens the rows of leases.
pub(super) async fn open(connection: &mut Connection, openings: &[Opening]) -> Result<(), StoreError> {
    const OPEN: Sql = Sql {
        sqlite: "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, edition, node, started_at) \
                 SELECT value ->> 'delivery_id', value ->> 'attempt', value ->> 'channel', value ->> 'errand', \
                 value ->> 'revision', value ->> 'edition', value ->> 'node', value ->> 'started_at' FROM json_each($1)",
        postgres: "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, edition, node, started_at) \
                   SELECT delivery_id, attempt, channel, errand, revision, edition, node, started_at \
                   FROM json_to_recordset($1::json) AS n (delivery_id bigint, attempt bigint, channel text, errand text, \
                   revision bigint, edition bigint, node text, started_at bigint)",
    };
    if openings.is_empty() {
        return Ok(());
    }
    connection.execute(OPEN, vec![Arg::rows(openings)?]).await.map(drop)
}

#[derive(Serialize)]
struct Closing<'a> {
    delivery_id: i64,
    attempt: u32,
    finished_at: i64,
    outcome: &'static str,
    note: Option<String>,
    payload_hash: Option<&'a str>,
    remote_id: Option<&'a str>,
    url: Option<&'a str>,
}

/// Closes rows; one that is closed already stays as it is.
pub(super) async fn close(
    connection: &mut Connection,
    reports: &[(DeliveryId, &AttemptReport)],
) -> Result<(), StoreError> {
    const CLOSE: Sql = Sql {
        sqlite: "UPDATE attempts SET finished_at = n.value ->> 'finished_at', outcome = n.value ->> 'outcome', \
                 note = n.value ->> 'note', payload_hash = n.value ->> 'payload_hash', \
                 remote_id = n.value ->> 'remote_id', url = n.value ->> 'url' FROM json_each($1) n \
                 WHERE attempts.delivery_id = n.value ->> 'delivery_id' AND attempts.attempt = n.value ->> 'attempt' \
                 AND attempts.finished_at IS NULL",
        postgres: "UPDATE attempts a SET finished_at = n.finished_at, outcome = n.outcome, note = n.note, \
                   payload_hash = n.payload_hash, remote_id = n.remote_id, url = n.url \
                   FROM json_to_recordset($1::json) AS n (delivery_id bigint, attempt bigint, finished_at bigint, \
                   outcome text, note text, payload_hash text, remote_id text, url text) \
                   WHERE a.delivery_id = n.delivery_id AND a.attempt = n.attempt AND a.finished_at IS NULL",
    };
    if reports.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::with_capacity(reports.len());
    for (id, report) in reports {
        rows.push(Closing {
            delivery_id: id.0,
            attempt: report.attempt,
            finished_at: millis(report.finished),
            outcome: report.outcome,
            note: report.note.as_ref().map(to_json).transpose()?,
            payload_hash: report.payload_hash.as_deref(),
            remote_id: report.remote_id.as_deref(),
            url: report.url.as_deref(),
        });
    }
    connection.execute(CLOSE, vec![Arg::rows(&rows)?]).await.map(drop)
}
