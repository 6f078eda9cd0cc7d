//! Who a channel writes to.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::act::{known, read};
use super::read::{link, unavailable};
use super::{ApiRoute, Caller, Problem, act, look, take};
use crate::audience::{Address, EXPORTED, Entry, Standing, Subscriber};
use crate::console::Face;
use crate::queue::NewStanding;
use crate::text;

/// Most people of one answer, unless `limit` says less.
const MOST: usize = 1000;

pub(super) fn routes() -> Vec<ApiRoute> {
    vec![
        look("/api/v1/channels/{channel}/subscribers", list),
        act("/api/v1/channels/{channel}/subscribers", add),
        take("/api/v1/channels/{channel}/subscribers/{address}", remove),
    ]
}

/// A channel that writes to people who may join and leave.
fn with_audience(face: &Face, channel: String) -> Result<String, Problem> {
    let summary = known(face, channel)?;
    if summary.audience.is_some() {
        return Ok(summary.channel);
    }
    let (channel, kind) = (summary.channel, summary.kind);
    Err(Problem::new(
        StatusCode::NOT_FOUND,
        text!(
            "kênh {channel} thuộc loại {kind}, không có danh sách người nhận",
            "channel {channel} is of the kind {kind}, which has no list of people"
        ),
    ))
}

fn address(written: &str) -> Result<Address, Problem> {
    written.parse().map_err(Problem::unprocessable)
}

/// As `loa subscribers export --json` says it. Tokens stay in the store.
fn person(person: &Subscriber) -> Value {
    let values = [
        json!(person.address.as_str()),
        json!(person.name),
        json!(person.standing),
        json!(person.listed),
        json!(person.since),
        json!(person.reason),
    ];
    EXPORTED.into_iter().map(str::to_owned).zip(values).collect::<Map<_, _>>().into()
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    after: Option<String>,
    limit: Option<usize>,
}

async fn list(
    State(face): State<Arc<Face>>,
    Path(channel): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let channel = with_audience(&face, channel)?;
    let most = asked.limit.unwrap_or(MOST).clamp(1, MOST);
    let after = asked.after.as_deref().map(address).transpose()?;
    let people = face.console.subscribers.page(channel.clone(), after, most).await.map_err(unavailable)?;
    let mut response = Json(people.iter().map(person).collect::<Vec<_>>()).into_response();
    if let Some(last) = people.last().filter(|_| people.len() == most) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("after", last.address.as_str()).append_pair("limit", &most.to_string());
        link(&mut response, &format!("/api/v1/channels/{channel}/subscribers?{}", query.finish()));
    }
    Ok(response)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct New {
    people: Vec<Person>,
    again: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    email: String,
    name: Option<String>,
}

/// Puts people on the list, all of them or, where an address is none, nobody.
async fn add(
    State(face): State<Arc<Face>>,
    Extension(Caller { name: who }): Extension<Caller>,
    Path(channel): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let channel = with_audience(&face, channel)?;
    let asked = read::<New>(&body)?;
    let entry = |person: &Person| Ok(Entry::new(address(&person.email)?, person.name.as_deref().unwrap_or_default()));
    let people = asked.people.iter().map(entry).collect::<Result<Vec<_>, Problem>>()?;
    let now = face.console.clock.now();
    let done = face.console.subscribers.import(channel, people, asked.again, who, now).await.map_err(unavailable)?;
    Ok(Json(json!({ "added": done.added, "known": done.known, "kept_out": done.kept_out })))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Removal {
    for_good: bool,
}

async fn remove(
    State(face): State<Arc<Face>>,
    Extension(Caller { name: who }): Extension<Caller>,
    Path((channel, written)): Path<(String, String)>,
    Query(asked): Query<Removal>,
) -> Result<Json<Value>, Problem> {
    let (channel, address) = (with_audience(&face, channel)?, address(&written)?);
    let (subscribers, at) = (&face.console.subscribers, face.console.clock.now());
    if asked.for_good {
        let reason = text!("cơ quan ghi theo yêu cầu", "recorded by the office");
        let reason = Some(reason.get(face.console.language).to_owned());
        let new = NewStanding { standing: Standing::Unsubscribed, reason, who, at };
        let before = subscribers.stand(channel, address, new).await.map_err(unavailable)?;
        return Ok(Json(json!({ "removed": before.is_some(), "standing": "unsubscribed", "before": before })));
    }
    let removed = subscribers.remove(channel, address, who, at).await.map_err(unavailable)?;
    Ok(Json(json!({ "removed": removed })))
}
