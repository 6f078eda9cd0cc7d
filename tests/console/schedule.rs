//! The week, and what officers move in editions.

use crate::support::browser::{Browser, between};
use crate::support::house::{BEARER, JSON, daemon, house, printed};
use crate::support::process::{Daemon, eventually};
use crate::support::world::World;

fn hand_over(daemon: &Daemon, id: &str) {
    let article = format!(r#"{{"source":"cms","external_id":"{id}","title":"Bài {id}","body_text":"Nội dung."}}"#);
    assert_eq!(daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], article.as_bytes()).status, 202);
}

/// The items of the radio's editions, in the order in which they stand on the page; an edition ends with a bar.
fn order(page: &str) -> String {
    let lists = page.split("<ol class=\"list edition\">").skip(1);
    let items = lists.map(|list| {
        let list = list.split("</ol>").next().unwrap();
        list.split("<strong>Bài ").skip(1).map(|item| item.split('<').next().unwrap()).collect::<Vec<_>>().join(" ")
    });
    items.collect::<Vec<_>>().join(" | ")
}

fn number(page: &str, title: &str) -> String {
    let item = page.split(&format!("<strong>{title}</strong>")).nth(1).unwrap();
    let action = between(item, "action=\"/schedule/", "/move\"").or_else(|| between(item, "schedule&#x2f;", "&#x2f;"));
    action.unwrap().to_owned()
}

#[test]
fn the_week_is_shown_and_items_are_moved() {
    let world: World = house();
    // Slots that do not come while the test runs: once a year, and the day after.
    world.write(
        "channels/radio.toml",
        "name = \"Đài xã\"\nkind = \"radio\"\n[schedule]\ntiming = [\"0 3 1 1 *\", \"0 3 2 1 *\"]\nquiet = \"21:30-05:30\"\ngrace = \"2d\"\n\
         [settings]\nfolder = \"radio\"\n",
    );
    world.write("channels/feed.toml", "kind = \"feed\"\n[schedule]\ntiming = [\"*/5 * * * *\"]\n[route]\ntopics = [\"x\"]\n[settings]\nfolder = \"feed\"\nbase_url = \"https://x.example\"\n");
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    chief.add("lan", "editor");
    chief.add("ba", "viewer");
    for id in ["1", "2", "3"] {
        hand_over(&daemon, id);
    }
    let mut lan = Browser::signed_in(&daemon, "lan");
    let page = lan.get("/schedule").body;
    assert!(page.contains("Đài xã") && page.contains("21:30-05:30") && page.contains("at once"), "{page}");
    assert!(page.contains("and more"), "a slot every five minutes is not written out: {page}");
    assert!(page.len() < 100_000, "{} bytes", page.len());
    assert_eq!(order(&page), "1 2 3", "{page}");

    let shift = |lan: &mut Browser<'_>, title: &str, to: &str| {
        let page = lan.get("/schedule").body;
        let number = number(&page, title);
        assert_eq!(lan.post(&format!("/schedule/{number}/move"), &[("to", to)]).status, 303);
        lan.get("/schedule").body
    };
    let page = shift(&mut lan, "Bài 3", "up");
    assert!(page.contains("moved up"), "{page}");
    assert_eq!(order(&page), "1 3 2");
    assert_eq!(order(&shift(&mut lan, "Bài 1", "down")), "3 1 2");
    assert_eq!(order(&shift(&mut lan, "Bài 3", "later")), "1 2 | 3");
    // The file is changed: what somebody moved stays where they moved it.
    let text = std::fs::read_to_string(world.path("channels/radio.toml")).unwrap();
    world.write("channels/radio.toml", &text.replace("21:30", "21:00"));
    let page = eventually("the new hours are in force", || {
        let page = lan.get("/schedule").body;
        page.contains("21:00-05:30").then_some(page)
    });
    assert_eq!(order(&page), "1 2 | 3");
    assert_eq!(order(&shift(&mut lan, "Bài 3", "sooner")), "3 1 2", "back where it stood");

    assert_eq!(lan.post("/schedule/1/move", &[("to", "away")]).status, 422);
    lan.post("/schedule/999/move", &[("to", "up")]);
    assert!(lan.get("/schedule").body.contains("there is no delivery 999"));
    let mut ba = Browser::signed_in(&daemon, "ba");
    assert!(!ba.get("/schedule").body.contains("/move"), "looking is not moving");
    assert_eq!(ba.post("/schedule/1/move", &[("to", "up")]).status, 403);
    let said = printed(&world, &["doctor"]);
    assert!(said.contains("the ledger of decisions is as it was written"), "{said}");
}
