//! A portal of no known make: articles over REST, by its own ids or by the client's code, drafts that are published by
//! a second request, forms with pictures.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::hostile_api::{Api, Reply, Request};

#[derive(Debug, Default)]
pub(crate) struct AnyPortal {
    /// The only token that it takes; empty: anybody may.
    pub(crate) token: String,
    pub(crate) articles: Vec<Record>,
    /// Answers to requests that carried an `Idempotency-Key`.
    keys: BTreeMap<String, Reply>,
    next: u64,
    /// Looks at a list that a new article is missing from.
    pub(crate) late: usize,
    /// The list is not filtered, whatever the query says.
    pub(crate) filter_ignored: bool,
    /// What any request that changes something is refused with.
    pub(crate) refuse: Option<Reply>,
    /// A captive portal answers in its place.
    pub(crate) captive: bool,
    /// Parts of the last multipart body: head and bytes.
    pub(crate) parts: Vec<(String, Vec<u8>)>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) code: String,
    pub(crate) title: String,
    pub(crate) content: String,
    pub(crate) public: bool,
    /// Looks that do not find it yet.
    unseen: usize,
}

impl AnyPortal {
    pub(crate) fn with_token(token: &str) -> Self {
        Self { token: token.to_owned(), ..Self::default() }
    }

    /// Somebody else's article.
    pub(crate) fn add(&mut self, code: &str, title: &str) {
        self.next += 1;
        let (code, title) = (code.to_owned(), title.to_owned());
        self.articles.push(Record { id: self.next, code, title, public: true, ..Record::default() });
    }

    fn create(&mut self, code: &str, title: &str, content: &str, public: bool) -> Reply {
        self.add(code, title);
        let late = self.late;
        let record = self.articles.last_mut().expect("a record");
        (record.content, record.public, record.unseen) = (content.to_owned(), public, late);
        let record = record.clone();
        Reply::json(201, &json!({ "data": shown(&record) })).header("Location", &format!("/tin/{}", record.id))
    }

    fn act(&mut self, request: &Request) -> Reply {
        let path = request.path().trim_start_matches("/api/").to_owned();
        let steps: Vec<&str> = path.split('/').collect();
        let body = request.json();
        let words = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match (request.head.method.as_str(), steps.as_slice()) {
            ("GET", ["me"]) => Reply::json(200, &json!({ "name": "loa" })),
            ("GET", ["articles"]) => self.list(request.query("code").as_deref()),
            ("POST", ["articles"]) => {
                let public = body["draft"].as_bool() != Some(true);
                self.create(&words("code"), &words("title"), &words("content"), public)
            }
            ("POST", ["form"]) => {
                let field = |name: &str| request.form(name).unwrap_or_default();
                self.create(&field("code"), &field("title"), &field("content"), true)
            }
            ("POST", ["upload"]) => {
                self.parts = request.parts();
                let field = |name: &str| {
                    let part = self.parts.iter().find(|(head, _)| head.contains(&format!("name=\"{name}\"")));
                    part.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
                };
                let (code, title, content) = (field("code"), field("title"), field("content"));
                self.create(&code, &title, &content, true)
            }
            ("PUT", ["code", code]) => match self.articles.iter_mut().find(|record| record.code == *code) {
                None => self.create(code, &words("title"), &words("content"), true),
                Some(record) => set(record, &body),
            },
            ("DELETE", ["code", code]) => self.delete(|record| record.code == *code),
            (method, ["articles", id, rest @ ..]) => {
                let id: u64 = id.parse().unwrap_or_default();
                match (method, rest, self.articles.iter_mut().find(|record| record.id == id)) {
                    (_, _, None) => missing(),
                    ("PUT", [], Some(record)) => set(record, &body),
                    ("PUT", ["public"], Some(record)) => {
                        record.public = true;
                        Reply::json(200, &json!({ "data": shown(record) }))
                    }
                    ("DELETE", [], Some(_)) => self.delete(|record| record.id == id),
                    _ => Reply::json(405, &json!({ "message": "not here" })),
                }
            }
            _ => missing(),
        }
    }

    fn list(&mut self, code: Option<&str>) -> Reply {
        let all = self.filter_ignored;
        let mut found = Vec::new();
        for record in &mut self.articles {
            if record.unseen > 0 {
                record.unseen -= 1;
            } else if all || code.is_none_or(|code| record.code == code) {
                found.push(shown(record));
            }
        }
        Reply::json(200, &json!({ "data": found }))
    }

    fn delete(&mut self, which: impl Fn(&Record) -> bool) -> Reply {
        let before = self.articles.len();
        self.articles.retain(|record| !which(record));
        if before == self.articles.len() { missing() } else { Reply::empty(204) }
    }
}

fn shown(record: &Record) -> Value {
    json!({
        "id": record.id, "code": record.code, "title": record.title, "url": format!("/tin/{}", record.id),
        "status": if record.public { "published" } else { "draft" },
    })
}

fn set(record: &mut Record, body: &Value) -> Reply {
    for (field, name) in [(&mut record.title, "title"), (&mut record.content, "content")] {
        if let Some(words) = body[name].as_str() {
            *field = words.to_owned();
        }
    }
    Reply::json(200, &json!({ "data": shown(record) }))
}

fn missing() -> Reply {
    Reply::json(404, &json!({ "message": "there is no such article" }))
}

impl Api for AnyPortal {
    fn answer(&mut self, request: &Request) -> Reply {
        if self.captive {
            return Reply::html(200, "<html>Hãy đăng nhập mạng</html>");
        }
        let bearer = request.header("authorization").unwrap_or_default().to_owned();
        if !self.token.is_empty() && bearer != format!("Bearer {}", self.token) {
            // Careless, as some are: it repeats what it was given.
            return Reply::json(401, &json!({ "message": format!("bad credential {bearer}") }));
        }
        if let Some(refusal) = self.refuse.clone().filter(|_| self.changes(request)) {
            return refusal;
        }
        let Some(key) = request.header("idempotency-key").map(str::to_owned) else { return self.act(request) };
        if let Some(answered) = self.keys.get(&key) {
            return answered.clone();
        }
        let answer = self.act(request);
        self.keys.insert(key, answer.clone());
        answer
    }

    fn public(&self) -> Vec<String> {
        let public = self.articles.iter().filter(|record| record.public);
        public.map(|record| format!("{}\n{}", record.title, record.content)).collect()
    }
}
