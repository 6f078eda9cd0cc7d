//! `publish`, `correct`, `withdraw`.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::{Correct, Publish, Withdraw};
use super::print::Printer;
use super::{CliError, who};
use crate::app::App;
use crate::article::{ArticleId, ArticleKey};
use crate::console::{reason, stops};
use crate::delivery::State;
use crate::intake::{DraftContext, IntakeError, Order, read};
use crate::ledger::{ArticleRow, DeliveryRow, Filter};
use crate::queue::{Accepted, Pause};
use crate::text;
use crate::text::Text;

/// Steps between two looks while waiting for the channels.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// What is due later than this is not waited for: it has its hour.
const SOON: chrono::TimeDelta = chrono::TimeDelta::seconds(2);

pub(super) async fn publish(app: &App, asked: Publish, printer: &Printer) -> Result<(), CliError> {
    let order = if asked.again { Order::PublishAgain } else { Order::Publish };
    let mut failed = false;
    let mut accepted = Vec::new();
    for file in &asked.files {
        match hand_over(app, file, &asked.source, order).await {
            Ok(taken) => {
                say_accepted(file, &taken, printer);
                accepted.push(taken);
            }
            // The others are handed over all the same.
            Err(error) => {
                failed = true;
                printer.error(&in_file(file, &error.text()));
            }
        }
    }
    finish(app, &accepted, asked.wait, printer).await?;
    if failed { Err(CliError::Said) } else { Ok(()) }
}

pub(super) async fn correct(app: &App, asked: Correct, printer: &Printer) -> Result<(), CliError> {
    let mut draft = read(&asked.file).map_err(|error| CliError::Text(in_file(&asked.file, &error.text())))?;
    let name = stem(&asked.file);
    let named = match &asked.article {
        Some(words) => Some(find(app, words).await?.key),
        // The article may have come in another way: one of the same name is the one that is meant.
        None if draft.source.is_none() && draft.external_id.is_none() => same_name(app, &asked.source, &name).await?,
        None => None,
    };
    if let Some(key) = named {
        draft.source = Some(key.source);
        draft.external_id = Some(key.external_id);
    }
    let cx = DraftContext { source: &asked.source, external_id: Some(&name), zone: app.config().office.timezone };
    let taken = app
        .intake()
        .accept(draft, &cx, Order::Correct, &who(), None)
        .await
        .map_err(|error| CliError::Text(in_file(&asked.file, &error.text())))?;
    say_accepted(&asked.file, &taken, printer);
    finish(app, &[taken], asked.wait, printer).await
}

pub(super) async fn withdraw(app: &App, asked: Withdraw, printer: &Printer) -> Result<(), CliError> {
    let ArticleRow { key, title, .. } = find(app, &asked.id).await?;
    let taken = app.intake().withdraw(key.clone(), &who()).await.map_err(|error| CliError::Text(error.text()))?;
    printer.text(&if taken.changed {
        let count = taken.deliveries;
        text!(
            "đã ghi lệnh thu hồi {key} \"{title}\" trên {count} kênh",
            "withdrawing {key} \"{title}\" from {count} channels"
        )
    } else {
        text!("{key} \"{title}\" đã được thu hồi từ trước", "{key} \"{title}\" was withdrawn before")
    });
    finish(app, &[taken], asked.wait, printer).await
}

/// The one article of that name, unless this source has its own.
async fn same_name(app: &App, source: &str, name: &str) -> Result<Option<ArticleKey>, CliError> {
    let mut found = app.ledger().find(name).await?;
    found.retain(|row| row.key.external_id == name);
    let own = found.iter().any(|row| row.key.source == source);
    Ok(found.pop().filter(|_| found.is_empty() && !own).map(|row| row.key))
}

/// The one article that `words` can mean.
pub(super) async fn find(app: &App, words: &str) -> Result<ArticleRow, CliError> {
    let mut found = app.ledger().find(words).await?;
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(CliError::Text(text!(
            "không có bài \"{words}\"; xem các bài: loa deliveries",
            "there is no article \"{words}\"; to see what is there: loa deliveries"
        ))),
        (Some(last), false) => {
            found.push(last);
            let names = |number: &str| {
                let names = found.iter().map(|row| format!("{} ({number} {})", row.key, row.id));
                names.collect::<Vec<_>>().join(", ")
            };
            let (vi, en) = (names("số"), names("number"));
            Err(CliError::Text(text!(
                "\"{words}\" có thể là nhiều bài: {vi}; hãy ghi rõ nguồn/mã",
                "\"{words}\" may mean several articles: {en}; name it as source/id"
            )))
        }
    }
}

async fn hand_over(app: &App, file: &Path, source: &str, order: Order) -> Result<Accepted, IntakeError> {
    let draft = read(file)?;
    let name = stem(file);
    if order == Order::Publish && draft.source.is_none() && draft.external_id.is_none() {
        not_taken_back(app, source, &name).await?;
    }
    let cx = DraftContext { source, external_id: Some(&name), zone: app.config().office.timezone };
    app.intake().accept(draft, &cx, order, &who(), None).await
}

/// What came in another way and was withdrawn does not come back by a file of its name.
async fn not_taken_back(app: &App, source: &str, name: &str) -> Result<(), IntakeError> {
    let mut found = app.ledger().find(name).await?;
    found.retain(|row| row.key.external_id == name);
    if found.iter().any(|row| row.key.source == source) {
        return Ok(());
    }
    match found.iter().find(|row| row.withdrawn_at.is_some()) {
        None => Ok(()),
        Some(ArticleRow { key, .. }) => Err(IntakeError::Refused(text!(
            "bài cùng tên {key} đã thu hồi; muốn đăng lại: loa publish --again",
            "{key}, an article of this name, is withdrawn; to publish it again: loa publish --again"
        ))),
    }
}

/// What an article file is called without its ending.
pub(super) fn stem(file: &Path) -> String {
    file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn in_file(file: &Path, text: &Text) -> Text {
    let file = file.display();
    Text { vi: format!("{file}: {}", text.vi), en: format!("{file}: {}", text.en) }
}

fn say_accepted(file: &Path, taken: &Accepted, printer: &Printer) {
    let (file, id, revision, count) = (file.display(), taken.id, taken.revision, taken.deliveries);
    printer.text(&if taken.changed {
        text!(
            "đã nhận {file}: bài số {id}, bản {revision}, {count} kênh",
            "took {file}: article {id}, revision {revision}, {count} channels"
        )
    } else {
        text!(
            "{file}: nội dung không đổi, vẫn là bài số {id}, bản {revision}",
            "{file}: nothing new, it is article {id}, revision {revision}"
        )
    });
    let missing = taken.missing_pictures;
    if missing > 0 {
        printer.text(&text!(
            "{file}: {missing} ảnh chưa tải được; bài vẫn đi, chỉ kèm địa chỉ ảnh. Tải được rồi thì gửi lại tệp này",
            "{file}: {missing} pictures could not be fetched; the article goes with their addresses alone. Hand it over again once they can be"
        ));
    }
}

/// Reports, and waits for the channels if that was asked.
async fn finish(app: &App, accepted: &[Accepted], wait: bool, printer: &Printer) -> Result<(), CliError> {
    let mut all_well = true;
    if wait {
        for taken in accepted {
            all_well &= wait_for(app, taken.id, printer).await?;
        }
    }
    if printer.json() {
        let list: Vec<Value> = accepted
            .iter()
            .map(|taken| json!({ "id": taken.id, "revision": taken.revision, "changed": taken.changed, "deliveries": taken.deliveries, "missing_pictures": taken.missing_pictures }))
            .collect();
        printer.value(&Value::from(list));
    }
    if all_well { Ok(()) } else { Err(CliError::Said) }
}

/// Waits until nothing of the article is about to happen; true when nothing went wrong.
async fn wait_for(app: &App, id: ArticleId, printer: &Printer) -> Result<bool, CliError> {
    let mut said: Vec<String> = Vec::new();
    loop {
        let filter = Filter { article: Some(id), ..Filter::default() };
        let rows = app.ledger().deliveries(filter).await?;
        let now = app.clock().now();
        let pauses = stops(app.ledger().pauses().await?, &rows, &app.switched_on());
        let paused = |row: &DeliveryRow| pauses.iter().find(|(name, _)| *name == row.delivery.channel);
        let pending = |row: &DeliveryRow| match &row.delivery.state {
            State::Waiting { .. } if paused(row).is_some() => false,
            State::Sending { .. } => true,
            State::Waiting { due, .. } => *due <= now + SOON,
            State::Uncertain { look, .. } => look.is_some(),
            State::Settled | State::Held { .. } | State::Failed { .. } => false,
        };
        for row in rows.iter().filter(|row| !pending(row)) {
            let channel = row.delivery.channel.clone();
            if !said.contains(&channel) {
                printer.text(&progress(row, paused(row).map(|(_, pause)| pause)));
                said.push(channel);
            }
        }
        if !rows.iter().any(pending) {
            let wrong = |row: &DeliveryRow| {
                matches!(row.delivery.state, State::Held { .. } | State::Failed { .. } | State::Uncertain { .. })
            };
            return Ok(!rows.iter().any(wrong));
        }
        app.clock().sleep(LOOK_EVERY).await;
    }
}

fn progress(row: &DeliveryRow, pause: Option<&Pause>) -> Text {
    let channel = &row.delivery.channel;
    match reason(&row.delivery.state, pause) {
        Some(reason) => Text { vi: format!("  {channel}: {}", reason.vi), en: format!("  {channel}: {}", reason.en) },
        None => {
            let place = row.delivery.live.receipt().and_then(|receipt| receipt.url.clone()).unwrap_or_default();
            text!("  {channel}: xong {place}", "  {channel}: done {place}")
        }
    }
}
