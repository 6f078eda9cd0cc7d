//! The first page: what needs a person, what went out, what goes out next, and whether the books balance.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::bar::Bar;
use super::{Route, look};
use crate::console::guard::{Officer, Stop};
use crate::console::view::{badge, paused, why};
use crate::console::{ChannelSummary, Doubt, Face, Flagged, stops};
use crate::ledger::{Balance, DeliveryRow, Due};
use crate::people::Role;
use crate::queue::Pause;
use crate::text;

/// So many doubtful words of an item are named.
const DOUBTS: usize = 8;
/// So many of each state are shown.
const SHOWN: u32 = 10;
/// More than this many are not counted.
const COUNTED: u32 = 1_000;
/// So much of what went out, and of what goes out next, is named for each channel.
const NAMED: u32 = 3;
/// A credential that ends so soon is spoken of.
const ENDS_SOON: TimeDelta = TimeDelta::days(14);

pub(super) fn routes() -> Vec<Route> {
    vec![look("/", Role::Viewer, page), look("/today/board", Role::Viewer, board)]
}

async fn page(State(face): State<Arc<Face>>, officer: Officer) -> Result<Response, Stop> {
    officer.page("today.html", &text!("Hôm nay", "Today"), seen(&face, &officer).await?)
}

/// What is fetched again when something changed.
async fn board(State(face): State<Arc<Face>>, officer: Officer) -> Result<Response, Stop> {
    officer.page("today_board.html", &text!("Hôm nay", "Today"), seen(&face, &officer).await?)
}

async fn seen(face: &Arc<Face>, officer: &Officer) -> Result<Value, Stop> {
    let now = face.console.clock.now();
    let summaries = face.console.desk.channels.summaries();
    let pauses = face.console.ledger.pauses().await?;
    let needs = needs(face, &summaries, &pauses).await?;
    let channels = try_join_all(summaries.iter().map(|summary| channel(face, summary, &pauses, now))).await?;
    let stopped: Vec<Value> = pauses
        .iter()
        .map(|(channel, pause)| json!({ "channel": name(&summaries, channel), "note": pause.note, "since": pause.since }))
        .collect();
    let ends = summaries.iter().filter(|one| one.enabled).filter_map(|one| {
        let ends = one.credential_ends.filter(|ends| *ends - now < ENDS_SOON)?;
        Some(json!({ "channel": one.name, "ends": ends, "over": ends <= now }))
    });
    let counted = face.counted().map(|counted| {
        let rows: Vec<Value> = counted.balances.iter().map(|balance| accounts(balance, &summaries)).collect();
        let adds_up = counted.balances.iter().all(Balance::adds_up);
        json!({ "at": counted.at, "rows": rows, "adds_up": adds_up })
    });
    let flagged = flagged(face).await?;
    let calm =
        stopped.is_empty() && flagged.is_empty() && needs.iter().all(|group| group.get("number") == Some(&json!(0)));
    Ok(json!({
        "now": now,
        "needs": needs,
        "stopped": stopped,
        "ends": ends.collect::<Vec<_>>(),
        "flagged": flagged,
        "edits": officer.session.account.role >= Role::Editor,
        "calm": calm,
        "channels": channels,
        "counted": counted,
    }))
}

fn name(summaries: &[ChannelSummary], channel: &str) -> String {
    let known = summaries.iter().find(|summary| summary.channel == channel);
    known.map_or_else(|| channel.to_owned(), |summary| summary.name.clone())
}

async fn needs(face: &Face, summaries: &[ChannelSummary], pauses: &[(String, Pause)]) -> Result<Vec<Value>, Stop> {
    let groups = [
        ("uncertain", text!("Chưa rõ đã lên hay chưa", "It may or may not be out there")),
        ("held", text!("Chờ người quyết", "Waiting for somebody to decide")),
        ("failed", text!("Thất bại", "Failed")),
    ];
    let on: Vec<String> = summaries.iter().filter(|one| one.enabled).map(|one| one.channel.clone()).collect();
    let letters: Vec<String> = summaries.iter().filter(|one| one.letters).map(|one| one.channel.clone()).collect();
    let mut shown = Vec::new();
    for (state, title) in groups {
        let rows = face.console.board.needs(state, SHOWN).await?;
        let short = rows.len() < SHOWN as usize;
        let number =
            if short { rows.len() as u64 } else { u64::from(face.console.board.how_many(state, COUNTED).await?) };
        let pauses = stops(pauses.to_vec(), &rows, &on);
        let rows: Vec<Value> = rows.iter().map(|row| need(row, summaries, &pauses, &letters)).collect();
        let (more, many) = (number > rows.len() as u64, number >= u64::from(COUNTED));
        shown.push(json!({
            "state": state, "title": title, "rows": rows, "number": number, "more": more, "many": many,
        }));
    }
    Ok(shown)
}

/// What stands in the next edition and may be read wrongly.
async fn flagged(face: &Face) -> Result<Vec<Value>, Stop> {
    let flagged = face.console.desk.timetable.flagged().await?;
    let doubt = |doubt: &Doubt| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("written", &doubt.written);
        query.append_pair("spoken", doubt.others.first().unwrap_or(&doubt.read_as));
        json!({ "written": doubt.written, "read_as": doubt.read_as, "href": format!("/lexicon?{}#add", query.finish()) })
    };
    let one = |one: &Flagged| {
        json!({
            "title": one.title,
            "article": one.article,
            "channel": one.channel,
            "at": one.slot,
            "doubts": one.doubts.iter().take(DOUBTS).map(doubt).collect::<Vec<_>>(),
            "more": one.doubts.len().saturating_sub(DOUBTS),
        })
    };
    Ok(flagged.iter().map(one).collect())
}

fn need(row: &DeliveryRow, summaries: &[ChannelSummary], pauses: &[(String, Pause)], letters: &[String]) -> Value {
    let pause = crate::console::pause_of(pauses, row);
    json!({
        "delivery": row.delivery.id,
        "article": row.delivery.article,
        "title": row.title,
        "channel": name(summaries, &row.delivery.channel),
        "badge": badge(row, pause, letters),
        "reason": why(&row.delivery.state, pause),
    })
}

async fn channel(
    face: &Face,
    summary: &ChannelSummary,
    pauses: &[(String, Pause)],
    now: DateTime<Utc>,
) -> Result<Value, Stop> {
    let board = &face.console.board;
    let mut outs = board.outs(summary.channel.clone(), NAMED).await?;
    outs.reverse();
    let dues = board.dues(summary.channel.clone(), NAMED).await?;
    let bar = Bar::of(now, face.console.zone);
    let day = json!({
        "now": bar.at(now),
        "quiet": Bar::quiet(summary.quiet.as_deref()),
        "outs": outs.iter().filter_map(|out| bar.at(out.at)).collect::<Vec<_>>(),
        "dues": dues.iter().filter_map(|due| bar.at(due.due.max(now))).collect::<Vec<_>>(),
    });
    let outs = outs.into_iter().map(|out| {
        let what = match out.errand.as_str() {
            "update" => text!("đính chính", "corrected"),
            "withdraw" => text!("thu hồi", "withdrawn"),
            _ => text!("đã phát", "published"),
        };
        json!({ "title": out.title, "article": out.article, "at": out.at, "url": out.url, "what": what })
    });
    let outs: Vec<Value> = outs.collect();
    // What is due already leaves as soon as the channel may.
    let due = |due: &Due| json!({ "title": due.title, "article": due.article, "at": due.due.max(now) });
    let dues: Vec<Value> = dues.iter().map(due).collect();
    let is_paused = pauses.iter().any(|(channel, _)| *channel == summary.channel);
    Ok(json!({
        "channel": summary.channel,
        "name": summary.name,
        "enabled": summary.enabled,
        "rehearsal": summary.mode == "rehearsal",
        "badge": is_paused.then(paused),
        "quiet": summary.quiet,
        "slot": summary.next_slot,
        "outs": outs,
        "dues": dues,
        "day": day,
    }))
}

fn accounts(balance: &Balance, summaries: &[ChannelSummary]) -> Value {
    json!({
        "name": name(summaries, &balance.channel),
        "received": balance.received,
        "delivered": balance.delivered,
        "waiting": balance.waiting,
        "held": balance.held,
        "failed": balance.failed,
        "withdrawn": balance.withdrawn,
        "adds_up": balance.adds_up(),
    })
}
