//! Every page of the console, asked again and again, on a store with years behind it: 100,000 articles on eight channels, and
//! an article every two hundred milliseconds going out meanwhile. `cargo bench --bench console [page …]`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark measures, prints what it measured, and stops when it cannot go on"
)]

#[path = "../tests/support/browser.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod browser;
#[path = "../tests/support/places.rs"]
mod places;
#[path = "../tests/support/process.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod process;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::http::Method;
use browser::{Browser, PASSWORD, setup_path};
use loa::console::routes;
use places::Places;
use process::{Daemon, eventually};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use tempfile::TempDir;

const CHANNELS: i64 = 8;
/// Articles of each sort: what its title says, where its numbers begin, how many.
const SORTS: [(&str, i64, i64); 4] = [
    ("settled", 1_000_000, 97_000),
    ("waiting", 2_000_000, 1_000),
    ("failed", 3_000_000, 1_000),
    ("uncertain", 4_000_000, 1_000),
];
/// Each page is asked so often.
const ROUNDS: usize = 60;
const TOKEN: &str = "bench-7f3a";
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// The slowest that a page may be, and the largest.
const SLOWEST: Duration = Duration::from_millis(100);
const LARGEST: usize = 100_000;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (office, port) = office(sink());
    let daemon = start(&office);
    for (sort, _, _) in SORTS {
        hand_over(port, sort, 0);
    }
    hand_over(port, "held", 0);
    let state = |sort: &'static str, state: &'static str| {
        eventually(sort, || {
            let number = runtime.block_on(count(office.path(), sort, state));
            (number == CHANNELS).then_some(())
        });
    };
    state("settled", "settled");
    state("failed", "failed");
    state("uncertain", "uncertain");
    assert!(daemon.stop().0.success());
    runtime.block_on(fill(office.path()));
    let daemon = start(&office);
    let mut officer = Browser::new(&daemon);
    assert_eq!(officer.get(&setup_path(&daemon)).status, 303);
    let fields = [("display", "Lan"), ("name", "lan"), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(officer.post("/set-up", &fields).status, 303);
    officer.get("/people");
    officer.add("hai", "editor");
    let draft = draft(&mut officer);
    let places = runtime.block_on(places(office.path(), draft));
    println!("{CHANNELS} channels, {} articles, {ROUNDS} rounds", SORTS.iter().map(|(_, _, count)| count).sum::<i64>());
    let stop = Arc::new(AtomicBool::new(false));
    let publishing = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let mut number = 1;
            while !stop.load(Ordering::Relaxed) {
                hand_over(port, "busy", number);
                number += 1;
                std::thread::sleep(Duration::from_millis(200));
            }
            number
        }
    });
    println!("{:<40} {:>9} {:>9} {:>9} {:>9}", "page", "p50 (ms)", "p95 (ms)", "max (ms)", "size");
    let mut slow = Vec::new();
    for address in addresses(&places) {
        if !asked.is_empty() && !asked.contains(&address) {
            continue;
        }
        let mut took = Vec::new();
        let mut size = 0;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let answer = officer.get(&address);
            took.push(began.elapsed());
            assert_eq!(answer.status, 200, "{address}: {}", answer.body);
            size = size.max(answer.body.len());
        }
        took.sort();
        let (p50, p95, max) = (took[ROUNDS / 2], took[ROUNDS * 95 / 100], took[ROUNDS - 1]);
        let ms = |took: Duration| took.as_secs_f64() * 1e3;
        println!("{address:<40} {:>9.1} {:>9.1} {:>9.1} {size:>9}", ms(p50), ms(p95), ms(max));
        if p95 > SLOWEST || size > LARGEST {
            slow.push(address);
        }
    }
    stop.store(true, Ordering::Relaxed);
    println!("{} articles went out meanwhile", publishing.join().unwrap());
    if !slow.is_empty() {
        println!("too slow or too large: {}", slow.join(", "));
    }
}

/// Every page, and the searches that officers make.
fn addresses(places: &Places) -> Vec<String> {
    let pages = routes().into_iter().filter(|(method, ..)| *method == Method::GET);
    let mut addresses: Vec<String> = pages.filter_map(|(_, path, _)| places.of(path)).collect();
    addresses.extend(
        [
            "/today/board",
            "/articles?q=bai+cu",
            "/articles?q=bai+cu+90000",
            "/articles?q=khong+co+bai+nay",
            "/articles?state=failed",
            "/articles?state=settled&channel=hook3",
            "/articles?topic=y+te",
            "/articles?from=2020-01-01&until=2020-02-01",
        ]
        .map(str::to_owned),
    );
    addresses
}

fn start(office: &TempDir) -> Daemon {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loa"));
    command.arg("--config").arg(office.path().join("config.toml")).arg("run");
    Daemon::start(command, &office.path().join("log"))
}

/// An office with eight webhook channels, and the port of its API.
fn office(sink: u16) -> (TempDir, u16) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("channels")).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let sha256 = loa::article::sha256_hex(TOKEN.as_bytes());
    write(
        "config.toml",
        &format!(
            "name = \"UBND xã An Bình\"\n[store]\npath = \"loa.db\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n\
             [[http.tokens]]\nname = \"cms\"\nsha256 = \"{sha256}\"\n[log]\nlevel = \"error\"\n"
        ),
    );
    write("secret", SECRET);
    let secret = folder.path().join("secret").display().to_string();
    for number in 0..CHANNELS {
        write(
            &format!("channels/hook{number}.toml"),
            &format!(
                "name = \"Kênh {number}\"\nkind = \"fanpage\"\n[route]\nexcept = [\"held\"]\n\
                 [settings]\nurl = \"http://127.0.0.1:{sink}/{number}\"\nsecret = {{ file = \"{secret}\" }}\n\
                 receiver_honours_id = false\n"
            ),
        );
    }
    write(
        "channels/approved.toml",
        &format!(
            "name = \"Kênh phải duyệt\"\nkind = \"fanpage\"\n[schedule]\napproval = true\n[route]\ntopics = [\"held\"]\n\
             [settings]\nurl = \"http://127.0.0.1:{sink}/a\"\nsecret = {{ file = \"{secret}\" }}\n"
        ),
    );
    write("channels/recipients.txt", "thon.dong@example.vn\nthon.doai@example.vn\n");
    write(
        "channels/email.toml",
        "name = \"Thư\"\nkind = \"email\"\n[route]\ntopics = [\"thư\"]\n[settings]\nfrom = \"UBND xã <tin@anbinh.example.vn>\"\n\
         recipients = \"channels/recipients.txt\"\nhost = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\n",
    );
    (folder, port)
}

/// Hands an article over; its title says how the far sides answer.
fn hand_over(port: u16, sort: &str, number: usize) {
    let embargo = if sort == "waiting" { ",\"embargo_until\":\"2099-01-01T00:00:00+07:00\"" } else { "" };
    let topic = if sort == "held" { "held" } else { "y tế" };
    let text = "Đề nghị các thôn thông báo cho Nhân dân biết và thực hiện. ".repeat(20);
    let body = format!(
        "{{\"source\":\"old\",\"external_id\":\"{sort}{number}\",\"title\":\"Bài cũ về tiêm chủng ({sort})\",\
         \"topics\":[\"{topic}\",\"thông báo\"],\"body_text\":\"{text}\"{embargo}}}"
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "POST /api/v1/articles HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}

/// A web server that answers as a title says; returns its port.
fn sink() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || drop(serve(&stream)));
        }
    });
    port
}

fn serve(mut stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or_default();
            }
        }
        let mut body = vec![0; length];
        lines.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body);
        let status = match body.as_ref() {
            body if body.contains("(failed)") => "422 Unprocessable Content",
            body if body.contains("(uncertain)") => "500 Internal Server Error",
            _ => "200 OK",
        };
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}")?;
    }
}

async fn file(office: &Path) -> sqlx::SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new().filename(office.join("loa.db")).connect().await.unwrap()
}

async fn count(office: &Path, sort: &str, state: &str) -> i64 {
    let query = "SELECT COUNT(*) FROM deliveries d JOIN articles a ON a.id = d.article_id \
                 WHERE a.external_id = $1 AND d.state = $2";
    let mut file = file(office).await;
    sqlx::query(query).bind(format!("{sort}0")).bind(state).fetch_one(&mut file).await.unwrap().get(0)
}

async fn places(office: &Path, draft: String) -> Places {
    let mut file = file(office).await;
    let mut one = async |query: &'static str| -> i64 { sqlx::query(query).fetch_one(&mut file).await.unwrap().get(0) };
    Places {
        article: one("SELECT id FROM articles WHERE external_id = 'settled50000'").await,
        held: one("SELECT id FROM deliveries WHERE state = 'held' LIMIT 1").await,
        uncertain: one("SELECT id FROM deliveries WHERE state = 'uncertain' AND article_id > 1000000 LIMIT 1").await,
        failed: one("SELECT id FROM deliveries WHERE state = 'failed' AND article_id > 1000000 LIMIT 1").await,
        out: one("SELECT id FROM deliveries WHERE state = 'settled' AND article_id > 1000000 LIMIT 1").await,
        draft,
        channel: "hook0",
        letters: "email",
    }
}

/// Begins an article by hand, and returns its token.
fn draft(officer: &mut Browser<'_>) -> String {
    let page = officer.get("/write").body;
    let token = browser::between(&page, "name=\"token\" value=\"", "\"").unwrap().to_owned();
    let fields = [("token", token.as_str()), ("title", "Lịch họp"), ("body", "Họp lúc 7h30."), ("do", "keep")];
    assert_eq!(officer.post("/write", &fields).status, 303);
    token
}

/// Puts years behind the store: each sample, with its deliveries, attempts and words, is copied until there are enough; its
/// copies are an hour apart and each has a number in its title.
async fn fill(office: &Path) {
    let mut file = file(office).await;
    for (sort, first, count) in SORTS {
        for statement in [
            "INSERT INTO articles (id, source, external_id, revision, accepted_at) SELECT $1 + n.i, 'old', \
             substr($3, 1, length($3) - 1) || n.i, a.revision, a.accepted_at - n.i * 3600000 FROM n, articles a WHERE a.external_id = $3",
            "INSERT INTO revisions (article_id, revision, content, content_hash, accepted_at) SELECT $1 + n.i, r.revision, \
             replace(r.content, 'Bài cũ', 'Bài cũ ' || n.i), r.content_hash, r.accepted_at - n.i * 3600000 \
             FROM n, articles a JOIN revisions r ON r.article_id = a.id WHERE a.external_id = $3",
            "INSERT INTO deliveries (article_id, channel, state, due, urgency, edition, after_channel, wanted, live, detail, \
             plan, tries, attempt, version) SELECT $1 + n.i, d.channel, d.state, d.due, d.urgency, d.edition, \
             d.after_channel, d.wanted, d.live, d.detail, d.plan, d.tries, d.attempt, d.version \
             FROM n, articles a JOIN deliveries d ON d.article_id = a.id WHERE a.external_id = $3",
            "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, edition, node, started_at, finished_at, \
             outcome, note, payload_hash, remote_id, url) SELECT d.id, t.attempt, t.channel, t.errand, t.revision, t.edition, \
             t.node, t.started_at - n.i * 3600000, t.finished_at - n.i * 3600000, t.outcome, t.note, t.payload_hash, \
             t.remote_id, t.url FROM n, articles a JOIN deliveries o ON o.article_id = a.id \
             JOIN attempts t ON t.delivery_id = o.id JOIN deliveries d ON d.article_id = $1 + n.i AND d.channel = o.channel \
             WHERE a.external_id = $3",
        ] {
            let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) ";
            let query = sqlx::query(sqlx::AssertSqlSafe(format!("{numbers}{statement}")));
            let query = query.bind(first).bind(count).bind(format!("{sort}0"));
            query.execute(&mut file).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
        }
    }
    // The daemon makes the words of what it finds without them.
    for statement in ["DELETE FROM article_words", "UPDATE words_begun SET upto = 0, done = 0"] {
        sqlx::query(statement).execute(&mut file).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
    }
    file.close().await.unwrap();
}
