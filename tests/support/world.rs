//! A small office in a temporary folder, with hostile far sides: four channels, the real store, the real
//! files. Run inside the test with a clock that is moved, or as the real binary.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use loa::article::ArticleKey;
use loa::delivery::State;
use loa::ledger::{DeliveryRow, Filter};
use tempfile::TempDir;

use super::files::Folder;
use super::hostile_http::HostileHttp;
use super::hostile_smtp::HostileSmtp;
use super::oracle::{Delivery, Oracle, Verdict, Wanted};

/// Where the office's mail goes.
pub(crate) const RECIPIENTS: [&str; 2] = ["thon.dong@example.vn", "thon.doai@example.vn"];
/// A secret of 32 bytes.
pub(crate) const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// The office.
pub(crate) struct World {
    pub(crate) hook: HostileHttp,
    pub(crate) smtp: HostileSmtp,
    folder: TempDir,
}

impl World {
    /// An office whose radio sends as `timing` says (TOML).
    pub(crate) fn new(timing: &str) -> Self {
        let world = Self {
            hook: HostileHttp::start(SECRET),
            smtp: HostileSmtp::start(),
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        std::fs::create_dir_all(world.path("channels")).expect("a folder for channels");
        world.write("secret", SECRET);
        world.write("channels/nguoi-nhan.txt", &RECIPIENTS.join("\n"));
        world.write(
            "config.toml",
            "name = \"UBND xã An Bình\"\n[store]\npath = \"loa.db\"\n[shutdown]\ngrace = \"5s\"\n[log]\nlevel = \"warn\"\n",
        );
        world.channel("portal", "site", "folder = \"site\"\nbase_url = \"https://anbinh.example.vn\"", "");
        world.fanpage("");
        world.email("");
        let radio = format!("[schedule]\ntiming = {timing}\n");
        world.channel("radio", "radio", "folder = \"radio\"", &radio);
        world
    }

    /// An office without channels; the test adds those that it is about.
    pub(crate) fn bare() -> Self {
        let world = Self::new("\"immediate\"");
        for channel in ["portal", "fanpage", "email", "radio"] {
            std::fs::remove_file(world.path(&format!("channels/{channel}.toml"))).expect("a channel's file");
        }
        world
    }

    /// Writes the Fanpage's file, with `more` settings.
    pub(crate) fn fanpage(&self, more: &str) {
        let secret = toml::Value::String(self.path("secret").display().to_string());
        let url = self.hook.url();
        self.channel("fanpage", "fanpage", &format!("url = \"{url}\"\nsecret = {{ file = {secret} }}\n{more}"), "");
    }

    /// Writes the email channel's file, with `more` settings.
    pub(crate) fn email(&self, more: &str) {
        let port = self.smtp.port();
        let settings = format!(
            "from = \"UBND xã An Bình <tin@anbinh.example.vn>\"\nrecipients = \"channels/nguoi-nhan.txt\"\n\
             host = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n{more}"
        );
        self.channel("email", "email", &settings, "");
    }

    /// Writes a channel's file: `settings` is the inside of `[settings]`, `tables` whole tables before it. The far side has
    /// a second for each answer.
    pub(crate) fn channel(&self, name: &str, kind: &str, settings: &str, tables: &str) {
        self.patient_channel(name, kind, settings, &format!("{tables}\n[limits]\ntimeout = \"1s\""));
    }

    /// The same, for a far side that is a real server: on a busy machine it has as long for an answer as any has.
    pub(crate) fn patient_channel(&self, name: &str, kind: &str, settings: &str, tables: &str) {
        let file = format!(
            "kind = \"{kind}\"\n{tables}\n[retry]\nattempts = 8\nfirst = \"1s\"\nlongest = \"2s\"\n\
             [settings]\n{settings}\n"
        );
        self.write(&format!("channels/{name}.toml"), &file);
    }

    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub(crate) fn write(&self, inside: &str, text: &str) {
        std::fs::write(self.path(inside), text).expect("a file in the office's folder");
    }

    /// Writes an article's file and returns its path.
    pub(crate) fn article(&self, id: &str, title: &str, body: &str) -> PathBuf {
        let file = self.path(&format!("{id}.md"));
        std::fs::write(&file, format!("+++\ntitle = \"{title}\"\n+++\n\n{body}\n")).expect("an article's file");
        file
    }

    /// The real binary, with this office's configuration.
    pub(crate) fn loa(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loa"));
        command.arg("--config").arg(self.path("config.toml")).args(arguments);
        command.env("LOA_LANG", "en").stdin(Stdio::null());
        command
    }

    /// Runs a command of the real binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.loa(arguments).output().expect("loa runs")
    }

    /// Starts the real daemon.
    pub(crate) fn daemon(&self) -> Child {
        let log = std::fs::File::options().create(true).append(true).open(self.path("log")).expect("a log file");
        self.loa(&["run"]).stdout(Stdio::null()).stderr(log).spawn().expect("the daemon starts")
    }

    /// What the daemon has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// What the public sees of `expected` (title, id, what should be there), given what loa admits not to know.
    pub(crate) fn verdict(&self, expected: &[(String, ArticleKey, Wanted)], undecided: &BTreeSet<Delivery>) -> Verdict {
        let mut oracle = Oracle::new();
        oracle.expect_all(expected.iter().map(|(_, key, wanted)| {
            let revision = match wanted {
                Wanted::Revision(revision) => Some(*revision),
                Wanted::Withdrawn => None,
            };
            (key.to_string(), revision)
        }));
        oracle.board("fanpage", self.hook.sightings("fanpage"));
        oracle.letters("email", RECIPIENTS, self.smtp.sightings("email"));
        oracle.undecided(undecided.iter().cloned());
        let titles = || expected.iter().map(|(title, _, wanted)| (title.as_str(), *wanted));
        oracle.verdict().and(Folder::of_pages(self.path("site")).verdict("portal", titles()))
    }

    /// The radio's folder.
    pub(crate) fn radio(&self) -> Folder {
        Folder::of_editions(self.path("radio"))
    }

    /// How often each article is in an edition, as the metadata beside the scripts say.
    pub(crate) fn aired(&self) -> BTreeMap<String, usize> {
        let mut aired = BTreeMap::new();
        for entry in std::fs::read_dir(self.path("radio/may-doc")).into_iter().flatten() {
            let path = entry.expect("a file in the radio's folder").path();
            let script = path.with_extension("txt").file_name().map(|name| self.path("radio").join(name));
            // Companions come first: without its script an edition was not made.
            if path.extension().is_none_or(|ending| ending != "json") || !script.is_some_and(|script| script.exists()) {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("metadata");
            let edition: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            for item in edition["items"].as_array().expect("items") {
                *aired.entry(item["id"].as_str().expect("an id").to_owned()).or_default() += 1;
            }
        }
        aired
    }

    /// The portal's folder.
    pub(crate) fn site(&self) -> Folder {
        Folder::of_pages(self.path("site"))
    }
}

/// Deliveries of which loa says itself that a person has to look.
pub(crate) fn undecided(rows: &[DeliveryRow]) -> BTreeSet<Delivery> {
    rows.iter()
        .filter(|row| matches!(row.delivery.state, State::Uncertain { .. } | State::Held { .. } | State::Failed { .. }))
        .map(|row| (row.delivery.channel.clone(), row.key.to_string()))
        .collect()
}

/// An office opened inside the test, with its daemon, on a clock that stands still until it is moved.
pub(crate) struct Inside {
    pub(crate) app: loa::app::App,
    pub(crate) clock: loa::clock::Clock,
    life: loa::lifecycle::Lifecycle,
    daemon: tokio::task::JoinHandle<Result<(), loa::app::AppError>>,
}

impl Inside {
    /// Opens the office at nine in the morning and starts the daemon.
    pub(crate) async fn start(world: &World) -> Self {
        let start = chrono::DateTime::from_timestamp(1_795_485_600, 0).expect("2026-11-24 09:00 in Vietnam");
        Self::start_at(world, start).await
    }

    /// The same at another hour.
    pub(crate) async fn start_at(world: &World, start: chrono::DateTime<chrono::Utc>) -> Self {
        let clock = loa::clock::Clock::still_at(start);
        let config = loa::config::Config::load(&world.path("config.toml")).expect("a configuration");
        let app = loa::app::App::open(config, clock.clone()).await.expect("an open office");
        let signing_clock = clock.clone();
        world.hook.clock(move || signing_clock.now().timestamp());
        let life = loa::lifecycle::Lifecycle::default();
        let daemon = tokio::spawn(loa::app::run(app.clone(), life.clone(), Box::new(|_| {})));
        Self { app, clock, life, daemon }
    }

    /// Hands over an article's file.
    pub(crate) async fn publish(&self, file: &Path) {
        let bytes = std::fs::read(file).expect("an article's file");
        let draft = loa::intake::parse(&bytes, loa::intake::Format::Markdown).expect("a readable article");
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let cx = loa::intake::DraftContext {
            source: "cli",
            external_id: Some(&stem),
            zone: self.app.config().office.timezone,
        };
        let order = loa::intake::Order::Publish;
        self.app.intake().accept(draft, &cx, order, "test", None).await.expect("an accepted article");
    }

    /// Withdraws an article.
    pub(crate) async fn withdraw(&self, key: &ArticleKey) {
        self.app.intake().withdraw(key.clone(), "test").await.expect("an accepted withdrawal");
    }

    pub(crate) async fn rows(&self) -> Vec<DeliveryRow> {
        self.app.ledger().deliveries(Filter::default()).await.expect("the deliveries")
    }

    /// Lets everything happen that can happen without a person, moving the clock whenever nothing is due.
    pub(crate) async fn drain(&self) -> Vec<DeliveryRow> {
        let drained = async {
            let mut every = tokio::time::interval(std::time::Duration::from_millis(5));
            let mut idle = 0;
            loop {
                every.tick().await;
                let rows = self.rows().await;
                let paused = self.app.ledger().pauses().await.expect("the pauses");
                let is_paused = |row: &DeliveryRow| paused.iter().any(|(name, _)| *name == row.delivery.channel);
                if rows.iter().any(|row| matches!(row.delivery.state, State::Sending { .. })) {
                    idle = 0;
                    continue;
                }
                let open = rows.iter().filter(|row| !is_paused(row)).filter_map(|row| row.delivery.state.due());
                match open.min() {
                    None => return rows,
                    Some(due) if due > self.clock.now() => self.clock.advance_to(due),
                    // It is due and does not go: its channel rests, as the far side asked.
                    Some(_) => {
                        idle += 1;
                        if idle > 40 {
                            self.clock.advance(chrono::TimeDelta::seconds(1));
                        }
                        continue;
                    }
                }
                idle = 0;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), drained).await.expect("the office comes to rest")
    }

    /// Stops in order.
    pub(crate) async fn stop(self) {
        self.life.stop.cancel();
        self.daemon.await.expect("the daemon ends").expect("the daemon ends well");
        self.app.close().await;
    }
}
