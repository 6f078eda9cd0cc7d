//! Several machines on one PostgreSQL: the real binary, more than once, with the same channel files. One is killed, one is
//! stopped past its leases, one is cut off from the database, clocks differ: nothing lost, nothing doubled, an edition
//! once.

use std::collections::BTreeSet;
use std::process::{Child, Command};
use std::time::Duration;

use loa::article::ArticleKey;
use sqlx::Row as _;
use tokio::net::TcpStream;

use crate::crash::{
    PAST_A_LEASE, answer, asked, asked_rounds, assert_whole, eventually, kill, let_live, publish_forty, rounds,
    settle_everything, signal,
};
use crate::support::doorway::Doorway;
use crate::support::hostile_http::Fault;
use crate::support::hostile_smtp::OnMessage;
use crate::support::oracle::Wanted;
use crate::support::real_postgres::{Database, cluster};
use crate::support::world::World;

/// Rounds of one fault at the same time.
const AT_ONCE: usize = 4;

/// An office whose machines share a folder and a database.
struct Office {
    world: World,
    database: Database,
    runtime: tokio::runtime::Runtime,
}

impl Office {
    fn new(timing: &str) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let database = runtime.block_on(cluster().database());
        let office = Self { world: World::new(timing), database, runtime };
        // Commands go to the database directly.
        office.configure("config.toml", cluster().port());
        office
    }

    fn configure(&self, file: &str, port: u16) {
        let (url, password) = (self.database.url(port), cluster().password_file());
        self.world.write(
            file,
            &format!(
                "name = \"UBND xã An Bình\"\n[store]\nurl = \"{url}\"\npassword = {{ file = \"{}\" }}\n\
                 [shutdown]\ngrace = \"5s\"\n[log]\nlevel = \"info\"\n",
                password.display()
            ),
        );
    }

    /// Starts a machine that reaches the database on this port, with more in its environment.
    fn node(&self, port: u16, environment: &[(&str, &str)]) -> Child {
        let file = format!("config-{port}.toml");
        // A machine that is just starting must not find it half written.
        if !self.world.path(&file).exists() {
            self.configure(&file, port);
        }
        let log = std::fs::File::options().create(true).append(true).open(self.world.path("log")).expect("a log file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_loa"));
        command.arg("--config").arg(self.world.path(&file)).arg("run").env("LOA_LANG", "en");
        command.envs(environment.iter().copied()).stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::null()).stderr(log).spawn().expect("the daemon starts")
    }

    fn number(&self, sql: &'static str) -> i64 {
        self.runtime.block_on(async {
            let mut connection = self.database.connect().await;
            sqlx::query(sql).fetch_one(&mut connection).await.expect("a number").get(0)
        })
    }
}

/// Asks it to stop, and it does.
fn stop(mut process: Child) {
    signal("TERM", &process);
    let mut ended = None;
    eventually("it stops", || {
        ended = process.try_wait().expect("a child");
        ended.is_some()
    });
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
}

#[test]
fn three_machines_share_the_work_and_one_that_is_killed_leaves_nothing_behind() {
    rounds(asked_rounds(), AT_ONCE, |seed| {
        let office = Office::new("[\"* * * * *\"]");
        let mut nodes: Vec<Child> = (0..3).map(|_| office.node(cluster().port(), &[])).collect();
        let expected = publish_forty(&office.world);
        let_live(Duration::from_millis(fastrand::Rng::with_seed(seed).u64(50..800)));
        kill(nodes.remove(0));
        assert_whole(&office.world, &expected, seed);
        let workers = office.number("SELECT count(DISTINCT node) FROM attempts");
        assert!(workers >= 2, "{workers} machines worked");
        let editions = office.number("SELECT count(*) - count(DISTINCT (channel, slot)) FROM editions");
        assert_eq!(editions, 0);
        nodes.into_iter().for_each(kill);
    });
}

#[test]
fn a_machine_that_was_stopped_past_its_leases_does_nothing_more_with_them() {
    rounds(asked_rounds(), AT_ONCE, |_| {
        let office = Office::new("\"immediate\"");
        office.world.hook.script(vec![Fault::PostThenHang]);
        office.world.smtp.script(vec![OnMessage::HangAfterDot]);
        let stopped = office.node(cluster().port(), &[]);
        let file = office.world.article("bai", "Bài đang gửi", "Nội dung.");
        assert!(office.world.run(&["publish", &file.display().to_string()]).status.success());
        let patience = Duration::from_secs(60);
        office.world.hook.state().wait_until_blocking(patience, "the post hangs", |seen| seen.hanging == 1);
        signal("STOP", &stopped);
        let other = office.node(cluster().port(), &[]);
        let_live(PAST_A_LEASE);
        signal("CONT", &stopped);
        let key = ArticleKey { source: "cli".to_owned(), external_id: "bai".to_owned() };
        let expected = vec![("Bài đang gửi".to_owned(), key, Wanted::Revision(1))];
        settle_everything(&office.world);
        office.world.verdict(&expected, &asked(&office.world)).assert_clean();
        answer(&office.world);
        settle_everything(&office.world);
        office.world.verdict(&expected, &BTreeSet::new()).assert_clean();
        let lost = office.number("SELECT count(*) FROM attempts WHERE outcome = 'lost'");
        assert!(lost >= 1, "nothing was taken over: {}", office.world.log());
        kill(stopped);
        kill(other);
    });
}

#[test]
fn a_machine_that_is_cut_off_from_the_database_and_comes_back_loses_and_doubles_nothing() {
    rounds(asked_rounds(), AT_ONCE, |seed| {
        let office = Office::new("[\"* * * * *\"]");
        let port = cluster().port();
        let door = Doorway::open("database", move |mut guest| async move {
            if let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await {
                // Either side may end it.
                drop(tokio::io::copy_bidirectional(&mut guest, &mut server).await);
            }
        });
        let behind_the_door = office.node(door.address().port(), &[]);
        let beside_it = office.node(port, &[]);
        let expected = publish_forty(&office.world);
        let_live(Duration::from_millis(fastrand::Rng::with_seed(seed).u64(50..600)));
        door.shut();
        let_live(Duration::from_secs(5));
        door.reopen();
        assert_whole(&office.world, &expected, seed);
        // It works again.
        kill(beside_it);
        let file = office.world.article("sau", "Bài đăng sau", "Nội dung.");
        assert!(office.world.run(&["publish", &file.display().to_string()]).status.success());
        settle_everything(&office.world);
        stop(behind_the_door);
    });
}

#[test]
fn machines_whose_clocks_differ_by_ten_minutes_keep_the_databases_hour() {
    rounds(asked_rounds(), AT_ONCE, |seed| {
        let office = Office::new("[\"* * * * *\"]");
        let library = std::fs::read_dir("/usr/lib").expect("libraries").flatten();
        let library =
            library.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|file| file.exists());
        let library = library.expect("libfaketime is installed: tests/run does it").display().to_string();
        let port = cluster().port();
        let nodes = [
            office.node(port, &[]),
            office.node(port, &[("LD_PRELOAD", &library), ("FAKETIME", "+10m")]),
            office.node(port, &[("LD_PRELOAD", &library), ("FAKETIME", "-10m")]),
        ];
        eventually("two machines correct their clocks", || {
            office.world.log().matches("clock differs from the store's").count() >= 2
        });
        let expected = publish_forty(&office.world);
        assert_whole(&office.world, &expected, seed);
        assert_eq!(
            office.number("SELECT count(*) FROM attempts WHERE outcome = 'lost'"),
            0,
            "a lease was taken too early"
        );
        let odd = "SELECT count(*) FROM attempts WHERE abs(started_at - extract(epoch FROM now()) * 1000) > 400000";
        assert_eq!(office.number(odd), 0, "the ledger has another hour");
        assert!(office.number("SELECT count(DISTINCT node) FROM attempts") >= 2);
        nodes.into_iter().for_each(kill);
    });
}
