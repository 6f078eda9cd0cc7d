//! WordPress 6.1 as it was measured: what its REST API keeps, renames, drops without a word, and answers.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde_json::{Map, Value, json};

use crate::support::hostile_api::{Api, Reply, Request};

/// One post.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) slug: String,
    pub(crate) status: String,
    pub(crate) title: String,
    pub(crate) content: String,
    pub(crate) excerpt: String,
    pub(crate) date_gmt: String,
    pub(crate) modified_gmt: String,
    pub(crate) author: u64,
    pub(crate) categories: Vec<u64>,
    pub(crate) tags: Vec<u64>,
    pub(crate) featured_media: u64,
}

/// One uploaded file.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    pub(crate) slug: String,
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) alt_text: String,
    pub(crate) caption: String,
}

/// How much an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Editor,
    Author,
    Contributor,
}

/// What is out of the ordinary on this site.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quirks {
    /// A wrong password is told, not taken for none.
    pub(crate) tells_wrong_password: bool,
    /// Not over https: no application passwords.
    pub(crate) no_application_passwords: bool,
    /// `display_errors` is on: a warning stands before every error, under status 200.
    pub(crate) warns_before_errors: bool,
    /// The same before every answer.
    pub(crate) warns_always: bool,
    /// 503 with a page and `Retry-After: 600`.
    pub(crate) maintenance: bool,
    /// 500 with a page.
    pub(crate) database_down: bool,
    /// The front web server answers 413 to more than so many bytes.
    pub(crate) most_bytes: Option<usize>,
    /// A firewall answers 403 with a page to bodies with these words.
    pub(crate) firewall: Option<&'static str>,
    /// `EMPTY_TRASH_DAYS` is 0.
    pub(crate) no_trash: bool,
    /// A plugin keeps everything for review.
    pub(crate) moderated: bool,
    /// `content_save_pre` changes what is stored.
    pub(crate) filters: bool,
    /// The next post is made at the same moment as another one of its name.
    pub(crate) twin: bool,
    /// An earlier create of the same post, believed lost, is done just before the next one.
    pub(crate) late_create: bool,
    /// The site's language is Vietnamese.
    pub(crate) vietnamese: bool,
    /// No `Link` header.
    pub(crate) no_link: bool,
}

/// The site.
#[derive(Debug)]
pub(crate) struct WordPress {
    /// Whether `/wp-json/` works; otherwise only `?rest_route=`.
    pub(crate) permalinks: bool,
    pub(crate) password: String,
    pub(crate) role: Role,
    pub(crate) quirks: Quirks,
    pub(crate) posts: BTreeMap<u64, Post>,
    pub(crate) media: BTreeMap<u64, Media>,
    /// Names by number, by route.
    pub(crate) terms: BTreeMap<&'static str, BTreeMap<u64, String>>,
    /// The site's clock.
    pub(crate) now: String,
    /// Titles that were public twice at any moment.
    pub(crate) doubled: Vec<String>,
    next: u64,
}

pub(crate) const USER: &str = "loa";
pub(crate) const PASSWORD: &str = "abcd EFGH ijkl MNOP qrst UVWX";

impl WordPress {
    pub(crate) fn new() -> Self {
        Self {
            permalinks: true,
            password: PASSWORD.to_owned(),
            role: Role::Editor,
            quirks: Quirks::default(),
            posts: BTreeMap::new(),
            media: BTreeMap::new(),
            terms: BTreeMap::from([
                ("categories", BTreeMap::from([(1, "Uncategorized".to_owned())])),
                ("tags", BTreeMap::new()),
            ]),
            now: "2026-11-24T02:00:00".to_owned(),
            doubled: Vec::new(),
            next: 4,
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A person changes a post in the editor.
    pub(crate) fn edit(&mut self, id: u64, change: impl FnOnce(&mut Post)) {
        change(self.posts.get_mut(&id).expect("a post"));
    }

    /// The only post, by its number.
    pub(crate) fn only(&self) -> (u64, Post) {
        assert_eq!(self.posts.len(), 1, "{:#?}", self.posts);
        self.posts.iter().next().map(|(id, post)| (*id, post.clone())).expect("a post")
    }

    pub(crate) fn term(&self, route: &str, name: &str) -> Option<u64> {
        self.terms[route].iter().find(|(_, term)| *term == name).map(|(id, _)| *id)
    }

    fn error(&self, status: u16, code: &str) -> Reply {
        self.error_with(status, code, json!({}))
    }

    fn error_with(&self, status: u16, code: &str, more: Value) -> Reply {
        let message =
            if self.quirks.vietnamese { "Xin lỗi, bạn không được phép làm việc này." } else { "Sorry." };
        let mut data = json!({ "status": status });
        merge(&mut data, more);
        let body = escaped(&json!({ "code": code, "message": message, "data": data }));
        if self.quirks.warns_before_errors || self.quirks.warns_always {
            return Reply::html(
                200,
                &format!("<br />\n<b>Warning</b>:  Undefined variable $x in <b>/a.php</b>\n{body}"),
            );
        }
        Reply { status, headers: vec![json_type()], body: body.into_bytes() }
    }

    fn fine(&self, request: &Request, status: u16, value: Value) -> Reply {
        let fields = request.query("_fields");
        let kept = match value {
            Value::Array(rows) => Value::Array(rows.into_iter().map(|row| pick(row, fields.as_deref())).collect()),
            row => pick(row, fields.as_deref()),
        };
        let body = escaped(&kept);
        if self.quirks.warns_always {
            return Reply::html(200, &format!("<b>Notice</b>: something\n{body}"));
        }
        Reply { status, headers: vec![json_type()], body: body.into_bytes() }
    }

    /// Who asks: `Ok(true)` the account, `Ok(false)` anybody.
    fn caller(&self, request: &Request) -> Result<bool, Reply> {
        let Some(basic) = request.header("authorization").and_then(|value| value.strip_prefix("Basic ")) else {
            return Ok(false);
        };
        if self.quirks.no_application_passwords {
            return Ok(false);
        }
        let pair = base64::engine::general_purpose::STANDARD.decode(basic).expect("base64");
        let pair = String::from_utf8(pair).expect("UTF-8");
        let bare = |words: &str| words.replace(' ', "");
        let known = pair.split_once(':').is_some_and(|(user, said)| user == USER && bare(said) == bare(&self.password));
        if !known && self.quirks.tells_wrong_password {
            return Err(self.error(401, "incorrect_password"));
        }
        Ok(known)
    }

    fn route(&self, request: &Request) -> Option<String> {
        if let Some(route) = request.query("rest_route") {
            return Some(route.trim_matches('/').to_owned());
        }
        let route = request.path().strip_prefix("/wp-json")?;
        self.permalinks.then(|| route.trim_matches('/').to_owned())
    }

    fn index(&self, request: &Request) -> Reply {
        let authentication = if self.quirks.no_application_passwords {
            json!([])
        } else {
            json!({ "application-passwords": { "endpoints": { "authorization": "https://x/wp-admin" } } })
        };
        let index =
            json!({ "name": "Xã An Bình", "namespaces": ["oembed/1.0", "wp/v2"], "authentication": authentication });
        self.fine(request, 200, index)
    }

    fn me(&self, request: &Request, known: bool) -> Reply {
        if !known {
            return self.error(401, "rest_not_logged_in");
        }
        let (role, able) = match self.role {
            Role::Editor => (
                "editor",
                json!({"publish_posts": true, "edit_published_posts": true,
                "delete_published_posts": true, "upload_files": true, "manage_categories": true}),
            ),
            Role::Author => (
                "author",
                json!({"publish_posts": true, "edit_published_posts": true,
                "delete_published_posts": true, "upload_files": true}),
            ),
            Role::Contributor => ("contributor", json!({"edit_posts": true})),
        };
        self.fine(request, 200, json!({"id": 2, "name": "loa", "slug": "loa", "roles": [role], "capabilities": able}))
    }

    fn list_posts(&self, request: &Request, known: bool) -> Reply {
        let statuses = request.query("status").unwrap_or_else(|| "publish".to_owned());
        let statuses: Vec<&str> = statuses.split(',').collect();
        if !known && statuses.iter().any(|status| *status != "publish") {
            let details =
                json!({ "details": { "status": { "code": "rest_forbidden_status", "data": { "status": 401 } } } });
            return self.error_with(400, "rest_invalid_param", details);
        }
        if !known && request.query("context").as_deref() == Some("edit") {
            return self.error(401, "rest_forbidden_context");
        }
        let per_page: usize = request.query("per_page").map_or(10, |most| most.parse().expect("a number"));
        if per_page > 100 {
            return self.error(400, "rest_invalid_param");
        }
        let slugs: Option<Vec<String>> = request.query("slug").map(|all| all.split(',').map(str::to_owned).collect());
        let search = request.query("search").map(|words| words.to_lowercase());
        let shows = |post: &Post| {
            let status = statuses.contains(&post.status.as_str()) || (statuses == ["any"] && post.status != "trash");
            let slug = slugs.as_ref().is_none_or(|slugs| slugs.contains(&post.slug));
            let text = format!("{}\n{}\n{}", post.title, post.excerpt, post.content).to_lowercase();
            status && slug && search.as_ref().is_none_or(|words| text.contains(words))
        };
        let mut rows: Vec<Value> =
            self.posts.iter().filter(|(_, post)| shows(post)).map(|(id, post)| row(*id, post, known)).collect();
        if request.query("order").as_deref() != Some("asc") {
            rows.reverse();
        }
        rows.truncate(per_page);
        self.fine(request, 200, Value::Array(rows))
    }

    fn get_post(&self, request: &Request, id: u64, known: bool) -> Reply {
        let Some(post) = self.posts.get(&id) else { return self.error(404, "rest_post_invalid_id") };
        if !known && request.query("context").as_deref() == Some("edit") {
            return self.error(401, "rest_forbidden_context");
        }
        if !known && post.status != "publish" {
            return self.error(401, "rest_forbidden");
        }
        self.fine(request, 200, row(id, post, known))
    }

    /// `slug`, or with `-2`, `-3` … when another post has it.
    fn free_slug(&self, wanted: &str, own: u64) -> String {
        let taken = |slug: &str| self.posts.iter().any(|(id, post)| *id != own && post.slug == slug);
        if !taken(wanted) {
            return wanted.to_owned();
        }
        (2..).map(|n| format!("{wanted}-{n}")).find(|slug| !taken(slug)).expect("a free name")
    }

    fn write_post(&mut self, request: &Request, id: Option<u64>, known: bool) -> Reply {
        if let Some(id) = id
            && !self.posts.contains_key(&id)
        {
            return self.error(404, "rest_post_invalid_id");
        }
        if !known {
            return self.error(401, if id.is_some() { "rest_cannot_edit" } else { "rest_cannot_create" });
        }
        let body = request.json();
        if body.is_null() {
            return self.error(400, "rest_invalid_json");
        }
        let wanted = body["status"].as_str();
        if wanted.is_some_and(|status| !["publish", "future", "draft", "pending", "private"].contains(&status)) {
            return self.error(400, "rest_invalid_param");
        }
        if self.role == Role::Contributor && matches!(wanted, Some("publish" | "future" | "private")) {
            return self.error(403, "rest_cannot_publish");
        }
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let empty = ["title", "content", "excerpt"].iter().all(|name| text(name).unwrap_or_default().is_empty());
        if id.is_none() && empty {
            return self.error(400, "empty_content");
        }
        let created = id.is_none();
        if created && std::mem::take(&mut self.quirks.late_create) {
            let twin = std::mem::take(&mut self.quirks.twin);
            self.write_post(request, None, known);
            self.quirks.twin = twin;
        }
        let now = self.now.clone();
        let id = id.unwrap_or_else(|| self.number());
        let mut post = self.posts.get(&id).cloned().unwrap_or_else(|| Post {
            slug: String::new(),
            status: "draft".to_owned(),
            title: String::new(),
            content: String::new(),
            excerpt: String::new(),
            date_gmt: now.clone(),
            modified_gmt: now.clone(),
            author: 2,
            categories: Vec::new(),
            tags: Vec::new(),
            featured_media: 0,
        });
        post.title = text("title").unwrap_or(post.title);
        post.content = text("content").unwrap_or(post.content);
        if self.quirks.filters {
            post.content =
                post.content.replace("<a href", "<a rel=\"noopener\" href").replace(" rel=\"noopener\" rel", " rel");
        }
        post.excerpt = text("excerpt").unwrap_or(post.excerpt);
        post.date_gmt = text("date_gmt").unwrap_or(post.date_gmt);
        let numbers = |name: &str| -> Option<Vec<u64>> {
            body[name].as_array().map(|ids| ids.iter().filter_map(Value::as_u64).collect())
        };
        // What does not exist is left out, and nobody is told.
        let there =
            |route: &str, ids: Vec<u64>| ids.into_iter().filter(|id| self.terms[route].contains_key(id)).collect();
        post.categories = numbers("categories").map_or(post.categories, |ids| there("categories", ids));
        post.tags = numbers("tags").map_or(post.tags, |ids| there("tags", ids));
        if let Some(featured) = body["featured_media"].as_u64() {
            post.featured_media = if self.media.contains_key(&featured) { featured } else { 0 };
        }
        if let Some(wanted) = wanted {
            let restored = post.status == "trash";
            wanted.clone_into(&mut post.status);
            if restored {
                post.slug = self.free_slug(post.slug.trim_end_matches("__trashed"), id);
            }
        }
        if self.quirks.moderated && post.status == "publish" {
            "pending".clone_into(&mut post.status);
        }
        if post.status == "publish" && post.date_gmt > self.now {
            "future".clone_into(&mut post.status);
        } else if post.status == "future" && post.date_gmt <= self.now {
            "publish".clone_into(&mut post.status);
        }
        if let Some(slug) = text("slug") {
            let slug: String = slug.chars().take(200).collect();
            post.slug = if std::mem::take(&mut self.quirks.twin) { slug } else { self.free_slug(&slug, id) };
        }
        if post.status == "publish" && post.categories.is_empty() {
            post.categories = vec![1];
        }
        post.modified_gmt = if created { post.date_gmt.clone() } else { now };
        self.posts.insert(id, post.clone());
        self.fine(request, if created { 201 } else { 200 }, row(id, &post, true))
    }

    fn delete_post(&mut self, request: &Request, id: u64, known: bool) -> Reply {
        let Some(post) = self.posts.get(&id).cloned() else { return self.error(404, "rest_post_invalid_id") };
        if !known {
            return self.error(401, "rest_cannot_delete");
        }
        if request.query("force").as_deref() == Some("true") {
            self.posts.remove(&id);
            return self.fine(request, 200, json!({ "deleted": true, "previous": row(id, &post, true) }));
        }
        if self.quirks.no_trash {
            return self.error(501, "rest_trash_not_supported");
        }
        if post.status == "trash" {
            return self.error(410, "rest_already_trashed");
        }
        let post = self.posts.get_mut(&id).expect("it is there");
        "trash".clone_into(&mut post.status);
        post.slug.push_str("__trashed");
        let row = row(id, &post.clone(), true);
        self.fine(request, 200, row)
    }

    fn terms(&mut self, request: &Request, route: &'static str, known: bool) -> Reply {
        if request.head.method == "GET" {
            let search = request.query("search").unwrap_or_default().to_lowercase();
            let found = self.terms[route].iter().filter(|(_, name)| name.to_lowercase().contains(&search));
            let rows = found.map(|(id, name)| json!({ "id": id, "name": name.replace('&', "&amp;") })).collect();
            return self.fine(request, 200, Value::Array(rows));
        }
        if !known || self.role != Role::Editor {
            return self.error(if known { 403 } else { 401 }, "rest_cannot_create");
        }
        let name = request.json()["name"].as_str().unwrap_or_default().to_owned();
        if let Some(id) = self.term(route, &name) {
            return self.error_with(400, "term_exists", json!({ "term_id": id }));
        }
        let id = self.number();
        self.terms.get_mut(route).expect("a taxonomy").insert(id, name.clone());
        self.fine(request, 201, json!({ "id": id, "name": name }))
    }

    fn list_media(&self, request: &Request) -> Reply {
        let slug = request.query("slug");
        let found = self.media.iter().filter(|(_, media)| slug.as_ref().is_none_or(|slug| media.slug == *slug));
        self.fine(request, 200, Value::Array(found.map(|(id, media)| media_row(*id, media)).collect()))
    }

    fn upload(&mut self, request: &Request, known: bool) -> Reply {
        if !known {
            return self.error(401, "rest_cannot_create");
        }
        let name = request.header("content-disposition").and_then(|value| value.split("filename=\"").nth(1));
        let Some(name) = name.map(|name| name.trim_end_matches('"').to_owned()) else {
            return self.error(400, "rest_upload_no_content_disposition");
        };
        if request.body.is_empty() {
            return self.error(400, "rest_upload_no_data");
        }
        let md5: String =
            <md5::Md5 as md5::Digest>::digest(&request.body).iter().map(|byte| format!("{byte:02x}")).collect();
        if request.header("content-md5").is_some_and(|said| said != md5) {
            return self.error(412, "rest_upload_hash_mismatch");
        }
        let (stem, ending) = name.rsplit_once('.').expect("an ending");
        let fits = match ending {
            "png" => request.body.starts_with(b"\x89PNG"),
            "jpg" => request.body.starts_with(&[0xff, 0xd8]),
            _ => false,
        };
        if !fits {
            return self.error(500, "rest_upload_sideload_error");
        }
        let taken = |slug: &str| self.media.values().any(|media| media.slug == slug);
        let stem = match (0..).map(|n| if n == 0 { stem.to_owned() } else { format!("{stem}-{n}") }).find(|s| !taken(s))
        {
            Some(stem) => stem,
            None => unreachable!("numbers do not end"),
        };
        let media = Media {
            file: format!("{stem}.{ending}"),
            slug: stem,
            bytes: request.body.clone(),
            alt_text: String::new(),
            caption: String::new(),
        };
        let id = self.number();
        let reply = self.fine(request, 201, media_row(id, &media));
        self.media.insert(id, media);
        reply
    }

    fn write_media(&mut self, request: &Request, id: u64, known: bool) -> Reply {
        let body = request.json();
        if !known {
            return self.error(401, "rest_cannot_edit");
        }
        let Some(media) = self.media.get_mut(&id) else { return self.error(404, "rest_post_invalid_id") };
        for (name, field) in [("alt_text", &mut media.alt_text), ("caption", &mut media.caption)] {
            if let Some(text) = body[name].as_str() {
                text.clone_into(field);
            }
        }
        let row = media_row(id, &media.clone());
        self.fine(request, 200, row)
    }

    fn delete_media(&mut self, request: &Request, id: u64, known: bool) -> Reply {
        if !known {
            return self.error(401, "rest_cannot_delete");
        }
        if request.query("force").as_deref() != Some("true") {
            return self.error(501, "rest_trash_not_supported");
        }
        match self.media.remove(&id) {
            Some(_) => self.fine(request, 200, json!({ "deleted": true })),
            None => self.error(404, "rest_post_invalid_id"),
        }
    }

    fn watch_for_doubles(&mut self) {
        let mut titles: BTreeMap<&str, u32> = BTreeMap::new();
        for post in self.posts.values().filter(|post| post.status == "publish") {
            *titles.entry(&post.title).or_default() += 1;
        }
        let doubled: Vec<String> =
            titles.into_iter().filter(|(_, times)| *times > 1).map(|(title, _)| title.to_owned()).collect();
        self.doubled.extend(doubled);
    }
}

impl Api for WordPress {
    fn answer(&mut self, request: &Request) -> Reply {
        if self.quirks.maintenance {
            return Reply::html(503, "<h1>Briefly unavailable for scheduled maintenance.</h1>")
                .header("Retry-After", "600");
        }
        if self.quirks.database_down {
            return Reply::html(500, "<h1>Error establishing a database connection</h1>");
        }
        if self.quirks.most_bytes.is_some_and(|most| request.body.len() > most) {
            return Reply::html(413, "<h1>Request Entity Too Large</h1>");
        }
        if self.quirks.firewall.is_some_and(|words| String::from_utf8_lossy(&request.body).contains(words)) {
            return Reply::html(403, "<h1>Forbidden</h1>");
        }
        let Some(route) = self.route(request) else {
            let front = Reply::html(200, "<html><body>Xã An Bình</body></html>");
            if self.quirks.no_link {
                return front;
            }
            let host = request.header("host").unwrap_or_default();
            let root = if self.permalinks { "wp-json/" } else { "?rest_route=/" };
            return front.header("Link", &format!("<http://{host}/{root}>; rel=\"https://api.w.org/\""));
        };
        let known = match self.caller(request) {
            Ok(known) => known,
            Err(refusal) => return refusal,
        };
        let parts: Vec<&str> = route.split('/').collect();
        let id = parts.get(3).and_then(|id| id.parse().ok());
        let reply = match (request.head.method.as_str(), parts.as_slice()) {
            ("GET", [""]) => self.index(request),
            ("GET", ["wp", "v2", "users", "me"]) => self.me(request, known),
            ("GET", ["wp", "v2", "posts"]) => self.list_posts(request, known),
            ("POST", ["wp", "v2", "posts"]) => self.write_post(request, None, known),
            ("GET" | "POST" | "DELETE", ["wp", "v2", "posts" | "media", _]) if id.is_none() => {
                self.error(404, "rest_no_route")
            }
            ("GET", ["wp", "v2", "posts", _]) => self.get_post(request, id.unwrap_or_default(), known),
            ("POST" | "PUT" | "PATCH", ["wp", "v2", "posts", _]) => self.write_post(request, id, known),
            ("DELETE", ["wp", "v2", "posts", _]) => self.delete_post(request, id.unwrap_or_default(), known),
            ("GET" | "POST", ["wp", "v2", "categories"]) => self.terms(request, "categories", known),
            ("GET" | "POST", ["wp", "v2", "tags"]) => self.terms(request, "tags", known),
            ("GET", ["wp", "v2", "media"]) => self.list_media(request),
            ("POST", ["wp", "v2", "media"]) => self.upload(request, known),
            ("POST", ["wp", "v2", "media", _]) => self.write_media(request, id.unwrap_or_default(), known),
            ("DELETE", ["wp", "v2", "media", _]) => self.delete_media(request, id.unwrap_or_default(), known),
            _ => self.error(404, "rest_no_route"),
        };
        self.watch_for_doubles();
        reply
    }

    fn public(&self) -> Vec<String> {
        let public = self.posts.values().filter(|post| post.status == "publish");
        public.map(|post| format!("{}\n{}", post.title, post.content)).collect()
    }
}

fn json_type() -> (String, String) {
    ("Content-Type".to_owned(), "application/json; charset=UTF-8".to_owned())
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

/// Slashes and everything beyond ASCII are escaped, as PHP does.
fn escaped(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '/' => out.push_str("\\/"),
            ' '..='~' => out.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}

/// `_fields`: names, or dotted paths of two.
fn pick(row: Value, fields: Option<&str>) -> Value {
    let (Some(fields), Value::Object(row)) = (fields, &row) else { return row };
    let mut kept = Map::new();
    for field in fields.split(',') {
        match field.split_once('.') {
            None => drop(row.get(field).map(|value| kept.insert(field.to_owned(), value.clone()))),
            Some((outer, inner)) => {
                if let Some(value) = row.get(outer).and_then(|value| value.get(inner)) {
                    let nested = kept.entry(outer).or_insert_with(|| json!({}));
                    merge(nested, json!({ inner: value }));
                }
            }
        }
    }
    Value::Object(kept)
}

fn row(id: u64, post: &Post, known: bool) -> Value {
    let link = match post.status.as_str() {
        "publish" | "private" | "future" => format!("https://anbinh.example.vn/{}/", post.slug),
        _ => format!("https://anbinh.example.vn/?p={id}"),
    };
    let text = |raw: &str| {
        if known { json!({ "raw": raw, "rendered": raw }) } else { json!({ "rendered": raw }) }
    };
    json!({
        "id": id, "slug": post.slug, "status": post.status, "link": link, "type": "post",
        "title": text(&post.title), "content": text(&post.content), "excerpt": text(&post.excerpt),
        "date_gmt": post.date_gmt, "modified_gmt": post.modified_gmt, "author": post.author, "meta": [],
        "categories": post.categories, "tags": post.tags, "featured_media": post.featured_media,
    })
}

fn media_row(id: u64, media: &Media) -> Value {
    json!({
        "id": id, "slug": media.slug, "status": "inherit", "alt_text": media.alt_text,
        "source_url": format!("https://anbinh.example.vn/wp-content/uploads/2026/11/{}", media.file),
        "caption": { "raw": media.caption, "rendered": media.caption },
    })
}
