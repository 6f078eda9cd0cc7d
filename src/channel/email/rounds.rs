//! Going round the audience over several sessions at once. A recipient is on record as begun before the content of
//! their letter leaves, and not before a session is theirs: whatever ends the process, at most one letter of each session is
//! in doubt.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use lettre::Address;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::letter::Letters;
use super::post::PAGE;
use super::rates::Allowed;
use super::register::Register;
use super::session::{Content, Envelope, Server, Session};
use super::{Email, Posting};
use crate::audience::without_token;
use crate::channel::{Addressee, Attention, Copies, CopyChange, Job, Leave, SendError};
use crate::delivery::Action;
use crate::text;
use crate::text::Text;

/// How long a job rests whose share of the hour is used up.
const HOURLY_REST: Duration = Duration::from_mins(5);
/// So many refusals on grounds of policy, one after the other, are about us and not about the recipients.
const MOST_POLICY: usize = 20;
/// So many letters whose session broke off, one after the other, are about the server.
const MOST_BROKEN: usize = 8;

/// What one round came to, beside what is on record of each copy.
#[derive(Default)]
pub(super) struct Round {
    /// What ended it early.
    pub(super) stopped: Option<SendError>,
    /// Somebody has decided otherwise, or loa is to stop: the rest waits.
    pub(super) halted: bool,
    /// Some had to wait because a rate was used up; for this long.
    pub(super) full: Option<Duration>,
}

/// What all senders share.
struct Desk {
    server: Arc<Server>,
    copies: Arc<dyn Copies>,
    letters: Letters,
    posting: Arc<Posting>,
    line: Mutex<mpsc::Receiver<Addressee>>,
    stopped: std::sync::Mutex<Option<SendError>>,
    /// Ends when the round does.
    over: CancellationToken,
    register: Register,
    /// Letters since one was last accepted whose session broke off, or which nobody answered for.
    broken: AtomicUsize,
    /// Refusals on grounds of policy since a letter was last accepted.
    policy: AtomicUsize,
}

/// One sender's session, and what it has not put on record yet.
struct Sender {
    desk: Arc<Desk>,
    session: Option<Session>,
    news: Vec<(String, CopyChange)>,
}

/// Sends to everybody whose copy is open and due.
pub(super) async fn over_smtp(
    email: &Email,
    server: &Arc<Server>,
    job: &Job,
    letters: Letters,
) -> Result<Round, SendError> {
    let posting = Arc::clone(&email.posting);
    let mut allowed = Allowed::now(posting.rates, &*job.copies).await?;
    let (hand, line) = mpsc::channel(2 * posting.connections);
    let desk = Arc::new(Desk {
        server: Arc::clone(server),
        copies: Arc::clone(&job.copies),
        letters,
        posting,
        line: Mutex::new(line),
        stopped: std::sync::Mutex::new(None),
        over: job.halt.child_token(),
        register: Register::open(Arc::clone(&job.copies), matches!(job.first()?.action, Action::Withdraw)),
        broken: AtomicUsize::new(0),
        policy: AtomicUsize::new(0),
    });
    let mut senders = JoinSet::new();
    for _ in 0..desk.posting.connections {
        let sender = Sender { desk: Arc::clone(&desk), session: None, news: Vec::new() };
        let desk = Arc::clone(&desk);
        senders.spawn(async move {
            // A panic stops the round too: otherwise the feeder would wait for a sender that is gone.
            match AssertUnwindSafe(sender.work()).catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => desk.stop(error),
                Err(_) => desk.stop(SendError::transient(text!(
                    "lỗi bên trong loa khi gửi thư; hãy báo cho người phát triển",
                    "loa itself failed while sending letters; please report it"
                ))),
            }
        });
    }
    let fed = feed(&desk, &mut allowed, hand).await;
    while senders.join_next().await.is_some() {}
    fed?;
    let stopped = desk.stopped.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(Round {
        halted: desk.over.is_cancelled() && stopped.is_none(),
        stopped,
        full: allowed.was_full().then_some(HOURLY_REST),
    })
}

/// Hands out the open copies, page by page, as fast as the senders take them.
async fn feed(desk: &Desk, allowed: &mut Allowed, hand: mpsc::Sender<Addressee>) -> Result<(), SendError> {
    let mut after = None;
    loop {
        let page = desk.copies.open(after.take(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.address.clone());
        for to in page {
            if allowed.is_spent() {
                return Ok(());
            }
            if !allowed.one_more(&to.address) {
                continue;
            }
            tokio::select! {
                biased;
                () = desk.over.cancelled() => return Ok(()),
                sent = hand.send(to) => if sent.is_err() { return Ok(()) },
            }
        }
    }
}

impl Desk {
    /// Ends the round. What needs a person outweighs what passes.
    fn stop(&self, error: SendError) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        if stopped.as_ref().is_none_or(|before| before.class_name() == "transient") {
            *stopped = Some(error);
        }
        self.over.cancel();
    }

    /// Names sender and recipient, in a new session where the one before had come to its end.
    async fn open(&self, mut session: Session, from: &Address, to: &Address) -> Envelope {
        loop {
            match self.server.envelope(session, from, to).await {
                Envelope::Closed => match self.server.take().await {
                    Ok(another) => session = another,
                    Err(error) => return Envelope::Stopped(error),
                },
                known => return known,
            }
        }
    }

    /// One letter went wrong in a way that may be the server's; so many of them are.
    fn broke_off(&self, reason: &str) {
        if self.broken.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_BROKEN {
            self.stop(SendError::transient(text!(
                "máy chủ thư đứt kết nối {MOST_BROKEN} thư liên tiếp: {reason}",
                "the mail server broke off at {MOST_BROKEN} letters in a row: {reason}"
            )));
        }
    }

    /// One letter was sent and nobody answered for it. After so many of them a person has to look: each next try would
    /// only put more people in doubt.
    fn unanswered(&self) {
        if self.broken.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_BROKEN {
            self.stop(SendError::attention(
                Attention::Misconfigured,
                text!(
                    "máy chủ thư nhận {MOST_BROKEN} thư liên tiếp mà không trả lời; xem máy chủ ấy, rồi: loa resume KÊNH",
                    "the mail server took {MOST_BROKEN} letters in a row without an answer; look at it, then: loa resume CHANNEL"
                ),
            ));
        }
    }

    /// A refusal that may be about us.
    fn refused(&self, reason: &str) {
        const ABOUT_US: [&str; 4] = ["5.7.", "5.1.0", "5.1.7", "5.1.8"];
        if !reason.split_whitespace().any(|word| ABOUT_US.iter().any(|code| word.starts_with(code))) {
            return;
        }
        if self.policy.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_POLICY {
            self.stop(SendError::attention(
                Attention::Misconfigured,
                text!(
                    "máy chủ thư từ chối liên tiếp {MOST_POLICY} thư theo chính sách: {reason}. Xem SPF, DKIM, DMARC \
                     (loa email dns), rồi: loa resume KÊNH và loa retry --missed SỐ",
                    "the mail server refused {MOST_POLICY} letters in a row on grounds of policy: {reason}. Look at SPF, \
                     DKIM and DMARC (loa email dns), then: loa resume CHANNEL and loa retry --missed ID"
                ),
            ));
        }
    }
}

impl Sender {
    async fn work(mut self) -> Result<(), SendError> {
        let mut done = Ok(());
        while let Some(to) = self.next().await? {
            done = self.send(to).await;
            if done.is_err() || self.desk.over.is_cancelled() {
                break;
            }
        }
        self.flush().await?;
        if let Some(session) = self.session.take() {
            self.desk.server.give_back(session).await;
        }
        done
    }

    /// The next one in the line. Before waiting for it, what is known is put on record.
    async fn next(&mut self) -> Result<Option<Addressee>, SendError> {
        let desk = Arc::clone(&self.desk);
        if let Ok(mut line) = desk.line.try_lock()
            && let Ok(to) = line.try_recv()
        {
            return Ok(Some(to));
        }
        self.flush().await?;
        tokio::select! {
            biased;
            () = desk.over.cancelled() => Ok(None),
            to = async { desk.line.lock().await.recv().await } => Ok(to),
        }
    }

    async fn flush(&mut self) -> Result<(), SendError> {
        self.desk.copies.record(std::mem::take(&mut self.news)).await
    }

    fn note(&mut self, recipient: &str, change: CopyChange) {
        self.news.push((recipient.to_owned(), change));
    }

    fn later(&mut self, recipient: &str, reason: String) {
        let change = self.put_off(reason);
        self.note(recipient, change);
    }

    fn put_off(&self, reason: String) -> CopyChange {
        let Posting { put_off: wait, patience, .. } = *self.desk.posting;
        CopyChange::Later { wait, reason, patience }
    }

    async fn send(&mut self, to: Addressee) -> Result<(), SendError> {
        let desk = Arc::clone(&self.desk);
        let recipient: Address = to.address.parse().map_err(|_| {
            let address = &to.address;
            SendError::permanent(text!("{address} không phải địa chỉ thư", "{address} is no mail address"))
        })?;
        let from = desk.posting.return_path(&to)?;
        let message = desk.letters.letter(&to)?;
        let Some(session) = self.session().await else { return Ok(()) };
        // The commit and the envelope wait for each other, not one after the other. On disk before the content may leave:
        // whatever happens then, this recipient is accounted for.
        let begin = desk.register.begin(&to.address, std::mem::take(&mut self.news));
        let (leave, opened) = tokio::join!(begin, desk.open(session, &from, &recipient));
        let leave = leave?;
        if matches!(leave, Leave::Paused | Leave::Withdrawn) {
            desk.over.cancel();
        }
        let Some(session) = self.opened(&to, opened, leave == Leave::Now) else { return Ok(()) };
        if leave != Leave::Now {
            // The server waits for content that must not come. Without its end, it has taken nothing.
            drop(session);
            return Ok(());
        }
        match desk.server.content(session, &message).await {
            Content::Accepted(session) => {
                desk.policy.store(0, Ordering::Relaxed);
                desk.broken.store(0, Ordering::Relaxed);
                self.session = Some(session);
                self.note(&to.address, CopyChange::Sent);
            }
            Content::Refused { reason, session } => {
                let reason = without_token(&reason, &to.token);
                desk.refused(&reason);
                self.session = session;
                self.note(&to.address, CopyChange::Refused { reason, dead: false });
            }
            Content::Later { reason, session } => {
                let reason = without_token(&reason, &to.token);
                if session.is_none() {
                    desk.broke_off(&reason);
                }
                self.session = session;
                self.later(&to.address, reason);
            }
            Content::Doubtful => desk.unanswered(),
        }
        Ok(())
    }

    /// A session to send by; `None` when there is none to be had, and the round ends.
    async fn session(&mut self) -> Option<Session> {
        match self.session.take() {
            Some(session) => Some(session),
            None => self.desk.server.take().await.map_err(|error| self.desk.stop(error)).ok(),
        }
    }

    /// The session, if the server would take the letter. If not, that is noted of a copy that is ours.
    fn opened(&mut self, to: &Addressee, envelope: Envelope, ours: bool) -> Option<Session> {
        let desk = Arc::clone(&self.desk);
        let change = match envelope {
            Envelope::Open(session) => return Some(session),
            Envelope::Refused { reason, dead, session } => {
                let reason = without_token(&reason, &to.token);
                desk.refused(&reason);
                self.session = session;
                CopyChange::Refused { reason, dead }
            }
            Envelope::Later { reason, session } => {
                let reason = without_token(&reason, &to.token);
                if session.is_none() {
                    desk.broke_off(&reason);
                }
                self.session = session;
                self.put_off(reason)
            }
            Envelope::Stopped(error) => {
                let Text { vi, en } = error.note;
                let note = Text { vi: without_token(&vi, &to.token), en: without_token(&en, &to.token) };
                desk.stop(SendError { class: error.class, note });
                CopyChange::NotBegun
            }
            Envelope::Closed => CopyChange::NotBegun,
        };
        if ours {
            self.note(&to.address, change);
        }
        None
    }
}
