//! No page without a session, no page without the role, no form that is not ours; what every answer says of itself.

use axum::http::Method;
use loa::console::routes;
use loa::people::Role;

use crate::support::browser::{Browser, encoded};
use crate::support::house::{daemon, house};
use crate::support::process::Answer;

/// An address of the route, with something in its places.
fn address(path: &str) -> String {
    path.replace("{id}", "1").replace("{channel}", "email").replace("{token}", &"0".repeat(64)).replace("{name}", "x")
}

#[test]
fn no_page_is_shown_without_a_session() {
    let world = house();
    let daemon = daemon(&world);
    let open: Vec<&str> = routes().into_iter().filter(|(.., least)| least.is_none()).map(|(_, path, _)| path).collect();
    assert_eq!(
        open,
        ["/static/{name}", "/sign-in", "/sign-in", "/set-up/{token}", "/set-up", "/set-up", "/anh/{name}"]
    );
    let mut walked = 0;
    for (method, path, _) in routes().into_iter().filter(|(.., least)| least.is_some()) {
        for cookie in [None, Some("0".repeat(64)), Some("rubbish".to_owned())] {
            let mut stranger = Browser::new(&daemon);
            if let Some(cookie) = cookie {
                stranger.cookies.insert("loa".to_owned(), cookie);
            }
            let answer = stranger.send(method.as_str(), &address(path), &[], "");
            assert_eq!(answer.status, 303, "{method} {path}");
            assert!(answer.header("location").unwrap().starts_with("/sign-in"), "{method} {path}");
            assert_eq!(answer.body, "", "{method} {path}");
        }
        walked += 1;
    }
    assert!(walked > 15, "only {walked} routes");
    // The way back stays on this site.
    let mut officer = Browser::administrator(&daemon);
    officer.post("/sign-out", &[]);
    let answer = officer.get("/people/1?x=a%20b");
    assert_eq!(answer.header("location"), Some("/sign-in?next=%2fpeople%2f1%3fx%3da%2520b"));
    for (next, to) in [("/people", "/people"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil", "/")]
    {
        let fields = [("name", "quan.tri"), ("password", crate::support::browser::PASSWORD), ("next", next)];
        assert_eq!(Browser::new(&daemon).post("/sign-in", &fields).header("location"), Some(to), "{next}");
    }
}

#[test]
fn each_role_gets_its_own_pages_and_no_more() {
    let world = house();
    let daemon = daemon(&world);
    let mut administrator = Browser::administrator(&daemon);
    for role in ["viewer", "editor", "approver"] {
        administrator.add(role, role);
    }
    for (name, role) in [
        ("viewer", Role::Viewer),
        ("editor", Role::Editor),
        ("approver", Role::Approver),
        ("quan.tri", Role::Administrator),
    ] {
        for (method, path, least) in routes() {
            let Some(least) = least else { continue };
            // These do what they say, or go on for ever.
            if ["/sign-out", "/events"].contains(&path) {
                continue;
            }
            let mut officer = Browser::signed_in(&daemon, name);
            let csrf = officer.csrf.clone();
            let answer = officer.send(method.as_str(), &address(path), &[], &encoded(&[("csrf", &csrf)]));
            if role < least {
                assert_eq!(answer.status, 403, "{name}: {method} {path}");
                assert!(answer.body.contains("Not allowed"), "{name}: {method} {path}: {}", answer.body);
            } else {
                assert!(![401, 403, 500].contains(&answer.status), "{name}: {method} {path}: {}", answer.status);
            }
        }
    }
}

#[test]
fn a_form_has_to_be_our_own() {
    let world = house();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    let other = Browser::signed_in(&daemon, "quan.tri");
    let theirs = other.csrf.clone();
    let ours = officer.csrf.clone();
    assert_ne!(ours, theirs);
    for (method, path, least) in routes() {
        if method != Method::POST || least.is_none() {
            continue;
        }
        for csrf in ["", "rubbish", &"0".repeat(64), &theirs] {
            let answer = officer.send("POST", &address(path), &[], &encoded(&[("csrf", csrf)]));
            assert_eq!(answer.status, 403, "{path} with {csrf:?}");
        }
        let good = encoded(&[("csrf", &ours)]);
        for foreign in [
            ("Origin", "https://evil.example"),
            ("Origin", "null"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ] {
            assert_eq!(officer.send("POST", &address(path), &[foreign], &good).status, 403, "{path} from {foreign:?}");
        }
    }
    // The forms before a session are ours as well.
    for path in ["/sign-in", "/set-up"] {
        let foreign = [("Origin", "https://evil.example")];
        assert_eq!(Browser::new(&daemon).send("POST", path, &foreign, "").status, 403, "{path}");
    }
    assert_eq!(officer.get("/people").status, 200, "nothing of it was done");
    assert_eq!(officer.post("/account/language", &[("language", "vi")]).status, 303);
    assert!(officer.get("/").body.contains("lang=\"vi\""));
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.header(name).unwrap_or_else(|| panic!("no {name}: {}", answer.head))
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    let world = house();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    let page = officer.get("/");
    for answer in [&page, &officer.get("/people"), &officer.get("/nowhere"), &Browser::new(&daemon).get("/sign-in")] {
        let policy = header(answer, "content-security-policy");
        assert_eq!(
            policy,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        assert_eq!(header(answer, "cache-control"), "no-store");
        assert_eq!(header(answer, "x-content-type-options"), "nosniff");
        assert_eq!(header(answer, "x-frame-options"), "deny");
        // The policy holds: nothing inline, nothing from elsewhere.
        for bad in ["<style", " style=", "<script>", " onclick=", "javascript:", "src=\"http", "hx-on"] {
            assert!(!answer.body.contains(bad), "{bad}: {}", answer.body);
        }
        assert!(answer.body.len() < 100_000);
    }
    assert_eq!(officer.get("/nowhere").status, 404);
    assert!(officer.get("/nowhere").body.contains("There is no such page"));
    let assets: Vec<&str> = page.body.split('"').filter(|words| words.starts_with("/static/")).collect();
    assert_eq!(assets.len(), 4, "{}", page.body);
    for path in assets {
        let asset = officer.get(path);
        assert_eq!(asset.status, 200, "{path}");
        assert!(header(&asset, "cache-control").contains("immutable"), "{path}");
    }
    assert_eq!(officer.get("/static/console.000000000000.css").status, 404);
    // Machines' faces are as before.
    assert_eq!(daemon.call("GET", "/healthz", &[], b"").status, 200);
    assert_eq!(daemon.call("GET", "/api/v1/deliveries", &[], b"").status, 401);
    assert!(daemon.call("GET", "/api/v1/nowhere", &[], b"").json()["detail"].is_string());
}
