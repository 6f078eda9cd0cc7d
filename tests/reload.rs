//! A channel's file is changed while loa runs: what waits goes by the new one, and nothing more by the old one.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use loa::config::ChannelSpec;
use loa::delivery::{Hold, State, Why};
use loa::ledger::DeliveryRow;
use loa::queue::{Pause, PauseCause};
use loa::text::Text;

use crate::sample::utc;
use crate::support::ballast;
use crate::support::hostile_smtp::OnRecipient;
use crate::support::world::{Inside, World};

const FIVE: &str = "2026-11-24T17:00:00+07:00";

/// Until the deliveries are as they should be.
pub(crate) async fn until(inside: &Inside, reached: impl Fn(&[DeliveryRow]) -> bool) -> Vec<DeliveryRow> {
    let reach = async {
        let mut every = tokio::time::interval(Duration::from_millis(10));
        loop {
            every.tick().await;
            let rows = inside.rows().await;
            if reached(&rows) {
                return rows;
            }
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(20), reach).await;
    match reached {
        Ok(rows) => rows,
        Err(_) => panic!("it stays {:?}: {:?}", due(&inside.rows().await), inside.app.ledger().pauses().await),
    }
}

/// How many wait for each hour; `None` are those that do not wait.
pub(crate) fn due(rows: &[DeliveryRow]) -> BTreeMap<Option<DateTime<Utc>>, usize> {
    let mut due = BTreeMap::new();
    for row in rows {
        *due.entry(row.delivery.state.due()).or_default() += 1;
    }
    due
}

pub(crate) async fn publish(world: &World, inside: &Inside, articles: std::ops::Range<usize>) {
    for number in articles {
        inside.publish(&world.article(&number.to_string(), &format!("Bài {number}"), "Sáng thứ hai.")).await;
    }
}

pub(crate) async fn pause(inside: &Inside, channel: &str) {
    let pause = Pause { cause: PauseCause::Person("hoa".into()), since: inside.clock.now(), note: Text::same("Chờ") };
    inside.app.queue().pause(channel.into(), pause).await.unwrap();
}

/// Until the daemon goes by a file of which this holds.
pub(crate) async fn taken_over(inside: &Inside, is_new: impl Fn(&ChannelSpec) -> bool) {
    let follows = async {
        let mut every = tokio::time::interval(Duration::from_millis(10));
        while !inside.app.specs().iter().any(&is_new) {
            every.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), follows).await.expect("the file is read");
}

pub(crate) const PORTAL: &str = "folder = \"site\"\nbase_url = \"https://anbinh.example.vn\"";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_already_is_not_sent_by_the_old_file() {
    let world = World::bare();
    world.patient_channel("portal", "site", PORTAL, "[limits]\nrate = \"1/h\"\n");
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..120).await;
    until(&inside, |rows| due(rows).get(&None) == Some(&1)).await;
    world.patient_channel("portal", "site", PORTAL, "[schedule]\ntiming = [\"0 17 * * *\"]\n");
    until(&inside, |rows| due(rows) == BTreeMap::from([(None, 1), (Some(utc(FIVE)), 119)])).await;
    inside.drain().await;
    assert_eq!(inside.clock.now(), utc(FIVE));
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_late_is_not_made_punctual_by_a_new_file() {
    let world = World::bare();
    let grace = |grace: &str| format!("[schedule]\ngrace = \"{grace}\"\n");
    world.channel("portal", "site", PORTAL, &grace("1h"));
    let inside = Inside::start(&world).await;
    pause(&inside, "portal").await;
    publish(&world, &inside, 0..1).await;
    inside.clock.advance(chrono::TimeDelta::hours(3));
    publish(&world, &inside, 1..2).await;
    world.channel("portal", "site", PORTAL, &grace("2h"));
    taken_over(&inside, |spec| spec.schedule.grace == Duration::from_secs(7_200)).await;
    inside.app.queue().resume("portal".into(), "hoa".into(), inside.clock.now()).await.unwrap();
    let rows = until(&inside, |rows| rows.iter().all(|row| row.delivery.state.due().is_none())).await;
    let late = |row: &&DeliveryRow| matches!(row.delivery.state, State::Held { why: Hold::Late { .. } });
    let held: Vec<_> = rows.iter().filter(late).map(|row| row.key.external_id.as_str()).collect();
    assert_eq!(held, ["0"]);
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edition_that_some_have_had_is_finished_as_that_edition() {
    let world = World::bare();
    let email = |hour: u8| {
        world.email(&format!("connections = 1\nput_off_minutes = 5\n[schedule]\ntiming = [\"0 {hour} * * *\"]"));
    };
    email(10);
    let name = crate::support::world::RECIPIENTS[1];
    world.smtp.recipient(name, vec![OnRecipient::Rcpt(451, "4.3.0 later"), OnRecipient::Accept]);
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..1).await;
    inside.clock.advance_to(utc("2026-11-24T10:00:00+07:00"));
    let begun = |row: &DeliveryRow| matches!(row.delivery.state, State::Waiting { why: Why::Retry { .. }, .. });
    until(&inside, |rows| rows.iter().all(begun)).await;
    publish(&world, &inside, 1..2).await;
    email(11);
    // What has not begun is in the new edition, and what has begun is left alone.
    let eleven = utc("2026-11-24T11:00:00+07:00");
    let rows = until(&inside, |rows| due(rows).contains_key(&Some(eleven))).await;
    let first = rows.iter().find(|row| row.key.external_id == "0").unwrap();
    assert_eq!(first.delivery.plan.edition, Some(utc("2026-11-24T10:00:00+07:00")));
    inside.drain().await;
    for name in crate::support::world::RECIPIENTS {
        assert_eq!(world.smtp.letters_to(name).len(), 2, "{name}: one of each edition");
    }
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_could_not_be_opened_is_followed_once_it_can() {
    let world = World::bare();
    let timing = |hour: u8| format!("[schedule]\ntiming = [\"0 {hour} * * *\"]\n");
    let secret = world.path("bi-mat").display().to_string();
    let url = format!("url = \"{}\"\nsecret = {{ file = \"{secret}\" }}", world.hook.url());
    world.channel("fanpage", "fanpage", &url, &timing(17));
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..1).await;
    assert_eq!(due(&inside.rows().await), BTreeMap::from([(Some(utc(FIVE)), 1)]));
    world.write("bi-mat", crate::support::world::SECRET);
    world.channel("fanpage", "fanpage", &url, &timing(11));
    until(&inside, |rows| due(rows).contains_key(&Some(utc("2026-11-24T11:00:00+07:00")))).await;
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_were_changed_while_the_store_was_full_are_followed_when_there_is_room() {
    let world = World::bare();
    let config = std::fs::read_to_string(world.path("config.toml")).unwrap();
    world.write("config.toml", &config.replace("path = \"loa.db\"", "path = \"loa.db\"\nmax_size = \"4MB\""));
    let channels = ["loa-1", "loa-2", "loa-3"];
    for channel in channels {
        world.channel(channel, "radio", "folder = \"radio\"", "[schedule]\ntiming = \"immediate\"\n");
    }
    let inside = Inside::start(&world).await;
    for channel in channels {
        pause(&inside, channel).await;
    }
    publish(&world, &inside, 0..150).await;
    let mut file = ballast::open(&world.path("loa.db")).await;
    ballast::load(&mut file, 1024, 0).await;
    for channel in channels {
        world.channel(channel, "radio", "folder = \"radio\"", "[schedule]\ntiming = [\"0 17 * * *\"]\n");
    }
    let follows = async {
        let mut every = tokio::time::interval(Duration::from_millis(10));
        while inside.app.specs().iter().any(|spec| !format!("{:?}", spec.schedule.timing).contains("17")) {
            every.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), follows).await.expect("new articles go by the new files");
    ballast::unload(&mut file).await;
    until(&inside, |rows| due(rows) == BTreeMap::from([(Some(utc(FIVE)), 450)])).await;
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_changed_while_loa_was_off_is_followed_and_one_that_was_not_changes_nothing() {
    let world = World::bare();
    let portal = |hour: u8| {
        world.channel("portal", "site", PORTAL, &format!("[schedule]\ntiming = [\"0 {hour} * * *\"]\n"));
    };
    portal(17);
    let inside = Inside::start(&world).await;
    publish(&world, &inside, 0..150).await;
    inside.stop().await;
    let eleven = utc("2026-11-24T11:00:00+07:00");
    portal(11);
    let inside = Inside::start(&world).await;
    let rows = until(&inside, |rows| due(rows) == BTreeMap::from([(Some(eleven), 150)])).await;
    inside.stop().await;
    // It has come due meanwhile, and is not moved to the next day.
    let inside = Inside::start_at(&world, eleven + chrono::TimeDelta::minutes(20)).await;
    let sent = until(&inside, |rows| rows.iter().all(|row| row.delivery.state == State::Settled)).await;
    for (before, after) in rows.iter().zip(&sent) {
        assert_eq!(before.delivery.plan, after.delivery.plan);
    }
    inside.stop().await;
}
