//! `feeds`: how the feeds stand, and asking for what was left in them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::CliError;
use super::args::FeedsAsked;
use super::look::local;
use super::print::Printer;
use crate::app::App;
use crate::intake::Feed;
use crate::queue::{EntryRow, EntryState, FeedRow};
use crate::text;
use crate::text::Text;
use crate::text::nearest::Unknown;

/// Most entries of a feed that are listed.
const MOST_ENTRIES: usize = 100;

pub(super) async fn feeds(app: &App, asked: FeedsAsked, printer: &Printer) -> Result<(), CliError> {
    let Some(name) = &asked.name else { return list(app, &app.config().feeds, printer).await };
    let feed = app.config().feeds.iter().find(|feed| feed.name == *name).ok_or_else(|| {
        let valid = app.config().feeds.iter().map(|feed| feed.name.clone()).collect();
        CliError::Text(Unknown { name: name.clone(), valid, field: false }.text())
    })?;
    if let Some(most) = asked.backfill {
        return backfill(app, feed, most, printer).await;
    }
    if asked.now {
        let known = app.feeds().poll_now(feed.name.clone(), app.clock().now()).await?;
        if printer.json() {
            printer.value(&json!({ "known": known }));
        }
        printer.text(&text!(
            "loa run đọc nguồn tin này trong ít giây nữa; xem kết quả: loa feeds {name}",
            "loa run reads this feed within seconds; to see what came of it: loa feeds {name}"
        ));
        return Ok(());
    }
    list(app, std::slice::from_ref(feed), printer).await?;
    entries(app, feed, printer).await
}

async fn list(app: &App, feeds: &[Feed], printer: &Printer) -> Result<(), CliError> {
    let rows = app.feeds().feeds().await?;
    let row = |feed: &Feed| rows.iter().find(|row| row.name == feed.name);
    if printer.json() {
        printer.value(&feeds.iter().map(|feed| feed_json(feed, row(feed), printer)).collect());
        return Ok(());
    }
    if feeds.is_empty() {
        printer.text(&text!(
            "không có nguồn tin nào; thêm bằng [[feeds]] trong config.toml",
            "there are no feeds; [[feeds]] in config.toml adds one"
        ));
        return Ok(());
    }
    let heading = [
        text!("nguồn", "name"),
        text!("tình trạng", "state"),
        text!("đọc lần cuối", "last read"),
        text!("lần tới", "next"),
        text!("đã nhận", "taken"),
        text!("để lại", "left"),
        text!("từ chối", "refused"),
        text!("ghi chú", "note"),
    ];
    let table = feeds.iter().map(|feed| line(app, feed, row(feed), printer)).collect();
    printer.table(&heading, table);
    for (feed, left) in feeds.iter().filter_map(|feed| Some((feed, row(feed)?.counts.left))) {
        // Only until it has been asked for once, or something has come in since.
        if left > 0 && row(feed).is_some_and(|row| row.counts.taken == 0) {
            let name = &feed.name;
            printer.text(&text!(
                "{name}: {left} bài có sẵn từ trước được để lại, chưa đăng. Muốn đăng 10 bài mới nhất: loa feeds {name} --backfill 10",
                "{name}: {left} entries that were there before are left and not published. To publish the newest 10: loa feeds {name} --backfill 10"
            ));
        }
    }
    Ok(())
}

fn state(row: Option<&FeedRow>) -> Text {
    match row {
        None => text!("chưa đọc", "not read yet"),
        Some(row) if row.stopped => text!("đã dừng", "stopped"),
        Some(row) if row.failures > 0 => {
            let failures = row.failures;
            text!("lỗi {failures} lần", "failed {failures} times")
        }
        Some(row) if row.subscribed_until.is_some() => text!("tốt, có hub báo", "good, told by its hub"),
        Some(_) => text!("tốt", "good"),
    }
}

/// What is wrong, or where it has moved to.
fn note(row: &FeedRow) -> Option<Text> {
    let moved = row.moved_to.as_ref().map(|to| {
        text!(
            "đã chuyển hẳn đến {to}; sửa url trong config.toml",
            "it has moved for good to {to}; change its url in config.toml"
        )
    });
    row.note.clone().or(moved)
}

fn line(app: &App, feed: &Feed, row: Option<&FeedRow>, printer: &Printer) -> Vec<String> {
    let state = state(row).get(printer.language()).to_owned();
    let Some(row) = row else { return vec![feed.name.clone(), state] };
    let hour = |at: Option<DateTime<Utc>>| at.map(|at| local(app, at)).unwrap_or_default();
    vec![
        feed.name.clone(),
        state,
        hour(row.polled_at),
        hour((!row.stopped).then_some(row.due)),
        row.counts.taken.to_string(),
        row.counts.left.to_string(),
        row.counts.refused.to_string(),
        note(row).map(|note| note.get(printer.language()).to_owned()).unwrap_or_default(),
    ]
}

fn feed_json(feed: &Feed, row: Option<&FeedRow>, printer: &Printer) -> Value {
    let Some(row) = row else { return json!({ "name": feed.name, "url": feed.url.as_str() }) };
    json!({
        "name": feed.name,
        "url": feed.url.as_str(),
        "last_poll": row.polled_at,
        "last_success": row.succeeded_at,
        "next_poll": (!row.stopped).then_some(row.due),
        "failures": row.failures,
        "stopped": row.stopped,
        "moved_to": row.moved_to,
        "subscribed_until": row.subscribed_until,
        "entries": row.counts,
        "note": row.note.as_ref().map(|note| note.get(printer.language())),
    })
}

async fn entries(app: &App, feed: &Feed, printer: &Printer) -> Result<(), CliError> {
    let entries = app.feeds().entries(feed.name.clone(), MOST_ENTRIES).await?;
    if printer.json() || entries.is_empty() {
        return Ok(());
    }
    let heading =
        [text!("bài", "entry"), text!("tiêu đề", "title"), text!("kết quả", "outcome"), text!("ghi chú", "note")];
    let row = |entry: &EntryRow| {
        let outcome = match entry.state {
            EntryState::Left => text!("để lại", "left"),
            EntryState::Open => text!("chờ lấy", "to be taken"),
            EntryState::Taken => text!("đã nhận", "taken"),
            EntryState::Refused => text!("từ chối", "refused"),
        };
        let note = entry.note.as_ref().map(|note| note.get(printer.language()).to_owned());
        let outcome = outcome.get(printer.language()).to_owned();
        vec![entry.entry.clone(), entry.title.clone(), outcome, note.unwrap_or_default()]
    };
    printer.table(&heading, entries.iter().map(row).collect());
    Ok(())
}

async fn backfill(app: &App, feed: &Feed, most: usize, printer: &Printer) -> Result<(), CliError> {
    let opened = app.feeds().open_left(feed.name.clone(), most, app.clock().now()).await?;
    if printer.json() {
        printer.value(&json!({ "opened": opened }));
    }
    let name = &feed.name;
    if opened == 0 {
        return Err(CliError::Text(text!(
            "{name} không còn bài nào để lại; xem: loa feeds {name}",
            "nothing is left in {name}; see: loa feeds {name}"
        )));
    }
    printer.text(&text!(
        "{opened} bài sẽ được đăng khi loa run đọc lại nguồn tin này, trong ít giây nữa",
        "{opened} entries are published when loa run reads this feed again, within seconds"
    ));
    Ok(())
}
