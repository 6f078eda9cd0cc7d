//! A channel changes its nature while something is under way on it: what was begun is finished as it was begun, what may be
//! public is not forgotten, what is late stays a person's, and nothing moves that need not.

use chrono::TimeDelta;
use loa::article::ArticleKey;
use loa::delivery::{Delivery, Hold, Live, State, Why};
use loa::ledger::DeliveryRow;

use crate::reload::{PORTAL, due, pause, publish, taken_over, until};
use crate::sample::utc;
use crate::support::hostile_http::Fault;
use crate::support::hostile_smtp::OnRecipient;
use crate::support::world::{Inside, RECIPIENTS, World};

const ELEVEN: &str = "2026-11-24T11:00:00+07:00";

fn slot(hour: u8) -> String {
    format!("[schedule]\ntiming = [\"0 {hour} * * *\"]\n")
}

fn key(id: &str) -> ArticleKey {
    ArticleKey { source: "cli".to_owned(), external_id: id.to_owned() }
}

fn of<'r>(rows: &'r [DeliveryRow], id: &str) -> &'r Delivery {
    &rows.iter().find(|row| row.key.external_id == id).unwrap().delivery
}

fn may_be_public(row: &DeliveryRow) -> bool {
    matches!((&row.delivery.live, &row.delivery.state), (Live::Maybe(_), State::Waiting { why: Why::Retry { .. }, .. }))
}

/// An office whose second recipient is not taken at first: the mailing is begun, and waits.
async fn begun(more: &str, articles: usize, at: &str) -> (World, Inside) {
    let world = World::bare();
    world.email(&format!("connections = 1\nput_off_minutes = 5\n{more}"));
    world.smtp.recipient(RECIPIENTS[1], vec![OnRecipient::Rcpt(451, "4.3.0 later"), OnRecipient::Accept]);
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..articles).await;
    inside.clock.advance_to(utc(at));
    until(&inside, |rows| rows.iter().all(may_be_public)).await;
    (world, inside)
}

/// Everybody has so many letters.
async fn everybody_has(world: &World, inside: &Inside, letters: usize) {
    inside.drain().await;
    for name in RECIPIENTS {
        assert_eq!(world.smtp.letters_to(name).len(), letters, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_some_have_had_is_not_in_a_digest_as_well() {
    // Also where it waits for the end of quiet hours by then.
    for quiet in ["", "quiet = \"09:01-10:00\"\n"] {
        let (world, inside) = begun(&format!("[schedule]\n{quiet}"), 1, "2026-11-24T09:00:00+07:00").await;
        if !quiet.is_empty() {
            inside.clock.advance(TimeDelta::minutes(6));
            let is_quiet = |row: &DeliveryRow| matches!(row.delivery.state, State::Waiting { why: Why::Quiet, .. });
            until(&inside, |rows| rows.iter().all(is_quiet)).await;
        }
        world.email(&format!("connections = 1\nput_off_minutes = 5\n{}{quiet}", slot(11)));
        taken_over(&inside, |spec| spec.schedule.bundles).await;
        publish(&world, &inside, 1..2).await;
        until(&inside, |rows| due(rows).contains_key(&Some(utc(ELEVEN)))).await;
        everybody_has(&world, &inside, 2).await;
        inside.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_digest_that_some_have_had_is_not_sent_in_single_letters_as_well() {
    let (world, inside) = begun(&slot(10), 3, "2026-11-24T10:00:00+07:00").await;
    world.email("connections = 1\nput_off_minutes = 5");
    taken_over(&inside, |spec| !spec.schedule.bundles).await;
    publish(&world, &inside, 3..4).await;
    everybody_has(&world, &inside, 2).await;
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_late_is_not_read_out_in_the_first_edition_of_a_channel_that_had_none() {
    let world = World::bare();
    let radio = |timing: &str| {
        let tables = format!("[schedule]\ntiming = {timing}\ngrace = \"1h\"\n");
        world.channel("radio", "radio", "folder = \"radio\"", &tables);
    };
    radio("\"immediate\"");
    let inside = Inside::start(&world).await;
    pause(&inside, "radio").await;
    publish(&world, &inside, 0..1).await;
    inside.clock.advance(TimeDelta::hours(3));
    publish(&world, &inside, 1..2).await;
    radio("[\"0 17 * * *\"]");
    taken_over(&inside, |spec| spec.schedule.bundles).await;
    inside.app.queue().resume("radio".into(), "hoa".into(), inside.clock.now()).await.unwrap();
    let rows = inside.drain().await;
    assert!(matches!(of(&rows, "0").state, State::Held { why: Hold::Late { .. } }), "{rows:?}");
    assert_eq!(world.aired().keys().collect::<Vec<_>>(), ["cli/1"]);
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_keeps_the_hour_keeps_what_has_come_due() {
    let world = World::bare();
    let portal = |more: &str| {
        world.patient_channel("portal", "site", PORTAL, &format!("{}grace = \"6h\"\n{more}", slot(10)));
    };
    portal("");
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..3).await;
    inside.clock.advance_to(utc("2026-11-24T10:00:00+07:00"));
    until(&inside, |rows| rows.iter().all(|row| row.delivery.state == State::Settled)).await;
    // One to be taken back, and a new one; then the channel is paused over its hour.
    inside.withdraw(&key("0")).await;
    publish(&world, &inside, 3..4).await;
    pause(&inside, "portal").await;
    inside.clock.advance_to(utc("2026-11-25T10:20:00+07:00"));
    portal("# one comment\n[limits]\nconcurrency = 2\n");
    taken_over(&inside, |spec| spec.limits.concurrency == 2).await;
    inside.app.queue().resume("portal".into(), "hoa".into(), inside.clock.now()).await.unwrap();
    until(&inside, |rows| rows.iter().all(|row| row.delivery.state == State::Settled)).await;
    assert_eq!(inside.clock.now(), utc("2026-11-25T10:20:00+07:00"));
    assert_eq!(world.site().standing("Bài 0").copies, 0, "taken back");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_be_public_is_taken_back_after_a_rehearsal_as_well() {
    let world = World::bare();
    world.fanpage("");
    let live = std::fs::read_to_string(world.path("channels/fanpage.toml")).unwrap();
    world.hook.script(vec![Fault::PostThen500]);
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..1).await;
    let tried = |row: &DeliveryRow| row.delivery.attempt > 0 && !matches!(row.delivery.state, State::Sending { .. });
    until(&inside, |rows| rows.iter().all(tried)).await;
    assert_eq!(world.hook.board().shown("", "cli/0").copies, [1]);
    world.write("channels/fanpage.toml", &format!("mode = \"rehearsal\"\n{live}"));
    taken_over(&inside, |spec| spec.schedule.rehearsal).await;
    let rows = inside.drain().await;
    assert!(matches!(rows[0].delivery.state, State::Held { why: Hold::RehearsalOfLive }), "{:?}", rows[0].delivery);
    world.write("channels/fanpage.toml", &live);
    taken_over(&inside, |spec| !spec.schedule.rehearsal).await;
    inside.withdraw(&key("0")).await;
    inside.drain().await;
    assert_eq!(world.hook.board().shown("", "cli/0").copies.len(), 0, "taken back");
    assert!(world.hook.state().look(|state| state.requests.len()) > 1, "the far side was told");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_never_opened_and_whose_file_is_wrong_then_takes_articles_all_the_same() {
    let world = World::bare();
    let secret = world.path("bi-mat").display().to_string();
    let settings = format!("url = \"{}\"\nsecret = {{ file = \"{secret}\" }}", world.hook.url());
    world.channel("fanpage", "fanpage", &settings, "");
    world.channel("portal", "site", PORTAL, "");
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..1).await;
    world.channel("fanpage", "fanpage", &settings, "[schedule]\ntimming = \"immediate\"\n");
    world.patient_channel("portal", "site", PORTAL, "[limits]\nconcurrency = 2\n");
    taken_over(&inside, |spec| spec.channel == "portal" && spec.limits.concurrency == 2).await;
    publish(&world, &inside, 1..2).await;
    world.write("bi-mat", crate::support::world::SECRET);
    world.channel("fanpage", "fanpage", &settings, "");
    let settled = |row: &&DeliveryRow| row.delivery.channel == "fanpage" && row.delivery.state == State::Settled;
    until(&inside, |rows| rows.iter().filter(settled).count() == 2).await;
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_was_switched_off_and_on_again_waits_for_what_it_has_in_flight() {
    let world = World::bare();
    let secret = toml::Value::String(world.path("secret").display().to_string());
    let settings = format!("url = \"{}\"\nsecret = {{ file = {secret} }}", world.hook.url());
    world.patient_channel("fanpage", "fanpage", &settings, "");
    world.hook.script(vec![Fault::PostThenHang]);
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..1).await;
    until(&inside, |rows| matches!(rows[0].delivery.state, State::Sending { .. })).await;
    std::fs::remove_file(world.path("channels/fanpage.toml")).unwrap();
    let mut every = tokio::time::interval(std::time::Duration::from_millis(10));
    while !inside.app.specs().is_empty() {
        every.tick().await;
    }
    world.patient_channel("fanpage", "fanpage", &settings, "");
    taken_over(&inside, |spec| spec.channel == "fanpage").await;
    publish(&world, &inside, 1..2).await;
    // The worker before has one post in flight; its successor begins nothing beside it.
    for _ in 0..20 {
        every.tick().await;
        assert_eq!(of(&inside.rows().await, "1").attempt, 0);
    }
    world.hook.release();
    until(&inside, |rows| of(rows, "1").state == State::Settled).await;
    assert_eq!(world.hook.board().shown("", "cli/0").copies, [1]);
    inside.stop().await;
}
