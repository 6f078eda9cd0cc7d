//! `/metrics` in the Prometheus text format. What takes a look at every delivery is counted beside it and is at most
//! half a minute old.

use std::fmt::{Display, Write as _};
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};

use super::Problem;
use super::read::unavailable;
use crate::console::{ChannelSummary, Face};
use crate::ledger::{Balance, Outcomes, Room};

/// Attempts that began so long ago are counted.
const RECENT: TimeDelta = TimeDelta::hours(1);

/// Metrics as they are written.
#[derive(Default)]
struct Written(String);

impl Written {
    fn about(&mut self, name: &str, help: &str) {
        // Writing into a string cannot fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge\n");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

pub(super) async fn metrics(State(face): State<Arc<Face>>) -> Result<Response, Problem> {
    let (console, now) = (&face.console, face.console.clock.now());
    let counted = match face.counted() {
        Some(counted) => counted.balances,
        // Nobody has asked before.
        None => console.ledger.balance().await.map_err(unavailable)?,
    };
    let summaries = console.desk.channels.summaries();
    let paused = console.ledger.pauses().await.map_err(unavailable)?;
    let outcomes = console.books.outcomes(now - RECENT).await.map_err(unavailable)?;
    let mut written = Written::default();
    deliveries(&mut written, &counted);
    written.about("loa_channel_paused", "Whether the channel is paused.");
    for channel in channels(&summaries, &counted) {
        let is_paused = u8::from(paused.iter().any(|(name, _)| name == channel));
        written.value("loa_channel_paused", &[("channel", channel)], is_paused);
    }
    written.about("loa_queue_age_seconds", "How long the next delivery of the channel has been due.");
    for channel in channels(&summaries, &counted) {
        let due = console.board.dues(channel.to_owned(), 1).await.map_err(unavailable)?;
        written.value("loa_queue_age_seconds", &[("channel", channel)], age(due.first().map(|due| due.due), now));
    }
    attempts(&mut written, &outcomes);
    credentials(&mut written, &summaries);
    room(&mut written, console.books.room().await.map_err(unavailable)?);
    if let Some(checked) = face.chain(now) {
        written.about("loa_ledger_whole", "Whether the ledger of decisions is as it was written.");
        written.value("loa_ledger_whole", &[], u8::from(checked.broken.is_none()));
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], written.0).into_response())
}

/// The configured channels and those that are gone and have deliveries.
fn channels<'c>(summaries: &'c [ChannelSummary], balances: &'c [Balance]) -> Vec<&'c str> {
    let known = summaries.iter().map(|summary| summary.channel.as_str());
    let mut all: Vec<&str> = known.chain(balances.iter().map(|balance| balance.channel.as_str())).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn age(due: Option<DateTime<Utc>>, now: DateTime<Utc>) -> i64 {
    due.map_or(0, |due| (now - due).num_seconds().max(0))
}

fn deliveries(written: &mut Written, balances: &[Balance]) {
    written.about("loa_deliveries", "Deliveries by channel and state.");
    for balance in balances {
        let states = [
            ("delivered", balance.delivered),
            ("waiting", balance.waiting),
            ("held", balance.held),
            ("failed", balance.failed),
            ("withdrawn", balance.withdrawn),
            ("uncertain", balance.uncertain),
        ];
        for (state, number) in states {
            written.value("loa_deliveries", &[("channel", &balance.channel), ("state", state)], number);
        }
    }
}

fn attempts(written: &mut Written, outcomes: &[Outcomes]) {
    written.about(
        "loa_attempts_last_hour",
        "Attempts that began within the last hour and are over, by channel and outcome.",
    );
    for Outcomes { channel, outcome, number } in outcomes {
        written.value("loa_attempts_last_hour", &[("channel", channel), ("outcome", outcome)], number);
    }
}

fn credentials(written: &mut Written, summaries: &[ChannelSummary]) {
    written.about("loa_credential_ends_timestamp_seconds", "When the channel's credential ends, if that is known.");
    for summary in summaries {
        if let Some(ends) = summary.credential_ends {
            let labels = [("channel", summary.channel.as_str())];
            written.value("loa_credential_ends_timestamp_seconds", &labels, ends.timestamp());
        }
    }
}

fn room(written: &mut Written, room: Room) {
    written.about("loa_store_bytes", "Size of the store.");
    written.value("loa_store_bytes", &[], room.store);
    written.about("loa_store_log_bytes", "Size of the write-ahead log beside a store in a file.");
    written.value("loa_store_log_bytes", &[], room.log);
    if let Some(left) = room.left {
        written.about("loa_disk_free_bytes", "Room left on the disk of a store in a file.");
        written.value("loa_disk_free_bytes", &[], left);
    }
}
