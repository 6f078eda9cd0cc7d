//! One connection to the hostile webhook receiver.

use std::io;

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::hostile_http::{Far, Fault, HttpState, Outcome, SeenRequest};
use super::http_answer::{Answer, GZIPPED_OK, HUGE};
use super::http_fault::is_success;
use super::http_request::{Head, Pace, Reader};
use super::public::{Event, Sighting};

const ELSEWHERE: &str = "/elsewhere";

/// Serves a connection until either side has enough.
pub(super) async fn serve(mut stream: TcpStream, far: Far) {
    far.state.change(|state| state.connections += 1);
    // A client that goes away in the middle is part of the play.
    let _ = converse(&mut stream, &far).await;
}

async fn converse(stream: &mut TcpStream, far: &Far) -> io::Result<()> {
    if far.refuses_the_next() {
        return far.reset_unread(stream);
    }
    while let Some(line) = peek_request_line(stream).await? {
        if !line.starts_with("POST ") || line.contains(ELSEWHERE) {
            visit(stream, far).await?;
            continue;
        }
        let fault = far.settings().script.take();
        if matches!(fault, Fault::ResetBeforeRead | Fault::RefuseConnection) {
            return far.reset_unread(stream);
        }
        if handle(stream, far, fault).await? == Then::Close {
            break;
        }
    }
    Ok(())
}

/// The start of the next request, left in the socket; nothing when the client closed.
async fn peek_request_line(stream: &TcpStream) -> io::Result<Option<String>> {
    let mut start = [0; 256];
    let length = stream.peek(&mut start).await?;
    let start = String::from_utf8_lossy(start.get(..length).unwrap_or_default()).into_owned();
    Ok(start.lines().next().map(str::to_owned))
}

/// A request that is no webhook: a probe, or a client that followed a redirect.
async fn visit(stream: &mut TcpStream, far: &Far) -> io::Result<()> {
    let mut reader = Reader::new(stream, far.brisk());
    let head = reader.head().await?;
    reader.body(&head).await?;
    let followed = head.path.contains(ELSEWHERE);
    far.state.change(|state| {
        if followed {
            state.redirects_followed += 1;
        } else {
            state.probes += 1;
        }
    });
    let mut answer = Answer::status(if followed { 200 } else { 405 }, far.now());
    if head.method == "HEAD" {
        answer = answer.body([]);
    }
    answer.write_to(stream).await
}

#[derive(PartialEq, Eq)]
enum Then {
    KeepOpen,
    Close,
}

async fn handle(stream: &mut TcpStream, far: &Far, fault: Fault) -> io::Result<Then> {
    let _busy = Busy::with(far);
    let pace = match fault {
        Fault::SlowRead { bytes, pause } => Pace::slow(bytes, pause, far.releases.subscribe()),
        _ => far.brisk(),
    };
    let mut reader = Reader::new(stream, pace);
    let head = reader.head().await?;
    if let Fault::AnswerEarly(status) = fault {
        return answer_early(reader, far, head, status).await;
    }
    let body = reader.body(&head).await?;
    let outcome = far.receive(&head, &body, fault.takes_the_post());
    let planned = far.plan(&fault, outcome);
    // Subscribed before the request is seen, so that a release right after is not missed.
    let mut releases = far.releases.subscribe();
    let answered = planned.as_ref().map(Answer::code);
    let seen = far.note(SeenRequest { head, body, fault: fault.clone(), outcome, answered });
    let misbehaves = matches!(outcome, Outcome::Applied | Outcome::Repeat | Outcome::NotTaken);
    let Some(answer) = planned else {
        if fault == Fault::PostThenReset {
            stream.set_zero_linger()?;
            return Ok(Then::Close);
        }
        let _hanging = Hanging::with(far);
        tokio::select! {
            _ = releases.changed() => {}
            () = client_leaves(stream) => return Ok(Then::Close),
        }
        far.state.change(|state| state.answer_late(seen));
        Answer::status(200, far.now()).write_to(stream).await?;
        return Ok(Then::KeepOpen);
    };
    answer.write_to(stream).await?;
    let closes = misbehaves && matches!(fault, Fault::CloseKeepAlive | Fault::TruncatedAnswer);
    Ok(if closes { Then::Close } else { Then::KeepOpen })
}

async fn answer_early(mut reader: Reader<'_>, far: &Far, head: Head, status: u16) -> io::Result<Then> {
    Answer::status(status, far.now()).write_to(reader.stream()).await?;
    let fault = Fault::AnswerEarly(status);
    let answered = Some(status);
    if !is_success(status) {
        far.note(SeenRequest { head, body: Vec::new(), fault, outcome: Outcome::NotTaken, answered });
        return Ok(Then::Close);
    }
    let body = reader.body(&head).await?;
    let outcome = far.receive(&head, &body, true);
    far.note(SeenRequest { head, body, fault, outcome, answered });
    Ok(Then::KeepOpen)
}

/// Ends when the client closes or resets; what it still sends is ignored.
async fn client_leaves(stream: &mut TcpStream) {
    let mut ignored = [0; 1024];
    while matches!(stream.read(&mut ignored).await, Ok(read) if read > 0) {}
}

impl Far {
    fn brisk(&self) -> Pace {
        Pace::brisk(self.releases.subscribe())
    }

    /// Takes a refusal off the script, if that is what comes next.
    fn refuses_the_next(&self) -> bool {
        let mut settings = self.settings();
        let refuses = settings.script.peek() == Some(&Fault::RefuseConnection);
        if refuses {
            settings.script.take();
        }
        refuses
    }

    fn reset_unread(&self, stream: &TcpStream) -> io::Result<()> {
        self.state.change(|state| state.reset_unread += 1);
        stream.set_zero_linger()
    }

    fn note(&self, seen: SeenRequest) -> usize {
        self.state.change(|state| {
            state.requests.push(seen);
            state.requests.len() - 1
        })
    }

    /// Believes or not, and lets the public see it if the fault takes posts.
    fn receive(&self, head: &Head, body: &[u8], takes: bool) -> Outcome {
        let id = head.header("webhook-id");
        let (timestamp, signatures) = (head.header("webhook-timestamp"), head.header("webhook-signature"));
        let now = self.now();
        let (secret, honours_id) = {
            let settings = self.settings();
            (settings.secret.clone(), settings.honours_id)
        };
        if let Err(disbelief) = secret.check(id, timestamp, signatures, body, now) {
            self.state.change(|state| state.disbelieved.push(disbelief));
            return Outcome::Disbelieved;
        }
        let Some(sighting) = sighting_in(body) else {
            self.state.change(|state| {
                state.malformed.push(String::from_utf8_lossy(body).into_owned());
            });
            return Outcome::Malformed;
        };
        if !takes {
            return Outcome::NotTaken;
        }
        let id = id.unwrap_or_default();
        self.state.change(|state| state.take(id, body, sighting, honours_id))
    }

    /// The answer; none for a fault that gives none.
    fn plan(&self, fault: &Fault, outcome: Outcome) -> Option<Answer> {
        let now = self.now();
        let status = |status| Answer::status(status, now);
        match outcome {
            Outcome::Disbelieved => return Some(status(401)),
            Outcome::Malformed => return Some(status(400)),
            Outcome::Repeat if matches!(fault, Fault::Ok202 | Fault::Ok204) => {
                return Some(status(200));
            }
            Outcome::Applied | Outcome::Repeat | Outcome::NotTaken => {}
        }
        Some(match fault {
            Fault::PostThenHang | Fault::PostThenReset | Fault::ResetBeforeRead | Fault::RefuseConnection => {
                return None;
            }
            Fault::Ok200 | Fault::CloseKeepAlive | Fault::SlowRead { .. } => status(200),
            Fault::Ok202 => status(202),
            Fault::Ok204 => status(204),
            Fault::Redirect301 => status(301).header("Location", ELSEWHERE),
            Fault::Status(code) | Fault::AnswerEarly(code) => status(*code),
            Fault::StatusRetryAfter(code, retry) => status(*code).header("Retry-After", &retry.value(now)),
            Fault::Html502 => Answer::bad_gateway(now),
            Fault::PostThen500 => status(500),
            Fault::GzipAnswer => status(200).header("Content-Encoding", "gzip").body(GZIPPED_OK),
            Fault::Huge => status(200).body(vec![b'x'; HUGE]),
            Fault::TruncatedAnswer => status(200).body("{\"ok\":true").announcing(100),
            Fault::Gone410 => status(410),
        })
    }
}

impl HttpState {
    fn take(&mut self, id: &str, body: &[u8], sighting: Sighting, honours_id: bool) -> Outcome {
        if let Some(earlier) = self.applied.get(id) {
            if earlier != body {
                self.ids_reused_for_other_bodies.push(id.to_owned());
            }
            if honours_id {
                self.repeats += 1;
                return Outcome::Repeat;
            }
        }
        self.applied.insert(id.to_owned(), body.to_vec());
        self.board.apply(&sighting);
        self.sightings.push(sighting);
        Outcome::Applied
    }

    fn answer_late(&mut self, request: usize) {
        if let Some(seen) = self.requests.get_mut(request) {
            seen.answered = Some(200);
        }
    }
}

/// `{"type":…, "data":{"id":…, "revision":…}}`.
fn sighting_in(body: &[u8]) -> Option<Sighting> {
    let event: Value = serde_json::from_slice(body).ok()?;
    let data = event.get("data")?;
    Some(Sighting {
        channel: String::new(),
        audience: String::new(),
        article: data.get("id")?.as_str()?.to_owned(),
        revision: data.get("revision")?.as_u64()?,
        event: Event::named(event.get("type")?.as_str()?)?,
    })
}

/// Counts a POST while it is being handled.
struct Busy<'a>(&'a Far);

impl<'a> Busy<'a> {
    fn with(far: &'a Far) -> Self {
        far.state.change(|state| {
            state.in_flight += 1;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
        });
        Self(far)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.state.change(|state| state.in_flight -= 1);
    }
}

/// Counts a request while it hangs.
struct Hanging<'a>(&'a Far);

impl<'a> Hanging<'a> {
    fn with(far: &'a Far) -> Self {
        far.state.change(|state| state.hanging += 1);
        Self(far)
    }
}

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        self.0.state.change(|state| state.hanging -= 1);
    }
}
