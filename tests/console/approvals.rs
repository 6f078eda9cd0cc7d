//! Nothing goes out on a channel that asks for approval but what a named person has seen.

use sha2::{Digest as _, Sha256};

use crate::support::browser::{Browser, between};
use crate::support::house::{BEARER, JSON, daemon, deliveries, errors, house, json, on_channel, printed};
use crate::support::process::{Daemon, eventually};
use crate::support::world::World;

/// An office whose Fanpage asks for approval.
fn careful(approval: &str) -> World {
    let world = house();
    asks(&world, approval, "");
    world
}

fn asks(world: &World, approval: &str, more: &str) {
    world.fanpage(more);
    let path = world.path("channels/fanpage.toml");
    let file = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{file}\n[schedule]\napproval = {approval}\n")).unwrap();
}

fn hand_in(daemon: &Daemon, body: &str) {
    let article = serde_json::json!({
        "source": "cms", "external_id": "1", "title": "Họp thôn", "body_text": body, "topics": ["thông báo"],
    });
    let answer = daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], article.to_string().as_bytes());
    assert_eq!(answer.status, 202, "{}", answer.body);
}

fn held(world: &World) -> i64 {
    on_channel(world, "fanpage", "held")["id"].as_i64().unwrap()
}

fn field<'p>(page: &'p str, name: &str) -> &'p str {
    between(page, &format!("name=\"{name}\" value=\""), "\"").unwrap_or_else(|| panic!("no {name}: {page}"))
}

/// Looks at the payload and approves it.
fn approve(officer: &mut Browser<'_>, id: i64) -> crate::support::process::Answer {
    let page = officer.get(&format!("/approvals/{id}")).body;
    let (hash, seen) = (field(&page, "hash").to_owned(), field(&page, "seen").to_owned());
    officer.post(&format!("/approvals/{id}"), &[("hash", &hash), ("seen", &seen)])
}

#[test]
fn the_payload_that_was_approved_is_the_one_that_goes_out() {
    let world = careful("true");
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    assert!(officer.get("/approvals").body.contains("nothing waits for approval"));
    hand_in(&daemon, "Sáng thứ Hai.");
    let id = held(&world);
    let list = officer.get("/approvals").body;
    assert!(list.contains("Họp thôn") && list.contains(&format!("/approvals/{id}\"")), "{list}");
    let page = officer.get(&format!("/approvals/{id}")).body;
    assert!(page.contains("article.published") && page.contains("Họp thôn"), "the payload itself: {page}");
    let hash = field(&page, "hash").to_owned();
    // The file, the command line and the page show the same bytes.
    let shown = world.run(&["approve", &id.to_string(), "--show"]).stdout;
    let sha256: String = Sha256::digest(&shown).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(sha256, hash);
    let file = officer.get(&format!("/approvals/{id}/payload?seen={}", field(&page, "seen")));
    assert_eq!(file.body.as_bytes(), shown);
    assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
    // Another hash, and an old page, approve nothing.
    let seen = field(&page, "seen").to_owned();
    for (hash, seen) in [("0".repeat(64), seen.as_str()), (hash.clone(), "1"), (hash.clone(), "x")] {
        let answer = officer.post(&format!("/approvals/{id}"), &[("hash", &hash), ("seen", seen)]);
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.contains("nothing was approved"), "{}", answer.body);
    }
    // Whoever only writes may look and not approve.
    officer.add("soan", "editor");
    let mut editor = Browser::signed_in(&daemon, "soan");
    let seen_by_editor = editor.get(&format!("/approvals/{id}")).body;
    assert!(seen_by_editor.contains("article.published") && !seen_by_editor.contains("name=\"hash\""));
    assert_eq!(editor.post(&format!("/approvals/{id}"), &[("hash", &hash), ("seen", &seen)]).status, 403);
    assert!(world.hook.sightings("fanpage").is_empty());

    let answer = approve(&mut officer, id);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/approvals")), "{}", answer.body);
    let sent = on_channel(&world, "fanpage", "settled");
    assert_eq!(sent["payload_hash"], hash.as_str());
    assert_eq!(world.hook.board().copies_of("cms/1"), 1);
    let page = officer.get("/articles/1").body;
    assert!(page.contains("Approved by") && page.contains(&hash), "who, and what: {page}");
    // Who approved it is compared with the ledger of decisions, which cannot be changed unseen.
    assert!(printed(&world, &["doctor"]).contains("every approval stands in the ledger"));
    // A correction is another payload; a withdrawal asks nobody.
    hand_in(&daemon, "Sáng thứ Ba.");
    held(&world);
    assert_eq!(officer.post("/articles/1/withdraw", &[]).status, 303);
    on_channel(&world, "fanpage", "settled");
    assert_eq!(world.hook.board().copies_of("cms/1"), 0);
}

#[test]
fn where_two_are_asked_for_nobody_approves_their_own() {
    let world = careful("\"two\"");
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    officer.add("Lan", "approver");
    let file = world.article("bai", "Họp thôn", "Sáng thứ Hai.");
    let output = world.loa(&["publish", file.to_str().unwrap()]).env("USER", "Lan").output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let id = held(&world);
    let mut lan = Browser::signed_in(&daemon, "lan");
    let page = lan.get(&format!("/approvals/{id}")).body;
    assert!(page.contains("You wrote this revision") && !page.contains("name=\"hash\""), "{page}");
    // Also where the form is sent all the same, and on the command line.
    let page = officer.get(&format!("/approvals/{id}")).body;
    let (hash, seen) = (field(&page, "hash").to_owned(), field(&page, "seen").to_owned());
    let answer = lan.post(&format!("/approvals/{id}"), &[("hash", &hash), ("seen", &seen)]);
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("somebody else has to approve"), "{}", answer.body);
    let output = world.loa(&["approve", &id.to_string()]).env("USER", "Lan").output().unwrap();
    assert!(!output.status.success() && errors(&output).contains("somebody else"), "{}", errors(&output));
    assert_eq!(approve(&mut officer, id).status, 303);
    on_channel(&world, "fanpage", "settled");
}

#[test]
fn what_is_sent_back_waits_for_a_correction_and_says_why() {
    let world = careful("true");
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    hand_in(&daemon, "Sáng thứ Hai.");
    let id = held(&world);
    officer.get(&format!("/approvals/{id}"));
    assert_eq!(officer.post(&format!("/approvals/{id}/back"), &[("word", " ")]).status, 422);
    assert_eq!(officer.post(&format!("/approvals/{id}/back"), &[("word", "sai ngày <b>")]).status, 303);
    let page = officer.get("/articles/1").body;
    assert!(page.contains("Chị Quản Trị sent it back: sai ngày &lt;b&gt;"), "{page}");
    assert!(officer.get("/approvals").body.contains("Sent back, to be corrected"));
    hand_in(&daemon, "Sáng thứ Ba.");
    eventually("the correction waits", || (!officer.get("/approvals").body.contains("Sent back")).then_some(()));
    assert_eq!(approve(&mut officer, id).status, 303);
    on_channel(&world, "fanpage", "settled");
    assert!(world.hook.board().copies_of("cms/1") == 1);
}

#[test]
fn an_approval_is_void_once_something_else_would_be_sent_and_the_command_line_can_do_it_all() {
    let world = careful("true");
    let daemon = daemon(&world);
    hand_in(&daemon, "Sáng thứ Hai.");
    let id = held(&world).to_string();
    assert!(printed(&world, &["approve"]).contains("Họp thôn"));
    let listed = json(&world, &["approve", "--json"]);
    assert_eq!(listed[0]["id"].to_string(), id);
    // Nobody is passed over.
    let retried = world.run(&["retry", &id]);
    assert!(!retried.status.success() && errors(&retried).contains("loa approve"), "{}", errors(&retried));
    printed(&world, &["retry", "--all"]);
    let wrong = world.run(&["approve", &id, "--hash", &"0".repeat(64)]);
    assert!(!wrong.status.success() && errors(&wrong).contains("another hash"), "{}", errors(&wrong));
    held(&world);

    printed(&world, &["pause", "fanpage"]);
    let first = printed(&world, &["approve", &id, "--json"]);
    on_channel(&world, "fanpage", "waiting");
    // The channel's file is changed: another text would be sent.
    asks(&world, "true", "hashtags = false");
    eventually("the file is taken over", || world.log().contains("the channel was reloaded").then_some(()));
    printed(&world, &["resume", "fanpage"]);
    let asked = eventually("a person is asked again", || {
        let one = on_channel(&world, "fanpage", "held");
        one["reason"].as_str().is_some_and(|reason| reason.contains("not what was approved")).then_some(one)
    });
    assert_eq!(asked["id"].to_string(), id);
    assert!(world.hook.sightings("fanpage").is_empty(), "nothing was sent");
    let second = printed(&world, &["approve", &id, "--json"]);
    assert_ne!(first, second, "another payload");
    on_channel(&world, "fanpage", "settled");
    assert_eq!(world.hook.board().copies_of("cms/1"), 1);
    assert_eq!(deliveries(&world).len(), 4);
}
