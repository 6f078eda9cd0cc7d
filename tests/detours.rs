//! A channel changes its nature while something is under way on it: what was begun is finished as it was begun, what may be
//! public is not forgotten, what is late stays a person's, and nothing moves that need not.

use chrono::TimeDelta;
use loa::article::ArticleKey;
use loa::console::Decisions as _;
use loa::delivery::{Delivery, Hold, Live, State, Why};
use loa::ledger::DeliveryRow;
use loa::queue::By;
use loa::schedule::Approval;

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
    email(&world, more);
    world.smtp.recipient(RECIPIENTS[1], vec![OnRecipient::Rcpt(451, "4.3.0 later"), OnRecipient::Accept]);
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..articles).await;
    inside.clock.advance_to(utc(at));
    until(&inside, |rows| rows.iter().all(may_be_public)).await;
    (world, inside)
}

/// A correction of what everybody has, of which the second recipient's letter has to wait; with so many new articles.
async fn begun_correction(tables: &str, new: usize, at: &str) -> (World, Inside) {
    let world = World::bare();
    email(&world, tables);
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..1).await;
    everybody_has(&world, &inside, 1).await;
    world.smtp.recipient(RECIPIENTS[1], vec![OnRecipient::Rcpt(451, "4.3.0 later"), OnRecipient::Accept]);
    inside.publish(&world.article("0", "Bài 0", "Đính chính: sáng thứ ba.")).await;
    publish(&world, &inside, 1..1 + new).await;
    inside.clock.advance_to(utc(at));
    let waits = |row: &DeliveryRow| matches!(row.delivery.state, State::Waiting { why: Why::Retry { .. }, .. });
    until(&inside, |rows| rows.iter().all(waits)).await;
    (world, inside)
}

fn email(world: &World, tables: &str) {
    world.email(&format!("connections = 1\nput_off_minutes = 5\n{tables}"));
}

fn by(inside: &Inside) -> By {
    By { who: "Lan".to_owned(), at: inside.clock.now() }
}

/// Everybody has so many letters.
async fn everybody_has(world: &World, inside: &Inside, letters: usize) {
    let rows = inside.drain().await;
    for name in RECIPIENTS {
        assert_eq!(world.smtp.letters_to(name).len(), letters, "{name}: {rows:?}");
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
        email(&world, &format!("{}{quiet}", slot(11)));
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
    email(&world, "");
    taken_over(&inside, |spec| !spec.schedule.bundles).await;
    publish(&world, &inside, 3..4).await;
    everybody_has(&world, &inside, 2).await;
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_that_some_have_had_is_finished_as_it_was_begun() {
    let (today, tomorrow) = ("2026-11-24T09:00:00+07:00", "2026-11-25T10:00:00+07:00");
    for (before, new, at, after) in
        [("", 0, today, &*slot(11)), (&*slot(10), 0, tomorrow, ""), (&*slot(10), 1, tomorrow, "")]
    {
        let (world, inside) = begun_correction(before, new, at).await;
        email(&world, after);
        taken_over(&inside, |spec| spec.schedule.bundles != before.contains("timing")).await;
        everybody_has(&world, &inside, 2).await;
        inside.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_for_those_who_missed_it_is_not_sent_to_everybody_in_a_digest() {
    let world = World::bare();
    email(&world, "");
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..1).await;
    everybody_has(&world, &inside, 1).await;
    world.smtp.recipient(RECIPIENTS[1], vec![OnRecipient::Rcpt(554, "5.7.1 policy"), OnRecipient::Accept]);
    inside.publish(&world.article("0", "Bài 0", "Đính chính: sáng thứ ba.")).await;
    let rows = inside.drain().await;
    email(&world, &slot(11));
    taken_over(&inside, |spec| spec.schedule.bundles).await;
    assert_eq!(inside.app.resend_missed(rows[0].delivery.id, by(&inside)).await.unwrap(), Ok(1));
    everybody_has(&world, &inside, 2).await;
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_edition_was_finished_without_reaches_everybody_once_a_person_has_said_so() {
    // The channel goes on making editions, or does not any more.
    for single in [false, true] {
        let world = World::bare();
        let quiet = "quiet = \"10:03-12:00\"\n";
        email(&world, &format!("[schedule]\ntiming = [\"0 10,14 * * *\"]\n{quiet}"));
        world.smtp.recipient(RECIPIENTS[1], vec![OnRecipient::Rcpt(451, "4.3.0 later"), OnRecipient::Accept]);
        let inside = Inside::start(&world).await;
        world.write("0.md", "+++\ntitle = \"Bài 0\"\npriority = \"urgent\"\n+++\n\nSáng thứ hai.\n");
        inside.publish(&world.path("0.md")).await;
        publish(&world, &inside, 1..2).await;
        inside.clock.advance_to(utc("2026-11-24T10:00:00+07:00"));
        until(&inside, |rows| rows.iter().all(may_be_public)).await;
        if single {
            email(&world, &format!("[schedule]\n{quiet}"));
            taken_over(&inside, |spec| !spec.schedule.bundles).await;
        }
        // The urgent one goes on at once, and the other one after the quiet hours.
        let rows = inside.drain().await;
        assert_eq!(of(&rows, "0").state, State::Settled);
        let left = of(&rows, "1");
        assert!(matches!(left.state, State::Uncertain { look: None, .. }), "{left:?}");
        assert_eq!(world.smtp.letters_to(RECIPIENTS[1]).len(), 1);
        inside.app.resolve(left.id, false, Vec::new(), by(&inside)).await.unwrap().unwrap();
        everybody_has(&world, &inside, 2).await;
        inside.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_lets_go_on_is_finished_as_it_was_begun() {
    let ten = "2026-11-24T10:00:00+07:00";
    // Nothing was changed; the channel sends single letters by now, or digests.
    for (before, articles, after) in [(&*slot(10), 2, None), (&*slot(10), 2, Some("")), ("", 1, Some(&*slot(11)))] {
        let (world, inside) = begun(before, articles, ten).await;
        if let Some(after) = after {
            email(&world, &format!("# other\n{after}"));
            let text = std::fs::read_to_string(world.path("channels/email.toml")).unwrap();
            taken_over(&inside, |spec| spec.says(&text)).await;
        }
        let first = inside.rows().await[0].delivery.id;
        inside.app.retry(first, by(&inside)).await.unwrap().unwrap();
        everybody_has(&world, &inside, 1).await;
        inside.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edition_that_needs_approval_by_now_goes_on_when_all_of_it_is_approved() {
    let (world, inside) = begun(&slot(10), 2, "2026-11-24T10:00:00+07:00").await;
    email(&world, &format!("{}approval = true\n", slot(10)));
    taken_over(&inside, |spec| spec.schedule.approval != Approval::No).await;
    inside.clock.advance(TimeDelta::minutes(5));
    let asked = |row: &DeliveryRow| matches!(row.delivery.state, State::Held { why: Hold::Approval { .. } });
    let rows = until(&inside, |rows| rows.iter().all(asked)).await;
    for row in rows {
        assert_eq!(world.smtp.letters_to(RECIPIENTS[1]).len(), 0, "not without the other one");
        let (id, seen) = (row.delivery.id, inside.clock.now());
        let proof = inside.app.proof(id, seen, false).await.unwrap().unwrap();
        inside.app.approve(id, proof.view.hash, seen, by(&inside)).await.unwrap().unwrap();
        inside.clock.advance(TimeDelta::minutes(2));
        let goes_on = |row: &DeliveryRow| row.delivery.id != id || row.delivery.state.due() > Some(seen);
        until(&inside, |rows| rows.iter().all(goes_on) || rows.iter().all(|row| !asked(row))).await;
    }
    everybody_has(&world, &inside, 1).await;
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edition_that_was_kept_back_by_a_rehearsal_goes_on_as_a_whole() {
    let (world, inside) = begun(&slot(10), 2, "2026-11-24T10:00:00+07:00").await;
    let live = std::fs::read_to_string(world.path("channels/email.toml")).unwrap();
    world.write("channels/email.toml", &format!("mode = \"rehearsal\"\n{live}"));
    taken_over(&inside, |spec| spec.schedule.rehearsal).await;
    let rows = inside.drain().await;
    let held = |row: &DeliveryRow| matches!(row.delivery.state, State::Held { why: Hold::RehearsalOfLive });
    assert!(rows.iter().all(held), "{rows:?}");
    world.write("channels/email.toml", &live);
    taken_over(&inside, |spec| !spec.schedule.rehearsal).await;
    inside.app.retry(rows[0].delivery.id, by(&inside)).await.unwrap().unwrap();
    everybody_has(&world, &inside, 1).await;
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
