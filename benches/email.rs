//! Letters a second, beside a bare loop: `cargo bench --bench email`.
//!
//! The bare loop sends the same bytes over as many sessions to the same sink, with `TCP_NODELAY`, and remembers nothing.
//! loa puts every recipient on record before and after. Then the memory of a process that has sent to 1,000 and to
//! 100,000 people.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark measures, and prints what it measured"
)]

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lettre::Address;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use loa::app::{App, run};
use loa::clock::Clock;
use loa::config::Config;
use loa::delivery::State;
use loa::intake::{DraftContext, Order, read};
use loa::ledger::Filter;
use loa::lifecycle::Lifecycle;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, BufWriter};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

type Anyhow<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Sessions at once, in both: few, and as many as a channel may have.
const SESSIONS: [usize; 4] = [8, 16, 32, MOST];
const MOST: usize = 50;
/// Letters in a round, and rounds.
const LETTERS: usize = 10_000;
const ROUNDS: usize = 3;

fn main() -> Anyhow<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let runtime = tokio::runtime::Runtime::new()?;
    if let (Some("mailing"), Some(people)) = (arguments.next().as_deref(), arguments.next()) {
        return runtime.block_on(alone(people.parse()?));
    }
    runtime.block_on(compare())?;
    for people in [1_000, 100_000] {
        let output = Command::new(std::env::current_exe()?).args(["mailing", &people.to_string()]).output()?;
        print!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

async fn compare() -> Anyhow<()> {
    let (sink, sample) = sink().await?;
    println!("{LETTERS} letters a round, sink in the same process");
    println!("{:>8} {:>6} {:>12} {:>12} {:>7}", "sessions", "round", "bare (/s)", "loa (/s)", "ratio");
    for sessions in SESSIONS {
        for round in 1..=ROUNDS {
            let office = office(sink, LETTERS, sessions)?;
            let loa = rate(mailing(office.path()).await?);
            let letter = sample.lock().map_err(|_| "a thread failed")?.clone();
            let bare = rate(bare(sink, letter, sessions).await?);
            println!("{sessions:>8} {round:>6} {bare:>12.0} {loa:>12.0} {:>7.2}", loa / bare);
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a count of letters")]
fn rate(took: Duration) -> f64 {
    LETTERS as f64 / took.as_secs_f64()
}

/// One mailing in a process of its own, and what memory that took.
async fn alone(people: usize) -> Anyhow<()> {
    let (sink, _) = sink().await?;
    let office = office(sink, people, MOST)?;
    let took = mailing(office.path()).await?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default().trim();
    println!("{people:>7} people: {:>8.1} s, peak memory {peak}", took.as_secs_f64());
    Ok(())
}

/// The last letter that the sink was sent.
type Sample = Arc<Mutex<Vec<u8>>>;

/// A mail server that takes everything at once and keeps one letter.
async fn sink() -> Anyhow<(u16, Sample)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let sample = Sample::default();
    let kept = Arc::clone(&sample);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            // A session that breaks off is the sender's affair.
            tokio::spawn(async move { drop(serve(stream, &kept).await) });
        }
    });
    Ok((port, sample))
}

async fn serve(stream: TcpStream, kept: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    let (mut lines, mut write) = (BufReader::new(read), BufWriter::new(write));
    write.write_all(b"220 sink\r\n").await?;
    let mut line = Vec::new();
    while {
        // Whoever sent several commands gets the answers together, as from any server.
        if lines.buffer().is_empty() {
            write.flush().await?;
        }
        line.clear();
        lines.read_until(b'\n', &mut line).await?
    } > 0
    {
        match line.get(..4).unwrap_or_default() {
            b"EHLO" => write.write_all(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n").await?,
            b"DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                write.flush().await?;
                let mut letter = Vec::new();
                line.clear();
                while lines.read_until(b'\n', &mut line).await? > 0 && line != b".\r\n" {
                    letter.append(&mut line);
                }
                if let Ok(mut kept) = kept.lock() {
                    *kept = letter;
                }
                write.write_all(b"250 taken\r\n").await?;
            }
            b"QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return write.flush().await;
            }
            _ => write.write_all(b"250 ok\r\n").await?,
        }
    }
    Ok(())
}

/// An office with one channel, and so many people on its list.
fn office(port: u16, people: usize, sessions: usize) -> Anyhow<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
    std::fs::create_dir(folder.path().join("channels"))?;
    write("config.toml", "name = \"UBND xã An Bình\"\n[store]\npath = \"loa.db\"\n")?;
    let list: Vec<String> = (1..=people).map(|number| format!("nguoi{number:06}@example.vn")).collect();
    write("nguoi-nhan.txt", &list.join("\n"))?;
    write(
        "channels/email.toml",
        &format!(
            "kind = \"email\"\n[settings]\nfrom = \"UBND xã An Bình <tin@anbinh.example.vn>\"\nrecipients = \"nguoi-nhan.txt\"\n\
             host = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nconnections = {sessions}\n"
        ),
    )?;
    write("bai.md", include_str!("../src/demo/articles/lich-tiep-cong-dan.md"))?;
    Ok(folder)
}

/// Publishes one article on a daemon at work and waits until everybody has it. Returns how long that took, with making
/// the list of them.
async fn mailing(office: &Path) -> Anyhow<Duration> {
    let words = |error: loa::app::AppError| error.to_string();
    let config = Config::load(&office.join("config.toml")).map_err(|error| error.to_string())?;
    let app = App::open(config, Clock::system()).await.map_err(words)?;
    let (life, ready) = (Lifecycle::default(), Arc::new(Notify::new()));
    let begins = Arc::clone(&ready);
    let daemon = tokio::spawn(run(app.clone(), life.clone(), Box::new(move |_| begins.notify_one())));
    ready.notified().await;
    let draft = read(&office.join("bai.md")).map_err(|error| format!("{error:?}"))?;
    let cx = DraftContext { source: "bench", external_id: Some("bai"), zone: app.config().office.timezone };
    let began = Instant::now();
    app.intake().accept(draft, &cx, Order::Publish, "bench", None).await.map_err(|error| format!("{error:?}"))?;
    let mut every = tokio::time::interval(Duration::from_millis(5));
    loop {
        every.tick().await;
        let rows = app.ledger().deliveries(Filter::default()).await.map_err(|error| error.to_string())?;
        match rows.first().map(|row| &row.delivery.state) {
            Some(State::Settled) => break,
            Some(State::Waiting { .. } | State::Sending { .. }) => {}
            other => return Err(format!("{other:?}").into()),
        }
    }
    let took = began.elapsed();
    life.stop.cancel();
    daemon.await?.map_err(words)?;
    Ok(took)
}

/// The same number of letters without any memory of them.
async fn bare(port: u16, letter: Vec<u8>, sessions: usize) -> Anyhow<Duration> {
    let began = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for session in 0..sessions {
        let letter = letter.clone();
        senders.spawn(async move {
            let stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.set_nodelay(true)?;
            let mut connection =
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), &ClientId::default()).await?;
            let from: Address = "tin@anbinh.example.vn".parse()?;
            for number in (session..LETTERS).step_by(sessions) {
                let to: Address = format!("nguoi{number:06}@example.vn").parse()?;
                connection.command(Mail::new(Some(from.clone()), Vec::new())).await?;
                connection.command(Rcpt::new(to, Vec::new())).await?;
                connection.command(Data).await?;
                connection.message(&letter).await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended??;
    }
    Ok(began.elapsed())
}
