//! Who the office writes to: a list for each channel that writes letters.

mod export;
mod import;
mod list;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Route, act, look};
use crate::audience::{Standing, Subscriber};
use crate::console::guard::{Officer, Stop};
use crate::console::view::Badge;
use crate::console::{ChannelSummary, Face, ListPlace};
use crate::people::Role;
use crate::text;
use crate::text::Text;

const ALL: &str = "/subscribers";

pub(super) fn routes() -> Vec<Route> {
    vec![
        look(ALL, Role::Viewer, list::all),
        look("/subscribers/{channel}", Role::Viewer, list::one),
        act("/subscribers/{channel}/add", Role::Editor, list::add),
        look("/subscribers/{channel}/remove", Role::Editor, list::ask_remove),
        act("/subscribers/{channel}/remove", Role::Editor, list::remove),
        act("/subscribers/{channel}/import", Role::Editor, import::import),
        // People's addresses leave the house: looking at them is not enough.
        look("/subscribers/{channel}/export", Role::Editor, export::export),
    ]
}

fn title() -> Text {
    text!("Người nhận thư", "Subscribers")
}

/// The page of a channel.
fn address(channel: &str) -> String {
    format!("{ALL}/{channel}")
}

/// A channel that writes to people who may join and leave.
fn with_audience(face: &Face, channel: &str) -> Result<ChannelSummary, Stop> {
    let summaries = face.console.desk.channels.summaries();
    summaries.into_iter().find(|one| one.channel == channel && one.audience.is_some()).ok_or(Stop::NotFound)
}

/// How somebody stands.
fn badge(standing: Standing, listed: bool) -> Badge {
    match standing {
        Standing::Active if listed => Badge::new("well", "✓", text!("đang nhận", "gets letters")),
        Standing::Active => Badge::new("quiet", "○", text!("không có trong danh sách", "not on the list")),
        Standing::Unsubscribed => Badge::new("quiet", "↩", text!("đã hủy nhận thư", "unsubscribed")),
        Standing::Bounced => Badge::new("trouble", "✗", text!("hộp thư không nhận", "the mailbox refuses")),
        Standing::Complained => Badge::new("person", "!", text!("báo là thư rác", "reported a letter as unwanted")),
    }
}

fn person(person: &Subscriber) -> Value {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair("address", person.address.as_str()).finish();
    json!({
        "remove": format!("{}/remove?{query}", address(&person.channel)),
        "address": person.address.as_str(),
        "name": person.name,
        "badge": badge(person.standing, person.listed),
        "reason": person.reason.as_ref().filter(|_| person.standing != Standing::Active),
        "since": person.since,
        "listed": person.listed || person.standing == Standing::Active,
    })
}

/// What stands in every page about a channel.
fn about(summary: &ChannelSummary, officer: &Officer, now: DateTime<Utc>) -> Value {
    json!({
        "channel": summary.channel,
        "name": summary.name,
        "list_in_file": summary.audience == Some(ListPlace::File),
        "may": officer.session.account.role >= Role::Editor,
        "now": now,
    })
}

/// `fields` with those of `more`.
fn with(mut fields: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    fields
}

fn unprocessable(text: Text) -> Stop {
    Stop::Refused(StatusCode::UNPROCESSABLE_ENTITY, text)
}
