//! The ledger's rows of attempts. While a delivery is being sent it says itself what is tried, by whom and since when; the row
//! is written once, when it is over. Only where tries are counted before they are over, under a rate limit and in
//! editions, it is there from the lease on.

use super::db::{Arg, Connection};
use super::many::Many;
use super::row::{millis, to_json};
use crate::delivery::{Delivery, Errand, State};
use crate::ledger::AttemptRow;
use crate::queue::{AttemptReport, StoreError};

/// The word for what is done.
fn word(errand: &Errand) -> &'static str {
    match errand {
        Errand::Send(job) => job.action.name(),
        Errand::LookUp(..) => "look_up",
    }
}

/// The attempt that is being made now, if one is.
pub(super) fn under_way(delivery: &Delivery) -> Option<AttemptRow> {
    let State::Sending { lease, errand } = &delivery.state else { return None };
    Some(AttemptRow {
        delivery: delivery.id,
        attempt: lease.attempt,
        errand: word(errand).to_owned(),
        revision: errand.job().action.revision(),
        started: lease.since,
        finished: None,
        outcome: None,
        note: None,
        payload_hash: None,
        url: None,
    })
}

/// What is known of an attempt while it is under way: the columns that [`open`] writes.
fn begun(leased: &Delivery) -> Result<[Arg; 8], StoreError> {
    let State::Sending { lease, errand } = &leased.state else {
        return Err(StoreError::Other(format!("delivery {} is not being sent", leased.id)));
    };
    let job = errand.job();
    Ok([
        leased.id.0.into(),
        lease.attempt.into(),
        leased.channel.as_str().into(),
        word(errand).into(),
        job.action.revision().map(|revision| i64::from(revision.0)).into(),
        job.edition.map(millis).into(),
        lease.node.as_str().into(),
        millis(lease.since).into(),
    ])
}

/// Writes rows for attempts that have to be seen while they are under way.
pub(super) async fn open(connection: &mut Connection, leased: &[Delivery]) -> Result<(), StoreError> {
    const OPEN: Many<8> = Many {
        columns: ["delivery_id", "attempt", "channel", "errand", "revision", "edition", "node", "started_at"],
        sqlite: "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, edition, node, started_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        postgres: "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, edition, node, started_at) \
                   SELECT delivery_id, attempt, channel, errand, revision, edition, node, started_at \
                   FROM json_to_recordset($1::json) AS n (delivery_id bigint, attempt bigint, channel text, errand text, \
                   revision bigint, edition bigint, node text, started_at bigint)",
    };
    let rows: Result<Vec<_>, StoreError> = leased.iter().map(begun).collect();
    OPEN.execute(connection, rows?).await.map(drop)
}

/// A row that is complete.
pub(super) struct Closing([Arg; 14]);

impl Closing {
    /// For a delivery whose lease comes to this.
    pub(super) fn of(leased: &Delivery, report: &AttemptReport) -> Result<Self, StoreError> {
        let [delivery, attempt, channel, errand, revision, edition, node, started] = begun(leased)?;
        Ok(Self([
            delivery,
            attempt,
            channel,
            errand,
            revision,
            edition,
            node,
            started,
            millis(report.finished).into(),
            report.outcome.into(),
            report.note.as_ref().map(to_json).transpose()?.into(),
            report.payload_hash.as_deref().into(),
            report.remote_id.as_deref().into(),
            report.url.as_deref().into(),
        ]))
    }
}

/// What an attempt came to; a row that is closed already stays as it is.
macro_rules! close {
    ($rows:literal) => {
        concat!(
            "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, edition, node, started_at, finished_at, \
             outcome, note, payload_hash, remote_id, url) ",
            $rows,
            " ON CONFLICT (delivery_id, attempt) DO UPDATE SET finished_at = excluded.finished_at, \
             outcome = excluded.outcome, note = excluded.note, payload_hash = excluded.payload_hash, \
             remote_id = excluded.remote_id, url = excluded.url WHERE attempts.finished_at IS NULL"
        )
    };
}

/// Writes rows of attempts that are over.
pub(super) async fn close(connection: &mut Connection, closings: Vec<Closing>) -> Result<(), StoreError> {
    const CLOSE: Many<14> = Many {
        columns: [
            "delivery_id",
            "attempt",
            "channel",
            "errand",
            "revision",
            "edition",
            "node",
            "started_at",
            "finished_at",
            "outcome",
            "note",
            "payload_hash",
            "remote_id",
            "url",
        ],
        sqlite: close!("VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"),
        postgres: close!(
            "SELECT delivery_id, attempt, channel, errand, revision, edition, node, started_at, finished_at, outcome, note, \
             payload_hash, remote_id, url FROM json_to_recordset($1::json) AS n (delivery_id bigint, attempt bigint, \
             channel text, errand text, \
             revision bigint, edition bigint, node text, started_at bigint, finished_at bigint, outcome text, note text, \
             payload_hash text, remote_id text, url text)"
        ),
    };
    CLOSE.execute(connection, closings.into_iter().map(|closing| closing.0).collect()).await.map(drop)
}
