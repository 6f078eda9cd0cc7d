//! `retry`, `resolve`, `pause`, `resume`: what people decide.

use serde_json::json;

use super::args::{Name, Resolve, Retry};
use super::print::Printer;
use super::{CliError, who};
use crate::app::App;
use crate::delivery::{Delivery, DeliveryId, Event, Plan};
use crate::ledger::Filter;
use crate::queue::{Answer, Candidate, Pause, PauseCause};
use crate::text;
use crate::text::nearest::Unknown;

pub(super) async fn retry(app: &App, asked: Retry, printer: &Printer) -> Result<(), CliError> {
    if asked.missed {
        return missed(app, asked.ids, printer).await;
    }
    if let Some(channel) = &asked.channel {
        known_or_past(app, channel).await?;
    }
    let mut ids: Vec<DeliveryId> = asked.ids.into_iter().map(DeliveryId).collect();
    if asked.all || asked.channel.is_some() {
        for state in ["held", "failed"] {
            let filter = Filter { channel: asked.channel.clone(), state: Some(state.to_owned()), ..Filter::default() };
            ids.extend(app.ledger().deliveries(filter).await?.iter().map(|row| row.delivery.id));
        }
    }
    let mut refused = false;
    let mut released = Vec::new();
    for id in ids {
        let Some(delivery) = load(app, id).await? else {
            refused = true;
            printer.error(&text!("không có lượt phát số {id}", "there is no delivery {id}"));
            continue;
        };
        let plan = plan(app, &delivery).await?;
        match app.queue().decide(id, Event::Release(plan), who(), app.clock().now()).await? {
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
        match app.queue().resend_missed(DeliveryId(id), who(), app.clock().now()).await? {
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

pub(super) async fn resolve(app: &App, asked: Resolve, printer: &Printer) -> Result<(), CliError> {
    let id = DeliveryId(asked.id);
    let Some(delivery) = load(app, id).await? else {
        return Err(CliError::Text(text!("không có lượt phát số {id}", "there is no delivery {id}")));
    };
    let (went_out, plan, now) = (asked.answer.went_out, plan(app, &delivery).await?, app.clock().now());
    let decided = if asked.recipients.is_empty() {
        app.queue().decide(id, Event::Resolve { went_out, plan }, who(), now).await?
    } else {
        let recipients = asked.recipients.iter().map(|address| address.trim().to_lowercase()).collect();
        app.queue().answer(id, Answer { recipients, went_out }, plan, who(), now).await?
    };
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

async fn load(app: &App, id: DeliveryId) -> Result<Option<Delivery>, CliError> {
    Ok(app.ledger().delivery(id).await?.map(|row| row.delivery))
}

/// When the delivery goes on: at once, or at the channel's next slot. A person asked, so it needs no
/// approval, and lateness is counted from now.
async fn plan(app: &App, delivery: &Delivery) -> Result<Plan, CliError> {
    let article = app.ledger().content(delivery.article).await?;
    let candidate = Candidate { delivery: delivery.clone(), article, after_ready: true };
    let mut plan = (app.planner(&delivery.channel))(&candidate);
    plan.approval = false;
    Ok(plan)
}
