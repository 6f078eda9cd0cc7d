//! Zalo: articles of an Official Account that are processed for a while, and tokens that are renewed.

use serde_json::{Value, json};

use crate::support::hostile_api::{Api, Reply, Request};

/// The app's secret.
pub(crate) const APP_SECRET: &str = "khoa-ung-dung-9f3b";
/// The pair that the office begins with.
pub(crate) const FIRST_ACCESS: &str = "access-0";
pub(crate) const FIRST_REFRESH: &str = "refresh-0";
/// The path of the tokens.
pub(crate) const OAUTH: &str = "/v4/oa/access_token";
/// An access token lives 25 hours, a refresh token three months.
const ACCESS_LIFE: i64 = 90_000;
const REFRESH_LIFE: i64 = 90 * 86_400;
/// When nothing moves the clock.
const NOW: i64 = 1_795_485_600;

/// The Official Account.
#[derive(Debug)]
pub(crate) struct Zalo {
    pub(crate) articles: Vec<Record>,
    /// How many requests pass before what was handed in is processed.
    pub(crate) slow: u32,
    /// Unix seconds.
    pub(crate) clock: i64,
    pub(crate) access: String,
    pub(crate) refresh: String,
    issued: i64,
    spent: Vec<String>,
    /// Renewals that were done.
    pub(crate) renewals: usize,
    /// Whether an expired token is answered with HTTP 401.
    pub(crate) by_status: bool,
    /// What the next calls of the API are answered, whatever they ask; nothing is done.
    pub(crate) refusals: Vec<Reply>,
    /// What every answer says about the calls of this minute: limit and rest.
    pub(crate) calls: Option<(u64, u64)>,
    /// Calls that send something to people. There must be none, ever.
    pub(crate) broadcasts: usize,
    pending: Vec<Pending>,
    ids: u64,
    looks: u64,
}

/// One article.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) data: Value,
    pub(crate) made: i64,
}

#[derive(Debug)]
struct Pending {
    token: String,
    id: String,
    data: Value,
    left: u32,
    /// A new article, not an update.
    makes: bool,
    forgotten: bool,
}

impl Zalo {
    pub(crate) fn new() -> Self {
        Self {
            articles: Vec::new(),
            slow: 0,
            clock: NOW,
            access: FIRST_ACCESS.to_owned(),
            refresh: FIRST_REFRESH.to_owned(),
            issued: NOW,
            spent: Vec::new(),
            renewals: 0,
            by_status: false,
            refusals: Vec::new(),
            calls: None,
            broadcasts: 0,
            pending: Vec::new(),
            ids: 0,
            looks: 0,
        }
    }

    /// The only article, for tests with one.
    pub(crate) fn only(&mut self) -> &mut Record {
        assert_eq!(self.articles.len(), 1, "{:#?}", self.articles);
        &mut self.articles[0]
    }

    /// Forgets every token that was given out for what is or was processed.
    pub(crate) fn forget_tokens(&mut self) {
        self.pending.iter_mut().for_each(|pending| pending.forgotten = true);
    }

    /// Somebody hands in an article by hand.
    pub(crate) fn add(&mut self, title: &str, made: i64) {
        self.ids += 1;
        let data =
            json!({ "type": "normal", "title": title, "author": "", "description": "", "status": "show", "body": [] });
        self.articles.push(Record { id: format!("art{:04}", self.ids), data, made });
    }

    fn renew(&mut self, request: &Request) -> Reply {
        let failed = |code: i64, name: &str| {
            Reply::json(200, &json!({ "error": code, "error_name": name, "error_description": name }))
        };
        if request.header("secret_key") != Some(APP_SECRET) {
            return failed(-14004, "Invalid secret key");
        }
        if request.form("grant_type").as_deref() != Some("refresh_token") || request.form("app_id").is_none() {
            return failed(-14002, "Invalid parameter");
        }
        let given = request.form("refresh_token").unwrap_or_default();
        if self.spent.contains(&given) {
            return failed(-14020, "Refresh token was used");
        }
        if given != self.refresh || self.clock > self.issued + REFRESH_LIFE {
            return failed(-14014, "Invalid refresh token");
        }
        self.renewals += 1;
        self.spent.push(std::mem::replace(&mut self.refresh, format!("refresh-{}", self.renewals)));
        self.access = format!("access-{}", self.renewals);
        self.issued = self.clock;
        Reply::json(
            200,
            &json!({ "access_token": self.access, "refresh_token": self.refresh, "expires_in": ACCESS_LIFE.to_string() }),
        )
    }

    fn authorise(&self, request: &Request) -> Result<(), Reply> {
        let token = request.header("access_token").unwrap_or_default();
        if token == self.access && self.clock <= self.issued + ACCESS_LIFE {
            return Ok(());
        }
        if self.by_status {
            return Err(Reply::empty(401));
        }
        // Just expired is invalid; later it is unknown.
        let code = if token == self.access && self.clock < self.issued + 2 * ACCESS_LIFE { -216 } else { -220 };
        Err(error(code, "Access token is invalid"))
    }

    /// What is wrong with an article that is handed in.
    fn complaint(given: &Value) -> Option<Reply> {
        let length = |name: &str| given[name].as_str().unwrap_or_default().chars().count();
        if given["type"] != "normal" || length("title") == 0 {
            return Some(error(-201, "title is required"));
        }
        if length("title") > 150 {
            return Some(error(-201, "title is too long"));
        }
        if length("author") > 50 || length("description") > 300 {
            return Some(error(-210, "too long"));
        }
        if !given["cover"]["photo_url"].as_str().is_some_and(|url| url.starts_with("http")) {
            return Some(error(-201, "cover value is invalid"));
        }
        given["body"].as_array().is_none_or(Vec::is_empty).then(|| error(-201, "body is invalid"))
    }

    fn hand_in(&mut self, id: String, data: Value, makes: bool) -> Reply {
        let token = format!("tok{}", self.pending.len() + 1);
        self.pending.push(Pending { token: token.clone(), id, data, left: self.slow, makes, forgotten: false });
        self.process();
        ok(json!({ "token": token }))
    }

    /// Carries out what has been processed.
    fn process(&mut self) {
        for pending in &mut self.pending {
            if pending.left > 0 || pending.data.is_null() {
                continue;
            }
            let data = pending.data.take();
            match self.articles.iter_mut().find(|article| article.id == pending.id) {
                // It replaces everything: what is left out is gone.
                Some(article) => article.data = data,
                None if pending.makes => self.articles.push(Record { id: pending.id.clone(), data, made: self.clock }),
                // It was removed while its update was processed.
                None => {}
            }
        }
    }

    fn detail(&mut self, id: &str) -> Reply {
        let Some(article) = self.articles.iter().find(|article| article.id == id) else {
            return error(-201, "id is invalid");
        };
        // Pictures live under changing addresses of Zalo's own; HTML is laid out anew.
        self.looks += 1;
        let mut data = article.data.clone();
        data["id"] = json!(id);
        data["cover"]["photo_url"] = json!(format!("https://cdn.zalo.example/{id}.jpg?t={}", self.looks));
        for part in data["body"].as_array_mut().into_iter().flatten() {
            if let Some(content) = part["content"].as_str() {
                part["content"] = json!(content.replace("</p>", "</p>\n"));
            }
        }
        ok(data)
    }

    fn slice(&self, request: &Request) -> Reply {
        let number = |name: &str| request.query(name).and_then(|words| words.parse::<usize>().ok());
        let (offset, limit) = (number("offset").unwrap_or(0), number("limit").unwrap_or(10).min(10));
        let mut all: Vec<&Record> = self.articles.iter().collect();
        all.sort_by_key(|article| std::cmp::Reverse(article.made));
        let medias: Vec<Value> = all
            .iter()
            .skip(offset)
            .take(limit)
            .map(|article| {
                json!({
                    "id": article.id, "type": "normal", "title": article.data["title"], "status": article.data["status"],
                    "create_date": article.made * 1_000, "update_date": article.made * 1_000, "total_view": 0,
                    "link_view": format!("https://oa.zalo.example/detail?id={}", article.id),
                })
            })
            .collect();
        ok(json!({ "medias": medias, "total": all.len() }))
    }
}

fn ok(data: Value) -> Reply {
    Reply::json(200, &json!({ "error": 0, "message": "Success", "data": data }))
}

/// An error as Zalo words it: the status is 200.
pub(crate) fn error(code: i64, message: &str) -> Reply {
    Reply::json(200, &json!({ "error": code, "message": message }))
}

impl Api for Zalo {
    fn answer(&mut self, request: &Request) -> Reply {
        if request.line() == format!("POST {OAUTH}") {
            return self.renew(request);
        }
        // Time passes.
        self.pending.iter_mut().for_each(|pending| pending.left = pending.left.saturating_sub(1));
        self.process();
        if let Err(refused) = self.authorise(request) {
            return refused;
        }
        if !self.refusals.is_empty() {
            return self.refusals.remove(0);
        }
        let given = request.json();
        let id = given["id"].as_str().unwrap_or_default().to_owned();
        let reply = match request.line().as_str() {
            "POST /v2.0/article/create" => match Self::complaint(&given) {
                Some(complaint) => complaint,
                None => {
                    self.ids += 1;
                    let id = format!("art{:04}", self.ids);
                    let mut data = given;
                    if data["status"].is_null() {
                        data["status"] = json!("hide");
                    }
                    self.hand_in(id, data, true)
                }
            },
            "POST /v2.0/article/update" => match Self::complaint(&given) {
                Some(complaint) => complaint,
                None if self.articles.iter().all(|article| article.id != id) => error(-201, "id is invalid"),
                None => self.hand_in(id, given, false),
            },
            "POST /v2.0/article/verify" => {
                let token = given["token"].as_str().unwrap_or_default();
                match self.pending.iter().find(|pending| pending.token == token && !pending.forgotten) {
                    None => error(-201, "token is invalid"),
                    Some(pending) if pending.left > 0 => error(-214, "Article is processing"),
                    Some(pending) => ok(json!({ "id": pending.id })),
                }
            }
            "POST /v2.0/article/remove" => {
                let before = self.articles.len();
                self.articles.retain(|article| article.id != id);
                if self.articles.len() < before { ok(json!({})) } else { error(-201, "id is invalid") }
            }
            "GET /v2.0/article/getdetail" => self.detail(&request.query("id").unwrap_or_default()),
            "GET /v2.0/article/getslice" => self.slice(request),
            line => {
                self.broadcasts += usize::from(line.contains("/message"));
                Reply::html(404, "<h1>404</h1>")
            }
        };
        match self.calls {
            Some((limit, left)) => {
                reply.header("X-RateLimit-Limit", &limit.to_string()).header("X-RateLimit-Remain", &left.to_string())
            }
            None => reply,
        }
    }

    fn public(&self) -> Vec<String> {
        let public = self.articles.iter().filter(|article| article.data["status"] == "show");
        public.map(|article| format!("{}\n{}", article.data["title"], article.data["body"])).collect()
    }
}
