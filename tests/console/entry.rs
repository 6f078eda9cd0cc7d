//! Coming in: the set-up link, signing in and out, cookies, guessing.

use loa::people::TwoSteps;

use crate::support::browser::{Browser, PASSWORD, between, set_up_fields, setup_path};
use crate::support::house::{daemon, house, house_with, open, printed};
use crate::support::process::Daemon;

#[test]
fn the_set_up_link_works_once_and_makes_the_first_administrator_only() {
    let world = house();
    let daemon = daemon(&world);
    let link = setup_path(&daemon);
    let mut thief = Browser::new(&daemon);
    assert_eq!(thief.get(&format!("/set-up/{}", "0".repeat(64))).status, 404, "a guess");
    assert_eq!(thief.get("/set-up").status, 404, "without the link");

    let mut officer = Browser::new(&daemon);
    let opened = officer.get(&link);
    assert_eq!((opened.status, opened.header("location")), (303, Some("/set-up")));
    let cookie = opened.header("set-cookie").unwrap();
    assert!(
        cookie.contains("httponly") && cookie.contains("samesite=lax") && cookie.contains("max-age=1800"),
        "{cookie}"
    );
    assert_eq!(thief.get(&link).status, 404, "the link is used up");
    assert_eq!(officer.get("/set-up").status, 200);

    // What cannot be taken is said, and nothing that is secret is shown again.
    let answer = officer.post("/set-up", &[("name", "lan"), ("password", "ngắn"), ("again", "ngắn")]);
    assert!(answer.status == 422 && answer.body.contains("at least 10 characters"), "{}", answer.body);
    assert!(!answer.body.contains("ngắn"), "{}", answer.body);
    let answer = officer.post("/set-up", &[("name", "lan"), ("password", PASSWORD), ("again", "khác hẳn nhé")]);
    assert!(answer.status == 422 && answer.body.contains("differ"), "{}", answer.body);

    let answer = officer.post("/set-up", &set_up_fields());
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    assert_eq!(officer.get("/people").status, 200, "an administrator, signed in");
    assert_eq!(officer.post("/set-up", &set_up_fields()).status, 404, "only once");

    // There is no link for a second first administrator, not after a restart either.
    let (status, _) = daemon.stop();
    assert!(status.success());
    let again = Daemon::start(world.loa(&["run"]), &world.path("log"));
    let said = crate::support::process::eventually("it says where the console is", || {
        let said = again.said();
        said.contains("console: http://").then_some(said)
    });
    assert!(!said.contains("/set-up/"), "{said}");
    assert_eq!(Browser::new(&again).get(&link).status, 404);
    assert_eq!(officer_again(&again).get("/people").status, 200);
}

fn officer_again(daemon: &Daemon) -> Browser<'_> {
    Browser::signed_in(daemon, "QUAN.TRI")
}

#[test]
fn a_session_begins_with_a_new_token_and_ends_where_it_is_ended() {
    let world = house();
    let daemon = daemon(&world);
    let mut first = Browser::administrator(&daemon);
    let old = first.cookies["loa"].clone();
    assert_eq!(old.len(), 64);

    // Whatever the cookie was before: a token that somebody planted is worth nothing.
    let mut planted = Browser::new(&daemon);
    planted.cookies.insert("loa".to_owned(), "a".repeat(64));
    assert_eq!(planted.get("/").status, 303);
    let answer = planted.sign_in("quan.tri", PASSWORD);
    assert_eq!(answer.status, 303);
    let cookie = answer.header("set-cookie").unwrap();
    for flag in ["httponly", "samesite=lax", "path=/", "max-age=604800"] {
        assert!(cookie.contains(flag), "{flag}: {cookie}");
    }
    assert!(!cookie.contains("secure"), "over http: {cookie}");
    assert_ne!(planted.cookies["loa"], "a".repeat(64));
    assert_ne!(planted.cookies["loa"], old);
    assert_eq!(planted.get("/").status, 200);

    assert_eq!(first.post("/sign-out", &[]).header("location"), Some("/sign-in"));
    assert!(first.cookies.is_empty());
    first.cookies.insert("loa".to_owned(), old);
    assert_eq!(first.get("/").header("location"), Some("/sign-in"), "the old cookie is worth nothing");
    assert_eq!(planted.get("/").status, 200, "the other session goes on");

    // Another password ends the other sessions, and not the one that changed it.
    let mut other = Browser::signed_in(&daemon, "quan.tri");
    other.get("/account");
    let new = "một câu khác hẳn";
    let fields = [("present", "sai bét nhè ra"), ("password", new), ("again", new)];
    assert_eq!(other.post("/account/password", &fields).status, 422);
    let fields = [("present", PASSWORD), ("password", new), ("again", new)];
    assert_eq!(other.post("/account/password", &fields).status, 303);
    assert!(other.get("/account").body.contains("the password was changed"), "said once");
    assert!(!other.get("/account").body.contains("the password was changed"), "and only once");
    assert_eq!(planted.get("/").status, 303);
    assert_eq!(Browser::new(&daemon).sign_in("quan.tri", PASSWORD).status, 401);
}

#[test]
fn with_an_address_over_https_cookies_go_over_nothing_else() {
    let world = house();
    open(&world, "");
    let config = std::fs::read_to_string(world.path("config.toml")).unwrap();
    let config = config.replace("[http]\n", "[http]\npublic_url = \"https://tin.anbinh.example.vn\"\n");
    world.write("config.toml", &config);
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    assert!(officer.cookies.contains_key("__Host-loa"), "{:?}", officer.cookies.keys());
    let answer = officer.sign_in("quan.tri", PASSWORD);
    assert!(answer.header("set-cookie").unwrap().ends_with("; secure"), "{}", answer.head);
    assert_eq!(officer.get("/").status, 200);
}

#[test]
fn guessing_a_password_has_to_wait_and_names_are_not_told() {
    let world = house();
    let daemon = daemon(&world);
    drop(Browser::administrator(&daemon));
    let mut guesser = Browser::new(&daemon);
    let wrong = guesser.sign_in("quan.tri", "đoán mò một phen");
    let nobody = guesser.sign_in("nobody", "đoán mò một phen");
    assert_eq!((wrong.status, nobody.status), (401, 401));
    let said = |body: &str| between(body, "role=\"alert\">", "</p>").unwrap().to_owned();
    assert_eq!(said(&wrong.body), said(&nobody.body));
    for _ in 0..7 {
        assert_eq!(guesser.sign_in("quan.tri", "đoán mò một phen").status, 401);
    }
    // Also with the right password now, from wherever.
    let answer = Browser::new(&daemon).sign_in("quan.tri", PASSWORD);
    assert_eq!(answer.status, 429);
    assert!(answer.body.contains("too many wrong tries; wait 15 minutes"), "{}", answer.body);
    assert!(!answer.body.contains(PASSWORD), "the password is not shown again");
    // An administrator at the machine helps; the ledger has it all.
    let told = printed(&world, &["user", "list", "--json"]);
    assert!(told.contains("quan.tri") && !told.contains("argon2"), "{told}");
}

#[test]
fn the_code_of_the_phone_is_asked_for_and_counts_once() {
    let world = house();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    let page = officer.get("/account/two-steps").body;
    let secret = between(&page, "name=\"secret\" value=\"", "\"").unwrap().to_owned();
    assert!(page.contains("href=\"otpauth:"), "{page}");
    let code = |shift: i64| code(&secret, shift);
    let on = |officer: &mut Browser<'_>, code: &str| {
        officer.post("/account/two-steps", &[("secret", &secret), ("present", PASSWORD), ("code", code)])
    };
    assert_eq!(on(&mut officer, "000000").status, 422);
    let used = code(0);
    assert_eq!(on(&mut officer, &used).status, 303);
    let kept = officer.get("/account").body;
    assert!(kept.contains("the second step is on") && !kept.contains(&secret), "{kept}");

    let mut again = Browser::new(&daemon);
    let asked = again.sign_in("quan.tri", PASSWORD);
    assert!(asked.status == 401 && asked.body.contains("name=\"code\""), "{}", asked.body);
    let with = |browser: &mut Browser<'_>, code: &str| {
        browser.post("/sign-in", &[("name", "quan.tri"), ("password", PASSWORD), ("code", code)])
    };
    assert_eq!(with(&mut again, &used).status, 401, "used before");
    let next = code(1);
    assert_eq!(with(&mut again, &next).status, 303);
    assert_eq!(again.get("/").status, 200);
    assert_eq!(with(&mut Browser::new(&daemon), &next).status, 401, "used now");
}

/// The code of now, or of so many steps later.
pub(super) fn code(secret: &str, shift: i64) -> String {
    let secret = TwoSteps::written(secret).unwrap();
    let at = loa::clock::Clock::system().now() + chrono::TimeDelta::seconds(30 * shift);
    let step = at.timestamp() / 30;
    (0..1_000_000)
        .map(|number| format!("{number:06}"))
        .find(|code| secret.step_of(code, at) == Some(step))
        .expect("one of a million")
}

#[test]
fn people_are_added_at_the_machine_too() {
    let world = house_with("[shutdown]\ngrace = \"1s\"\n");
    let typed = |arguments: &[&str], password: &str| {
        use std::io::Write as _;
        let mut command = world.loa(arguments);
        let mut child = command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let refused = typed(&["user", "add", "lan", "--role", "administrator"], "ngắn");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("at least 10 characters"));
    assert_eq!(typed(&["user", "add", "lan", "--role", "administrator"], PASSWORD).status.code(), Some(0));
    assert_eq!(typed(&["user", "add", "Lan", "--role", "viewer"], PASSWORD).status.code(), Some(1), "taken");
    let daemon = daemon(&world);
    let mut lan = Browser::signed_in(&daemon, "lan");
    assert_eq!(typed(&["user", "password", "lan"], "một câu khác hẳn").status.code(), Some(0));
    assert_eq!(lan.get("/").status, 303, "signed out by the new password");
    assert_eq!(lan.sign_in("lan", "một câu khác hẳn").status, 303);
    let last = world.run(&["user", "disable", "lan"]);
    assert_eq!(last.status.code(), Some(1), "the last administrator stays");
}
