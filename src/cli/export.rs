//! `subscribers export`: everybody known on a channel.

use serde_json::json;

use super::CliError;
use super::print::Printer;
use crate::app::App;
use crate::audience::Subscriber;
use crate::text;

/// People read at a time.
const PAGE: usize = 1_000;

pub(super) async fn export(app: &App, channel: &str, printer: &Printer) -> Result<(), CliError> {
    let mut page = app.subscribers().page(channel.to_owned(), None, PAGE).await?;
    if printer.json() {
        printer.line("[");
    } else {
        printer.bytes(&csv_of(&[], true)?);
    }
    while let Some(last) = page.last() {
        let next = app.subscribers().page(channel.to_owned(), Some(last.address.clone()), PAGE).await?;
        if printer.json() {
            for (at, person) in page.iter().enumerate() {
                let comma = if at + 1 == page.len() && next.is_empty() { "" } else { "," };
                printer.line(&format!("  {}{comma}", json_of(person)));
            }
        } else {
            printer.bytes(&csv_of(&page, false)?);
        }
        page = next;
    }
    if printer.json() {
        printer.line("]");
    }
    Ok(())
}

fn json_of(person: &Subscriber) -> serde_json::Value {
    json!({
        "email": person.address.as_str(),
        "name": person.name,
        "standing": person.standing,
        "listed": person.listed,
        "since": person.since,
        "reason": person.reason,
    })
}

/// Lines of the list, or its heading. Tokens stay in the store.
fn csv_of(people: &[Subscriber], heading: bool) -> Result<Vec<u8>, CliError> {
    let failed = |error: String| CliError::Text(text!("không ghi được CSV: {error}", "cannot write CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    if heading {
        writer
            .write_record(["email", "name", "standing", "listed", "since", "reason"])
            .map_err(|error| failed(error.to_string()))?;
    }
    for person in people {
        let since = person.since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        writer
            .write_record([
                person.address.as_str(),
                person.name.as_deref().unwrap_or_default(),
                person.standing.name(),
                if person.listed { "true" } else { "false" },
                &since,
                person.reason.as_deref().unwrap_or_default(),
            ])
            .map_err(|error| failed(error.to_string()))?;
    }
    writer.into_inner().map_err(|error| failed(error.to_string()))
}
