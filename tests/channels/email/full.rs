//! A mailing whose store has no more room: it waits, knows whom it has written to, and goes on when there is room again.

use std::time::Duration;

use loa::delivery::{State, Why};
use loa::queue::{Pause, PauseCause};
use loa::text::Text;
use sqlx::SqliteConnection;

use crate::support::ballast;
use crate::support::hostile_smtp::OnMessage;
use crate::support::world::{Inside, World};

const PEOPLE: usize = 400;
/// Pages of the whole store.
const MOST: i64 = 1024;

struct SmallOffice {
    world: World,
    inside: Inside,
    file: SqliteConnection,
}

impl SmallOffice {
    /// An office with a small store and a list that is longer than what leaves at once.
    async fn start() -> Self {
        let world = World::bare();
        let config = std::fs::read_to_string(world.path("config.toml")).unwrap();
        world.write("config.toml", &config.replace("path = \"loa.db\"", "path = \"loa.db\"\nmax_size = \"4MB\""));
        let people: Vec<String> = (0..PEOPLE).map(|number| format!("nguoi{number:05}@example.vn")).collect();
        world.write("channels/nguoi-nhan.txt", &people.join("\n"));
        world.email("connections = 1");
        let inside = Inside::start(&world).await;
        let file = ballast::open(&world.path("loa.db")).await;
        Self { world, inside, file }
    }

    async fn publish(&self) {
        self.inside.publish(&self.world.article("1", "Bài 1", "Sáng thứ hai.")).await;
    }

    /// Leaves no more than so many pages.
    async fn fill_but(&mut self, left: i64) {
        ballast::load(&mut self.file, MOST, left).await;
    }

    async fn state(&self) -> State {
        self.inside.rows().await.remove(0).delivery.state
    }

    /// Until it waits for room once more.
    async fn waits(&self) {
        let mut every = tokio::time::interval(Duration::from_millis(5));
        let waits = async {
            loop {
                every.tick().await;
                if let State::Waiting { due, why: Why::Retry { note } } = self.state().await
                    && due > self.inside.clock.now()
                {
                    assert!(note.en.starts_with("the store is full"), "{note:?}");
                    return due;
                }
            }
        };
        let due = tokio::time::timeout(Duration::from_secs(30), waits).await.expect("it waits");
        self.inside.clock.advance_to(due);
    }

    /// How many copies are in this state.
    async fn copies(&mut self, state: &str) -> usize {
        let count = sqlx::query_scalar("SELECT count(*) FROM copies WHERE state = ?1").bind(state);
        let count: i64 = count.fetch_one(&mut self.file).await.unwrap();
        count.try_into().unwrap()
    }

    fn letters(&self) -> usize {
        self.world.smtp.state().look(|state| state.letters.len())
    }

    /// With room again everybody gets the one letter.
    async fn goes_on(mut self) {
        ballast::unload(&mut self.file).await;
        self.inside.drain().await;
        assert_eq!(self.state().await, State::Settled);
        assert_eq!((self.letters(), self.copies("sent").await), (PEOPLE, PEOPLE));
        let once = |number| self.world.smtp.letters_to(&format!("nguoi{number:05}@example.vn")).len() == 1;
        assert!((0..PEOPLE).all(once));
        self.inside.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailing_that_meets_a_full_store_midway_stops_and_forgets_no_letter() {
    let mut office = SmallOffice::start().await;
    office.world.smtp.script(vec![OnMessage::Accept, OnMessage::Accept, OnMessage::SlowReply(Duration::from_secs(30))]);
    office.publish().await;
    office.world.smtp.state().wait_until("a letter waits for its answer", |state| state.hanging == 1).await;
    office.fill_but(20).await;
    office.world.smtp.release();
    office.waits().await;
    let letters = office.letters();
    assert!((3..PEOPLE).contains(&letters), "{letters}");
    assert_eq!((office.copies("sent").await, office.copies("begun").await), (letters, 0));
    office.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailing_whose_list_finds_no_room_uses_up_no_try() {
    let mut office = SmallOffice::start().await;
    let (queue, now) = (office.inside.app.queue().clone(), office.inside.clock.now());
    let pause = Pause { cause: PauseCause::Person("hoa".into()), since: now, note: Text::same("Chờ") };
    queue.pause("email".into(), pause).await.unwrap();
    office.publish().await;
    office.fill_but(45).await;
    queue.resume("email".into(), "hoa".into(), now).await.unwrap();
    for _ in 0..12 {
        office.waits().await;
    }
    assert_eq!(office.letters(), 0);
    office.goes_on().await;
}
