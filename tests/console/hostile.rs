//! What others wrote is never markup of ours, and what is secret is shown nowhere: every page and every answer of the API,
//! whatever pages there will be, for the table of routes is walked.

use std::cell::RefCell;
use std::collections::BTreeSet;

use axum::http::Method;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer};
use loa::console::{api_routes, routes};
use serde_json::json;

use super::api::doubtful;
use super::entry::code;
use super::ledger::tamper;
use crate::support::browser::{Browser, PASSWORD, between, encoded, setup_path};
use crate::support::hostile_http::Fault;
use crate::support::house::{BEARER, JSON, TOKEN, daemon, house, house_with, on_channel, open, printed};
use crate::support::process::{Answer, Daemon, eventually};
use crate::support::world::{SECRET, World};

/// Breaks out of text, of attributes in either quotes, of elements that hold plain text, and of templates.
const HOSTILE: &str = "\"'><xss onxss=1>'\"--></title></textarea></select></script><script>xss()</script>{{7777*7777}}";

/// What a reader of HTML makes of a page.
#[derive(Default)]
struct Seen(RefCell<Vec<String>>);

impl TokenSink for Seen {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token {
            let mut wrong = self.0.borrow_mut();
            let value =
                |name: &str| tag.attrs.iter().find(|attr| &*attr.name.local == name).map(|attr| attr.value.to_string());
            if &*tag.name == "xss" || (&*tag.name == "script" && !tag.attrs.is_empty() && value("src").is_none()) {
                wrong.push(format!("<{}>", tag.name));
            }
            if &*tag.name == "script"
                && value("src").is_none_or(|src| !src.starts_with("/static/"))
                && tag.attrs.is_empty()
            {
                // An end has no attributes; a beginning without any runs what is in it.
                if format!("{:?}", tag.kind) == "StartTag" {
                    wrong.push("<script> of somebody else".to_owned());
                }
            }
            for attr in &tag.attrs {
                let (name, value) = (attr.name.local.to_string(), attr.value.trim().to_lowercase());
                let is_address = ["href", "src", "action", "formaction", "hx-get", "hx-post"].contains(&name.as_str());
                if name.starts_with("on") || name == "style" || name.contains("xss") {
                    wrong.push(format!("{name}=\"{value}\""));
                }
                if is_address && ["javascript:", "data:", "vbscript:"].iter().any(|scheme| value.starts_with(scheme)) {
                    wrong.push(format!("{name}=\"{value}\""));
                }
            }
        }
        TokenSinkResult::Continue
    }
}

/// What of a page is somebody else's markup.
fn foreign(page: &str) -> Vec<String> {
    let tokenizer = Tokenizer::new(Seen::default(), html5ever::tokenizer::TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(page));
    while matches!(tokenizer.feed(&input), html5ever::TokenizerResult::Script(())) {}
    tokenizer.end();
    let mut wrong = tokenizer.sink.0.into_inner();
    if page.contains("60481729") && page.contains("xss") {
        wrong.push("a template was filled in".to_owned());
    }
    wrong
}

#[test]
fn the_reader_of_these_tests_sees_what_is_foreign() {
    for page in [
        format!("<p>{HOSTILE}</p>"),
        format!("<input value=\"{HOSTILE}\">"),
        "<a href=\" JavaScript:xss()\">x</a>".to_owned(),
        "<p style=\"color:red\">x</p>".to_owned(),
        "<script>xss()</script>".to_owned(),
        "<p onclick=xss()>".to_owned(),
        "<p>\"'><xss onxss=1> 60481729</p>".to_owned(),
    ] {
        assert!(!foreign(&page).is_empty(), "{page}");
    }
    let ours = "<script src=\"/static/console.js\" defer></script><a href=\"/people\">&lt;xss&gt;</a>";
    assert!(foreign(ours).is_empty());
}

/// Addresses of a route: with what is there in its places, and with what is not.
fn addresses(path: &str) -> Vec<String> {
    let hostile = encoded(&[("", HOSTILE)]).replace('+', "%20");
    let hostile = hostile.trim_start_matches('=');
    let places = [
        ("{channel}", vec!["email", "portal", "fanpage", hostile]),
        ("{id}", vec!["1", "2", "3", hostile]),
        ("{source}", vec!["cms", hostile]),
        ("{external_id}", vec!["1", hostile]),
        ("{address}", vec!["an@example.vn", hostile]),
    ];
    let mut found = vec![path.to_owned()];
    for (place, values) in places {
        let fill = |path: &String| values.iter().map(|value| path.replacen(place, value, 1)).collect::<Vec<_>>();
        while found.iter().any(|path| path.contains(place)) {
            found = found.iter().flat_map(fill).collect();
        }
        found.sort();
        found.dedup();
    }
    // Whatever other places there are.
    let any = |value: &str, path: &String| {
        let mut path = path.clone();
        while let Some(place) = between(&path, "{", "}").map(|name| format!("{{{name}}}")) {
            path = path.replacen(&place, value, 1);
        }
        path
    };
    let all: BTreeSet<String> =
        found.iter().flat_map(|path| [any("1", path), any("email", path), any(hostile, path)]).collect();
    all.into_iter().collect()
}

/// Everything that a page may be asked with.
fn asked_with(value: &str) -> String {
    let names = [
        "q", "who", "channel", "article", "month", "show", "at", "id", "after", "before", "address", "next", "topic",
        "state", "name", "title", "from", "until", "date", "day", "kind", "revision", "a", "b", "page", "file",
    ];
    encoded(&names.map(|name| (name, value)))
}

/// An office where every field that others fill in is hostile.
fn hostile_house() -> World {
    let world = house();
    open(&world, "[shutdown]\ngrace = \"1s\"\n");
    let config = std::fs::read_to_string(world.path("config.toml")).unwrap();
    let office = toml::Value::String(format!("UBND {HOSTILE}"));
    world.write("config.toml", &config.replace("\"UBND xã An Bình\"", &office.to_string()));
    doubtful(&world);
    for channel in ["portal", "fanpage", "email", "radio"] {
        let file = format!("channels/{channel}.toml");
        let text = std::fs::read_to_string(world.path(&file)).unwrap();
        let name = toml::Value::String(format!("Kênh {HOSTILE}"));
        world.write(&file, &format!("name = {name}\n{text}"));
    }
    world
}

/// Articles with hostile words in every field, one that went out, one that failed, one that is uncertain, one corrected and
/// withdrawn.
fn fill(world: &World, daemon: &Daemon) {
    let article = |id: &str, more: &str| {
        json!({
            "external_id": id,
            "title": format!("{HOSTILE}{more}"),
            "summary": HOSTILE,
            "body_html": format!("<p title={HOSTILE:?}>{HOSTILE}</p><script>xss()</script><img src=x onerror=xss()>"),
            "byline": HOSTILE,
            "organisation": HOSTILE,
            "topics": [HOSTILE, "thông báo"],
            "canonical_url": "https://anbinh.example.vn/%22%3E%3Cxss%3E?\"'><xss>",
            "images": [{ "url": "https://anbinh.example.vn/a.jpg?\"'><xss>", "alt": HOSTILE, "caption": HOSTILE }],
        })
        .to_string()
    };
    let publish = |id: &str, more: &str| {
        let answer = daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], article(id, more).as_bytes());
        assert_eq!(answer.status, 202, "{answer:?}");
    };
    publish("1", "");
    on_channel(world, "fanpage", "settled");
    world.hook.script(vec![Fault::Status(400)]);
    publish(HOSTILE, "");
    on_channel(world, "fanpage", "failed");
    world.hook.script(vec![Fault::PostThen500]);
    publish("3", "");
    on_channel(world, "fanpage", "uncertain");
    publish("1", " lần hai");
    let gone = daemon.call("DELETE", "/api/v1/articles/cms/3", &[BEARER], b"");
    assert_eq!(gone.status, 202, "{gone:?}");
    let pause = json!({ "reason": HOSTILE }).to_string();
    assert_eq!(daemon.call("POST", "/api/v1/channels/radio/pause", &[BEARER, JSON], pause.as_bytes()).status, 200);
    let people = json!({ "people": [{ "email": "an@example.vn", "name": HOSTILE }] }).to_string();
    let people = daemon.call("POST", "/api/v1/channels/email/subscribers", &[BEARER, JSON], people.as_bytes());
    assert_eq!(people.status, 200, "{people:?}");
}

fn is_page(answer: &Answer) -> bool {
    answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
}

#[tokio::test]
async fn what_others_wrote_is_never_markup_of_ours() {
    let world = hostile_house();
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    let short = "\"'><xss onxss=1>{{7777*7777}}";
    let fields = [("name", "lan"), ("display", short), ("role", "administrator"), ("password", PASSWORD)];
    assert_eq!(chief.post("/people", &fields[..]).status, 303);
    fill(&world, &daemon);
    // Words of far sides and of the store's own past are no better.
    let hostile = json!({ "vi": HOSTILE, "en": HOSTILE }).to_string().replace('\'', "''");
    tamper(
        &world.path("loa.db"),
        &format!(
            "UPDATE attempts SET note = '{hostile}'; UPDATE recipients SET reason = '{}', \
        standing = 'complained'",
            HOSTILE.replace('\'', "''")
        ),
    )
    .await;
    let mut officer = Browser::signed_in(&daemon, "lan");
    let (mut pages, mut shown, mut fields) = (0, 0, BTreeSet::new());
    let mut look = |officer: &mut Browser<'_>, address: &str| {
        let answer = officer.get(address);
        assert!(answer.status < 500, "{address}: {answer:?}");
        if !is_page(&answer) {
            return;
        }
        let wrong = foreign(&answer.body);
        assert!(wrong.is_empty(), "{address}: {wrong:?}\n{}", answer.body);
        assert!(answer.body.len() < 100_000, "{address} has {} bytes", answer.body.len());
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{address}: {policy}");
        pages += 1;
        shown += usize::from(answer.body.contains("&lt;xss"));
        for rest in answer.body.split(" name=\"").skip(1) {
            fields.insert(rest.split('"').next().unwrap().to_owned());
        }
    };
    for (method, path, _) in routes() {
        if method != Method::GET || ["/events", "/static/{name}"].contains(&path) {
            continue;
        }
        for address in addresses(path) {
            look(&mut officer, &address);
            look(&mut officer, &format!("{address}?{}", asked_with(HOSTILE)));
            look(&mut officer, &format!("{address}?{}", asked_with("1")));
        }
    }
    for address in ["/ledger?show=tries", "/ledger?article=1", "/subscribers/email?q=xss", "/nowhere"] {
        look(&mut officer, address);
    }
    assert!(pages > 40 && shown > 20, "{pages} pages, of which {shown} show hostile words");

    // Forms that are refused show what was typed.
    let (mut forms, mut again) = (0, 0);
    for (method, path, _) in routes() {
        if method != Method::POST || path == "/sign-out" {
            continue;
        }
        for address in addresses(path) {
            let officer = &mut chief;
            let csrf = officer.csrf.clone();
            // Nobody is locked out by a password that was taken.
            let typed = fields.iter().filter(|name| *name != "csrf").map(|name| {
                let is_password = ["password", "again", "present"].contains(&name.as_str());
                (name.as_str(), if is_password { "x" } else { HOSTILE })
            });
            let typed: Vec<(&str, &str)> = typed.chain([("csrf", csrf.as_str())]).collect();
            let answer = officer.send("POST", &address, &[], &encoded(&typed));
            assert!(answer.status < 500, "{address}: {answer:?}");
            let wrong = foreign(&answer.body);
            assert!(wrong.is_empty(), "POST {address}: {wrong:?}\n{}", answer.body);
            let next = officer.get("/account");
            assert_eq!(next.status, 200, "after POST {address}");
            assert!(foreign(&next.body).is_empty(), "after POST {address}: {}", next.body);
            forms += 1;
            again += usize::from(answer.body.contains("&lt;xss"));
        }
    }
    assert!(forms > 20 && again > 2, "{forms} forms, of which {again} showed what was typed");
    // What is no page does not become one.
    for (method, path) in api_routes() {
        for address in addresses(path) {
            let answer = daemon.call(method.as_str(), &address, &[BEARER, JSON], b"");
            assert!(!is_page(&answer) && answer.header("content-type").is_some(), "{method} {address}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn what_is_secret_is_shown_nowhere() {
    let world = house_with("[shutdown]\ngrace = \"1s\"\n");
    doubtful(&world);
    let daemon = daemon(&world);
    let link = setup_path(&daemon);
    let link = link.rsplit('/').next().unwrap().to_owned();
    let mut chief = Browser::administrator(&daemon);
    chief.add("lan", "editor");
    fill(&world, &daemon);
    // A second step, so that there is its secret.
    let page = chief.get("/account/two-steps").body;
    let second = between(&page, "name=\"secret\" value=\"", "\"").unwrap().to_owned();
    let on = [("secret", second.as_str()), ("present", PASSWORD), ("code", &code(&second, 0))];
    assert_eq!(chief.post("/account/two-steps", &on).status, 303);
    let lan = Browser::signed_in(&daemon, "lan");
    drop(Browser::new(&daemon).sign_in("lan", "đoán mò một phen"));
    printed(&world, &["pause", "portal"]);
    let sealed = eventually("the ledger is read", || Some(chief.get("/ledger").body));
    assert!(sealed.contains("signed in"), "{sealed}");

    let mut secrets: Vec<(String, &str)> = vec![
        (TOKEN.to_owned(), "the token of the API"),
        (loa::article::sha256_hex(TOKEN.as_bytes()), "its hash"),
        (SECRET.to_owned(), "the channel's secret"),
        (SECRET.trim_start_matches("whsec_").to_owned(), "the channel's secret"),
        (PASSWORD.to_owned(), "a password"),
        ("đoán mò một phen".to_owned(), "a password that was guessed"),
        ("$argon2".to_owned(), "a password's hash"),
        (second, "the secret of the second step"),
        (link, "the link to set up"),
    ];
    for (browser, what) in [(&chief, "a session"), (&lan, "another's session")] {
        for cookie in browser.cookies.values() {
            secrets.push((cookie.clone(), what));
            secrets.push((loa::article::sha256_hex(cookie.as_bytes()), "a session's hash"));
        }
    }
    secrets.push((lan.csrf.clone(), "another's forms"));
    for letter in world.smtp.letters_to("thon.dong@example.vn") {
        let raw = String::from_utf8_lossy(&letter.raw).into_owned();
        for token in raw.split("/unsubscribe/").skip(1).filter_map(|rest| rest.get(..20)) {
            secrets.push((token.to_owned(), "a reader's link to unsubscribe"));
        }
    }
    for token in kept(&world, "SELECT token AS it FROM recipients UNION ALL SELECT csrf FROM sessions").await {
        // What its own forms carry is in the pages of a session.
        if token != chief.csrf {
            secrets.push((token, "a token that the store keeps"));
        }
    }
    let clean = |text: &str, place: &str| {
        for (secret, what) in &secrets {
            assert!(!secret.is_empty() && !text.contains(secret.as_str()), "{place} shows {what}: {text}");
        }
    };
    let mut walked = 0;
    for (method, path, _) in routes() {
        if method != Method::GET || path == "/events" {
            continue;
        }
        for address in addresses(path) {
            let answer = chief.get(&address);
            clean(&answer.body, &address);
            walked += 1;
        }
    }
    for (method, path) in api_routes().into_iter().chain(loa::intake::article_routes()) {
        for address in addresses(path) {
            let answer = daemon.call(method.as_str(), &address, &[BEARER, JSON], b"{}");
            clean(&format!("{}{}", answer.head, answer.body), &format!("{method} {address}"));
            let stranger = daemon.call(method.as_str(), &address, &[("Authorization", "Bearer gần đúng"), JSON], b"{}");
            clean(&format!("{}{}", stranger.head, stranger.body), &format!("{method} {address}"));
            walked += 1;
        }
    }
    assert!(walked > 100, "{walked}");
    for arguments in
        [&["doctor"][..], &["channels", "--json"], &["deliveries", "--attempts", "--json"], &["user", "list"]]
    {
        let output = world.run(arguments);
        let said = [output.stdout, output.stderr].concat();
        clean(&String::from_utf8_lossy(&said), &format!("{arguments:?}"));
    }
    let ledger = kept(
        &world,
        "SELECT who || ' ' || what || ' ' || coalesce(note, '') AS it FROM decisions \
        UNION ALL SELECT coalesce(note, '') || coalesce(url, '') FROM attempts",
    )
    .await;
    assert!(ledger.len() > 10);
    clean(&ledger.join("\n"), "the ledger");
    let said = daemon.said();
    // The link stands there once, where the administrator is to find it.
    clean(&said.lines().filter(|line| !line.contains("/set-up/")).collect::<Vec<_>>().join("\n"), "standard output");
    daemon.stop();
    let log = world.log();
    assert!(log.contains("INFO"), "{log}");
    clean(&log, "the log");
}

/// A column of the store.
async fn kept(world: &World, sql: &str) -> Vec<String> {
    use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
    let there = sqlx::sqlite::SqliteConnectOptions::new().filename(world.path("loa.db"));
    let mut own = there.connect().await.unwrap();
    let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut own).await.unwrap();
    sqlx::Connection::close(own).await.unwrap();
    rows.iter().map(|row| row.get("it")).collect()
}
