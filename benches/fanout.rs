//! Durable fan-out to ten webhook channels, beside a bare `reqwest` loop with the same payloads, the same concurrency and
//! the same sink, in the same run; the latency from publishing to the last of ten deliveries; start-up and throughput on a
//! store with years behind it; what an idle daemon takes. `cargo bench --bench fanout [fanout|receiver|latency|full|postgres]`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a benchmark measures, prints what it measured, and stops when it cannot go on"
)]

#[path = "../tests/support/process.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod process;
#[path = "../tests/support/real_postgres.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod real_postgres;
#[path = "../tests/support/signature.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod signature;

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use loa::app::{App, run};
use loa::clock::Clock;
use loa::config::Config;
use loa::intake::{DraftContext, Format, Order, parse};
use loa::ledger::Filter;
use loa::lifecycle::Lifecycle;
use real_postgres::Cluster;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const PARTS: [&str; 5] = ["fanout", "receiver", "latency", "full", "postgres"];
const CHANNELS: usize = 10;
/// Deliveries in flight on each channel.
const IN_FLIGHT: usize = 32;
const ROUNDS: usize = 3;
/// Articles in a round of the fan-out.
const ARTICLES: usize = 1_000;
/// The store of an office on one machine.
const SQLITE: &str = "path = \"loa.db\"";
/// Deliveries of a store with years behind it.
const SETTLED: usize = 1_000_000;
const WAITING: usize = 100_000;
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

#[tokio::main]
async fn main() {
    let asked = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if let Some(unknown) = asked.as_deref().filter(|asked| !PARTS.contains(asked)) {
        panic!("there is no part {unknown}; the parts are {}", PARTS.join(", "));
    }
    let wants = |name: &str| asked.as_deref().is_none_or(|asked| asked == name);
    if wants("fanout") {
        fanout("SQLite, one node", &Sink::start().await, None, &[1]).await;
    }
    if wants("receiver") {
        let receiver = Sink::start_receiver().await;
        fanout("SQLite, one node, a receiver that checks signatures", &receiver, None, &[1]).await;
    }
    if wants("latency") {
        latency().await;
    }
    if wants("full") {
        full().await;
    }
    if wants("postgres") {
        let cluster = real_postgres::cluster();
        fanout("PostgreSQL, one node and two", &Sink::start().await, Some(cluster), &[1, 2]).await;
    }
}

/// Every article to ten channels: deliveries a second from the daemon's start to the last of them on record.
async fn fanout(what: &str, sink: &Sink, postgres: Option<&Cluster>, machines: &[usize]) {
    println!("{what}: {ARTICLES} articles to {CHANNELS} channels, {IN_FLIGHT} in flight on each");
    println!(
        "{:>6} {:>6} {:>12} {:>12} {:>7} {:>14} {:>14} {:>7}",
        "round", "nodes", "bare (/s)", "loa (/s)", "ratio", "bare (CPU µs)", "loa (CPU µs)", "ratio"
    );
    for (round, nodes) in (1..=ROUNDS).flat_map(|round| machines.iter().map(move |nodes| (round, *nodes))) {
        let store = match postgres {
            None => SQLITE.to_owned(),
            Some(cluster) => {
                let (url, password) = (cluster.database().await.url(cluster.port()), cluster.password_file());
                format!("url = \"{url}\"\npassword = {{ file = \"{}\" }}", password.display())
            }
        };
        let office = office(sink, &store);
        let number = (ARTICLES * CHANNELS) as f64;
        let (loa, bare) = (deliver(&office, sink, nodes).await, bare(sink, ARTICLES * CHANNELS).await);
        let rate = |cost: &Cost| number / cost.took.as_secs_f64();
        let work = |cost: &Cost| cost.processor.as_secs_f64() * 1e6 / number;
        println!(
            "{round:>6} {nodes:>6} {:>12.0} {:>12.0} {:>7.2} {:>14.0} {:>14.0} {:>7.1}",
            rate(&bare),
            rate(&loa),
            rate(&loa) / rate(&bare),
            work(&bare),
            work(&loa),
            work(&loa) / work(&bare)
        );
    }
}

/// What something took: by the clock, and of this process's processor time, the sink's share included.
struct Cost {
    took: Duration,
    processor: Duration,
}

/// A watch for both.
struct Watch {
    began: Instant,
    used: u64,
}

impl Watch {
    fn start() -> Self {
        Self { began: Instant::now(), used: ticks(std::process::id()) }
    }

    fn stop(&self) -> Cost {
        let ticks = ticks(std::process::id()) - self.used;
        Cost { took: self.began.elapsed(), processor: Duration::from_millis(10 * ticks) }
    }
}

/// Publishes everything, then lets `nodes` daemons deliver it.
async fn deliver(office: &TempDir, sink: &Sink, nodes: usize) -> Cost {
    let first = open(office.path()).await;
    for number in 0..ARTICLES {
        publish(&first, number).await;
    }
    sink.forget();
    let watch = Watch::start();
    let mut daemons = vec![start(first.clone())];
    // Another machine has a name and an address of its own.
    let alone = std::fs::read_to_string(office.path().join("config.toml")).unwrap();
    let (before, after) = alone.split_once("[http]").unwrap();
    let other = format!("{before}{}", after.split_once("[log]").map(|(_, log)| format!("[log]{log}")).unwrap());
    std::fs::write(office.path().join("other.toml"), other).unwrap();
    for _ in 1..nodes {
        daemons.push(start(open_file(&office.path().join("other.toml")).await));
    }
    sink.wait_for(ARTICLES * CHANNELS).await;
    while sending(&first).await {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let cost = watch.stop();
    for (life, daemon) in daemons {
        life.stop.cancel();
        daemon.await.unwrap().unwrap();
    }
    assert_eq!(sink.count(), ARTICLES * CHANNELS, "each delivery once");
    cost
}

/// Five articles a second: how long until the last of ten channels has each.
async fn latency() {
    const SECONDS: usize = 20;
    let sink = Sink::start().await;
    let office = office(&sink, SQLITE);
    let app = open(office.path()).await;
    let (life, daemon) = start(app.clone());
    // The first connections are opened before the clock runs.
    publish(&app, 0).await;
    sink.wait_for(CHANNELS).await;
    sink.forget();
    let mut every = tokio::time::interval(Duration::from_millis(200));
    let mut published = HashMap::new();
    for number in 1..=SECONDS * 5 {
        every.tick().await;
        published.insert(marker(number), Instant::now());
        publish(&app, number).await;
    }
    sink.wait_for(published.len() * CHANNELS).await;
    let seen = sink.arrivals();
    let mut first = Vec::new();
    let mut last = Vec::new();
    for (marker, at) in &published {
        let times = &seen[marker];
        assert_eq!(times.len(), CHANNELS);
        first.push(times.iter().min().unwrap().duration_since(*at));
        last.push(times.iter().max().unwrap().duration_since(*at));
    }
    println!(
        "latency at 5 articles a second, {} articles, from before publish() to the sink's having the request",
        last.len()
    );
    for (name, times) in [("first of 10", &mut first), ("last of 10", &mut last)] {
        times.sort();
        let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
        println!("  {name:<12} p50 {:>6.2} ms   p99 {:>6.2} ms   most {:>6.2} ms", at(50), at(99), at(100));
    }
    life.stop.cancel();
    daemon.await.unwrap().unwrap();
}

/// The real binary on a store with a million settled deliveries and a hundred thousand that wait.
async fn full() {
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

/// Hundredths of a second of processor time used so far.
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
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

/// The same requests without any memory of them.
async fn bare(sink: &Sink, requests: usize) -> Cost {
    let (headers, sample) = sink.sample();
    let client = reqwest::Client::builder().build().unwrap();
    let watch = Watch::start();
    let mut loops = tokio::task::JoinSet::new();
    for first in 0..CHANNELS * IN_FLIGHT {
        let (client, headers, sample) = (client.clone(), headers.clone(), sample.clone());
        let url = format!("http://127.0.0.1:{}/", sink.port);
        loops.spawn(async move {
            for _ in (first..requests).step_by(CHANNELS * IN_FLIGHT) {
                let request = client.post(&url).headers(headers.clone()).body(sample.clone());
                let answer = request.send().await.unwrap();
                assert!(answer.status().is_success());
                drop(answer.bytes().await.unwrap());
            }
        });
    }
    while let Some(ended) = loops.join_next().await {
        ended.unwrap();
    }
    watch.stop()
}

type Running = (Lifecycle, tokio::task::JoinHandle<Result<(), loa::app::AppError>>);

fn start(app: App) -> Running {
    let life = Lifecycle::default();
    let daemon = tokio::spawn(run(app, life.clone(), Box::new(|_| {})));
    (life, daemon)
}

async fn open(office: &Path) -> App {
    open_file(&office.join("config.toml")).await
}

async fn open_file(file: &Path) -> App {
    let config = Config::load(file).unwrap_or_else(|error| panic!("{error}"));
    App::open(config, Clock::system()).await.unwrap_or_else(|error| panic!("{error}"))
}

fn draft(number: usize) -> loa::intake::Draft {
    let text = include_str!("../src/demo/articles/lich-tiep-cong-dan.md");
    // An ordinary article has some eight thousand characters.
    let more = "\n\nĐề nghị các thôn thông báo cho Nhân dân biết và thực hiện.".repeat(60);
    let text = text.replacen("title = \"", &format!("title = \"{} ", marker(number)), 1);
    parse(format!("{text}{more}").as_bytes(), Format::Markdown).unwrap()
}

/// Tells the sink which article a request is about.
fn marker(number: usize) -> String {
    format!("BAI{number:07}")
}

async fn publish(app: &App, number: usize) {
    let id = number.to_string();
    let cx = DraftContext { source: "bench", external_id: Some(&id), zone: app.config().office.timezone };
    app.intake().accept(draft(number), &cx, Order::Publish, "bench", None).await.unwrap();
}

/// Whether something has been sent whose answer is not on record yet.
async fn sending(app: &App) -> bool {
    let filter = Filter { state: Some("sending".to_owned()), most: Some(1), ..Filter::default() };
    !app.ledger().deliveries(filter).await.unwrap().is_empty()
}

/// An office with ten webhook channels.
fn office(sink: &Sink, store: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("channels")).unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    write("port", &free.to_string());
    write(
        "config.toml",
        &format!(
            "name = \"UBND xã An Bình\"\n[store]\n{store}\n[http]\nlisten = \"127.0.0.1:{free}\"\n[log]\nlevel = \"error\"\n"
        ),
    );
    write("secret", SECRET);
    let secret = folder.path().join("secret").display().to_string();
    for number in 0..CHANNELS {
        write(
            &format!("channels/hook{number}.toml"),
            &format!(
                "kind = \"fanpage\"\n[limits]\nconcurrency = {IN_FLIGHT}\n[settings]\nurl = \"http://127.0.0.1:{}/{number}\"\n\
             secret = {{ file = \"{secret}\" }}\ntext_limit = 20000\n",
                sink.port
            ),
        );
    }
    folder
}

/// A web server that takes everything at once, and remembers when.
#[derive(Clone)]
struct Sink {
    port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    arrivals: Mutex<Vec<(String, Instant)>>,
    sample: Mutex<(HeaderMap, Vec<u8>)>,
    /// So many are waited for.
    wanted: AtomicUsize,
    enough: Notify,
}

impl Seen {
    /// Nobody is woken before there are as many as are waited for: that would be the benchmark's work, not loa's.
    fn note(&self, headers: &HeaderMap, body: &[u8]) {
        let at = Instant::now();
        let begin = body.windows(3).position(|three| three == b"BAI").unwrap_or_default();
        let marker = String::from_utf8_lossy(body.get(begin..begin + 10).unwrap_or_default()).into_owned();
        let count = {
            let mut arrivals = self.arrivals.lock().unwrap();
            arrivals.push((marker, at));
            arrivals.len()
        };
        if count == 1 {
            *self.sample.lock().unwrap() = (headers.clone(), body.to_vec());
        }
        if count >= self.wanted.load(Ordering::SeqCst) {
            self.enough.notify_one();
        }
    }
}

impl Sink {
    async fn listen() -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        (Self { port: listener.local_addr().unwrap().port(), seen: Arc::default() }, listener)
    }

    /// A receiver as receivers are: an ordinary web server that believes nothing without its signature.
    async fn start_receiver() -> Self {
        let (sink, listener) = Self::listen().await;
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        let state = (Arc::clone(&sink.seen), signature::Secret::parse(SECRET));
        let app = axum::Router::new().fallback(receive).with_state(state);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        sink
    }

    /// A server that does as little as can be.
    async fn start() -> Self {
        let (sink, listener) = Self::listen().await;
        let seen = Arc::clone(&sink.seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let seen = Arc::clone(&seen);
                // A connection that breaks off is the sender's affair.
                tokio::spawn(async move { drop(serve(stream, &seen).await) });
            }
        });
        sink
    }

    fn forget(&self) {
        self.seen.arrivals.lock().unwrap().clear();
    }

    fn count(&self) -> usize {
        self.seen.arrivals.lock().unwrap().len()
    }

    fn sample(&self) -> (HeaderMap, Vec<u8>) {
        self.seen.sample.lock().unwrap().clone()
    }

    fn arrivals(&self) -> HashMap<String, Vec<Instant>> {
        let mut by_marker: HashMap<String, Vec<Instant>> = HashMap::new();
        for (marker, at) in self.seen.arrivals.lock().unwrap().iter() {
            by_marker.entry(marker.clone()).or_default().push(*at);
        }
        by_marker
    }

    async fn wait_for(&self, requests: usize) {
        self.seen.wanted.store(requests, Ordering::SeqCst);
        let all = async {
            while self.count() < requests {
                let enough = self.seen.enough.notified();
                if self.count() < requests {
                    enough.await;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(5), all).await.expect("every delivery arrives");
    }
}

async fn receive(
    State((seen, secret)): State<(Arc<Seen>, signature::Secret)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (id, timestamp, signatures) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    if secret.check(id, timestamp, signatures, &body, chrono::Utc::now().timestamp()).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    seen.note(&headers, &body);
    StatusCode::NO_CONTENT
}

async fn serve(stream: TcpStream, seen: &Seen) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read);
    let (mut line, mut body) = (String::new(), Vec::new());
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if lines.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or_default();
            }
        }
        body.resize(length, 0);
        lines.read_exact(&mut body).await?;
        seen.note(&headers, &body);
        write.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await?;
    }
}
