//! Facebook's Graph API for one page: hidden and public posts, pictures, tokens that die, limits, and its traps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::graph_answers::{Wrong, parameters, truth};
use crate::support::hostile_api::{Api, Reply, Request};

pub(crate) const PAGE: &str = "1234567890";
pub(crate) const TOKEN: &str = "EAAtesttoken";
pub(crate) const APP: (&str, &str) = ("987654321", "0123456789abcdef0123456789abcdef");
/// New pages show another number in their addresses.
const PROFILE: &str = "61550000000001";
pub(crate) const START: i64 = 1_795_485_600;

/// What a token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Good,
    /// Code 190 with this subcode.
    Dead(i64),
    /// Alive, but refused with this code at whatever it does.
    Without(i64),
}

#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) id: String,
    pub(crate) message: String,
    pub(crate) link: Option<String>,
    pub(crate) photos: Vec<String>,
    pub(crate) published: bool,
    pub(crate) hidden: bool,
    pub(crate) foreign: bool,
    created: i64,
    /// From when on lists show it.
    listed: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Photo {
    pub(crate) id: String,
    pub(crate) alt: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) bytes: u64,
    created: i64,
}

#[derive(Clone)]
pub(crate) struct Hour(Arc<dyn Fn() -> i64 + Send + Sync>);

impl fmt::Debug for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", (self.0)())
    }
}

#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) posts: Vec<Post>,
    pub(crate) photos: Vec<Photo>,
    pub(crate) scraped: Vec<String>,
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) needs_proof: bool,
    /// What `debug_token` says of a good token, over the usual.
    pub(crate) debug: Value,
    /// Answers given instead of the next changing requests; `None` lets one pass.
    pub(crate) say: VecDeque<Option<Wrong>>,
    /// So many changing requests are done and then answered with HTTP 500, code 2.
    pub(crate) done_then_down: usize,
    /// So many reads meet a proxy's page.
    pub(crate) broken_reads: usize,
    /// Calls until the limit is reached.
    pub(crate) calls_left: Option<usize>,
    /// What the limit's answer says of it.
    pub(crate) limit_header: String,
    /// Sent with every answer.
    pub(crate) headers: Vec<(String, String)>,
    /// Whether hidden posts are listed anywhere.
    pub(crate) lists_hidden: bool,
    pub(crate) listed_after: i64,
    pub(crate) photos_last: i64,
    pub(crate) fetchable: BTreeSet<String>,
    /// Code and subcode for the same text again.
    pub(crate) again: (i64, Option<i64>),
    /// What may not be done with a post: `delete`, `is_published`, `is_hidden`, `message`.
    pub(crate) forbidden: BTreeMap<&'static str, (i64, Option<i64>)>,
    pub(crate) schedule_days: i64,
    hour: Hour,
    next: u64,
    traces: u64,
}

impl Graph {
    pub(crate) fn new() -> Self {
        Self {
            posts: Vec::new(),
            photos: Vec::new(),
            scraped: Vec::new(),
            tokens: BTreeMap::from([(TOKEN.to_owned(), Token::Good)]),
            needs_proof: false,
            debug: json!({}),
            say: VecDeque::new(),
            done_then_down: 0,
            broken_reads: 0,
            calls_left: None,
            limit_header: format!(
                "{{\"{PAGE}\":[{{\"type\":\"pages\",\"call_count\":100,\"total_cputime\":1,\"total_time\":1,\
                 \"estimated_time_to_regain_access\":7}}]}}"
            ),
            headers: vec![("facebook-api-version".to_owned(), "v26.0".to_owned())],
            lists_hidden: true,
            listed_after: 0,
            photos_last: 86_400,
            fetchable: BTreeSet::new(),
            again: (506, None),
            forbidden: BTreeMap::new(),
            schedule_days: 29,
            hour: Hour(Arc::new(|| START)),
            next: 100,
            traces: 0,
        }
    }

    /// Reads the time from here from now on.
    pub(crate) fn hour(&mut self, hour: impl Fn() -> i64 + Send + Sync + 'static) {
        self.hour = Hour(Arc::new(hour));
    }

    pub(crate) fn post(&self, id: &str) -> &Post {
        self.posts.iter().find(|post| post.id == id).expect("a post of this id")
    }

    /// A post is there that somebody else, or another app, has made.
    pub(crate) fn stranger(&mut self, message: &str) -> String {
        let id = self.made(message.to_owned(), None, Vec::new(), true);
        if let Some(post) = self.posts.last_mut() {
            post.foreign = true;
        }
        id
    }

    fn now(&self) -> i64 {
        (self.hour.0)()
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn made(&mut self, message: String, link: Option<String>, photos: Vec<String>, published: bool) -> String {
        let id = format!("{PAGE}_{}", self.number());
        let created = self.now();
        let listed = created + self.listed_after;
        let (hidden, foreign) = (false, false);
        self.posts.push(Post { id: id.clone(), message, link, photos, published, hidden, foreign, created, listed });
        id
    }

    fn route(&mut self, request: &Request) -> Result<Value, Wrong> {
        let given = parameters(request);
        let word = |name: &str| given.get(name).and_then(Value::as_str);
        let method = request.head.method.as_str();
        let path: Vec<&str> = request.path().split('/').skip(2).filter(|part| !part.is_empty()).collect();
        if !request.path().starts_with("/v26.0/") {
            return Err(Wrong::new(2500, None, "Unknown path components"));
        }
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let token = bearer.or(word("access_token")).unwrap_or_default().to_owned();
        if path == ["debug_token"] {
            return self.speak_of(&token, word("input_token").unwrap_or_default());
        }
        match self.tokens.get(&token) {
            Some(Token::Good) => {}
            Some(Token::Dead(subcode)) => {
                return Err(Wrong::new(190, Some(*subcode), "Error validating access token"));
            }
            Some(Token::Without(code)) => return Err(Wrong::new(*code, None, "(#200) no permission")),
            None => return Err(Wrong::new(190, None, &format!("Malformed access token {token}"))),
        }
        self.prove(&token, word("appsecret_proof"))?;
        if let Some(left) = self.calls_left {
            if left == 0 {
                let mut wrong = Wrong::new(80_001, None, "There have been too many calls to this Page account");
                wrong.headers.push(("X-Business-Use-Case-Usage".to_owned(), self.limit_header.clone()));
                return Err(wrong);
            }
            self.calls_left = Some(left - 1);
        }
        match (method, path.as_slice()) {
            ("GET", [PAGE]) => Ok(json!({ "id": PAGE, "name": "UBND xã An Bình" })),
            ("GET", [PAGE, list]) => self.list(list, &given, &token),
            ("GET", [id]) => Ok(self.shown(self.find(id, "GET")?)),
            ("POST", [PAGE, "feed"]) => self.feed(&given),
            ("POST", [PAGE, "photos"]) => self.photo(&given),
            ("POST", []) => {
                self.scraped.push(word("id").unwrap_or_default().to_owned());
                Ok(json!({ "id": "1", "url": word("id") }))
            }
            ("POST", [id]) => self.edit(id, &given),
            ("DELETE", [id]) => self.delete(id),
            _ => Err(Wrong::missing(method)),
        }
    }

    fn prove(&self, token: &str, proof: Option<&str>) -> Result<(), Wrong> {
        use hmac::{KeyInit as _, Mac as _};
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(APP.1.as_bytes()).expect("a key");
        mac.update(token.as_bytes());
        let right: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        match proof {
            Some(proof) if proof == right => Ok(()),
            None if !self.needs_proof => Ok(()),
            _ => Err(Wrong::new(100, None, "Invalid appsecret_proof provided in the API argument")),
        }
    }

    fn speak_of(&self, app_token: &str, input: &str) -> Result<Value, Wrong> {
        if app_token != format!("{}|{}", APP.0, APP.1) {
            return Err(Wrong::new(190, None, "Invalid OAuth access token signature"));
        }
        let valid = !matches!(self.tokens.get(input), None | Some(Token::Dead(_)));
        let scopes = match self.tokens.get(input) {
            Some(Token::Without(_)) => json!(["pages_show_list"]),
            _ => json!(["pages_show_list", "pages_manage_posts", "pages_read_engagement"]),
        };
        let mut data = json!({
            "app_id": APP.0, "type": "PAGE", "is_valid": valid, "expires_at": 0, "data_access_expires_at": 0,
            "scopes": scopes,
        });
        for (name, value) in self.debug.as_object().into_iter().flatten() {
            data[name] = value.clone();
        }
        Ok(json!({ "data": data }))
    }

    fn find(&self, id: &str, method: &str) -> Result<&Post, Wrong> {
        self.posts.iter().find(|post| post.id == id).ok_or_else(|| Wrong::missing(method))
    }

    fn shown(&self, post: &Post) -> Value {
        let number = post.id.rsplit('_').next().unwrap_or_default();
        let time = chrono::DateTime::from_timestamp(post.created, 0).expect("a time");
        json!({
            "id": post.id, "message": post.message, "is_published": post.published,
            "created_time": time.format("%Y-%m-%dT%H:%M:%S+0000").to_string(),
            "permalink_url": format!("https://www.facebook.com/{PROFILE}/posts/{number}"),
        })
    }

    fn list(&self, list: &str, given: &BTreeMap<String, Value>, token: &str) -> Result<Value, Wrong> {
        let number = |name: &str| given.get(name).and_then(Value::as_str).and_then(|word| word.parse::<usize>().ok());
        let wanted: fn(&Post) -> bool = match list {
            "published_posts" | "posts" | "feed" => |post| post.published && !post.hidden,
            "promotable_posts" if self.lists_hidden => |post| !post.published,
            "scheduled_posts" => |_| false,
            _ => return Err(Wrong::new(100, None, &format!("(#100) Tried accessing nonexisting field ({list})"))),
        };
        let limit = number("limit").unwrap_or(25);
        if limit > 100 {
            return Err(Wrong::new(100, None, "(#100) limit must be at most 100"));
        }
        let now = self.now();
        let all: Vec<&Post> = self.posts.iter().rev().filter(|post| wanted(post) && post.listed <= now).collect();
        let from = number("after").unwrap_or(0);
        let page: Vec<Value> = all.iter().skip(from).take(limit).map(|post| self.shown(post)).collect();
        let to = from + page.len();
        let mut answer =
            json!({ "data": page, "paging": { "cursors": { "before": from.to_string(), "after": to.to_string() } } });
        if to < all.len() {
            answer["paging"]["next"] =
                format!("https://graph.facebook.com/next?access_token={token}&after={to}").into();
        }
        Ok(answer)
    }

    fn feed(&mut self, given: &BTreeMap<String, Value>) -> Result<Value, Wrong> {
        let word = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
        let (message, link) = (word("message").unwrap_or_default(), word("link"));
        let attached = given.get("attached_media").and_then(Value::as_array).cloned().unwrap_or_default();
        let photos: Vec<String> =
            attached.iter().filter_map(|one| one["media_fbid"].as_str()).map(str::to_owned).collect();
        if message.is_empty() && link.is_none() && photos.is_empty() {
            return Err(Wrong::new(197, None, "The post is empty"));
        }
        if photos.len() >= 5 && message.len() > 1_024 {
            let mut wrong = Wrong::new(1, None, "Please reduce the amount of data you're asking for, then retry");
            wrong.transient = true;
            return Err(wrong);
        }
        let now = self.now();
        for id in &photos {
            let known = self.photos.iter().find(|photo| photo.id == *id);
            if known.is_none_or(|photo| photo.created + self.photos_last < now) {
                return Err(Wrong::new(100, None, &format!("(#100) media_fbid {id} is not valid")));
            }
        }
        if let Some(at) = given.get("scheduled_publish_time").and_then(Value::as_i64)
            && !(now + 600..=now + self.schedule_days * 86_400).contains(&at)
        {
            return Err(Wrong::new(100, None, "(#100) The specified scheduled publish time is invalid"));
        }
        let hidden_count = self.lists_hidden;
        let previous = self.posts.iter().rev().find(|post| post.published || hidden_count);
        if previous.is_some_and(|post| post.message == message) {
            return Err(Wrong::new(self.again.0, self.again.1, "Duplicate status message"));
        }
        let published = given.get("published").is_none_or(truth);
        let id = self.made(message, link, photos, published);
        Ok(json!({ "id": id, "post_supports_client_mutation_id": true }))
    }

    fn photo(&mut self, given: &BTreeMap<String, Value>) -> Result<Value, Wrong> {
        let word = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
        let bytes = given.get("source").and_then(|file| file["bytes"].as_u64()).unwrap_or(0);
        let url = word("url");
        match &url {
            Some(url) if !self.fetchable.contains(url) => {
                return Err(Wrong::new(1_609_005, None, "The link could not be scraped"));
            }
            None if bytes == 0 => return Err(Wrong::new(100, None, "(#100) source or url is needed")),
            _ => {}
        }
        if bytes > 10_000_000 {
            return Err(Wrong::new(5_101, None, "The file is too large"));
        }
        assert!(!given.get("published").is_none_or(truth), "a picture must not appear by itself");
        let id = self.number().to_string();
        let created = self.now();
        self.photos.push(Photo { id: id.clone(), alt: word("alt_text_custom"), url, bytes, created });
        Ok(json!({ "id": id }))
    }

    fn edit(&mut self, id: &str, given: &BTreeMap<String, Value>) -> Result<Value, Wrong> {
        let foreign = self.find(id, "POST")?.foreign;
        if foreign {
            return Err(Wrong::new(200, None, "(#200) the post was made by another app"));
        }
        if let Some((code, subcode)) = given.keys().find_map(|name| self.forbidden.get(name.as_str())) {
            return Err(Wrong::new(*code, *subcode, "(#100) not allowed"));
        }
        if given.contains_key("link") {
            return Err(Wrong::new(100, None, "(#100) link cannot be changed"));
        }
        let listed = self.now() + self.listed_after;
        let post = self.posts.iter_mut().find(|post| post.id == id).expect("found above");
        if let Some(message) = given.get("message").and_then(Value::as_str) {
            post.message = message.to_owned();
        }
        if let Some(published) = given.get("is_published") {
            if truth(published) && !post.published {
                post.listed = listed;
            }
            post.published = truth(published);
        }
        if let Some(hidden) = given.get("is_hidden") {
            post.hidden = truth(hidden);
        }
        Ok(json!({ "success": true }))
    }

    fn delete(&mut self, id: &str) -> Result<Value, Wrong> {
        if let Some((code, subcode)) = self.forbidden.get("delete") {
            return Err(Wrong::new(*code, *subcode, "(#200) only select developers may delete"));
        }
        self.find(id, "DELETE")?;
        self.posts.retain(|post| post.id != id);
        Ok(json!({ "success": true }))
    }
}

impl Api for Graph {
    fn answer(&mut self, request: &Request) -> Reply {
        self.traces += 1;
        let trace = self.traces;
        let locale = request.query("locale");
        let changes = self.changes(request);
        if !changes && self.broken_reads > 0 {
            self.broken_reads -= 1;
            return Reply::html(502, "<html>Bad Gateway</html>");
        }
        let said = if changes { self.say.pop_front().flatten() } else { None };
        let answer = said.map_or_else(|| self.route(request), Err);
        if changes && answer.is_ok() && self.done_then_down > 0 {
            self.done_then_down -= 1;
            return Wrong::new(2, None, "Service temporarily unavailable").reply(trace, locale.as_deref());
        }
        let reply = match answer {
            Ok(value) => Reply::json(200, &value),
            Err(wrong) => wrong.reply(trace, locale.as_deref()),
        };
        self.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
    }

    fn public(&self) -> Vec<String> {
        self.posts.iter().filter(|post| post.published && !post.hidden).map(|post| post.message.clone()).collect()
    }
}
