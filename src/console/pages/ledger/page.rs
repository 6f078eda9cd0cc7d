//! The page: decisions or attempts, by person, channel, article and month.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{ever, month, title};
use crate::article::ArticleId;
use crate::console::guard::{Form, Guest, Officer, Stop};
use crate::console::view::{decision as decided, errand, outcome};
use crate::console::{ChannelSummary, Face};
use crate::ledger::{Break, DecidedRow, Lookup, Place, TryRow};
use crate::text;
use crate::text::Text;

/// Lines on one page.
const SHOWN: u32 = 50;
/// People that can be chosen.
const PEOPLE: u32 = 200;

/// What is asked for, as the address says it.
struct Asked<'q> {
    tries: bool,
    who: &'q str,
    channel: &'q str,
    article: &'q str,
    month: &'q str,
    after: Option<Place>,
}

impl<'q> Asked<'q> {
    fn of(query: &'q Form) -> Self {
        let at = query.get("at").parse().ok().and_then(DateTime::from_timestamp_millis);
        let after = at.zip(query.get("id").parse().ok()).map(|(at, id)| Place { at, id });
        Self {
            tries: query.get("show") == "tries",
            who: query.trimmed("who"),
            channel: query.trimmed("channel"),
            article: query.trimmed("article"),
            month: query.trimmed("month"),
            after,
        }
    }

    /// An address of the same lines.
    fn address(&self, tries: bool, after: Option<Place>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let fields = [("who", self.who), ("channel", self.channel), ("article", self.article), ("month", self.month)];
        query.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty()));
        if tries {
            query.append_pair("show", "tries");
        }
        if let Some(Place { at, id }) = after {
            query.append_pair("at", &at.timestamp_millis().to_string()).append_pair("id", &id.to_string());
        }
        format!("/ledger?{}", query.finish())
    }
}

fn some(words: &str) -> Option<String> {
    Some(words.to_owned()).filter(|words| !words.is_empty())
}

pub(super) async fn page(State(face): State<Arc<Face>>, guest: Guest, officer: Officer) -> Result<Response, Stop> {
    let asked = Asked::of(&guest.query);
    let (books, now) = (&face.console.books, face.console.clock.now());
    let span = if asked.month.is_empty() { Some(ever()) } else { month(asked.month, face.console.zone) };
    let article = if asked.article.is_empty() { Some(None) } else { article(&face, asked.article).await?.map(Some) };
    let summaries = face.console.desk.channels.summaries();
    let mut trouble = None;
    let mut lines = Vec::new();
    let mut last = None;
    match (span, article) {
        (Some((from, until)), Some(article)) => {
            let lookup = Lookup {
                who: some(asked.who).filter(|_| !asked.tries),
                channel: some(asked.channel),
                article,
                from,
                until,
                oldest_first: false,
                after: asked.after,
                most: SHOWN,
            };
            if asked.tries {
                let rows = books.tries(lookup).await?;
                last = rows.last().map(|row| Place { at: row.attempt.started, id: row.id });
                lines = rows.iter().map(|row| tried(row, &summaries)).collect();
            } else {
                let rows = books.decisions(lookup).await?;
                last = rows.last().map(|row| Place { at: row.at, id: row.id });
                lines = rows.iter().map(|row| decision(row, &summaries)).collect();
            }
        }
        (None, _) => trouble = Some(text!("tháng viết như 2026-11", "a month is written as 2026-11")),
        (_, None) => trouble = Some(text!("không có bài này", "there is no such article")),
    }
    let older = last.filter(|_| lines.len() == SHOWN as usize).map(|last| asked.address(asked.tries, Some(last)));
    let channels: Vec<Value> =
        summaries.iter().map(|one| json!({ "channel": one.channel, "name": one.name })).collect();
    let this_month = now.with_timezone(&face.console.zone).format("%Y-%m").to_string();
    let context = json!({
        "now": now,
        "tries": asked.tries,
        "lines": lines,
        "who": asked.who,
        "people": books.deciders(PEOPLE).await?,
        "channel": asked.channel,
        "channels": channels,
        "article": asked.article,
        "found": article.flatten(),
        "month": asked.month,
        "export_month": if asked.month.is_empty() { &this_month } else { asked.month },
        "trouble": trouble,
        "decisions_href": asked.address(false, None),
        "tries_href": asked.address(true, None),
        "paging": { "newer": asked.after.map(|_| asked.address(asked.tries, None)), "older": older },
        "chain": face.chain(now).map(|checked| json!({
            "at": checked.at,
            "whole": checked.broken.is_none(),
            "broken": checked.broken.map(broken),
        })),
    });
    officer.page("ledger.html", &title(), context)
}

/// The article that somebody means: a number, `source/external_id`, or an external id.
async fn article(face: &Face, words: &str) -> Result<Option<ArticleId>, Stop> {
    Ok(face.console.ledger.find(words).await?.first().map(|row| row.id))
}

/// Where the chain is broken.
fn broken(place: Break) -> Text {
    match place {
        Break::Changed(id) => text!("quyết định số {id} đã bị sửa", "decision {id} was changed"),
        Break::Missing(seq) => {
            text!("quyết định ở vị trí {seq} đã bị xóa", "the decision at place {seq} was taken away")
        }
        Break::Added(id) => text!("quyết định số {id} không do loa ghi", "decision {id} was not written by loa"),
    }
}

fn name(summaries: &[ChannelSummary], channel: &str) -> String {
    let known = summaries.iter().find(|summary| summary.channel == channel);
    known.map_or_else(|| channel.to_owned(), |summary| summary.name.clone())
}

fn decision(row: &DecidedRow, summaries: &[ChannelSummary]) -> Value {
    json!({
        "at": row.at,
        "who": row.who,
        "what": decided(&row.what),
        "note": row.note,
        "article": row.article,
        "title": row.title,
        "delivery": row.delivery,
        "channel": row.channel.as_ref().map(|channel| name(summaries, channel)),
        "seq": row.seq,
        "hash": row.hash,
    })
}

fn tried(row: &TryRow, summaries: &[ChannelSummary]) -> Value {
    let attempt = &row.attempt;
    let took = attempt.finished.map(|finished: DateTime<Utc>| (finished - attempt.started).num_milliseconds());
    json!({
        "at": attempt.started,
        "what": errand(&attempt.errand),
        "badge": outcome(attempt.outcome.as_deref()),
        "note": attempt.note,
        "article": row.article,
        "title": row.title,
        "delivery": attempt.delivery,
        "attempt": attempt.attempt,
        "channel": name(summaries, &row.channel),
        "took": took,
        "url": attempt.url,
        "hash": attempt.payload_hash,
    })
}
