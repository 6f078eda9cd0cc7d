//! `subscribers export`: everybody known on a channel.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::CliError;
use super::print::Printer;
use crate::app::App;
use crate::audience::{EXPORTED, Subscriber};
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

fn json_of(person: &Subscriber) -> Value {
    EXPORTED.into_iter().map(str::to_owned).zip(values(person)).collect::<serde_json::Map<_, _>>().into()
}

/// What stands in each column. Tokens stay in the store.
fn values(person: &Subscriber) -> [Value; 6] {
    [
        json!(person.address.as_str()),
        json!(person.name),
        json!(person.standing),
        json!(person.listed),
        json!(person.since.to_rfc3339_opts(SecondsFormat::Secs, true)),
        json!(person.reason),
    ]
}

/// Lines of the list, or its heading.
fn csv_of(people: &[Subscriber], heading: bool) -> Result<Vec<u8>, CliError> {
    let failed = |error: String| CliError::Text(text!("không ghi được CSV: {error}", "cannot write CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    if heading {
        writer.write_record(EXPORTED).map_err(|error| failed(error.to_string()))?;
    }
    let field = |value: Value| match value {
        Value::String(words) => words,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    for person in people {
        writer.write_record(values(person).map(field)).map_err(|error| failed(error.to_string()))?;
    }
    writer.into_inner().map_err(|error| failed(error.to_string()))
}
