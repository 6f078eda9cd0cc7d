//! What officers decide about one delivery.

use crate::support::browser::Browser;
use crate::support::hostile_http::Fault;
use crate::support::hostile_smtp::{OnMessage, OnRecipient};
use crate::support::house::{BEARER, JSON, daemon, deliveries, house, on_channel, settled};
use crate::support::process::{Daemon, eventually};
use crate::support::world::RECIPIENTS;

const ARTICLE: &[u8] = br#"{"source":"cms","external_id":"1","title":"Hop thon","body_text":"Sang thu Hai."}"#;

fn hand_in(daemon: &Daemon) {
    assert_eq!(daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], ARTICLE).status, 202);
}

#[test]
fn letters_in_doubt_are_answered_one_by_one_and_the_answer_is_in_the_ledger() {
    let world = house();
    world.smtp.script(vec![OnMessage::DropAfterDot, OnMessage::DropAfterDot]);
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    hand_in(&daemon);
    let asked = on_channel(&world, "email", "uncertain");
    let id = asked["id"].as_i64().unwrap();
    let address = format!("/deliveries/{id}/resolve");
    let page = eventually("both letters are in doubt", || {
        let page = officer.get(&address).body;
        RECIPIENTS.iter().all(|recipient| page.contains(recipient)).then_some(page)
    });
    assert!(page.contains("Hop thon") && page.contains("cms&#x2f;1"), "what to look at: {page}");
    let none = officer.post(&address, &[("by_recipient", "1"), ("answer", "yes")]);
    assert_eq!(none.status, 422, "{}", none.body);
    officer.get(&address);
    let one = officer.post(&address, &[("by_recipient", "1"), ("recipient", RECIPIENTS[0]), ("answer", "yes")]);
    assert_eq!(one.status, 303, "{}", one.body);
    let page = officer.get(&address).body;
    assert!(!page.contains(RECIPIENTS[0]) && page.contains(RECIPIENTS[1]), "{page}");
    let stranger = officer.post(&address, &[("by_recipient", "1"), ("recipient", "ai@example.vn"), ("answer", "no")]);
    assert_eq!(stranger.status, 303);
    assert!(officer.get("/articles/1").body.contains("ai@example.vn is not among those in doubt"));
    let before = world.smtp.sightings("email").len();
    officer.post(&address, &[("by_recipient", "1"), ("recipient", RECIPIENTS[1]), ("answer", "no")]);
    settled(&world, 4);
    assert_eq!(world.smtp.sightings("email").len(), before + 1, "the one who had none, and nobody else");
    let page = officer.get("/articles/1").body;
    assert!(page.contains("resolved") && page.contains("Chị Quản Trị"), "{page}");
}

#[test]
fn what_failed_goes_on_after_a_look_and_what_is_held_takes_an_approver() {
    let world = house();
    world.hook.script(vec![Fault::Status(400)]);
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    officer.add("soan", "editor");
    hand_in(&daemon);
    let failed = on_channel(&world, "fanpage", "failed");
    let address = format!("/deliveries/{}/retry", failed["id"]);
    let today = officer.get("/").body;
    assert!(today.contains("href=\"/articles/1#d"), "Today leads here: {today}");
    let page = officer.get("/articles/1").body;
    assert!(page.contains(&address), "{page}");
    assert!(officer.get(&address).body.contains("makes no second copy"));
    let mut editor = Browser::signed_in(&daemon, "soan");
    assert_eq!(editor.post(&address, &[]).status, 303);
    settled(&world, 4);
    assert_eq!(world.hook.board().copies_of("cms/1"), 1);
    // A second press is refused, and does nothing.
    editor.post(&address, &[]);
    assert!(editor.get("/articles/1").body.contains("class=\"notice refused\""));
}

#[test]
fn another_copy_is_sent_on_purpose_with_a_reason_and_a_warning() {
    let world = house();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    hand_in(&daemon);
    let rows = settled(&world, 4);
    let id = rows.iter().find(|one| one["channel"] == "fanpage").unwrap()["id"].clone();
    let address = format!("/deliveries/{id}/again");
    assert!(officer.get(&address).body.contains("The public may see it twice"));
    assert_eq!(officer.post(&address, &[("why", "  ")]).status, 422, "a reason is asked for");
    assert_eq!(world.hook.board().copies_of("cms/1"), 1);
    assert_eq!(officer.post(&address, &[("why", "lỡ tay xóa")]).status, 303);
    eventually("the receiver, which ignores repeats, takes it as another one", || {
        (world.hook.sightings("fanpage").len() == 2).then_some(())
    });
    settled(&world, 4);
    let page = officer.get("/articles/1").body;
    assert!(page.contains("asked for another copy") && page.contains("lỡ tay xóa"), "{page}");
    let letters = world.smtp.sightings("email").len();
    let mail = rows.iter().find(|one| one["channel"] == "email").unwrap()["id"].clone();
    let address = format!("/deliveries/{mail}/again");
    assert!(officer.get(&address).body.contains("Everybody gets another letter"));
    officer.post(&address, &[("why", "sai tệp")]);
    eventually("everybody has another letter", || (world.smtp.sightings("email").len() == 2 * letters).then_some(()));
    settled(&world, 4);
    assert_eq!(deliveries(&world).len(), 4);
}

#[test]
fn who_missed_a_letter_gets_it_when_an_officer_says_so_and_nobody_gets_two() {
    let world = house();
    world.smtp.recipient(RECIPIENTS[1], vec![OnRecipient::Rcpt(552, "5.2.2 Mailbox full")]);
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    hand_in(&daemon);
    let id = on_channel(&world, "email", "settled")["id"].as_i64().unwrap();
    let letters = || RECIPIENTS.map(|recipient| world.smtp.letters_to(recipient).len());
    assert_eq!(letters(), [1, 0]);
    let address = format!("/deliveries/{id}/missed");
    assert!(officer.get("/articles/1").body.contains(&address), "the article's page leads there");
    assert!(officer.get(&address).body.contains("gets no second letter"));
    assert_eq!(officer.post(&address, &[]).header("location"), Some("/articles/1"));
    assert!(officer.get("/articles/1").body.contains("1 people get it now"));
    eventually("the letter is there", || (letters() == [1, 1]).then_some(()));
    on_channel(&world, "email", "settled");
    officer.post(&address, &[]);
    assert!(!officer.get("/articles/1").body.contains("people get it now"), "nobody has missed it any more");
    assert_eq!(letters(), [1, 1]);
}
