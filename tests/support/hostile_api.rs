//! A far side with an API of its own. What it does is the double's; how it misbehaves is the same for all.

use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::doorway::Doorway;
use super::http_answer::{Answer, GZIPPED_OK, HUGE};
use super::http_fault::Fault;
use super::http_request::{Head, Pace, Reader};
use super::script::Script;
use super::watched::Watched;

/// The model of a far side: its records, its rules, and what the public sees of them.
pub(crate) trait Api: Debug + Send + 'static {
    /// Does what the request asks, and answers as the real one would.
    fn answer(&mut self, request: &Request) -> Reply;

    /// Whether the request changes something. Only such requests meet the scripted faults.
    fn changes(&self, request: &Request) -> bool {
        !matches!(request.head.method.as_str(), "GET" | "HEAD")
    }

    /// The text of every copy that the public sees now.
    fn public(&self) -> Vec<String>;
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// `"POST /v1/things"`, without the query.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.head.method, self.path())
    }

    /// The path, without the query.
    pub(crate) fn path(&self) -> &str {
        self.head.path.split('?').next().unwrap_or_default()
    }

    /// A parameter of the query, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.head.path.split_once('?')?;
        pair(query.as_bytes(), name)
    }

    /// A field of a form-encoded body.
    pub(crate) fn form(&self, name: &str) -> Option<String> {
        pair(&self.body, name)
    }

    /// The body as JSON; null for anything else.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// The parts of a multipart body: the head of each as text, and its bytes.
    pub(crate) fn parts(&self) -> Vec<(String, Vec<u8>)> {
        let boundary = self.header("content-type").and_then(|kind| kind.split_once("boundary=")).map(|(_, b)| b);
        let Some(boundary) = boundary else { return Vec::new() };
        let mark = format!("--{}", boundary.trim_matches('"')).into_bytes();
        split(&self.body, &mark)
            .into_iter()
            .filter_map(|part| {
                let at = part.windows(4).position(|four| four == b"\r\n\r\n")?;
                let bytes = part[at + 4..].strip_suffix(b"\r\n").unwrap_or(&part[at + 4..]);
                Some((String::from_utf8_lossy(&part[..at]).into_owned(), bytes.to_vec()))
            })
            .collect()
    }
}

fn pair(encoded: &[u8], name: &str) -> Option<String> {
    let url = reqwest::Url::parse(&format!("http://x/?{}", String::from_utf8_lossy(encoded))).ok()?;
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark) {
        parts.push(&rest[..at]);
        rest = &rest[at + mark.len()..];
    }
    parts.push(rest);
    parts
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self { status, headers: Vec::new(), body: value.to_string().into_bytes() }
    }

    /// An answer that is no JSON.
    pub(crate) fn html(status: u16, page: &str) -> Self {
        Self { status, headers: vec![("Content-Type".to_owned(), "text/html".to_owned())], body: page.into() }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The running far side; it stops when it is dropped.
pub(crate) struct HostileApi<A> {
    doorway: Doorway,
    far: Far<A>,
}

struct Far<A> {
    state: Watched<State<A>>,
    script: Arc<Mutex<Script<Fault>>>,
    releases: watch::Sender<u64>,
}

impl<A> Clone for Far<A> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), script: Arc::clone(&self.script), releases: self.releases.clone() }
    }
}

#[derive(Debug)]
struct State<A> {
    api: A,
    /// Every request, with the fault it met.
    requests: Vec<(Request, Option<Fault>)>,
}

impl<A: Api> HostileApi<A> {
    /// Opens a port on loopback; nothing is wrong until something is scripted.
    pub(crate) fn start(api: A) -> Self {
        let far = Far {
            state: Watched::new(State { api, requests: Vec::new() }),
            script: Arc::new(Mutex::new(Script::always(Fault::Ok200))),
            releases: watch::channel(0).0,
        };
        let shared = far.clone();
        let doorway = Doorway::open("hostile-api", move |stream| serve(stream, shared.clone()));
        Self { doorway, far }
    }

    /// `http://127.0.0.1:port`, without a slash at its end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.doorway.address())
    }

    /// Appends faults; each request that changes something consumes one.
    pub(crate) fn script(&self, faults: Vec<Fault>) {
        self.far.script().then(faults);
    }

    /// What every such request meets when the script is used up.
    pub(crate) fn always(&self, fault: Fault) {
        self.far.script().afterwards(fault);
    }

    /// When the script is used up, draws by weight.
    pub(crate) fn random(&self, seed: u64, weights: Vec<(Fault, u32)>) {
        self.far.script().afterwards_at_random(seed, weights);
    }

    /// Reads the model.
    pub(crate) fn look<R>(&self, read: impl FnOnce(&A) -> R) -> R {
        self.far.state.look(|state| read(&state.api))
    }

    /// Changes the model, as people and time do.
    pub(crate) fn change<R>(&self, write: impl FnOnce(&mut A) -> R) -> R {
        self.far.state.change(|state| write(&mut state.api))
    }

    /// The text of every copy that the public sees now.
    pub(crate) fn public(&self) -> Vec<String> {
        self.look(Api::public)
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.far.state.look(|state| state.requests.iter().map(|(request, _)| request.clone()).collect())
    }

    /// Cuts every connection and refuses new ones.
    pub(crate) fn go_offline(&self) {
        self.doorway.shut();
    }

    /// Listens again on the same port.
    pub(crate) fn come_back(&self) {
        self.doorway.reopen();
    }
}

impl<A> Far<A> {
    fn script(&self) -> std::sync::MutexGuard<'_, Script<Fault>> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn brisk(&self) -> Pace {
        Pace::brisk(self.releases.subscribe())
    }
}

async fn serve<A: Api>(mut stream: TcpStream, far: Far<A>) {
    // A client that goes away in the middle is part of the play.
    let _ = converse(&mut stream, &far).await;
}

async fn converse<A: Api>(stream: &mut TcpStream, far: &Far<A>) -> io::Result<()> {
    loop {
        let mut first = [0; 1];
        if stream.peek(&mut first).await? == 0 {
            return Ok(());
        }
        let mut reader = Reader::new(stream, far.brisk());
        let head = reader.head().await?;
        let bare = Request { head, body: Vec::new() };
        let meets = far.state.look(|state| state.api.changes(&bare));
        let fault = if meets { far.script().take() } else { Fault::Ok200 };
        if matches!(fault, Fault::ResetBeforeRead | Fault::RefuseConnection) {
            far.note(bare, Some(fault));
            return stream.set_zero_linger();
        }
        let body = reader.body(&bare.head).await?;
        let request = Request { head: bare.head, body };
        let reply = fault.takes_the_post().then(|| far.state.change(|state| state.api.answer(&request)));
        far.note(request, meets.then(|| fault.clone()));
        if !respond(stream, fault, reply).await? {
            return Ok(());
        }
    }
}

impl<A> Far<A> {
    fn note(&self, request: Request, fault: Option<Fault>) {
        self.state.change(|state| state.requests.push((request, fault)));
    }
}

/// Writes what the fault makes of the reply; false when the connection ends.
async fn respond(stream: &mut TcpStream, fault: Fault, reply: Option<Reply>) -> io::Result<bool> {
    let now = 1_795_485_600;
    let honest = |reply: &Reply| {
        let mut answer = Answer::status(reply.status, now).body(reply.body.clone());
        for (name, value) in &reply.headers {
            answer = answer.header(name, value);
        }
        answer
    };
    let answer = match (&fault, &reply) {
        (Fault::PostThenHang, _) => {
            let mut ignored = [0; 1024];
            while matches!(stream.read(&mut ignored).await, Ok(read) if read > 0) {}
            return Ok(false);
        }
        (Fault::PostThenReset, _) => {
            stream.set_zero_linger()?;
            return Ok(false);
        }
        (Fault::PostThen500, _) => Answer::status(500, now),
        (Fault::Html502, _) => Answer::bad_gateway(now),
        (Fault::GzipAnswer, Some(_)) => Answer::status(200, now).header("Content-Encoding", "gzip").body(GZIPPED_OK),
        (Fault::Huge, Some(_)) => Answer::status(200, now).body(vec![b'x'; HUGE]),
        (Fault::TruncatedAnswer, Some(reply)) => {
            let whole = reply.body.len();
            let answer = Answer::status(reply.status, now).body(reply.body[..whole / 2].to_vec());
            answer.announcing(whole.max(2)).write_to(stream).await?;
            return Ok(false);
        }
        (Fault::Redirect301, _) => Answer::status(301, now).header("Location", "/elsewhere"),
        (Fault::Status(code) | Fault::AnswerEarly(code), _) if !super::http_fault::is_success(*code) => {
            Answer::status(*code, now)
        }
        (Fault::StatusRetryAfter(code, retry), _) => {
            Answer::status(*code, now).header("Retry-After", &retry.value(now))
        }
        (Fault::Gone410, _) => Answer::status(410, now),
        (_, Some(reply)) => honest(reply),
        (_, None) => Answer::status(503, now),
    };
    answer.write_to(stream).await?;
    Ok(fault != Fault::CloseKeepAlive)
}
