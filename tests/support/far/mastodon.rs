//! A Mastodon server with one account, as docs.joinmastodon.org describes it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::hostile_api::{Api, Reply, Request};

#[derive(Debug)]
pub(crate) struct Mastodon {
    /// The only token that it takes.
    pub(crate) token: String,
    pub(crate) statuses: Vec<Status>,
    /// Pictures that were uploaded: id, description, bytes.
    pub(crate) media: Vec<(String, String, Vec<u8>)>,
    /// Keys with the hour of their use.
    keys: BTreeMap<String, (DateTime<Utc>, String)>,
    pub(crate) now: DateTime<Utc>,
    next: u64,
    /// What requests that change something are refused with.
    pub(crate) refuse: Option<Reply>,
    /// Remaining of 300 requests, as every answer says.
    pub(crate) remaining: u64,
    pub(crate) most_characters: usize,
    /// Uploads are answered 202, and are ready after so many looks.
    pub(crate) working: usize,
    /// Looks at the list that a new status is missing from.
    pub(crate) late: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) media: Vec<String>,
    pub(crate) language: String,
    pub(crate) visibility: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) edits: usize,
    unseen: usize,
}

impl Mastodon {
    pub(crate) fn new(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            statuses: Vec::new(),
            media: Vec::new(),
            keys: BTreeMap::new(),
            now: DateTime::from_timestamp(1_795_485_600, 0).expect("2026-11-24 09:00 in Vietnam"),
            next: 110_000,
            refuse: None,
            remaining: 299,
            most_characters: 500,
            working: 0,
            late: 0,
        }
    }

    /// A status of the account that loa did not write.
    pub(crate) fn add(&mut self, text: &str) -> String {
        self.next += 1;
        let id = self.next.to_string();
        self.statuses.push(Status {
            id: id.clone(),
            text: text.to_owned(),
            media: Vec::new(),
            language: "vi".to_owned(),
            visibility: "public".to_owned(),
            created: self.now,
            edits: 0,
            unseen: 0,
        });
        id
    }

    /// As the server shows a status: HTML with shortened addresses and linked tags.
    fn shown(&self, status: &Status) -> Value {
        let paragraphs: Vec<String> = status.text.split("\n\n").map(paragraph).collect();
        let media: Vec<Value> = status
            .media
            .iter()
            .map(|id| {
                let description = self.media.iter().find(|(known, ..)| known == id).map(|(_, words, _)| words.as_str());
                json!({ "id": id, "type": "image", "description": description.filter(|words| !words.is_empty()) })
            })
            .collect();
        json!({
            "id": status.id, "created_at": status.created.to_rfc3339(), "language": status.language,
            "visibility": status.visibility, "url": format!("https://mastodon.example.vn/@anbinh/{}", status.id),
            "uri": format!("https://mastodon.example.vn/users/anbinh/statuses/{}", status.id),
            "content": paragraphs.concat(), "media_attachments": media,
        })
    }

    fn read(&self, request: &Request) -> Result<(String, Vec<String>, String, String), Reply> {
        let body = request.json();
        let words = |name: &str, usual: &str| body[name].as_str().unwrap_or(usual).to_owned();
        let text = words("status", "");
        let media: Vec<String> = body["media_ids"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect();
        let refused = |why: &str| Reply::json(422, &json!({ "error": format!("Validation failed: {why}") }));
        if text.is_empty() && media.is_empty() {
            return Err(refused("Text can't be blank"));
        }
        if counted(&text) > self.most_characters {
            return Err(refused(&format!("Text character limit of {} exceeded", self.most_characters)));
        }
        if media.len() > 4 {
            return Err(refused("Cannot attach more than 4 files"));
        }
        if media.iter().any(|id| !self.media.iter().any(|(known, ..)| known == id)) {
            return Err(refused("Media not found"));
        }
        if self.working > 0 && !media.is_empty() {
            return Err(refused("Cannot attach files that have not finished processing. Try again in a moment!"));
        }
        Ok((text, media, words("language", "en"), words("visibility", "public")))
    }

    fn post(&mut self, request: &Request) -> Reply {
        let key = request.header("idempotency-key").map(str::to_owned);
        let known =
            key.as_ref().and_then(|key| self.keys.get(key)).filter(|(at, _)| self.now - at < TimeDelta::hours(1));
        if let Some(status) = known.and_then(|(_, id)| self.statuses.iter().find(|status| status.id == *id)) {
            return Reply::json(200, &self.shown(status));
        }
        let (text, media, language, visibility) = match self.read(request) {
            Ok(read) => read,
            Err(refusal) => return refusal,
        };
        if request.json()["scheduled_at"].is_string() {
            return Reply::json(200, &json!({ "id": "7", "scheduled_at": "later", "params": { "text": text } }));
        }
        let id = self.add(&text);
        let late = self.late;
        let status = self.statuses.last_mut().expect("a status");
        (status.media, status.language, status.visibility, status.unseen) = (media, language, visibility, late);
        let shown = self.statuses.last().map(|status| self.shown(status)).unwrap_or_default();
        if let Some(key) = key {
            self.keys.insert(key, (self.now, id));
        }
        Reply::json(200, &shown)
    }

    fn edit(&mut self, id: &str, request: &Request) -> Reply {
        let Some(at) = self.statuses.iter().position(|status| status.id == id) else { return missing() };
        let (text, media, language, _) = match self.read(request) {
            Ok(read) => read,
            Err(refusal) => return refusal,
        };
        let status = &mut self.statuses[at];
        (status.text, status.media, status.language) = (text, media, language);
        status.edits += 1;
        Reply::json(200, &self.shown(&self.statuses[at]))
    }

    fn list(&mut self, request: &Request) -> Reply {
        let before = request.query("max_id").and_then(|id| id.parse::<u64>().ok()).unwrap_or(u64::MAX);
        let limit = request.query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(20_usize).min(40);
        let mut shown = Vec::new();
        for at in (0..self.statuses.len()).rev() {
            let status = &mut self.statuses[at];
            if status.unseen > 0 {
                status.unseen -= 1;
                continue;
            }
            if status.id.parse::<u64>().is_ok_and(|id| id < before) && shown.len() < limit {
                shown.push(self.shown(&self.statuses[at]));
            }
        }
        Reply::json(200, &Value::from(shown))
    }

    fn upload(&mut self, request: &Request) -> Reply {
        let parts = request.parts();
        let part = |name: &str| parts.iter().find(|(head, _)| head.contains(&format!("name=\"{name}\"")));
        let Some((_, bytes)) = part("file") else {
            return Reply::json(422, &json!({ "error": "Validation failed: File can't be blank" }));
        };
        let words = part("description").map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned());
        self.next += 1;
        let id = self.next.to_string();
        self.media.push((id.clone(), words.unwrap_or_default(), bytes.clone()));
        let url = (self.working == 0).then(|| format!("https://files.example.vn/{id}.png"));
        Reply::json(if self.working > 0 { 202 } else { 200 }, &json!({ "id": id, "type": "image", "url": url }))
    }

    fn act(&mut self, request: &Request) -> Reply {
        let path = request.path().trim_start_matches("/api/").to_owned();
        match (request.head.method.as_str(), path.split('/').collect::<Vec<_>>().as_slice()) {
            ("GET", ["v1", "accounts", "verify_credentials"]) => {
                Reply::json(200, &json!({ "id": "1001", "acct": "anbinh", "username": "anbinh" }))
            }
            ("GET", ["v1", "accounts", "1001", "statuses"]) => self.list(request),
            ("GET", ["v2", "instance"]) => Reply::json(
                200,
                &json!({ "configuration": { "statuses": { "max_characters": self.most_characters } } }),
            ),
            ("POST", ["v1", "statuses"]) => self.post(request),
            ("POST", ["v2", "media"]) => self.upload(request),
            ("GET", ["v1", "media", id]) => {
                let ready = self.working == 0;
                self.working = self.working.saturating_sub(1);
                Reply::json(if ready { 200 } else { 206 }, &json!({ "id": id, "url": null }))
            }
            ("GET", ["v1", "statuses", id]) => match self.statuses.iter().find(|status| status.id == *id) {
                Some(status) => Reply::json(200, &self.shown(status)),
                None => missing(),
            },
            ("PUT", ["v1", "statuses", id]) => self.edit(id, request),
            ("DELETE", ["v1", "statuses", id]) => match self.statuses.iter().position(|status| status.id == *id) {
                Some(at) => {
                    let status = self.statuses.remove(at);
                    Reply::json(200, &json!({ "id": status.id, "text": status.text }))
                }
                None => missing(),
            },
            _ => missing(),
        }
    }
}

fn missing() -> Reply {
    Reply::json(404, &json!({ "error": "Record not found" }))
}

/// An address counts as 23 characters.
fn counted(text: &str) -> usize {
    let words = text.split(char::is_whitespace);
    let saved: usize = words.filter(|word| word.starts_with("http")).map(|word| word.chars().count() - 23).sum();
    text.chars().count() - saved
}

fn paragraph(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let word = |word: &str| {
        if let Some(rest) = word.strip_prefix("https://") {
            let (seen, hidden) = rest.split_at(rest.len().min(30));
            return format!(
                "<a href=\"{word}\" rel=\"nofollow\"><span class=\"invisible\">https://</span><span class=\"ellipsis\">{seen}</span><span class=\"invisible\">{hidden}</span></a>"
            );
        }
        match word.strip_prefix('#') {
            Some(tag) => format!(
                "<a href=\"https://mastodon.example.vn/tags/x\" class=\"mention hashtag\">#<span>{tag}</span></a>"
            ),
            None => word.to_owned(),
        }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    format!("<p>{}</p>", escaped.split('\n').map(line).collect::<Vec<_>>().join("<br />"))
}

impl Api for Mastodon {
    fn answer(&mut self, request: &Request) -> Reply {
        self.now += TimeDelta::seconds(1);
        let bearer = request.header("authorization").unwrap_or_default();
        let reply = if bearer != format!("Bearer {}", self.token) && request.path() != "/api/v2/instance" {
            Reply::json(401, &json!({ "error": "The access token is invalid" }))
        } else if let Some(refusal) = self.refuse.clone().filter(|_| self.changes(request)) {
            refusal
        } else {
            self.act(request)
        };
        let reset = (self.now + TimeDelta::minutes(5)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        reply
            .header("X-RateLimit-Limit", "300")
            .header("X-RateLimit-Remaining", &self.remaining.to_string())
            .header("X-RateLimit-Reset", &reset)
    }

    fn public(&self) -> Vec<String> {
        self.statuses.iter().map(|status| status.text.clone()).collect()
    }
}
