//! `deliveries`, `channels`, `balance`: looking without changing anything.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::CliError;
use super::args::{Channels, Deliveries};
use super::articles::find;
use super::decide::known_or_past;
use super::print::Printer;
use crate::app::App;
use crate::channel::Health;
use crate::console::{attempt_json, channel_json, delivery_json, pause_of, reason, stops};
use crate::delivery::{State, Wanted};
use crate::ledger::{AttemptRow, DeliveryRow, Filter};
use crate::queue::Pause;
use crate::text;
use crate::text::Text;

pub(super) async fn deliveries(app: &App, asked: Deliveries, printer: &Printer) -> Result<(), CliError> {
    let article = match &asked.article {
        Some(words) => Some(find(app, words).await?.id),
        None => None,
    };
    if let Some(channel) = &asked.channel {
        known_or_past(app, channel).await?;
    }
    let state = asked.state.map(|state| state.name().to_owned());
    let rows = app.ledger().deliveries(Filter { article, channel: asked.channel, state, ..Filter::default() }).await?;
    let pauses = stops(app.ledger().pauses().await?, &rows, &app.switched_on());
    let letters = app.letters();
    if printer.json() {
        let mut list = Vec::new();
        for row in &rows {
            let mut value = delivery_json(row, pause_of(&pauses, row), &letters, printer.language());
            if asked.attempts
                && let Some(fields) = value.as_object_mut()
            {
                let attempts = app.ledger().attempts(row.delivery.id).await?;
                let attempts: Vec<Value> =
                    attempts.iter().map(|attempt| attempt_json(attempt, printer.language())).collect();
                fields.insert("attempts".to_owned(), attempts.into());
            }
            list.push(value);
        }
        printer.value(&Value::from(list));
        return Ok(());
    }
    if rows.is_empty() {
        printer.text(&text!("không có lượt phát nào", "there are no deliveries"));
        return Ok(());
    }
    let heading = [
        text!("số", "id"),
        text!("bài", "article"),
        text!("tiêu đề", "title"),
        text!("kênh", "channel"),
        text!("cần", "wanted"),
        text!("trạng thái", "state"),
        text!("ghi chú", "note"),
    ];
    printer.table(&heading, rows.iter().map(|row| line(app, row, &letters, pause_of(&pauses, row), printer)).collect());
    if asked.attempts {
        for row in &rows {
            for attempt in app.ledger().attempts(row.delivery.id).await? {
                printer.line(&attempt_line(app, &attempt, printer));
            }
        }
    }
    Ok(())
}

fn line(app: &App, row: &DeliveryRow, letters: &[String], pause: Option<&Pause>, printer: &Printer) -> Vec<String> {
    let delivery = &row.delivery;
    let place = || {
        let receipt = delivery.live.receipt()?;
        Some(receipt.url.clone().unwrap_or_else(|| receipt.remote_id.clone()))
    };
    let note = match (reason(&delivery.state, pause), delivery.state.due()) {
        (Some(reason), Some(due)) if pause.is_none() => {
            format!("{} · {}", reason.get(printer.language()), local(app, due))
        }
        (Some(reason), _) => reason.get(printer.language()).to_owned(),
        (None, _) => place().unwrap_or_default(),
    };
    vec![
        delivery.id.to_string(),
        row.key.to_string(),
        short(&row.title),
        delivery.channel.clone(),
        match delivery.wanted {
            Wanted::Revision(revision) => text!("bản {revision}", "rev {revision}"),
            Wanted::Withdrawn => text!("thu hồi", "withdrawn"),
        }
        .get(printer.language())
        .to_owned(),
        state_words(row, letters).get(printer.language()).to_owned(),
        note,
    ]
}

/// The state in the words of DESIGN's vocabulary; once settled, what became of the copy.
pub(super) fn state_words(row: &DeliveryRow, letters: &[String]) -> Text {
    if let Some(fate) = row.fate(letters) {
        return fate.text();
    }
    match &row.delivery.state {
        State::Waiting { .. } | State::Settled => text!("chờ", "waiting"),
        State::Sending { .. } => text!("đang gửi", "sending"),
        State::Uncertain { .. } => text!("chưa rõ", "uncertain"),
        State::Held { .. } => text!("chờ người", "held"),
        State::Failed { .. } => text!("không gửi được", "failed"),
    }
}

fn short(title: &str) -> String {
    const MOST: usize = 40;
    if title.chars().count() <= MOST {
        return title.to_owned();
    }
    title.chars().take(MOST - 1).chain(['…']).collect()
}

pub(super) fn local(app: &App, at: DateTime<Utc>) -> String {
    at.with_timezone(&app.config().office.timezone).format("%d/%m %H:%M:%S").to_string()
}

fn attempt_line(app: &App, attempt: &AttemptRow, printer: &Printer) -> String {
    let note = attempt.note.as_ref().map(|note| note.get(printer.language()).to_owned()).unwrap_or_default();
    let (started, outcome) = (local(app, attempt.started), attempt.outcome.as_deref().unwrap_or("…"));
    format!("  {}.{} {started} {} {outcome} {note}", attempt.delivery, attempt.attempt, attempt.errand)
}

pub(super) async fn channels(app: &App, asked: Channels, printer: &Printer) -> Result<(), CliError> {
    let pauses = app.ledger().pauses().await?;
    let rests = app.ledger().rests(app.clock().now()).await?;
    let (config, specs) = (app.config(), app.specs());
    let mut rows = Vec::new();
    let mut list = Vec::new();
    let mut all_well = true;
    for summary in app.summaries() {
        let pause = pauses.iter().find(|(name, _)| *name == summary.channel).map(|(_, pause)| pause);
        let rest = rests.iter().find(|(name, _)| *name == summary.channel).map(|(_, until)| *until);
        let mut health = None;
        if asked.probe
            && let Some(spec) = specs.iter().find(|spec| spec.channel == summary.channel && spec.enabled)
        {
            let probed = match spec.open_for_work(&config.office, &config.base, &config.data) {
                Ok(channel) => channel.probe().await.map_err(|error| error.note),
                Err(error) => Err(error.text),
            };
            all_well &= probed.is_ok();
            health = Some(probed);
        }
        let mut value = channel_json(&summary, pause, printer.language());
        if let (Some(fields), Some(health)) = (value.as_object_mut(), &health) {
            let ends = health.as_ref().ok().and_then(|health| health.credential_ends);
            let note = probed_words(app, health);
            let note = note.get(printer.language());
            fields.insert("probe".to_owned(), json!({ "ok": health.is_ok(), "note": note, "credential_ends": ends }));
        }
        list.push(value);
        let state = match (summary.enabled, pause) {
            (false, _) => text!("tắt", "off"),
            (true, Some(pause)) => {
                Text { vi: format!("tạm dừng: {}", pause.note.vi), en: format!("paused: {}", pause.note.en) }
            }
            (true, None) if rest.is_some() => {
                let until = rest.map(|until| local(app, until)).unwrap_or_default();
                text!("nghỉ đến {until} theo yêu cầu của nơi nhận", "resting until {until}, as the far side asked")
            }
            (true, None) if summary.mode == "rehearsal" => text!("diễn tập", "rehearsal"),
            (true, None) => text!("chạy", "live"),
        };
        let note = match &health {
            Some(health) => probed_words(app, health).get(printer.language()).to_owned(),
            None => summary.next_slot.map(|slot| local(app, slot)).unwrap_or_default(),
        };
        rows.push(vec![
            summary.channel,
            summary.name,
            summary.kind.to_owned(),
            state.get(printer.language()).to_owned(),
            note,
        ]);
    }
    if printer.json() {
        printer.value(&Value::from(list));
    } else {
        let last = if asked.probe { text!("kiểm tra", "probe") } else { text!("bản tin tới", "next edition") };
        let heading =
            [text!("kênh", "channel"), text!("tên", "name"), text!("loại", "kind"), text!("tình trạng", "state"), last];
        printer.table(&heading, rows);
    }
    if all_well { Ok(()) } else { Err(CliError::Said) }
}

/// What a probe found, with the days left on the credential where the far side tells.
fn probed_words(app: &App, health: &Result<Health, Text>) -> Text {
    let health = match health {
        Ok(health) => health,
        Err(note) => return note.clone(),
    };
    let Some(ends) = health.credential_ends else { return health.note.clone() };
    let (days, note) = ((ends - app.clock().now()).num_days(), &health.note);
    let day = ends.with_timezone(&app.config().office.timezone).format("%d/%m/%Y");
    Text {
        vi: format!("{} · mật khẩu hoặc mã truy cập còn {days} ngày (đến {day})", note.vi),
        en: format!("{} · the credential has {days} days left (until {day})", note.en),
    }
}

pub(super) async fn balance(app: &App, printer: &Printer) -> Result<(), CliError> {
    let balances = app.ledger().balance().await?;
    if printer.json() {
        printer.value(&json!(balances));
    } else {
        let heading = [
            text!("kênh", "channel"),
            text!("nhận", "received"),
            text!("đã phát", "delivered"),
            text!("chờ", "waiting"),
            text!("chờ người", "held"),
            text!("không gửi được", "failed"),
            text!("thu hồi", "withdrawn"),
        ];
        let row = |balance: &crate::ledger::Balance| {
            let numbers =
                [balance.received, balance.delivered, balance.waiting, balance.held, balance.failed, balance.withdrawn];
            std::iter::once(balance.channel.clone()).chain(numbers.map(|number| number.to_string())).collect()
        };
        printer.table(&heading, balances.iter().map(row).collect());
    }
    if balances.iter().all(crate::ledger::Balance::adds_up) {
        return Ok(());
    }
    Err(CliError::Text(text!(
        "sổ không khớp; hãy báo cho người phát triển",
        "the balance does not add up; please report it"
    )))
}
