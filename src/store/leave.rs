//! The last word on copies that are about to leave, their entry as begun, and what becomes of them: in one transaction for
//! many.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::copies::JobCopies;
use super::db::{Arg, Connection, Sql, args};
use super::many::Many;
use super::row::{millis, to_json};
use crate::channel::{CopyChange, Departures, Leave};
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

/// Puts those on record as begun that may leave, and what has become of others.
pub(super) async fn begin(
    connection: &mut Connection,
    job: &JobCopies,
    departures: &Departures,
    now: DateTime<Utc>,
) -> Result<Vec<Leave>, StoreError> {
    let recipients = &departures.recipients;
    let begun = change(connection, job, departures, now).await?;
    let stop = if begun.len() < recipients.len() { stopped(connection, job, departures).await? } else { None };
    let word = |recipient| match stop {
        _ if begun.contains(recipient) => Leave::Now,
        Some(stop) => stop,
        None => Leave::NotThisOne,
    };
    Ok(recipients.iter().map(word).collect())
}

/// What keeps all of them back, as [`change`] asks of each.
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

/// What changes together: the copies, and the mailboxes that are no good. Of those that are to leave become begun, and are
/// returned, which are open and may be written to while nothing keeps all of them back.
pub(super) async fn change(
    connection: &mut Connection,
    job: &JobCopies,
    departures: &Departures,
    now: DateTime<Utc>,
) -> Result<HashSet<String>, StoreError> {
    const BURY: Many<4> = Many {
        columns: ["channel", "recipient", "reason", "at"],
        sqlite: "UPDATE recipients SET standing = 'bounced', reason = ?3, since = ?4 \
                 WHERE channel = ?1 AND address = ?2 AND standing = 'active'",
        postgres: "UPDATE recipients r SET standing = 'bounced', reason = n.reason, since = n.at \
                   FROM json_to_recordset($1::json) AS n (channel text, recipient text, reason text, at bigint) \
                   WHERE r.channel = n.channel AND r.address = n.recipient AND r.standing = 'active'",
    };
    const CHANGE: Many<9> = Many {
        columns: ["channel", "job_key", "recipient", "state", "note", "due", "give_up", "at", "shows"],
        sqlite: "UPDATE copies SET note = ?5, due = ?6, at = ?8, \
                 left_at = CASE ?4 WHEN 'begun' THEN ?8 WHEN 'sent' THEN coalesce(left_at, ?8) ELSE left_at END, \
                 since = CASE WHEN ?7 IS NOT NULL THEN coalesce(since, ?8) ELSE since END, \
                 state = CASE WHEN coalesce(since, ?8) < ?7 THEN 'refused' ELSE ?4 END \
                 WHERE channel = ?1 AND job_key = ?2 AND recipient = ?3 \
                 AND (?4 <> 'begun' OR state = 'open' AND EXISTS (SELECT 1 FROM recipients r \
                 WHERE r.channel = ?1 AND r.address = ?3 AND r.standing = 'active') \
                 AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.channel = ?1) \
                 AND NOT EXISTS (SELECT 1 FROM restores WHERE NOT EXISTS (SELECT 1 FROM let_go l \
                 WHERE l.channel = ?1)) AND NOT EXISTS (SELECT 1 FROM json_each(?9) s \
                 CROSS JOIN articles a ON a.id = s.value WHERE a.withdrawn_at IS NOT NULL)) \
                 RETURNING recipient, state",
        postgres: "UPDATE copies o SET note = n.note, due = n.due, at = n.at, \
                   left_at = CASE n.state WHEN 'begun' THEN n.at WHEN 'sent' THEN coalesce(o.left_at, n.at) \
                   ELSE o.left_at END, \
                   since = CASE WHEN n.give_up IS NOT NULL THEN coalesce(o.since, n.at) ELSE o.since END, \
                   state = CASE WHEN coalesce(o.since, n.at) < n.give_up THEN 'refused' ELSE n.state END \
                   FROM json_to_recordset($1::json) AS n (channel text, job_key text, recipient text, state text, \
                   note text, due bigint, give_up bigint, at bigint, shows text) \
                   WHERE o.channel = n.channel AND o.job_key = n.job_key AND o.recipient = n.recipient \
                   AND (n.state <> 'begun' OR o.state = 'open' AND EXISTS (SELECT 1 FROM recipients r \
                   WHERE r.channel = n.channel AND r.address = n.recipient AND r.standing = 'active') \
                   AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.channel = n.channel) \
                   AND NOT EXISTS (SELECT 1 FROM restores WHERE NOT EXISTS (SELECT 1 FROM let_go l \
                   WHERE l.channel = n.channel)) AND NOT EXISTS (SELECT 1 \
                   FROM json_array_elements_text(n.shows::json) s JOIN articles a ON a.id = s.value::bigint \
                   WHERE a.withdrawn_at IS NOT NULL)) \
                   RETURNING o.recipient, o.state",
    };
    let Departures { recipients, news, withdraw } = departures;
    let (channel, key, at) = (&job.channel, &job.job_key, millis(now));
    let dead = |(_, change): &&(String, CopyChange)| matches!(change, CopyChange::Refused { dead: true, .. });
    let buried = |(recipient, change): &(String, CopyChange)| {
        [channel.into(), recipient.into(), reason(change).into(), at.into()]
    };
    BURY.execute(connection, news.iter().filter(dead).map(buried).collect()).await?;
    let changed = |(recipient, change): &(String, CopyChange)| {
        let (state, due, give_up) = becomes(change, now);
        let (due, reason) = (millis(due).into(), reason(change).into());
        let [channel, key, recipient] = [channel, key, recipient].map(Arg::from);
        [channel, key, recipient, state.into(), reason, due, give_up.into(), at.into(), Arg::Text(None)]
    };
    // Whose withdrawal keeps them back.
    let shows = to_json(if *withdraw { &[][..] } else { &job.articles[..] })?;
    let begins = |recipient: &String| {
        let [channel, key, recipient] = [channel, key, recipient].map(Arg::from);
        let (note, give_up) = (Arg::Text(None), Arg::Int(None));
        [channel, key, recipient, "begun".into(), note, at.into(), give_up, at.into(), (&shows).into()]
    };
    let rows = news.iter().map(changed).chain(recipients.iter().map(begins)).collect();
    let mut begun = HashSet::with_capacity(recipients.len());
    for row in CHANGE.fetch(connection, rows).await? {
        if row.text("state")? == "begun" {
            begun.insert(row.string("recipient")?);
        }
    }
    Ok(begun)
}

fn reason(change: &CopyChange) -> Option<&str> {
    match change {
        CopyChange::Refused { reason, .. } | CopyChange::Later { reason, .. } => Some(reason),
        CopyChange::NotBegun | CopyChange::Sent => None,
    }
}

/// The state, when it is due in it, and since when it may have been open before it counts as refused.
fn becomes(change: &CopyChange, now: DateTime<Utc>) -> (&'static str, DateTime<Utc>, Option<i64>) {
    let span = |span: Duration| TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
    match change {
        CopyChange::NotBegun => ("open", now, None),
        CopyChange::Sent => ("sent", now, None),
        CopyChange::Refused { .. } => ("refused", now, None),
        CopyChange::Later { wait, patience, .. } => ("open", now + span(*wait), Some(millis(now - span(*patience)))),
    }
}
