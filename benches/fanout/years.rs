//! A store with years behind it, and the real binary on it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use loa::intake::{DraftContext, Format, Order, parse};
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use crate::office::{SQLITE, office, open, sending, start};
use crate::sink::Sink;
use crate::{ARTICLES, CHANNELS, ROUNDS, deliver, ticks};

/// Deliveries of a store with years behind it.
const SETTLED: usize = 1_000_000;
const WAITING: usize = 100_000;

/// The real binary on a store with a million settled deliveries and a hundred thousand that wait.
pub(crate) async fn full() {
    let sink = Sink::start().await;
    let mut rates = Vec::new();
    for round in 1..=ROUNDS {
        for filled in [false, true] {
            let office = office(&sink, SQLITE);
            if filled {
                fill(&office, &sink).await;
            }
            let took = deliver(&office, &sink, 1).await.took;
            rates.push((filled, (ARTICLES * CHANNELS) as f64 / took.as_secs_f64()));
            if filled && round == 1 {
                idle(&office).await;
            }
        }
        let [.., (_, empty), (_, full)] = rates[..] else { unreachable!() };
        println!(
            "round {round}: {empty:.0} deliveries a second on an empty store, {full:.0} with {SETTLED} settled and {WAITING} \
             waiting: ratio {:.2}",
            full / empty
        );
    }
}

/// Start-up, memory and processor time of the real binary with nothing to do.
async fn idle(office: &TempDir) {
    let binary = env!("CARGO_BIN_EXE_loa");
    let mut ready = Vec::new();
    for round in 0..5 {
        let began = Instant::now();
        let mut daemon = binary_daemon(binary, office.path());
        let port = std::fs::read_to_string(office.path().join("port")).unwrap();
        let url = format!("http://127.0.0.1:{port}/readyz");
        let client = reqwest::Client::new();
        while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            assert!(began.elapsed() < Duration::from_mins(1), "it never gets ready");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        ready.push(began.elapsed());
        if round == 0 {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let before = ticks(daemon.id());
            tokio::time::sleep(Duration::from_secs(30)).await;
            let used = ticks(daemon.id()) - before;
            let memory = status(&daemon, "VmRSS:");
            println!("idle: memory {memory}, processor {:.2} % (of one, over 30 s)", used as f64 / 30.0);
        }
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }
    ready.sort();
    println!(
        "ready after {:.0} ms (median of 5; longest {:.0} ms)",
        ready[2].as_secs_f64() * 1e3,
        ready[4].as_secs_f64() * 1e3
    );
}

fn binary_daemon(binary: &str, office: &Path) -> Child {
    let mut command = Command::new(binary);
    command.arg("--config").arg(office.join("config.toml")).arg("run");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn status(process: &Child, name: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned()
}

/// Puts years behind a store: a delivered article with its ten deliveries and their attempts, and one under embargo, are
/// copied until there are enough.
async fn fill(office: &TempDir, sink: &Sink) {
    let app = open(office.path()).await;
    let (life, daemon) = start(app.clone());
    let cx =
        |id: &'static str| DraftContext { source: "old", external_id: Some(id), zone: app.config().office.timezone };
    let short = |more: &str| {
        let text = format!("+++\ntitle = \"Bài cũ\"\n{more}+++\n\nĐề nghị các thôn thông báo cho Nhân dân biết.\n");
        parse(text.as_bytes(), Format::Markdown).unwrap()
    };
    sink.forget();
    app.intake().accept(short(""), &cx("settled"), Order::Publish, "bench", None).await.unwrap();
    let later = short("embargo_until = \"2099-01-01T00:00:00+07:00\"\n");
    app.intake().accept(later, &cx("waiting"), Order::Publish, "bench", None).await.unwrap();
    sink.wait_for(CHANNELS).await;
    while sending(&app).await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    life.stop.cancel();
    daemon.await.unwrap().unwrap();
    let path = office.path().join("loa.db");
    let mut file = sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    for (sample, first, count) in
        [("settled", 1_000_000, SETTLED / CHANNELS), ("waiting", 2_000_000, WAITING / CHANNELS)]
    {
        for statement in [
            "INSERT INTO articles (id, source, external_id, revision, accepted_at) \
             SELECT $1 + n.i, 'old', $3 || n.i, a.revision, a.accepted_at FROM n, articles a WHERE a.external_id = $3",
            "INSERT INTO revisions (article_id, revision, content, content_hash, accepted_at) \
             SELECT $1 + n.i, r.revision, r.content, r.content_hash, r.accepted_at \
             FROM n, articles a JOIN revisions r ON r.article_id = a.id WHERE a.external_id = $3",
            "INSERT INTO deliveries (article_id, channel, state, due, urgency, edition, after_channel, wanted, live, detail, \
             plan, tries, attempt, version) SELECT $1 + n.i, d.channel, d.state, d.due, d.urgency, d.edition, \
             d.after_channel, d.wanted, d.live, d.detail, d.plan, d.tries, d.attempt, d.version \
             FROM n, articles a JOIN deliveries d ON d.article_id = a.id WHERE a.external_id = $3",
            "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, edition, node, started_at, finished_at, \
             outcome, note, payload_hash, remote_id, url) SELECT d.id, t.attempt, t.channel, t.errand, t.revision, t.edition, \
             t.node, t.started_at, t.finished_at, t.outcome, t.note, t.payload_hash, t.remote_id, t.url \
             FROM n, articles a JOIN deliveries o ON o.article_id = a.id JOIN attempts t ON t.delivery_id = o.id \
             JOIN deliveries d ON d.article_id = $1 + n.i AND d.channel = o.channel WHERE a.external_id = $3",
        ] {
            let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) ";
            let query = sqlx::query(sqlx::AssertSqlSafe(format!("{numbers}{statement}")));
            let query = query.bind(first).bind(i64::try_from(count).unwrap()).bind(sample);
            query.execute(&mut file).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
        }
    }
    file.close().await.unwrap();
}
