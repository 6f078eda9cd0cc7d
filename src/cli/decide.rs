//! `retry`, `resolve`, `pause`, `resume`: what people decide.

use serde_json::json;

use super::args::{Name, Resolve, Retry};
use super::print::Printer;
use super::{CliError, who};
use crate::app::App;
use crate::console::Decisions;
use crate::delivery::{Delivery, DeliveryId, Hold, State};
use crate::ledger::Filter;
use crate::queue::{By, Pause, PauseCause};
use crate::text;
use crate::text::nearest::Unknown;

pub(super) async fn retry(app: &App, asked: Retry, printer: &Printer) -> Result<(), CliError> {
    if asked.missed {
        return missed(app, asked.ids, printer).await;
    }
    if let Some(why) = &asked.again {
        return again(app, &asked.ids, why, printer).await;
    }
    if let Some(channel) = &asked.channel {
        known_or_past(app, channel).await?;
    }
    let mut ids: Vec<DeliveryId> = asked.ids.into_iter().map(DeliveryId).collect();
    if asked.all || asked.channel.is_some() {
        for state in ["held", "failed"] {
            let filter = Filter { channel: asked.channel.clone(), state: Some(state.to_owned()), ..Filter::default() };
            let rows = app.ledger().deliveries(filter).await?;
            ids.extend(rows.iter().filter(|row| !waits_for_approval(&row.delivery)).map(|row| row.delivery.id));
        }
    }
    let mut refused = false;
    let mut released = Vec::new();
    for id in ids {
        match Decisions::retry(app, id, by(app)).await? {
            Ok(_) => released.push(id),
            Err(reason) => {
                refused = true;
                printer.error(&reason);
            }
        }
    }
    let count = released.len();
    if printer.json() {
        printer.value(&json!({ "released": released }));
    }
    printer.text(&text!("đã cho đi tiếp {count} lượt phát", "{count} deliveries go on"));
    if refused { Err(CliError::Said) } else { Ok(()) }
}

/// Sends letters to those who missed them.
async fn missed(app: &App, ids: Vec<i64>, printer: &Printer) -> Result<(), CliError> {
    let (mut sent, mut refused) = (Vec::new(), false);
    for id in ids {
        match Decisions::resend_missed(app, DeliveryId(id), by(app)).await? {
            Ok(count) => {
                printer.text(&text!(
                    "lượt phát {id}: gửi bù cho {count} người",
                    "delivery {id}: {count} people get it now"
                ));
                sent.push(json!({ "delivery": id, "recipients": count }));
            }
            Err(reason) => {
                refused = true;
                printer.error(&reason);
            }
        }
    }
    if printer.json() {
        printer.value(&json!({ "missed": sent }));
    }
    if refused { Err(CliError::Said) } else { Ok(()) }
}

/// Makes another copy where there is one.
async fn again(app: &App, ids: &[i64], why: &str, printer: &Printer) -> Result<(), CliError> {
    let (mut sent, mut refused) = (Vec::new(), false);
    for id in ids {
        match Decisions::send_again(app, DeliveryId(*id), why.to_owned(), by(app)).await? {
            Ok(_) => {
                printer.text(&text!(
                    "lượt phát {id}: gửi thêm một bản nữa; bản trước không còn được theo dõi",
                    "delivery {id}: another copy goes out; the one before is no longer looked after"
                ));
                sent.push(id);
            }
            Err(reason) => {
                refused = true;
                printer.error(&reason);
            }
        }
    }
    if printer.json() {
        printer.value(&json!({ "again": sent }));
    }
    if refused { Err(CliError::Said) } else { Ok(()) }
}

/// The person at this terminal, now.
pub(super) fn by(app: &App) -> By {
    By { who: who(), at: app.clock().now() }
}

fn waits_for_approval(delivery: &Delivery) -> bool {
    matches!(delivery.state, State::Held { why: Hold::Approval { .. } | Hold::Returned { .. } })
}

pub(super) async fn resolve(app: &App, asked: Resolve, printer: &Printer) -> Result<(), CliError> {
    let id = DeliveryId(asked.id);
    let decided = Decisions::resolve(app, id, asked.answer.went_out, asked.recipients, by(app)).await?;
    let after = decided.map_err(CliError::Text)?;
    let state = after.state.name();
    if printer.json() {
        printer.value(&json!({ "id": id, "state": state }));
    }
    printer.text(&text!("đã ghi; lượt phát {id}: {state}", "recorded; delivery {id}: {state}"));
    Ok(())
}

pub(super) async fn pause(app: &App, asked: Name, printer: &Printer) -> Result<(), CliError> {
    let name = known(app, asked.name)?;
    let person = who();
    let pause = Pause {
        note: text!("{person} tạm dừng", "paused by {person}"),
        cause: PauseCause::Person(person),
        since: app.clock().now(),
    };
    app.queue().pause(name.clone(), pause).await?;
    printer.text(&text!(
        "kênh {name} tạm dừng; bài mới xếp hàng chờ. Chạy tiếp: loa resume {name}",
        "channel {name} is paused; what comes waits. To go on: loa resume {name}"
    ));
    Ok(())
}

pub(super) async fn resume(app: &App, asked: Name, printer: &Printer) -> Result<(), CliError> {
    let name = known(app, asked.name)?;
    let was_paused = app.queue().resume(name.clone(), who(), app.clock().now()).await?;
    printer.text(&if was_paused {
        text!("kênh {name} chạy tiếp", "channel {name} goes on")
    } else {
        text!("kênh {name} không bị tạm dừng", "channel {name} was not paused")
    });
    Ok(())
}

fn known(app: &App, name: String) -> Result<String, CliError> {
    let specs = app.specs();
    if specs.iter().any(|spec| spec.channel == name) {
        return Ok(name);
    }
    let valid = specs.iter().map(|spec| spec.channel.clone()).collect();
    Err(CliError::Text(Unknown { name, valid, field: false }.text()))
}

/// A channel with a file, or one whose file is gone but whose deliveries are still there.
pub(super) async fn known_or_past(app: &App, name: &str) -> Result<(), CliError> {
    let filter = Filter { channel: Some(name.to_owned()), most: Some(1), ..Filter::default() };
    if app.ledger().deliveries(filter).await?.is_empty() {
        known(app, name.to_owned())?;
    }
    Ok(())
}
