//! Telegram's Bot API for one channel: messages, albums, edits, the two days after which nothing is deleted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::graph_answers::parameters;
use crate::support::hostile_api::{Api, Reply, Request};

pub(crate) const TOKEN: &str = "123456:AAtest-token_9";
pub(crate) const CHAT: i64 = -1_001_234_567_890;
const TWO_DAYS: i64 = 48 * 3_600;

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: i64,
    /// After the tags are taken out.
    pub(crate) text: String,
    pub(crate) photo: Option<String>,
    sent: i64,
}

#[derive(Debug)]
pub(crate) struct Telegram {
    pub(crate) messages: Vec<Message>,
    pub(crate) token: String,
    /// The public name of the channel.
    pub(crate) username: Option<String>,
    /// What the bot is in the channel.
    pub(crate) status: &'static str,
    pub(crate) fetchable: BTreeSet<String>,
    /// Answers given instead of the next changing requests: error code, description, parameters.
    pub(crate) say: VecDeque<(i64, String, Value)>,
    pub(crate) now: i64,
    next: i64,
    albums: i64,
}

type Wrong = (i64, String, Value);

fn bad(description: &str) -> Wrong {
    (400, format!("Bad Request: {description}"), Value::Null)
}

impl Telegram {
    pub(crate) fn new() -> Self {
        Self {
            messages: Vec::new(),
            token: TOKEN.to_owned(),
            username: Some("anbinh".to_owned()),
            status: "administrator",
            fetchable: BTreeSet::new(),
            say: VecDeque::new(),
            now: 1_795_485_600,
            // Larger than 32 bits on purpose.
            next: 5_000_000_000,
            albums: 0,
        }
    }

    fn route(&mut self, method: &str, given: &BTreeMap<String, Value>) -> Result<Value, Wrong> {
        let word = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
        let whole = |name: &str| {
            let value = given.get(name)?;
            value.as_i64().or_else(|| value.as_str()?.parse().ok())
        };
        if method == "getMe" {
            return Ok(json!({ "id": 42, "is_bot": true, "username": "anbinh_bot" }));
        }
        let named = self.username.as_ref().map(|name| format!("@{name}"));
        if whole("chat_id") != Some(CHAT) && (named.is_none() || word("chat_id") != named) {
            return Err(bad("chat not found"));
        }
        match method {
            "getChat" => Ok(json!({ "id": CHAT, "type": "channel", "title": "An Bình", "username": self.username })),
            "getChatMember" => {
                Ok(json!({ "status": self.status, "can_post_messages": self.status == "administrator" }))
            }
            _ if self.status != "administrator" => {
                Err((403, "Forbidden: bot was kicked from the channel chat".to_owned(), Value::Null))
            }
            "sendMessage" => {
                let text = plain(&word("text").unwrap_or_default())?;
                limit(&text, 4_096, "message is too long")?;
                let message = self.sent(text, None);
                Ok(self.shown(&message, None))
            }
            "sendPhoto" => {
                let caption = plain(&word("caption").unwrap_or_default())?;
                limit(&caption, 1_024, "message caption is too long")?;
                let photo = self.picture(given.get("photo"))?;
                let message = self.sent(caption, Some(photo));
                Ok(self.shown(&message, None))
            }
            "sendMediaGroup" => self.album(given),
            "editMessageText" => self.edit(whole("message_id"), &word("text").unwrap_or_default(), false),
            "editMessageCaption" => self.edit(whole("message_id"), &word("caption").unwrap_or_default(), true),
            "deleteMessage" => {
                let id = whole("message_id").unwrap_or_default();
                let Some(message) = self.messages.iter().find(|message| message.id == id) else {
                    return Err(bad("message to delete not found"));
                };
                if self.now - message.sent >= TWO_DAYS {
                    return Err(bad("message can't be deleted for everyone"));
                }
                self.messages.retain(|message| message.id != id);
                Ok(true.into())
            }
            _ => Err((404, "Not Found".to_owned(), Value::Null)),
        }
    }

    fn album(&mut self, given: &BTreeMap<String, Value>) -> Result<Value, Wrong> {
        let media: Vec<Value> = given
            .get("media")
            .and_then(Value::as_str)
            .and_then(|media| serde_json::from_str(media).ok())
            .unwrap_or_default();
        if !(2..=10).contains(&media.len()) {
            return Err(bad("there must be from 2 to 10 media"));
        }
        let mut all = Vec::new();
        for one in &media {
            let caption = plain(one["caption"].as_str().unwrap_or_default())?;
            limit(&caption, 1_024, "message caption is too long")?;
            let place = one["media"].as_str().unwrap_or_default();
            let file = place.strip_prefix("attach://").and_then(|name| given.get(name)).cloned();
            all.push((caption, self.picture(Some(&file.unwrap_or(place.into())))?));
        }
        self.albums += 1;
        let group = self.albums.to_string();
        let sent: Vec<Message> = all.into_iter().map(|(caption, photo)| self.sent(caption, Some(photo))).collect();
        Ok(sent.iter().map(|message| self.shown(message, Some(&group))).collect())
    }

    fn picture(&self, given: Option<&Value>) -> Result<String, Wrong> {
        match given {
            Some(Value::String(url)) if self.fetchable.contains(url) => Ok(url.clone()),
            Some(Value::String(_)) | None => Err(bad("wrong file identifier/HTTP URL specified")),
            Some(file) => Ok(format!("{} bytes", file["bytes"])),
        }
    }

    fn sent(&mut self, text: String, photo: Option<String>) -> Message {
        self.next += 1;
        let message = Message { id: self.next, text, photo, sent: self.now };
        self.messages.push(message.clone());
        message
    }

    fn shown(&self, message: &Message, group: Option<&str>) -> Value {
        let mut shown = json!({
            "message_id": message.id, "date": message.sent,
            "chat": { "id": CHAT, "type": "channel", "title": "An Bình" },
        });
        if let Some(name) = &self.username {
            shown["chat"]["username"] = name.as_str().into();
        }
        if message.photo.is_some() {
            shown["photo"] = json!([{ "file_id": "x" }]);
            shown["caption"] = message.text.as_str().into();
        } else {
            shown["text"] = message.text.as_str().into();
        }
        if let Some(group) = group {
            shown["media_group_id"] = group.into();
        }
        shown
    }

    fn edit(&mut self, id: Option<i64>, html: &str, caption: bool) -> Result<Value, Wrong> {
        let text = plain(html)?;
        limit(&text, if caption { 1_024 } else { 4_096 }, "message is too long")?;
        let Some(message) = self.messages.iter_mut().find(|message| Some(message.id) == id) else {
            return Err(bad("message to edit not found"));
        };
        if message.photo.is_some() != caption {
            return Err(bad("there is no text in the message to edit"));
        }
        if message.text == text {
            return Err(bad("message is not modified: specified new message content is exactly the same"));
        }
        message.text = text;
        let message = message.clone();
        Ok(self.shown(&message, None))
    }
}

fn limit(text: &str, most: usize, description: &str) -> Result<(), Wrong> {
    if text.encode_utf16().count() > most { Err(bad(description)) } else { Ok(()) }
}

/// The text without its tags; anything that is not Telegram's HTML is refused.
fn plain(html: &str) -> Result<String, Wrong> {
    let mut text = String::new();
    let mut rest = html;
    let mut open = Vec::new();
    while let Some(at) = rest.find(['<', '&', '>']) {
        text.push_str(&rest[..at]);
        let tail = &rest[at..];
        let (end, found) = match tail.as_bytes()[0] {
            b'<' => (tail.find('>'), "tag"),
            b'&' => (tail.find(';'), "entity"),
            _ => (None, "bare"),
        };
        let Some(end) = end else { return Err(bad(&format!("can't parse entities: {found} at byte {at}"))) };
        match &tail[..=end] {
            "&amp;" => text.push('&'),
            "&lt;" => text.push('<'),
            "&gt;" => text.push('>'),
            "&quot;" => text.push('"'),
            "<b>" => open.push("b"),
            "</b>" if open.pop() == Some("b") => {}
            other => return Err(bad(&format!("can't parse entities: {other}"))),
        }
        rest = &tail[end + 1..];
    }
    if !open.is_empty() {
        return Err(bad("can't parse entities: a tag is left open"));
    }
    text.push_str(rest);
    Ok(text)
}

impl Api for Telegram {
    fn answer(&mut self, request: &Request) -> Reply {
        let answer = match request.path().strip_prefix("/bot").and_then(|path| path.split_once('/')) {
            Some((token, _)) if token != self.token => Err((401, "Unauthorized".to_owned(), Value::Null)),
            Some((_, method)) => {
                let said = if self.changes(request) { self.say.pop_front() } else { None };
                said.map_or_else(|| self.route(method, &parameters(request)), Err)
            }
            None => Err((404, "Not Found".to_owned(), Value::Null)),
        };
        match answer {
            Ok(result) => Reply::json(200, &json!({ "ok": true, "result": result })),
            Err((code, description, parameters)) => {
                let mut body = json!({ "ok": false, "error_code": code, "description": description });
                if !parameters.is_null() {
                    body["parameters"] = parameters;
                }
                Reply::json(u16::try_from(code).unwrap_or(400), &body)
            }
        }
    }

    /// Every call is a POST; those that only read have names that begin so.
    fn changes(&self, request: &Request) -> bool {
        !request.path().rsplit('/').next().unwrap_or_default().starts_with("get")
    }

    fn public(&self) -> Vec<String> {
        self.messages.iter().map(|message| message.text.clone()).collect()
    }
}
