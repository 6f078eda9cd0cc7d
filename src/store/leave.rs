//! The last word on copies that are about to leave, and their entry as begun: in one transaction for many.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::copies::{JobCopies, change};
use super::db::{Arg, Connection, Sql, args};
use super::many::Many;
use super::row::millis;
use crate::channel::{Departures, Leave};
use crate::queue::StoreError;

macro_rules! stopped {
    ($articles:literal) => {
        concat!(
            "SELECT (SELECT count(*) FROM pauses WHERE channel = $1) + (SELECT count(*) FROM restores \
             WHERE NOT EXISTS (SELECT 1 FROM let_go l WHERE l.channel = $1)) AS paused, (SELECT count(*) FROM ",
            $articles,
            " articles a ON a.id = CAST(asked.value AS bigint) WHERE a.withdrawn_at IS NOT NULL) \
             AS withdrawn"
        )
    };
}

/// Puts those on record as begun that may leave.
pub(super) async fn begin(
    connection: &mut Connection,
    job: &JobCopies,
    departures: &Departures,
    now: DateTime<Utc>,
) -> Result<Vec<Leave>, StoreError> {
    change(connection, job, &departures.news, now).await?;
    if departures.recipients.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(stop) = stopped(connection, job, departures).await? {
        return Ok(vec![stop; departures.recipients.len()]);
    }
    let begun = mark(connection, job, &departures.recipients, now).await?;
    let word = |recipient| if begun.contains(recipient) { Leave::Now } else { Leave::NotThisOne };
    Ok(departures.recipients.iter().map(word).collect())
}

/// What keeps all of them back.
async fn stopped(
    connection: &mut Connection,
    job: &JobCopies,
    departures: &Departures,
) -> Result<Option<Leave>, StoreError> {
    const STOPPED: Sql = Sql {
        sqlite: stopped!("json_each($2) asked CROSS JOIN"),
        postgres: stopped!("json_array_elements_text($2::json) asked JOIN"),
    };
    let mut args = args![&job.channel];
    args.push(Arg::rows(&job.articles)?);
    let Some(row) = connection.first(STOPPED, args).await? else { return Ok(None) };
    Ok(if row.small("paused")? > 0 {
        Some(Leave::Paused)
    } else if row.small("withdrawn")? > 0 && !departures.withdraw {
        Some(Leave::Withdrawn)
    } else {
        None
    })
}

async fn mark(
    connection: &mut Connection,
    job: &JobCopies,
    recipients: &[String],
    now: DateTime<Utc>,
) -> Result<HashSet<String>, StoreError> {
    // For SQLite the whole key stands in each row of the list: otherwise it would go over the whole mailing for each.
    const MARK: Many<4> = Many {
        columns: ["channel", "job_key", "recipient", "at"],
        sqlite: "UPDATE copies SET state = 'begun', note = NULL, due = n.at, at = n.at, left_at = n.at FROM n \
                 WHERE copies.channel = n.channel AND copies.job_key = n.job_key AND copies.recipient = n.recipient \
                 AND copies.state = 'open' AND EXISTS (SELECT 1 FROM recipients r WHERE r.channel = n.channel \
                 AND r.address = n.recipient AND r.standing = 'active') RETURNING recipient",
        postgres: "UPDATE copies o SET state = 'begun', note = NULL, due = n.at, at = n.at, left_at = n.at \
                   FROM json_to_recordset($1::json) AS n (channel text, job_key text, recipient text, at bigint) \
                   WHERE o.channel = n.channel AND o.job_key = n.job_key AND o.recipient = n.recipient \
                   AND o.state = 'open' AND EXISTS (SELECT 1 FROM recipients r WHERE r.channel = n.channel \
                   AND r.address = n.recipient AND r.standing = 'active') RETURNING o.recipient",
    };
    let (channel, job_key) = (&job.channel, &job.job_key);
    let row = |recipient: &String| [channel.into(), job_key.into(), recipient.into(), millis(now).into()];
    let begun = MARK.fetch(connection, recipients.iter().map(row).collect()).await?;
    begun.iter().map(|row| row.string("recipient")).collect()
}
