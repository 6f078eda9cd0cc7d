//! One SMTP session, step by step, so that a failure says what it means: before the final dot nothing was
//! taken, after it nobody knows (RFC 5321 §4.2.5, RFC 1047).

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::Security;
use crate::channel::failure::{Attention, SendError};
use crate::text;
use crate::text::Text;

/// A mail server, and the connections to it that are free.
pub(super) struct Server {
    host: String,
    port: u16,
    security: Security,
    login: Option<(String, SecretString)>,
    timeout: Duration,
    free: Mutex<Vec<AsyncSmtpConnection>>,
}

/// What became of one message.
pub(super) enum Outcome {
    /// The server has it.
    Accepted,
    /// This recipient, or this message to them, is refused for good.
    Refused(String),
    /// Not now, says the server; provably not taken.
    Later(Text),
    /// It was sent to the end and no answer came: perhaps taken.
    Doubtful,
    /// Provably not taken, and the session or the server is of no use at present.
    Stopped(SendError),
}

impl Server {
    pub(super) fn new(
        host: String,
        port: u16,
        security: Security,
        login: Option<(String, SecretString)>,
        timeout: Duration,
    ) -> Self {
        Self { host, port, security, login, timeout, free: Mutex::new(Vec::new()) }
    }

    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Connects and logs in, and sends nothing.
    pub(super) async fn probe(&self) -> Result<(), SendError> {
        let connection = self.connect().await?;
        self.give_back(connection).await;
        Ok(())
    }

    /// A connection that answers: a free one, or a new one.
    pub(super) async fn take(&self) -> Result<AsyncSmtpConnection, SendError> {
        while let Some(mut connection) = self.next_free().await {
            if self.limited(connection.test_connected()).await == Some(true) {
                return Ok(connection);
            }
        }
        self.connect().await
    }

    async fn next_free(&self) -> Option<AsyncSmtpConnection> {
        self.free.lock().await.pop()
    }

    pub(super) async fn give_back(&self, connection: AsyncSmtpConnection) {
        self.free.lock().await.push(connection);
    }

    /// Sends one message to one recipient. The connection comes back if it can be used again.
    pub(super) async fn send(
        &self,
        mut connection: AsyncSmtpConnection,
        from: &Address,
        to: &Address,
        message: &[u8],
    ) -> (Outcome, Option<AsyncSmtpConnection>) {
        match self.step(connection.command(Mail::new(Some(from.clone()), Vec::new()))).await {
            Ok(()) => {}
            Err(Step::Said { code: 500..=599, words }) => {
                let note =
                    text!("máy chủ thư từ chối người gửi: {words}", "the mail server refuses the sender: {words}");
                return (Outcome::Stopped(SendError::attention(attention_of(&words), note)), None);
            }
            Err(step) => return (Outcome::Stopped(step.not_sent()), None),
        }
        match self.step(connection.command(Rcpt::new(to.clone(), Vec::new()))).await {
            Ok(()) => {}
            Err(step) => return self.next_please(connection, step).await,
        }
        match self.step(connection.command(Data)).await {
            Ok(()) => {}
            Err(step) => return self.next_please(connection, step).await,
        }
        match self.step(connection.message(message)).await {
            Ok(()) => (Outcome::Accepted, Some(connection)),
            Err(Step::Said { code: 500..=599, words }) => (Outcome::Refused(words), Some(connection)),
            Err(Step::Said { code: 421, words }) => (Outcome::Later(Text::same(words)), None),
            Err(Step::Said { words, .. }) => (Outcome::Later(Text::same(words)), Some(connection)),
            Err(Step::Lost(_)) => (Outcome::Doubtful, None),
        }
    }

    /// This recipient was not accepted: clears the transaction, so that the next one starts afresh.
    async fn next_please(
        &self,
        mut connection: AsyncSmtpConnection,
        step: Step,
    ) -> (Outcome, Option<AsyncSmtpConnection>) {
        let outcome = match step {
            Step::Said { code: 500..=599, words } => Outcome::Refused(words),
            Step::Said { code, words } if code != 421 => Outcome::Later(Text::same(words)),
            stopped => return (Outcome::Stopped(stopped.not_sent()), None),
        };
        let cleared = self.step(connection.command(Rset)).await.is_ok();
        (outcome, cleared.then_some(connection))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let name = self.name();
        let later = |detail: String| {
            SendError::transient(text!(
                "không kết nối được máy chủ thư {name}: {detail}",
                "cannot connect to the mail server {name}: {detail}"
            ))
        };
        let hello = ClientId::default();
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
            let connected = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await;
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
                Some(Err(error)) => return Err(refused_login(&error)),
                None => return Err(later("không trả lời / no answer".to_owned())),
            }
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, SendError> {
        TlsParameters::new(self.host.clone()).map_err(|error| no_tls(&error))
    }

    async fn limited<T>(&self, step: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.timeout, step).await.ok()
    }

    async fn step<T>(&self, step: impl Future<Output = Result<T, Error>>) -> Result<(), Step> {
        match self.limited(step).await {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(Step::of(&error)),
            None => Err(Step::Lost("không trả lời / no answer".to_owned())),
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

/// 530, 534 and 535 are about the login, whatever command they answer.
fn attention_of(words: &str) -> Attention {
    if ["530", "534", "535"].iter().any(|code| words.contains(code)) {
        Attention::Credential
    } else {
        Attention::Misconfigured
    }
}

fn greeting(error: &Error, later: &impl Fn(String) -> SendError) -> SendError {
    let words = error.to_string();
    if error.is_permanent() {
        let note = text!("máy chủ thư không nhận kết nối: {words}", "the mail server turns us away: {words}");
        return SendError::attention(Attention::Misconfigured, note);
    }
    later(words)
}

fn no_tls(error: &Error) -> SendError {
    let words = error.to_string();
    SendError::attention(
        Attention::Misconfigured,
        text!(
            "không lập được kết nối TLS: {words}. Kiểm tra security và chứng thư của máy chủ",
            "no TLS connection could be made: {words}. Check security and the server's certificate"
        ),
    )
}

fn refused_login(error: &Error) -> SendError {
    let words = error.to_string();
    if error.is_permanent() || error.is_client() {
        let note = text!(
            "máy chủ thư từ chối đăng nhập: {words}. Sửa username hoặc mật khẩu, rồi: loa resume TÊN_KÊNH",
            "the mail server refuses the login: {words}. Correct username or password, then: loa resume CHANNEL"
        );
        return SendError::attention(Attention::Credential, note);
    }
    SendError::transient(text!("chưa đăng nhập được: {words}", "the login did not work yet: {words}"))
}
