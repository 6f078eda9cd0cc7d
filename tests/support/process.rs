//! The real daemon as a child process, its HTTP face, and waiting with a deadline.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

const STEP: Duration = Duration::from_millis(25);
/// Steps until a test gives up: half a minute and more on a busy machine.
const STEPS: u32 = 1_600;

/// Looks until there is something to see; panics with `goal` after half a minute or more.
pub(crate) fn eventually<T>(goal: &str, look: impl FnMut() -> Option<T>) -> T {
    within(STEPS, look).unwrap_or_else(|| unreachable!("waited in vain until {goal}"))
}

/// Looks this many times, 25 ms apart.
pub(crate) fn within<T>(steps: u32, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    (0..steps).find_map(|step| {
        if step > 0 {
            std::thread::park_timeout(STEP);
        }
        look()
    })
}

/// A running daemon; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Daemon {
    /// Starts `command` (`loa run`) with its log appended to `log`, and waits until it says that it runs.
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(log).expect("a log file");
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the daemon starts");
        let said = Arc::new(Mutex::new(String::new()));
        let (heard, stdout) = (Arc::clone(&said), child.stdout.take().expect("its standard output"));
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let mut said = heard.lock().unwrap_or_else(PoisonError::into_inner);
                said.push_str(&line);
                said.push('\n');
            }
        });
        let daemon = Self { child, said };
        eventually("the daemon says its address", || daemon.address());
        daemon
    }

    /// What it wrote to standard output.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where its face listens, once it has said so.
    pub(crate) fn address(&self) -> Option<String> {
        let said = self.said();
        let (_, rest) = said.split_once("API: http://")?;
        Some(rest.split_once('/')?.0.to_owned())
    }

    /// Asks it to stop and returns how it ended, and how long that took.
    pub(crate) fn stop(mut self) -> (ExitStatus, Duration) {
        let began = now();
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status().expect("a shell");
        assert!(sent.success(), "SIGTERM reaches the daemon");
        let status = eventually("the daemon ends", || self.child.try_wait().expect("a child"));
        (status, began.elapsed())
    }

    /// Calls its API.
    pub(crate) fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let address = self.address().expect("an address");
        let mut stream = TcpStream::connect(&address).expect("a connection");
        let length = body.len();
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n");
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).expect("a sent head");
        stream.write_all(body).expect("a sent body");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        // A picture is no text; its head is.
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The moment, to measure real processes with.
#[expect(clippy::disallowed_methods, reason = "a real process runs in real time")]
pub(crate) fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// What the API answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| unreachable!("no JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}
