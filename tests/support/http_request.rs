//! Reads one HTTP/1.1 request off a socket, as slowly as it is told to.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// How long all the pauses of one slow read may last together.
pub(crate) const MOST_SLOWNESS: Duration = Duration::from_secs(3);

const LONGEST_HEAD: usize = 64 * 1024;
const LONGEST_BODY: usize = 64 * 1024 * 1024;

/// The head of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    /// `POST` and so on.
    pub(crate) method: String,
    /// The target as sent.
    pub(crate) path: String,
    /// Names in lower case; of a repeated header the values joined with a comma.
    pub(crate) headers: BTreeMap<String, String>,
}

impl Head {
    /// One header's value, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// How fast to read.
pub(crate) struct Pace {
    bytes: usize,
    pause: Duration,
    left: Duration,
    hurry: watch::Receiver<u64>,
}

impl Pace {
    /// As fast as it comes.
    pub(crate) fn brisk(hurry: watch::Receiver<u64>) -> Self {
        Self { bytes: LONGEST_HEAD, pause: Duration::ZERO, left: Duration::ZERO, hurry }
    }

    /// `bytes` at a time with pauses, for [`MOST_SLOWNESS`] in all or until `hurry` changes.
    pub(crate) fn slow(bytes: usize, pause: Duration, hurry: watch::Receiver<u64>) -> Self {
        Self { bytes: bytes.max(1), pause, left: MOST_SLOWNESS, hurry }
    }

    async fn pause(&mut self) {
        let pause = self.pause.min(self.left);
        if pause.is_zero() {
            return;
        }
        self.left -= pause;
        if tokio::time::timeout(pause, self.hurry.changed()).await.is_ok() {
            self.left = Duration::ZERO;
        }
    }
}

/// A socket with what was read from it and not used yet.
pub(crate) struct Reader<'a> {
    stream: &'a mut TcpStream,
    pace: Pace,
    kept: Vec<u8>,
}

impl<'a> Reader<'a> {
    /// Starts reading a request.
    pub(crate) fn new(stream: &'a mut TcpStream, pace: Pace) -> Self {
        Self { stream, pace, kept: Vec::new() }
    }

    /// The socket, to answer on before everything is read.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.stream
    }

    /// The request line and the headers.
    pub(crate) async fn head(&mut self) -> io::Result<Head> {
        let end = loop {
            if let Some(at) = self.kept.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.kept.len() > LONGEST_HEAD {
                return Err(broken("the head is too long"));
            }
            self.more().await?;
        };
        let head: Vec<u8> = self.kept.drain(..end).collect();
        let text = String::from_utf8(head).map_err(|_| broken("the head is not UTF-8"))?;
        let mut lines = text.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let mut read = Head {
            method: words.next().unwrap_or_default().to_owned(),
            path: words.next().unwrap_or_default().to_owned(),
            headers: BTreeMap::new(),
        };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            let merge = |held: &mut String| held.extend([", ", value]);
            read.headers.entry(name.to_lowercase()).and_modify(merge).or_insert_with(|| value.to_owned());
        }
        Ok(read)
    }

    /// The body, by `Content-Length` or in chunks.
    pub(crate) async fn body(&mut self, head: &Head) -> io::Result<Vec<u8>> {
        if head.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return self.chunks().await;
        }
        let length = head.header("content-length").unwrap_or("0").parse();
        self.exactly(length.map_err(|_| broken("Content-Length is not a number"))?).await
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| broken("a chunk has no size"))?;
            body.extend(self.exactly(size).await?);
            self.line().await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(at) = self.kept.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.kept.drain(..at + 2).take(at).collect();
                return String::from_utf8(line).map_err(|_| broken("a line is not UTF-8"));
            }
            self.more().await?;
        }
    }

    async fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        if length > LONGEST_BODY {
            return Err(broken("the body is too long"));
        }
        while self.kept.len() < length {
            self.more().await?;
        }
        Ok(self.kept.drain(..length).collect())
    }

    async fn more(&mut self) -> io::Result<()> {
        self.pace.pause().await;
        let mut chunk = vec![0; self.pace.bytes];
        match self.stream.read(&mut chunk).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.kept.extend(chunk.iter().take(read));
                Ok(())
            }
        }
    }
}

fn broken(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
