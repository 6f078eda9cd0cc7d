//! An office with one email channel and its own list of people, run inside the test.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use loa::audience::{Standing, Subscriber};
use sqlx::{ConnectOptions as _, Row as _};

use super::desk::people;
use crate::support::world::{Inside, World};

/// The office.
pub(crate) struct MailOffice {
    pub(crate) world: World,
    pub(crate) inside: Inside,
}

impl MailOffice {
    /// Starts it with these people on the list of its channel `thu`; `more` goes into `config.toml`.
    pub(crate) async fn start(more: &str, names: &[&str]) -> Self {
        Self::start_with(more, "", names).await
    }

    /// The same with more settings of the channel.
    pub(crate) async fn start_with(more: &str, settings: &str, names: &[&str]) -> Self {
        let world = World::bare();
        for inside in ["new", "cur", "tmp"] {
            std::fs::create_dir_all(world.path("thu-ve").join(inside)).expect("a Maildir");
        }
        let config = std::fs::read_to_string(world.path("config.toml")).expect("a configuration");
        world.write("config.toml", &format!("{config}{more}"));
        let port = world.smtp.port();
        let settings = format!(
            "from = \"UBND xã An Bình <tin@anbinh.example.vn>\"\nbounces = \"bounce@anbinh.example.vn\"\n\
             host = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n{settings}"
        );
        world.channel("thu", "email", &settings, "");
        let inside = Inside::start(&world).await;
        let (now, who) = (inside.clock.now(), "hoa".to_owned());
        inside.app.subscribers().import("thu".to_owned(), people(names), false, who, now).await.expect("a list");
        Self { world, inside }
    }

    /// Publishes an article and lets it go out.
    pub(crate) async fn publish(&self, id: &str) {
        self.inside.publish(&self.world.article(id, &format!("Bài {id}"), "Sáng thứ hai.")).await;
        self.inside.drain().await;
    }

    /// How many letters somebody has had.
    pub(crate) fn letters(&self, address: &str) -> usize {
        self.world.smtp.letters_to(address).len()
    }

    pub(crate) async fn person(&self, address: &str) -> Subscriber {
        let found = self.inside.app.subscribers().find(address.parse().expect("an address")).await.expect("a store");
        found.into_iter().find(|(person, _)| person.channel == "thu").expect(address).0
    }

    pub(crate) async fn token(&self, address: &str) -> String {
        self.person(address).await.token
    }

    pub(crate) async fn standing(&self, address: &str) -> Standing {
        self.person(address).await.standing
    }

    /// The key of the one job that somebody had a letter of.
    pub(crate) async fn job_of(&self, address: &str) -> String {
        let found = self.inside.app.subscribers().find(address.parse().expect("an address")).await.expect("a store");
        let jobs: Vec<String> = found.into_iter().flat_map(|(_, jobs)| jobs).collect();
        let [job] = jobs.as_slice() else { unreachable!("{address} had letters of {jobs:?}") };
        job.clone()
    }

    /// Who was left out of a mailing, and why.
    pub(crate) async fn left_out(&self) -> Vec<(String, String)> {
        left_out(&self.world.path("loa.db")).await
    }

    /// Hands a letter to `loa email bounce`, as a mail server's pipe does; it must never fail.
    pub(crate) fn bounce(&self, letter: &[u8]) -> String {
        let mut command = self.world.loa(&["email", "bounce"]);
        let mut loa = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("loa runs");
        loa.stdin.take().expect("its input").write_all(letter).expect("a letter handed in");
        let output = loa.wait_with_output().expect("loa ends");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    pub(crate) async fn stop(self) {
        self.inside.stop().await;
    }
}

/// Who was left out of a mailing, and why.
pub(crate) async fn left_out(store: &Path) -> Vec<(String, String)> {
    let mut file = sqlx::sqlite::SqliteConnectOptions::new().filename(store).connect().await.expect("the store");
    let rows = sqlx::query("SELECT recipient, note FROM copies WHERE state = 'left_out' ORDER BY job_key, recipient")
        .fetch_all(&mut file)
        .await
        .expect("the copies");
    rows.iter().map(|row| (row.get("recipient"), row.get("note"))).collect()
}
