//! A list as a table for spreadsheets; taken in again it says the same.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::SecondsFormat;
use futures_util::stream::try_unfold;

use super::with_audience;
use crate::audience::{Address, EXPORTED, Subscriber};
use crate::console::guard::{Officer, Stop};
use crate::console::{Face, csv};
use crate::queue::{Record, Subscribers};
use crate::text;

/// People read at a time.
const PAGE: usize = 1_000;

/// Where the export is.
enum Next {
    Heading,
    After(Option<Address>),
}

pub(super) async fn export(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(channel): Path<String>,
) -> Result<Response, Stop> {
    let channel = with_audience(&face, &channel)?.channel;
    let by = officer.by();
    let day = by.at.with_timezone(&face.console.zone).format("%Y-%m-%d");
    let name = format!("{channel}-{day}");
    let note = text!("xuất danh sách người nhận ra tệp", "the list of people was exported");
    face.console.people.record(Record { by, what: "export", channel: Some(channel.clone()), note }).await?;
    let subscribers = Arc::clone(&face.console.subscribers);
    let pieces = try_unfold(Next::Heading, move |next| {
        let (subscribers, channel): (Arc<dyn Subscribers>, _) = (Arc::clone(&subscribers), channel.clone());
        async move {
            let after = match next {
                Next::Heading => {
                    let heading = csv::heading(EXPORTED.map(str::to_owned).to_vec())?;
                    return Ok(Some((heading, Next::After(None))));
                }
                Next::After(after) => after,
            };
            let people = subscribers.page(channel, after, PAGE).await?;
            let Some(last) = people.last().map(|last| last.address.clone()) else { return Ok(None) };
            Ok(Some((csv::lines(people.iter().map(cells))?, Next::After(Some(last)))))
        }
    });
    Ok(csv::download(&name, pieces))
}

fn cells(person: &Subscriber) -> Vec<String> {
    vec![
        person.address.as_str().to_owned(),
        person.name.clone().unwrap_or_default(),
        person.standing.name().to_owned(),
        person.listed.to_string(),
        person.since.to_rfc3339_opts(SecondsFormat::Secs, true),
        person.reason.clone().unwrap_or_default(),
    ]
}
