//! The far side of all channels: it counts, and remembers when.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::office::SECRET;
use crate::signature;

/// A web server that takes everything at once, and remembers when.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) port: u16,
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
    pub(crate) async fn start_receiver() -> Self {
        let (sink, listener) = Self::listen().await;
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        let state = (Arc::clone(&sink.seen), signature::Secret::parse(SECRET));
        let app = axum::Router::new().fallback(receive).with_state(state);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        sink
    }

    /// A server that does as little as can be.
    pub(crate) async fn start() -> Self {
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

    pub(crate) fn forget(&self) {
        self.seen.arrivals.lock().unwrap().clear();
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.arrivals.lock().unwrap().len()
    }

    pub(crate) fn sample(&self) -> (HeaderMap, Vec<u8>) {
        self.seen.sample.lock().unwrap().clone()
    }

    pub(crate) fn arrivals(&self) -> HashMap<String, Vec<Instant>> {
        let mut by_marker: HashMap<String, Vec<Instant>> = HashMap::new();
        for (marker, at) in self.seen.arrivals.lock().unwrap().iter() {
            by_marker.entry(marker.clone()).or_default().push(*at);
        }
        by_marker
    }

    pub(crate) async fn wait_for(&self, requests: usize) {
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
