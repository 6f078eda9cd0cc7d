//! `recipients`: who has had a delivery's letters, and who has not, and why.

use std::collections::BTreeMap;

use serde_json::json;

use super::CliError;
use super::args::Recipients;
use super::print::Printer;
use crate::app::App;
use crate::delivery::DeliveryId;
use crate::ledger::CopyRow;
use crate::text;
use crate::text::Text;

/// Rows read at a time.
const PAGE: u32 = 1_000;

pub(super) async fn recipients(app: &App, asked: &Recipients, printer: &Printer) -> Result<(), CliError> {
    let id = DeliveryId(asked.id);
    if app.ledger().delivery(id).await?.is_none() {
        return Err(CliError::Text(text!("không có lượt phát số {id}", "there is no delivery {id}")));
    }
    let state = asked.state.map(|state| state.name().to_owned());
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = app.ledger().copies_of(id, state.clone(), after.take(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.job.clone(), last.recipient.clone()));
        rows.extend(page);
    }
    if printer.json() {
        printer.value(&json!(rows));
        return Ok(());
    }
    if rows.is_empty() {
        printer.text(&text!("lượt phát {id} không có người nhận nào như vậy", "delivery {id} has no such recipients"));
        return Ok(());
    }
    let heading = [
        text!("người nhận", "recipient"),
        text!("lần gửi", "mailing"),
        text!("tình trạng", "state"),
        text!("lúc", "at"),
        text!("ghi chú", "note"),
    ];
    let count = rows.len();
    let mailings = in_order(&rows);
    let row = |row: CopyRow| {
        let at = row.at.with_timezone(&app.config().office.timezone).format("%d/%m/%Y %H:%M:%S").to_string();
        let state = word(&row.state).get(printer.language()).to_owned();
        let note = row.note.map(|note| standing(&note).get(printer.language()).to_owned()).unwrap_or_default();
        let mailing = mailings.iter().position(|job| *job == row.job).unwrap_or_default() + 1;
        vec![row.recipient, mailing.to_string(), state, at, note]
    };
    printer.table(&heading, rows.into_iter().map(row).collect());
    printer.text(&text!("{count} thư", "{count} letters"));
    Ok(())
}

/// The jobs: the first letters, then each correction, in the order in which they went.
fn in_order(rows: &[CopyRow]) -> Vec<String> {
    let mut begun: BTreeMap<&str, _> = BTreeMap::new();
    for row in rows {
        let first = begun.entry(row.job.as_str()).or_insert(row.at);
        *first = row.at.min(*first);
    }
    let mut jobs: Vec<(&str, _)> = begun.into_iter().collect();
    jobs.sort_by_key(|(_, at)| *at);
    jobs.into_iter().map(|(job, _)| job.to_owned()).collect()
}

fn word(state: &str) -> Text {
    match state {
        "open" => text!("chờ gửi", "to be sent"),
        "begun" => text!("chưa rõ", "uncertain"),
        "sent" => text!("đã nhận", "sent"),
        "refused" => text!("bị từ chối", "refused"),
        _ => text!("không gửi", "left out"),
    }
}

/// Why somebody was left out; a mail server's words stay as they are.
fn standing(note: &str) -> Text {
    match note {
        "unsubscribed" => text!("đã hủy nhận thư", "unsubscribed"),
        "bounced" => text!("hộp thư không còn nhận", "the mailbox refuses"),
        "complained" => text!("đã báo thư rác", "reported as unwanted"),
        words => Text::same(words),
    }
}
