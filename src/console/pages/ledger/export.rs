//! The ledger as a table for spreadsheets: decisions and attempts of a month, or of an article, by the hour, read and sent
//! piece by piece.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures_util::stream::try_unfold;

use super::{ever, month as month_of};
use crate::article::ArticleId;
use crate::console::guard::{Guest, Officer, Stop};
use crate::console::view::{decision as decided, errand, outcome};
use crate::console::{Face, csv};
use crate::ledger::{Books, DecidedRow, Lookup, Place, TryRow};
use crate::queue::StoreError;
use crate::text;
use crate::text::{Language, Text};

/// Lines read at once from one place.
const PAGE: u32 = 500;
/// Lines sent at once.
const PIECE: usize = 500;

/// One line: where it stands, and its cells.
type Line = (Place, Vec<String>);

/// What lines are about.
enum About {
    Decisions,
    /// On this channel, or on every one.
    Attempts(Option<String>),
}

/// Where lines come from, in their order.
struct Source {
    about: About,
    next: VecDeque<Line>,
    after: Option<Place>,
    is_over: bool,
}

/// An export on its way.
struct Export {
    books: Arc<dyn Books>,
    sources: Vec<Source>,
    article: Option<ArticleId>,
    span: (DateTime<Utc>, DateTime<Utc>),
    zone: Tz,
    language: Language,
    has_begun: bool,
}

pub(super) async fn month(State(face): State<Arc<Face>>, guest: Guest, officer: Officer) -> Result<Response, Stop> {
    let written = guest.query.trimmed("month");
    let Some(span) = month_of(written, face.console.zone) else {
        let trouble = text!("tháng viết như 2026-11", "a month is written as 2026-11");
        return Err(Stop::Refused(StatusCode::UNPROCESSABLE_ENTITY, trouble));
    };
    let channels = face.console.books.tried_channels().await?;
    let attempts = channels.into_iter().map(|channel| Source::new(About::Attempts(Some(channel)))).collect();
    // What was parsed has nothing but digits and a hyphen.
    Ok(begin(&face, &officer, &format!("loa-{}", written.replace(['"', ' '], "")), None, span, attempts))
}

pub(super) async fn article(State(face): State<Arc<Face>>, guest: Guest, officer: Officer) -> Result<Response, Stop> {
    let id = guest.query.get("id").parse().map(ArticleId).map_err(|_| Stop::NotFound)?;
    face.console.ledger.article(id).await?.ok_or(Stop::NotFound)?;
    Ok(begin(&face, &officer, &format!("loa-{id}"), Some(id), ever(), vec![Source::new(About::Attempts(None))]))
}

fn begin(
    face: &Face,
    officer: &Officer,
    name: &str,
    article: Option<ArticleId>,
    span: (DateTime<Utc>, DateTime<Utc>),
    attempts: Vec<Source>,
) -> Response {
    // Of one instant, what was decided stands before what was tried.
    let sources = std::iter::once(Source::new(About::Decisions)).chain(attempts).collect();
    let export = Export {
        books: Arc::clone(&face.console.books),
        sources,
        article,
        span,
        zone: face.console.zone,
        language: officer.language,
        has_begun: false,
    };
    csv::download(name, try_unfold(export, Export::piece))
}

impl Source {
    fn new(about: About) -> Self {
        Self { about, next: VecDeque::new(), after: None, is_over: false }
    }
}

impl Export {
    /// The next lines, the oldest first.
    async fn piece(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        if !std::mem::replace(&mut self.has_begun, true) {
            return Ok(Some((csv::heading(self.heading())?, self)));
        }
        let mut rows = Vec::new();
        while rows.len() < PIECE {
            for place in 0..self.sources.len() {
                self.fill(place).await?;
            }
            let waiting = self.sources.iter_mut().filter(|source| !source.next.is_empty());
            let Some(first) = waiting.min_by_key(|source| source.next.front().map(|(place, _)| place.at)) else {
                break;
            };
            rows.extend(first.next.pop_front().map(|(_, cells)| cells));
        }
        if rows.is_empty() {
            return Ok(None);
        }
        Ok(Some((csv::lines(rows)?, self)))
    }

    /// Reads on where nothing is left.
    async fn fill(&mut self, place: usize) -> Result<(), StoreError> {
        let Some(source) = self.sources.get(place).filter(|source| source.next.is_empty() && !source.is_over) else {
            return Ok(());
        };
        let (is_decisions, channel) = match &source.about {
            About::Decisions => (true, None),
            About::Attempts(channel) => (false, channel.clone()),
        };
        let lookup = Lookup {
            who: None,
            channel,
            article: self.article,
            from: self.span.0,
            until: self.span.1,
            oldest_first: true,
            after: source.after,
            most: PAGE,
        };
        let lines: Vec<Line> = if is_decisions {
            let rows = self.books.decisions(lookup).await?;
            rows.iter().map(|row| (Place { at: row.at, id: row.id }, self.decision(row))).collect()
        } else {
            let rows = self.books.tries(lookup).await?;
            rows.iter().map(|row| (Place { at: row.attempt.started, id: row.id }, self.tried(row))).collect()
        };
        if let Some(source) = self.sources.get_mut(place) {
            source.is_over = lines.len() < PAGE as usize;
            source.after = lines.last().map(|(place, _)| *place);
            source.next = lines.into();
        }
        Ok(())
    }

    fn say(&self, text: &Text) -> String {
        text.get(self.language).to_owned()
    }

    fn hour(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn heading(&self) -> Vec<String> {
        [
            text!("lúc", "at"),
            text!("loại", "kind"),
            text!("ai", "who"),
            text!("việc", "what"),
            text!("kết quả", "outcome"),
            text!("bài số", "article"),
            text!("nguồn", "source"),
            text!("mã bài", "external id"),
            text!("tên bài", "title"),
            text!("kênh", "channel"),
            text!("lượt phát", "delivery"),
            text!("ghi chú", "note"),
            text!("địa chỉ công khai", "public address"),
            text!("vị trí trong chuỗi", "place in the chain"),
            text!("mã băm", "hash"),
        ]
        .map(|cell| self.say(&cell))
        .to_vec()
    }

    fn decision(&self, row: &DecidedRow) -> Vec<String> {
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let key = row.key.as_ref();
        vec![
            self.hour(row.at),
            self.say(&text!("quyết định", "decision")),
            row.who.clone(),
            self.say(&decided(&row.what)),
            String::new(),
            number(row.article.map(|id| id.0)),
            key.map(|key| key.source.clone()).unwrap_or_default(),
            key.map(|key| key.external_id.clone()).unwrap_or_default(),
            row.title.clone().unwrap_or_default(),
            row.channel.clone().unwrap_or_default(),
            number(row.delivery.map(|id| id.0)),
            row.note.as_ref().map(|note| self.say(note)).unwrap_or_default(),
            String::new(),
            number(row.seq),
            row.hash.clone().unwrap_or_default(),
        ]
    }

    fn tried(&self, row: &TryRow) -> Vec<String> {
        let attempt = &row.attempt;
        let ended = outcome(attempt.outcome.as_deref()).word;
        vec![
            self.hour(attempt.started),
            self.say(&text!("lần gửi", "attempt")),
            "loa".to_owned(),
            self.say(&errand(&attempt.errand)),
            self.say(&ended),
            row.article.to_string(),
            row.key.source.clone(),
            row.key.external_id.clone(),
            row.title.clone(),
            row.channel.clone(),
            attempt.delivery.to_string(),
            attempt.note.as_ref().map(|note| self.say(note)).unwrap_or_default(),
            attempt.url.clone().unwrap_or_default(),
            String::new(),
            attempt.payload_hash.clone().unwrap_or_default(),
        ]
    }
}
