//! `GET /articles`: every article on every channel, and a search.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::super::standing::Standing;
use super::super::{Route, look};
use super::LIST;
use crate::article::ArticleId;
use crate::console::Face;
use crate::console::guard::{Form, Guest, Officer, Stop};
use crate::ledger::{DeliveryRow, Listed, Sought};
use crate::people::Role;
use crate::text;
use crate::text::Text;

/// Articles on a page.
const SHOWN: u32 = 25;
/// Topics to choose from.
const TOPICS: u32 = 300;
/// Longest search.
const LONGEST: usize = 200;

pub(super) fn routes() -> Vec<Route> {
    vec![look(LIST, Role::Viewer, page), look("/articles/list", Role::Viewer, part)]
}

fn title() -> Text {
    text!("Bài", "Articles")
}

async fn page(State(face): State<Arc<Face>>, guest: Guest, officer: Officer) -> Result<Response, Stop> {
    officer.page("articles.html", &title(), seen(&face, &guest.query).await?)
}

/// What is fetched again when something changed.
async fn part(State(face): State<Arc<Face>>, guest: Guest, officer: Officer) -> Result<Response, Stop> {
    officer.page("articles_list.html", &title(), seen(&face, &guest.query).await?)
}

fn states() -> [(&'static str, Text); 6] {
    [
        ("uncertain", text!("chưa rõ", "uncertain")),
        ("held", text!("chờ người", "waits for a person")),
        ("failed", text!("thất bại", "failed")),
        ("waiting", text!("đang chờ giờ", "waiting for its hour")),
        ("sending", text!("đang gửi", "being sent")),
        ("settled", text!("đã xong", "settled")),
    ]
}

/// The first instant of a day of the office.
fn begins(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.and_hms_opt(0, 0, 0)?;
    // Where clocks are put forward at midnight, the day begins an hour later.
    let begins = midnight.and_local_timezone(zone).earliest();
    begins.or_else(|| day.and_hms_opt(1, 0, 0)?.and_local_timezone(zone).earliest()).map(|at| at.to_utc())
}

/// What a query asks for.
fn sought(query: &Form, zone: Tz) -> Sought {
    let given = |name| Some(query.trimmed(name)).filter(|words| !words.is_empty()).map(str::to_owned);
    let day = |name| query.trimmed(name).parse::<NaiveDate>().ok();
    let known = |state: &String| states().iter().any(|(name, _)| name == state);
    Sought {
        words: query.trimmed("q").chars().take(LONGEST).collect(),
        topic: given("topic"),
        channel: given("channel"),
        state: given("state").filter(known),
        from: day("from").and_then(|day| begins(day, zone)),
        until: day("until").and_then(|day| begins(day.checked_add_days(Days::new(1))?, zone)),
        before: query.trimmed("before").parse().ok().map(ArticleId),
        most: SHOWN,
    }
}

/// The query again, on another page of the list.
fn query(asked: &Form, before: Option<ArticleId>) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for name in ["q", "topic", "channel", "state", "from", "until"] {
        if !asked.trimmed(name).is_empty() {
            pairs.append_pair(name, asked.trimmed(name));
        }
    }
    if let Some(before) = before {
        pairs.append_pair("before", &before.to_string());
    }
    pairs.finish()
}

async fn seen(face: &Face, asked: &Form) -> Result<Value, Stop> {
    let zone = face.console.zone;
    let sought = sought(asked, zone);
    let filtered = !query(asked, None).is_empty();
    let page = face.console.archive.seek(sought.clone()).await?;
    let rows: Vec<DeliveryRow> = page.rows.iter().flat_map(|one| one.deliveries.clone()).collect();
    let standing = Standing::of(face, &rows).await?;
    let columns = columns(&standing, &rows);
    let articles: Vec<Value> = page.rows.iter().map(|one| article(one, &columns, &standing)).collect();
    let address = |before| match query(asked, before) {
        query if query.is_empty() => LIST.to_owned(),
        query => format!("{LIST}?{query}"),
    };
    let states: Vec<Value> = states().iter().map(|(name, word)| json!({ "name": name, "word": word })).collect();
    let channels: Vec<Value> =
        standing.summaries.iter().map(|one| json!({ "name": one.channel, "word": one.name })).collect();
    Ok(json!({
        "now": face.console.clock.now(),
        "columns": columns.iter().map(|channel| json!({ "channel": channel, "name": standing.name(channel) })).collect::<Vec<_>>(),
        "articles": articles,
        "filtered": filtered,
        "part": format!("{LIST}/list?{}", query(asked, sought.before)),
        "paging": { "newer": sought.before.map(|_| address(None)), "older": page.older.map(|id| address(Some(id))) },
        "topics": face.console.archive.topics(TOPICS).await?,
        "states": states,
        "channels": channels,
        "asked": {
            "q": sought.words,
            "topic": sought.topic,
            "channel": sought.channel,
            "state": sought.state,
            "from": asked.trimmed("from"),
            "until": asked.trimmed("until"),
        },
    }))
}

/// The channels that are on, and those that these articles are on all the same.
fn columns(standing: &Standing, rows: &[DeliveryRow]) -> Vec<String> {
    let on = standing.summaries.iter().filter(|one| one.enabled).map(|one| one.channel.clone());
    let mut columns: Vec<String> = on.collect();
    for row in rows {
        if !columns.contains(&row.delivery.channel) {
            columns.push(row.delivery.channel.clone());
        }
    }
    columns
}

fn article(one: &Listed, columns: &[String], standing: &Standing) -> Value {
    let cell = |channel: &String| {
        let row = one.deliveries.iter().find(|row| row.delivery.channel == *channel);
        let shown = row.map(|row| standing.shown(row));
        json!({ "name": standing.name(channel), "delivery": shown })
    };
    json!({
        "id": one.article.id,
        "title": one.article.title,
        "key": one.article.key.to_string(),
        "revision": one.article.revision,
        "withdrawn": one.article.withdrawn_at,
        "accepted": one.accepted,
        "cells": columns.iter().map(cell).collect::<Vec<_>>(),
    })
}
