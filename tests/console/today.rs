//! The first page.

use std::io::{BufRead as _, BufReader, Write as _};

use crate::support::browser::{Browser, between};
use crate::support::house::{BEARER, JSON, daemon, house, printed, settled};
use crate::support::process::eventually;

const ARTICLE: &[u8] =
    br#"{"source":"cms","external_id":"1","title":"Lich <b>tiep</b> dan","body_text":"Sang thu Hai."}"#;

#[test]
fn today_shows_what_went_out_what_waits_and_a_balance_that_adds_up() {
    let world = house();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    let empty = officer.get("/").body;
    assert!(empty.contains("nothing waits for a person") && empty.contains("nothing went out yet"), "{empty}");

    assert_eq!(daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], ARTICLE).status, 202);
    settled(&world, 4);
    let page = officer.get("/").body;
    assert!(page.contains("Lich &lt;b&gt;tiep&lt;&#x2f;b&gt; dan"), "escaped: {page}");
    assert!(!page.contains("<b>tiep"), "{page}");

    printed(&world, &["pause", "radio"]);
    let page = eventually("the pause is shown", || {
        let page = officer.get("/").body;
        page.contains("paused by").then_some(page)
    });
    assert!(!page.contains("nothing waits for a person"), "{page}");
    let page = eventually("the balance is counted", || {
        let page = officer.get("/").body;
        page.contains("it adds up").then_some(page)
    });
    assert!(page.contains("counted at"), "{page}");
    // The part alone, for a page that is kept up to date.
    let part = officer.get("/today/board").body;
    assert!(part.trim_start().starts_with("<div id=\"board\"") && !part.contains("<html"), "{part}");
    // In the office's own language it is Vietnamese.
    officer.post("/account/language", &[("language", "vi")]);
    assert!(officer.get("/").body.contains("Cần người xử lý"));
}

#[test]
fn an_open_page_is_told_when_something_changes_and_the_stream_ends_with_the_daemon() {
    let world = house();
    let daemon = daemon(&world);
    let officer = Browser::administrator(&daemon);
    let address = daemon.said();
    let address = between(&address, "API: http://", "/").unwrap().to_owned();
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    let cookie = &officer.cookies["loa"];
    write!(stream, "GET /events HTTP/1.1\r\nHost: {address}\r\nCookie: loa={cookie}\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "event: ready"));
    printed(&world, &["pause", "radio"]);
    assert!(lines.any(|line| line == "event: change"));
    let (status, took) = daemon.stop();
    assert!(status.success() && took.as_secs() < 4, "an open page keeps nobody: {took:?}");
    assert_eq!(lines.filter(|line| line.starts_with("event: ready")).count(), 0);
}
