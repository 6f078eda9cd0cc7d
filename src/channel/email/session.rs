//! SMTP sessions, step by step, so that a failure says what it means: before the final dot nothing was
//! taken, after it nobody knows (RFC 5321 §4.2.5, RFC 1047).

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::Security;
use super::refusal::{attention_of, greeting, is_dead, no_tls, refused_login};
use super::wire::{Away, Wire};
use crate::channel::DEFAULT_TIMEOUT;
use crate::channel::failure::SendError;
use crate::text;

/// A mail server, and the connections to it that are free.
pub(super) struct Server {
    host: String,
    port: u16,
    security: Security,
    login: Option<(String, SecretString)>,
    timeout: Duration,
    /// How long it may take to say that it has a letter.
    patience: Duration,
    free: Mutex<Vec<Session>>,
}

/// An open session with the server.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    /// Whether it has worked before: then its end says nothing about the server.
    proven: bool,
    /// Whether the server takes several commands at once (RFC 2920).
    pipelines: bool,
    /// Where that is known: whether what was said has left.
    away: Option<Away>,
}

/// Replies that are meant, by code (RFC 5321 §4.3.2). Any other is about something else: the session is of no more use.
const DONE: RangeInclusive<u16> = 200..=299;
const GO_ON: RangeInclusive<u16> = 354..=354;

/// How far a message got before its content was sent. In every case nothing was taken.
pub(super) enum Envelope {
    /// The server waits for the content: this session is for that, or for nothing any more.
    Open(Session),
    /// This recipient is refused for good; `dead`: the mailbox itself is no good.
    Refused { reason: String, dead: bool, session: Option<Session> },
    /// Not now, says the server.
    Later { reason: String, session: Option<Session> },
    /// The session is over, as happens after a number of messages: a new one may do.
    Closed,
    /// The session or the server is of no use at present.
    Stopped(SendError),
}

/// What became of the content.
pub(super) enum Content {
    /// The server has it.
    Accepted(Session),
    /// It is refused for good.
    Refused { reason: String, session: Option<Session> },
    /// Not now, says the server; provably not taken.
    Later { reason: String, session: Option<Session> },
    /// It was sent to the end and no answer came: perhaps taken.
    Doubtful,
}

impl Server {
    pub(super) fn new(
        host: String,
        port: u16,
        security: Security,
        login: Option<(String, SecretString)>,
        timeout: Duration,
    ) -> Self {
        // Servers that look into a letter first take minutes; a doubt is worse than a wait (RFC 5321 §4.5.3.2.6).
        let patience = if timeout == DEFAULT_TIMEOUT { Duration::from_mins(10) } else { timeout };
        Self { host, port, security, login, timeout, patience, free: Mutex::new(Vec::new()) }
    }

    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Connects and logs in, and sends nothing.
    pub(super) async fn probe(&self) -> Result<(), SendError> {
        let session = self.connect().await?;
        self.give_back(session).await;
        Ok(())
    }

    /// A session that answers: a free one, or a new one.
    pub(super) async fn take(&self) -> Result<Session, SendError> {
        while let Some(mut session) = self.next_free().await {
            if self.limited(session.connection.test_connected()).await == Some(true) {
                return Ok(session);
            }
        }
        // Seldom, and long: it does not lie in every sender's future.
        Box::pin(self.connect()).await
    }

    async fn next_free(&self) -> Option<Session> {
        self.free.lock().await.pop()
    }

    pub(super) async fn give_back(&self, session: Session) {
        self.free.lock().await.push(Session { proven: true, ..session });
    }

    /// Names sender and recipient, and asks for the word to begin with the content: all at once where the server takes
    /// that.
    pub(super) async fn envelope(&self, mut session: Session, from: &Address, to: &Address) -> Envelope {
        let closed = |step: Step, proven: bool| {
            if proven { Envelope::Closed } else { Envelope::Stopped(step.not_sent()) }
        };
        // A new session that ends when it hears of this recipient: they wait, and hold nobody else up.
        let broken = |step: Step, proven: bool| {
            if proven { Envelope::Closed } else { Envelope::Later { reason: step.words(), session: None } }
        };
        let mail = Mail::new(Some(from.clone()), Vec::new());
        let rcpt = Rcpt::new(to.clone(), Vec::new());
        let first = if session.pipelines { format!("{mail}{rcpt}{Data}") } else { mail.to_string() };
        match self.step(DONE, session.connection.command(first)).await {
            Ok(()) => {}
            Err(Step::Said { code: 500..=599, words }) => {
                let note =
                    text!("máy chủ thư từ chối người gửi: {words}", "the mail server refuses the sender: {words}");
                return Envelope::Stopped(SendError::attention(attention_of(&words), note));
            }
            Err(step) => return closed(step, session.proven),
        }
        match self.next(&mut session, DONE, rcpt).await {
            Ok(()) => {}
            Err(Step::Said { code: code @ 400..=599, words }) if code != 421 => {
                let session = self.after_refusal(session).await;
                return if code >= 500 {
                    let dead = is_dead(&words);
                    Envelope::Refused { reason: words, dead, session }
                } else {
                    Envelope::Later { reason: words, session }
                };
            }
            Err(step) => return broken(step, session.proven),
        }
        match self.next(&mut session, GO_ON, Data).await {
            Ok(()) => Envelope::Open(session),
            Err(Step::Said { code: 500..=599, words }) => {
                Envelope::Refused { reason: words, dead: false, session: self.cleared(session).await }
            }
            Err(Step::Said { code, words }) if code != 421 => {
                Envelope::Later { reason: words, session: self.cleared(session).await }
            }
            // Provably not sent.
            Err(step) => Envelope::Later { reason: step.words(), session: None },
        }
    }

    /// What the server says to this command, which it has already where it takes several at once.
    async fn next(&self, session: &mut Session, meant: RangeInclusive<u16>, command: impl Display) -> Result<(), Step> {
        if session.pipelines {
            self.step(meant, session.connection.read_response()).await
        } else {
            self.step(meant, session.connection.command(command)).await
        }
    }

    /// The session after a recipient was refused, if it is of more use. A server that waits for the content all the same
    /// would take whatever it is told next for a letter.
    async fn after_refusal(&self, mut session: Session) -> Option<Session> {
        let refused_too = !session.pipelines
            || matches!(self.step(GO_ON, session.connection.read_response()).await, Err(Step::Said { .. }));
        if refused_too { self.cleared(session).await } else { None }
    }

    /// Sends the content to the final dot.
    pub(super) async fn content(&self, mut session: Session, message: &[u8]) -> Content {
        let answer = Self::within(self.patience, DONE, session.connection.message(message)).await;
        session.proven = true;
        match answer {
            Ok(()) => Content::Accepted(session),
            Err(Step::Said { code: 500..=599, words }) => Content::Refused { reason: words, session: Some(session) },
            Err(Step::Said { code: 421, words }) => Content::Later { reason: words, session: None },
            Err(Step::Said { words, .. }) => Content::Later { reason: words, session: Some(session) },
            // The dot, or a part of the letter before it, is still here: the server cannot have taken it.
            Err(Step::Lost(words)) if session.away.is_some_and(|away| !away.all()) => {
                Content::Later { reason: words, session: None }
            }
            Err(Step::Lost(_)) => Content::Doubtful,
        }
    }

    /// Clears the transaction, so that the next one starts afresh; `None` when the session is of no more use.
    async fn cleared(&self, mut session: Session) -> Option<Session> {
        session.proven = true;
        self.step(DONE, session.connection.command(Rset)).await.is_ok().then_some(session)
    }

    async fn connect(&self) -> Result<Session, SendError> {
        let name = self.name();
        let later = |detail: String| {
            SendError::transient(text!(
                "không kết nối được máy chủ thư {name}: {detail}",
                "cannot connect to the mail server {name}: {detail}"
            ))
        };
        let hello = ClientId::default();
        let mut away = None;
        let opening = async {
            if self.security == Security::Tls {
                let tls = self.tls()?;
                let address = (self.host.as_str(), self.port);
                let connected =
                    AsyncSmtpConnection::connect_tokio1(address, Some(self.timeout), &hello, Some(tls), None).await;
                return connected.map_err(|error| greeting(&error, &later));
            }
            let stream =
                TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|error| later(error.to_string()))?;
            // Small writes would otherwise wait for delayed acknowledgements.
            stream.set_nodelay(true).map_err(|error| later(error.to_string()))?;
            let wire = Wire::over(stream);
            away = Some(wire.away());
            let connected = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await;
            let mut connection = connected.map_err(|error| greeting(&error, &later))?;
            if self.security == Security::Starttls {
                connection.starttls(self.tls()?, &hello).await.map_err(|error| no_tls(&error))?;
            }
            Ok(connection)
        };
        let mut connection =
            self.limited(opening).await.unwrap_or_else(|| Err(later("không trả lời / no answer".to_owned())))?;
        if let Some((username, password)) = &self.login {
            let credentials = Credentials::new(username.clone(), password.expose_secret().to_owned());
            let logged_in = connection.auth(DEFAULT_MECHANISMS, &credentials);
            match self.limited(logged_in).await {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(refused_login(&error, username, password.expose_secret())),
                None => return Err(later("không trả lời / no answer".to_owned())),
            }
        }
        // The library does not say whether several commands may be sent at once.
        let pipelines = match self.limited(connection.command(Ehlo::new(hello))).await {
            Some(Ok(offer)) => offer.message().any(|line| line.trim().eq_ignore_ascii_case("PIPELINING")),
            Some(Err(error)) if error.status().is_some() => false,
            Some(Err(error)) => return Err(later(error.to_string())),
            None => return Err(later("không trả lời / no answer".to_owned())),
        };
        Ok(Session { connection, proven: false, pipelines, away })
    }

    fn tls(&self) -> Result<TlsParameters, SendError> {
        TlsParameters::new(self.host.clone()).map_err(|error| no_tls(&error))
    }

    async fn limited<T>(&self, step: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.timeout, step).await.ok()
    }

    async fn step(
        &self,
        meant: RangeInclusive<u16>,
        step: impl Future<Output = Result<Response, Error>>,
    ) -> Result<(), Step> {
        Self::within(self.timeout, meant, step).await
    }

    async fn within(
        limit: Duration,
        meant: RangeInclusive<u16>,
        step: impl Future<Output = Result<Response, Error>>,
    ) -> Result<(), Step> {
        match tokio::time::timeout(limit, step).await {
            Ok(Ok(said)) if meant.contains(&said.code().into()) => Ok(()),
            Ok(Ok(said)) => {
                let (code, words) = (said.code(), said.first_line().unwrap_or_default());
                Err(Step::Lost(format!("trả lời không đúng lúc / an answer out of place: {code} {words}")))
            }
            Ok(Err(error)) => Err(Step::of(&error)),
            Err(_) => Err(Step::Lost("không trả lời / no answer".to_owned())),
        }
    }
}

/// How a step failed.
enum Step {
    /// The server said so.
    Said { code: u16, words: String },
    /// The connection is gone.
    Lost(String),
}

impl Step {
    fn of(error: &Error) -> Self {
        match error.status() {
            Some(code) => Self::Said { code: code.into(), words: error.to_string() },
            None => Self::Lost(error.to_string()),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Said { words, .. } | Self::Lost(words) => words,
        }
    }

    /// It failed before the final dot: nothing was taken.
    fn not_sent(self) -> SendError {
        match self {
            Self::Said { words, .. } => {
                SendError::transient(text!("máy chủ thư tạm từ chối: {words}", "the mail server is not ready: {words}"))
            }
            Self::Lost(detail) => SendError::transient(text!(
                "mất kết nối với máy chủ thư trước khi gửi xong: {detail}",
                "the connection to the mail server was lost before the end: {detail}"
            )),
        }
    }
}
