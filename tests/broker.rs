//! The way in by a message broker, on a real NATS server: the real daemon, killed and stopped; the server, away and back.

use serde_json::json;

use crate::support::house::{daemon, deliveries, logged, open, printed};
use crate::support::process::eventually;
use crate::support::real_nats::{Letter, PASSWORD, RealNats, SUBJECT};
use crate::support::world::World;

const BY_PASSWORD: &str = "user = \"loa\"\npassword = { file = \"mat-khau\" }\n";

/// An office with a portal, and a broker whose password is in a file; `store` goes into the table of the store.
fn office(nats: &RealNats, store: &str) -> World {
    let world = World::bare();
    world.channel("portal", "site", "folder = \"site\"", "");
    world.write("mat-khau", PASSWORD);
    let url = nats.url();
    let broker = format!(
        "[broker]\nurl = \"{url}\"\nstream = \"LOA\"\nsubject = \"{SUBJECT}\"\n{BY_PASSWORD}[shutdown]\ngrace = \"5s\"\n"
    );
    open(&world, &broker);
    let config = std::fs::read_to_string(world.path("config.toml")).expect("the configuration");
    world.write("config.toml", &config.replace("path = \"loa.db\"", &format!("path = \"loa.db\"\n{store}")));
    world
}

fn article<'a>(number: usize, words: &str) -> Letter<'a> {
    let id = format!("bai-{number}");
    (
        None,
        json!({ "source": "cms", "external_id": id, "title": format!("Bài {number}"), "body_text": words }).to_string(),
    )
}

fn done(nats: &RealNats) {
    eventually("every message is answered", || nats.is_done().then_some(()));
}

/// External ids and what is wanted of them, in order.
fn wanted(world: &World) -> Vec<(String, serde_json::Value)> {
    let mut found: Vec<_> = deliveries(world)
        .into_iter()
        .map(|row| (row["external_id"].as_str().expect("an id").to_owned(), row["wanted"].clone()))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn two_hundred_articles_are_taken_once_though_the_daemon_is_killed_in_between() {
    let nats = RealNats::start();
    let world = office(&nats, "");
    let mut running = daemon(&world);
    logged(&world, "the broker is connected");
    for quarter in 0..4 {
        nats.publish((0..50).map(|number| article(50 * quarter + number, "Nội dung.")));
        eventually("some of them are taken", || (deliveries(&world).len() > 50 * quarter + 5).then_some(()));
        // Killed with SIGKILL.
        drop(running);
        running = daemon(&world);
    }
    eventually("every article is taken", || (deliveries(&world).len() == 200).then_some(()));
    // What the killed ones held comes again when its time is over; it is never more than one revision.
    let rows = wanted(&world);
    assert_eq!(rows.len(), 200);
    assert!(rows.iter().all(|(_, wanted)| *wanted == 1), "{rows:?}");
    assert!(printed(&world, &["balance"]).contains("200"));
    assert!(nats.parked().is_empty());
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn every_message_is_answered_and_one_that_comes_twice_changes_nothing() {
    let nats = RealNats::start();
    let world = office(&nats, "");
    let running = daemon(&world);
    nats.publish([
        article(1, "Một."),
        article(1, "Một."),
        article(2, "Hai."),
        article(1, "Một, đã sửa."),
        article(2, "Hai."),
    ]);
    done(&nats);
    assert_eq!(wanted(&world), [("bai-1".to_owned(), json!(2)), ("bai-2".to_owned(), json!(1))]);
    let gone = json!({ "source": "cms", "external_id": "bai-1" }).to_string();
    nats.publish([(Some("withdraw"), gone.clone()), (Some("withdraw"), gone)]);
    done(&nats);
    assert_eq!(wanted(&world)[0], ("bai-1".to_owned(), json!("withdrawn")));
    let (_, again) = article(1, "Một.");
    nats.publish([(Some("publish-again"), again)]);
    done(&nats);
    assert_eq!(wanted(&world)[0], ("bai-1".to_owned(), json!(3)));
    assert!(nats.parked().is_empty(), "{:?}", nats.parked());
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn what_can_never_be_taken_is_parked_with_the_reason_and_the_rest_goes_on() {
    let nats = RealNats::start();
    let world = office(&nats, "");
    let running = daemon(&world);
    let poison: [(Letter<'_>, &str); 5] = [
        ((None, "{ không phải JSON".to_owned()), "the JSON is broken"),
        ((None, json!({ "external_id": "x", "title": "Thiếu nội dung" }).to_string()), "the body is missing"),
        ((Some("delete"), "{}".to_owned()), "there is no Loa-Action \"delete\""),
        ((Some("withdraw"), json!({ "external_id": "khong-co" }).to_string()), "there is no article broker/khong-co"),
        ((Some("withdraw"), "{}".to_owned()), "a withdrawal needs external_id"),
    ];
    nats.publish(poison.iter().map(|(letter, _)| letter.clone()).chain([article(1, "Một.")]));
    done(&nats);
    assert_eq!(wanted(&world), [("bai-1".to_owned(), json!(1))]);
    let parked = nats.parked();
    assert_eq!(parked.len(), poison.len(), "{parked:?}");
    for ((reason, payload), ((_, sent), expected)) in parked.iter().zip(&poison) {
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(payload, sent);
    }
    logged(&world, "a message was refused and is parked");
    assert_eq!(nats.consumer().num_redelivered, 0);
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_full_store_is_no_poison_the_message_waits_until_there_is_room() {
    let nats = RealNats::start();
    let world = office(&nats, "max_size = \"1MB\"");
    let running = daemon(&world);
    nats.publish([article(1, &"Nội dung dài. ".repeat(60_000)), article(2, "Ngắn.")]);
    logged(&world, "the store took nothing");
    assert!(nats.parked().is_empty());
    assert!(!nats.is_done());
    assert_eq!(running.stop().0.code(), Some(0), "it stops with the message in hand");
    let config = std::fs::read_to_string(world.path("config.toml")).expect("the configuration");
    world.write("config.toml", &config.replace("max_size = \"1MB\"", "max_size = \"100MB\""));
    let running = daemon(&world);
    eventually("both are taken", || (deliveries(&world).len() == 2).then_some(()));
    assert!(nats.parked().is_empty());
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_server_that_is_away_for_a_while_is_found_again() {
    let mut nats = RealNats::start();
    let world = office(&nats, "");
    let running = daemon(&world);
    nats.publish([article(1, "Một.")]);
    done(&nats);
    nats.stop();
    logged(&world, "the broker cannot be used; it is tried again");
    nats.go_on();
    nats.publish([article(2, "Hai.")]);
    eventually("the second is taken", || (deliveries(&world).len() == 2).then_some(()));
    done(&nats);
    // Without a farewell.
    nats.kill();
    logged(&world, "the NATS server is away");
    nats.go_on();
    nats.publish([article(3, "Ba.")]);
    eventually("the third is taken", || (deliveries(&world).len() == 3).then_some(()));
    assert!(wanted(&world).iter().all(|(_, wanted)| *wanted == 1));
    done(&nats);
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn wrong_credentials_are_told_and_right_ones_are_taken_up_without_a_restart() {
    let nats = RealNats::start();
    let world = office(&nats, "");
    world.write("mat-khau", "nhầm-mật-khẩu");
    let running = daemon(&world);
    logged(&world, "the NATS server refuses loa's account; check user, password, token or credentials in [broker]");
    world.write("mat-khau", PASSWORD);
    logged(&world, "the broker is connected");
    nats.publish([article(1, "Một.")]);
    done(&nats);
    let log = world.log();
    assert!(!log.contains("nhầm-mật-khẩu") && !log.contains(PASSWORD), "{log}");
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_server_behind_tls_is_believed_only_with_the_authority_that_vouches_for_it() {
    let nats = RealNats::start_behind_tls();
    let world = office(&nats, "");
    nats.publish([article(1, "Một.")]);
    // Nobody vouches for it: nothing is taken from whoever that may be.
    let stranger = daemon(&world);
    logged(&world, "the broker cannot be used");
    assert!(deliveries(&world).is_empty());
    drop(stranger);
    let config = std::fs::read_to_string(world.path("config.toml")).expect("the configuration");
    let ca = nats.ca().display().to_string();
    world.write("config.toml", &config.replace("[broker]\n", &format!("[broker]\nca = \"{ca}\"\n")));
    let friend = daemon(&world);
    done(&nats);
    assert_eq!(wanted(&world), [("bai-1".to_owned(), json!(1))]);
    assert_eq!(friend.stop().0.code(), Some(0));
}

#[test]
fn an_account_is_shown_by_its_credentials_which_stand_nowhere_else() {
    let nats = RealNats::start_with_accounts();
    let world = office(&nats, "");
    nats.publish([article(1, "Một.")]);
    let config = std::fs::read_to_string(world.path("config.toml")).expect("the configuration");
    world.write("config.toml", &config.replace(BY_PASSWORD, "credentials = { file = \"loa.creds\" }\n"));
    // A user whom nobody in this server's accounts vouches for.
    let (_, strangers) = crate::support::nats_accounts::made();
    world.write("loa.creds", &strangers);
    let running = daemon(&world);
    logged(&world, "the broker cannot be used");
    assert!(deliveries(&world).is_empty());
    // They are read again for each connection: the right ones need no restart.
    world.write("loa.creds", nats.credentials());
    logged(&world, "the broker is connected");
    done(&nats);
    assert_eq!(wanted(&world), [("bai-1".to_owned(), json!(1))]);
    assert_eq!(running.stop().0.code(), Some(0));
    for line in strangers.lines().chain(nats.credentials().lines()).filter(|line| line.len() > 40) {
        assert!(!world.log().contains(line), "{}", world.log());
    }
}
