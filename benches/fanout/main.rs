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

#[path = "../../tests/support/process.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod process;
#[path = "../../tests/support/real_postgres.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod real_postgres;
#[path = "../../tests/support/signature.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod signature;

mod office;
mod sink;
mod years;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use real_postgres::Cluster;
use tempfile::TempDir;

use office::{SQLITE, marker, office, open, open_file, publish, sending, start};
use sink::Sink;

const PARTS: [&str; 5] = ["fanout", "receiver", "latency", "full", "postgres"];
const CHANNELS: usize = 10;
/// Deliveries in flight on each channel.
const IN_FLIGHT: usize = 32;
const ROUNDS: usize = 3;
/// Articles in a round of the fan-out.
const ARTICLES: usize = 1_000;

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
        years::full().await;
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

/// Hundredths of a second of processor time used so far.
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
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
