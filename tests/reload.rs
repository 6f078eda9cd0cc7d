//! A channel's file is changed: what waits on the channel goes by the new one, however that came about.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use loa::queue::{Pause, PauseCause};
use loa::text::Text;
use sqlx::{ConnectOptions as _, SqliteConnection};

use crate::sample::utc;
use crate::support::world::{Inside, World};

async fn file(world: &World) -> SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new().filename(world.path("loa.db")).connect().await.unwrap()
}

/// Until a count of the store's is this.
async fn counts(file: &mut SqliteConnection, sql: &'static str, wanted: i64) {
    let reached = async {
        let mut every = tokio::time::interval(Duration::from_millis(10));
        loop {
            every.tick().await;
            let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut *file).await.unwrap();
            if count == wanted {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap_or_else(|_| panic!("{sql} is never {wanted}"));
}

/// When what waits is due.
async fn due(inside: &Inside) -> BTreeSet<DateTime<Utc>> {
    inside.rows().await.iter().filter_map(|row| row.delivery.state.due()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_changed_while_nothing_ran_is_followed() {
    let world = World::bare();
    let radio = |hour: u8| format!("[schedule]\ntiming = [\"0 {hour} * * *\"]\ngrace = \"2d\"\n");
    world.channel("radio", "radio", "folder = \"radio\"", &radio(17));
    let inside = Inside::start(&world).await;
    let mut file = file(&world).await;
    counts(&mut file, "SELECT count(*) FROM schedules", 1).await;
    inside.publish(&world.article("1", "Bài 1", "Sáng thứ hai.")).await;
    assert_eq!(due(&inside).await, [utc("2026-11-24T17:00:00+07:00")].into());
    inside.stop().await;
    world.channel("radio", "radio", "folder = \"radio\"", &radio(11));
    let inside = Inside::start(&world).await;
    let eleven = utc("2026-11-24T11:00:00+07:00");
    counts(&mut file, "SELECT count(*) FROM deliveries WHERE edition = 1795492800000", 1).await;
    assert_eq!(due(&inside).await, [eleven].into());
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_were_changed_while_the_store_was_full_are_followed_when_there_is_room() {
    const ARTICLES: usize = 150;
    let world = World::bare();
    let config = std::fs::read_to_string(world.path("config.toml")).unwrap();
    world.write("config.toml", &config.replace("path = \"loa.db\"", "path = \"loa.db\"\nmax_size = \"4MB\""));
    let channels = ["loa-1", "loa-2", "loa-3"];
    for channel in channels {
        world.channel(channel, "radio", "folder = \"radio\"", "[schedule]\ntiming = \"immediate\"\n");
    }
    let inside = Inside::start(&world).await;
    let mut file = file(&world).await;
    counts(&mut file, "SELECT count(*) FROM schedules", 3).await;
    for channel in channels {
        let note = Text::same("Chờ");
        let pause = Pause { cause: PauseCause::Person("hoa".into()), since: inside.clock.now(), note };
        inside.app.queue().pause(channel.into(), pause).await.unwrap();
    }
    for number in 0..ARTICLES {
        inside.publish(&world.article(&number.to_string(), "Bài", "Sáng thứ hai.")).await;
    }
    // Nothing at all is left.
    sqlx::query("CREATE TABLE ballast (page BLOB)").execute(&mut file).await.unwrap();
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut file).await.unwrap();
    let ballast = "INSERT INTO ballast WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ?1) \
                   SELECT zeroblob(4050) FROM n";
    sqlx::query(ballast).bind(1024 - pages).execute(&mut file).await.unwrap();
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
    sqlx::query("DELETE FROM ballast").execute(&mut file).await.unwrap();
    counts(&mut file, "SELECT count(*) FROM deliveries WHERE edition = 1795514400000", 450).await;
    inside.stop().await;
}
