//! The articles: the matrix, the search, and one article with its revisions.

use crate::support::browser::{Browser, between};
use crate::support::house::{BEARER, JSON, daemon, deliveries, house, printed, settled};
use crate::support::process::{Daemon, eventually};

fn hand_in(daemon: &Daemon, id: &str, title: &str, body: &str) {
    let article = serde_json::json!({
        "source": "cms", "external_id": id, "title": title, "body_text": body, "topics": ["thông báo"],
    });
    let answer = daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], article.to_string().as_bytes());
    assert_eq!(answer.status, 202, "{}", answer.body);
}

#[test]
fn the_matrix_shows_every_article_on_every_channel_and_is_searched_without_diacritics() {
    let world = house();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    assert!(officer.get("/articles").body.contains("There is no article yet"));
    hand_in(&daemon, "lich-1", "Lịch <i>tiếp</i> công dân", "Sáng thứ Hai.");
    hand_in(&daemon, "2", "Tuyển quân", "Toàn xã.");
    settled(&world, 8);
    let page = officer.get("/articles").body;
    assert!(page.contains("Lịch &lt;i&gt;tiếp") && page.contains("Tuyển quân"), "{page}");
    assert_eq!(page.matches("class=\"badge well\"").count(), 8, "a sign and a word for each: {page}");
    assert!(page.contains("delivered") && page.contains("✓"));
    assert!(page.len() < 100_000, "{} bytes", page.len());
    let found = officer.get("/articles?q=tiep+cong+dan").body;
    assert!(found.contains("Lịch &lt;i&gt;tiếp") && !found.contains("Tuyển quân"), "{found}");
    let found = officer.get("/articles?q=LICH-1&topic=th%C3%B4ng+b%C3%A1o&state=settled&channel=radio").body;
    assert!(found.contains("Lịch &lt;i&gt;tiếp") && !found.contains(">Tuyển quân<"), "{found}");
    assert!(officer.get("/articles?state=failed").body.contains("There is no such article"));
    assert!(officer.get("/articles?from=2200-01-01").body.contains("There is no such article"));
    // Rubbish in an address is nobody's error.
    assert_eq!(officer.get("/articles?from=x&until=9999-99-99&before=y&state=z&q=%27%22*").status, 200);
    let part = officer.get("/articles/list?q=tuyen").body;
    assert!(part.trim_start().starts_with("<div id=\"matrix\"") && !part.contains("<html"), "{part}");
    assert!(part.contains("hx-get=\"&#x2f;articles&#x2f;list?q=tuyen\""), "the same part again: {part}");
}

#[test]
fn an_article_tells_where_it_is_who_wrote_it_and_what_changed() {
    let world = house();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    hand_in(&daemon, "1", "Họp thôn", "Họp lúc 8 giờ.\n\nTại đình.");
    settled(&world, 4);
    hand_in(&daemon, "1", "Họp thôn Đoài", "Họp lúc 9 giờ.\n\nTại đình.");
    eventually("the correction is everywhere", || {
        deliveries(&world).iter().all(|one| one["shown_revision"] == 2 && one["state"] == "settled").then_some(())
    });
    let page = officer.get("/articles/1").body;
    for words in ["Họp thôn Đoài", "cms&#x2f;1", "Shows revision 2", "see it there", "thông báo", "published", "cms"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains("correct revision 2"), "an attempt in plain words: {page}");
    let changed = officer.get("/articles/1/revisions?from=1&to=2").body;
    assert!(changed.contains("8 <span") || changed.contains("8 "), "{changed}");
    let removed = between(&changed, "<dd>", "</dd>").unwrap();
    assert!(removed.contains("<ins>") && removed.contains("Đoài"), "{removed}");
    assert!(changed.contains("<del>") && changed.contains("8 ") && changed.contains("9 "), "{changed}");
    assert!(changed.contains("[−") && changed.contains("[+"), "told apart without seeing: {changed}");
    assert!(officer.get("/articles/1/revisions?from=7&to=8").body.contains("only one revision"));
    assert_eq!(officer.get("/articles/99").status, 404);
    // Whoever only looks sees no buttons.
    officer.add("xem", "viewer");
    let mut viewer = Browser::signed_in(&daemon, "xem");
    let page = viewer.get("/articles/1").body;
    assert!(!page.contains("/withdraw") && !page.contains("&#x2f;again"), "{page}");
}

#[test]
fn an_article_is_taken_back_after_a_look_at_what_that_does() {
    let world = house();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    printed(&world, &["pause", "radio"]);
    hand_in(&daemon, "1", "Họp thôn", "Họp lúc 8 giờ.");
    eventually("three are done", || {
        (deliveries(&world).iter().filter(|one| one["state"] == "settled").count() == 3).then_some(())
    });
    let page = officer.get("/articles/1/withdraw").body;
    for (channel, words) in [
        ("portal", "the copy is taken down"),
        ("fanpage", "the copy is taken down"),
        ("email", "get a notice of withdrawal"),
        ("radio", "never will be"),
    ] {
        let line = page.lines().find(|line| line.contains(&format!("<li>{channel}:"))).unwrap_or_default();
        assert!(line.contains(words), "{channel}: {page}");
    }
    assert_eq!(world.hook.board().copies_of("cms/1"), 1, "looking does nothing");
    let answer = officer.post("/articles/1/withdraw", &[]);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/articles/1")), "{}", answer.body);
    eventually("it is gone everywhere", || {
        deliveries(&world).iter().all(|one| one["state"] == "settled").then_some(())
    });
    assert_eq!(world.hook.board().copies_of("cms/1"), 0);
    let page = officer.get("/articles/1").body;
    assert!(page.contains("withdrew") && page.contains("Chị Quản Trị"), "who did it: {page}");
    assert!(officer.get("/articles/1/withdraw").status == 303, "once");
}
