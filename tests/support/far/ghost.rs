//! Ghost: posts and pictures behind the Admin API, with its tokens, its slugs and its collisions.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::hostile_api::{Api, Reply, Request};

/// The key that the office has.
pub(crate) const KEY: &str =
    "64f0c0ffee64f0c0ffee64f0:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// Another one, made after the first was deleted.
pub(crate) const NEW_KEY: &str =
    "70a1b2c3d4e5f60718293a4b:ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
/// Longest life of a token, in seconds.
const LIFE: i64 = 300;

/// The site.
#[derive(Debug)]
pub(crate) struct Ghost {
    /// Posts and pages; Ghost keeps them in one table and gives their slugs from one pool.
    pub(crate) posts: Vec<Record>,
    /// Names of the pictures that were uploaded, in order.
    pub(crate) pictures: Vec<String>,
    /// The integration's key.
    pub(crate) key: String,
    /// Unix seconds. Without it time is what the newest token says.
    pub(crate) clock: Option<i64>,
    /// What the next requests to the API are answered, whatever they ask; nothing is done.
    pub(crate) refusals: Vec<Reply>,
    /// Runs once, before the next change of a post: somebody else is faster.
    pub(crate) meanwhile: Option<fn(&mut Record)>,
    newest: i64,
    ticks: u64,
    ids: u64,
}

/// One post or page.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) page: bool,
    pub(crate) status: String,
    pub(crate) title: String,
    pub(crate) html: String,
    pub(crate) fields: Value,
    updated: u64,
}

impl Record {
    /// As somebody who saves it in the editor.
    pub(crate) fn edit(&mut self, title: &str) {
        self.title = title.to_owned();
        self.updated += 1;
    }
}

const FIELDS: [&str; 6] =
    ["custom_excerpt", "canonical_url", "feature_image", "feature_image_alt", "feature_image_caption", "tags"];

impl Ghost {
    pub(crate) fn new() -> Self {
        Self {
            posts: Vec::new(),
            pictures: Vec::new(),
            key: KEY.to_owned(),
            clock: None,
            refusals: Vec::new(),
            meanwhile: None,
            newest: 0,
            ticks: 0,
            ids: 0,
        }
    }

    /// The only post, for tests with one.
    pub(crate) fn only(&mut self) -> &mut Record {
        assert_eq!(self.posts.len(), 1, "{:#?}", self.posts);
        &mut self.posts[0]
    }

    /// A page that the office made by hand.
    pub(crate) fn add_page(&mut self, slug: &str) {
        let record = self.record(slug, "published", "Trang giới thiệu", true);
        self.posts.push(record);
    }

    fn record(&mut self, slug: &str, status: &str, title: &str, page: bool) -> Record {
        self.ids += 1;
        self.ticks += 1;
        Record {
            id: format!("65a{:021x}", self.ids),
            slug: slug.to_owned(),
            page,
            status: status.to_owned(),
            title: title.to_owned(),
            html: String::new(),
            fields: json!({}),
            updated: self.ticks,
        }
    }

    /// Whether the token is one that Ghost takes; otherwise what it answers.
    fn authorise(&mut self, request: &Request) -> Result<(), Reply> {
        let no = |status: u16, kind: &str, code: Option<&str>, message: &str| Err(error(status, kind, code, message));
        let Some(header) = request.header("authorization") else {
            return no(403, "NoPermissionError", None, "Authorization failed");
        };
        let Some(token) = header.strip_prefix("Ghost ") else {
            return no(
                401,
                "UnauthorizedError",
                Some("INVALID_AUTH_HEADER"),
                "Authorization header format is \"Authorization: Ghost [token]\"",
            );
        };
        let parts: Vec<&str> = token.split('.').collect();
        let decoded = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let [head, claims, signature] = parts[..] else {
            return no(400, "BadRequestError", Some("INVALID_JWT"), "Invalid token");
        };
        let (Some(head_json), Some(claims_json)) = (decoded(head), decoded(claims)) else {
            return no(400, "BadRequestError", Some("INVALID_JWT"), "Invalid token");
        };
        let Some(kid) = head_json["kid"].as_str() else {
            return no(400, "BadRequestError", Some("MISSING_ADMIN_API_KID"), "Admin API kid missing.");
        };
        let (id, secret) = self.key.split_once(':').expect("a key");
        if kid != id {
            return no(401, "UnauthorizedError", Some("UNKNOWN_ADMIN_API_KEY"), "Unknown Admin API Key");
        }
        let secret: Vec<u8> =
            (0..secret.len()).step_by(2).map(|at| u8::from_str_radix(&secret[at..at + 2], 16).expect("hex")).collect();
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).expect("a secret");
        mac.update(format!("{head}.{claims}").as_bytes());
        let signed = URL_SAFE_NO_PAD.decode(signature).is_ok_and(|bytes| mac.verify_slice(&bytes).is_ok());
        let (iat, exp) = (claims_json["iat"].as_i64().unwrap_or(0), claims_json["exp"].as_i64().unwrap_or(0));
        if !signed || head_json["alg"] != "HS256" || claims_json["aud"] != "/admin/" || exp - iat > LIFE {
            return no(401, "UnauthorizedError", Some("INVALID_JWT"), "Invalid token: invalid signature");
        }
        self.newest = self.newest.max(iat);
        let now = self.clock.unwrap_or(self.newest);
        if exp <= now || iat + LIFE < now {
            return no(401, "UnauthorizedError", Some("INVALID_JWT"), "Invalid token: jwt expired");
        }
        Ok(())
    }

    fn create(&mut self, request: &Request) -> Reply {
        let given = request.json()["posts"][0].clone();
        let Some(title) =
            given["title"].as_str().filter(|title| !title.trim().is_empty() && title.chars().count() <= 255)
        else {
            return error(422, "ValidationError", None, "Validation error, cannot save post.");
        };
        let wanted = given["slug"].as_str().unwrap_or("untitled").to_owned();
        let taken = |slug: &str| self.posts.iter().any(|post| post.slug == slug);
        let slug =
            match (1..).map(|n| if n == 1 { wanted.clone() } else { format!("{wanted}-{n}") }).find(|s| !taken(s)) {
                Some(slug) => slug,
                None => wanted,
            };
        let status = given["status"].as_str().unwrap_or("draft").to_owned();
        let mut record = self.record(&slug, &status, title, false);
        take(&mut record, &given, request.query("source").as_deref() == Some("html"));
        self.posts.push(record.clone());
        Reply::json(201, &json!({ "posts": [shown(&record)] }))
    }

    fn set(&mut self, id: &str, request: &Request) -> Reply {
        let given = request.json()["posts"][0].clone();
        let meanwhile = self.meanwhile.take();
        self.ticks += 1;
        let ticks = self.ticks;
        let Some(post) = self.posts.iter_mut().find(|post| post.id == id && !post.page) else { return missing() };
        if let Some(meanwhile) = meanwhile {
            meanwhile(post);
        }
        if given["updated_at"].is_null() {
            return error(422, "ValidationError", None, "updated_at is missing");
        }
        if given["updated_at"] != json!(instant(post.updated)) {
            return error(
                409,
                "UpdateCollisionError",
                Some("UPDATE_COLLISION"),
                "Saving failed! Someone else is editing this post.",
            );
        }
        if given["title"].as_str().is_some_and(|title| title.chars().count() > 255) {
            return error(422, "ValidationError", None, "Title cannot be longer than 255 characters.");
        }
        take(post, &given, request.query("source").as_deref() == Some("html"));
        post.updated = post.updated.max(ticks) + 1;
        Reply::json(200, &json!({ "posts": [shown(post)] }))
    }

    fn upload(&mut self, request: &Request) -> Reply {
        let parts = request.parts();
        let Some((head, bytes)) = parts.iter().find(|(head, _)| head.contains("name=\"file\"")) else {
            return error(422, "ValidationError", None, "Please select an image.");
        };
        let name = head.split("filename=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("image");
        let picture = head.to_lowercase().contains("content-type: image/");
        if !picture || bytes.is_empty() {
            return error(415, "UnsupportedMediaTypeError", None, "Please select a valid image.");
        }
        self.pictures.push(name.to_owned());
        let (stem, ending) = name.split_once('.').unwrap_or((name, "jpg"));
        let same = self.pictures.iter().filter(|other| *other == name).count();
        let name = if same > 1 { format!("{stem}-{}.{ending}", same - 1) } else { name.to_owned() };
        let url = format!("https://ghost.example.vn/content/images/2026/11/{name}");
        Reply::json(201, &json!({ "images": [{ "url": url, "ref": Value::Null }] }))
    }
}

/// What the body sets; what it does not name stays. HTML that is not in a card is converted, and loses what the
/// editor does not know.
fn take(post: &mut Record, given: &Value, from_html: bool) {
    let text = |name: &str| given[name].as_str().map(str::to_owned);
    post.title = text("title").unwrap_or_else(|| post.title.clone());
    post.status = text("status").unwrap_or_else(|| post.status.clone());
    if let Some(html) = text("html").filter(|_| from_html) {
        let kept = html.contains("<!--kg-card-begin: html-->");
        // Even of a card only the elements stay.
        let elements =
            || html.split("<!--").map(|part| part.rsplit("-->").next().unwrap_or_default()).collect::<String>();
        post.html = if kept {
            format!("\n<!--kg-card-begin: html-->\n{}\n<!--kg-card-end: html-->\n", elements().trim())
        } else {
            html.replace("<table", "<p").replace("<figure", "<p")
        };
    }
    for field in FIELDS {
        if let Some(value) = given.get(field) {
            post.fields[field] = value.clone();
        }
    }
}

/// Milliseconds count.
fn instant(updated: u64) -> String {
    format!("2026-11-24T02:{:02}:{:02}.{:03}Z", updated / 60 % 60, updated % 60, updated * 7 % 1000)
}

fn shown(post: &Record) -> Value {
    let url = if post.status == "published" {
        format!("https://ghost.example.vn/{}/", post.slug)
    } else {
        format!("https://ghost.example.vn/p/{}/", post.id)
    };
    let mut value = json!({
        "id": post.id, "uuid": post.id, "slug": post.slug, "status": post.status, "title": post.title,
        "html": post.html, "updated_at": instant(post.updated), "url": url, "tags": [],
        "custom_excerpt": Value::Null, "canonical_url": Value::Null, "feature_image": Value::Null,
        "feature_image_alt": Value::Null, "feature_image_caption": Value::Null,
    });
    for field in FIELDS {
        if let Some(set) = post.fields.get(field) {
            value[field] = set.clone();
        }
    }
    value
}

/// An error as Ghost words it.
pub(crate) fn error(status: u16, kind: &str, code: Option<&str>, message: &str) -> Reply {
    let error = json!({
        "message": message, "context": Value::Null, "type": kind, "details": Value::Null, "property": Value::Null,
        "help": Value::Null, "code": code, "id": "8a1d", "ghostErrorCode": Value::Null,
    });
    Reply::json(status, &json!({ "errors": [error] }))
}

fn missing() -> Reply {
    error(404, "NotFoundError", None, "Post not found.")
}

impl Api for Ghost {
    fn answer(&mut self, request: &Request) -> Reply {
        let Some(path) = request.path().strip_prefix("/ghost/api/admin/") else {
            return Reply::html(404, "<h1>404</h1>");
        };
        if !path.ends_with('/') {
            // Followed blindly, it would turn a POST into a GET.
            return Reply::empty(301).header("Location", &format!("/ghost/api/admin/{path}/"));
        }
        let method = request.head.method.as_str();
        let path = path.trim_end_matches('/').to_owned();
        let versioned = |reply: Reply| reply.header("Content-Version", "v5.130");
        if (method, path.as_str()) == ("GET", "site") {
            return versioned(Reply::json(200, &json!({ "site": { "title": "Xã An Bình", "version": "5.130" } })));
        }
        if request.header("accept-version").is_none() {
            return error(400, "BadRequestError", None, "Accept-Version is missing");
        }
        if !self.refusals.is_empty() {
            return self.refusals.remove(0);
        }
        if let Err(refused) = self.authorise(request) {
            return refused;
        }
        let find = |by: &dyn Fn(&Record) -> bool| {
            let found = self.posts.iter().find(|post| !post.page && by(post));
            found.map_or_else(missing, |post| Reply::json(200, &json!({ "posts": [shown(post)] })))
        };
        let parts: Vec<&str> = path.split('/').collect();
        versioned(match (method, &parts[..]) {
            ("GET", ["posts"]) => Reply::json(200, &json!({ "posts": [] })),
            ("GET", ["posts", "slug", slug]) => find(&|post| post.slug == *slug),
            ("GET", ["posts", id]) => find(&|post| post.id == *id),
            ("POST", ["posts"]) => self.create(request),
            ("PUT", ["posts", id]) => self.set(id, request),
            ("DELETE", ["posts", id]) => {
                let before = self.posts.len();
                self.posts.retain(|post| post.id != *id);
                if self.posts.len() < before { Reply::empty(204) } else { missing() }
            }
            ("POST", ["images", "upload"]) => self.upload(request),
            _ => error(404, "NotFoundError", None, "Resource not found"),
        })
    }

    fn public(&self) -> Vec<String> {
        let public = self.posts.iter().filter(|post| post.status == "published" && !post.page);
        public.map(|post| format!("{}\n{}", post.title, post.html)).collect()
    }
}
