//! One session with the hostile mail server.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::hostile_smtp::{Extension, Far, Letter, OnConnection, OnMessage};

const SLOWEST_REPLY: Duration = Duration::from_secs(5);
const LONGEST_LINE: usize = 998;

/// Serves a connection until either side has enough.
pub(super) async fn serve(stream: TcpStream, far: Far) {
    let fault = far.settings().connections.take();
    far.state.change(|state| state.connections += 1);
    let session = Session {
        stream: BufReader::new(stream),
        far,
        fault,
        stored: 0,
        logged_in: false,
        from: None,
        recipients: Vec::new(),
    };
    // A client that goes away in the middle is part of the play.
    let _ = session.run().await;
}

struct Session {
    stream: BufReader<TcpStream>,
    far: Far,
    fault: OnConnection,
    /// Messages stored in this session.
    stored: usize,
    logged_in: bool,
    from: Option<String>,
    recipients: Vec<String>,
}

#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    HangUp,
}

impl Session {
    async fn run(mut self) -> io::Result<()> {
        match self.fault {
            OnConnection::DropOnConnect => return Ok(()),
            OnConnection::Reply554Greeting => {
                return self.reply(554, "5.3.2 No SMTP service here").await;
            }
            _ => self.reply(220, "hostile.example ESMTP").await?,
        }
        while let Some(line) = self.line().await? {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_uppercase();
            self.note_what_was_sent_ahead(&verb);
            if self.obey(&verb, rest).await? == Then::HangUp {
                break;
            }
        }
        Ok(())
    }

    async fn obey(&mut self, verb: &str, rest: &str) -> io::Result<Then> {
        match verb {
            "EHLO" => self.introduce().await?,
            "HELO" | "RSET" => {
                self.forget();
                self.reply(250, "2.0.0 Ok").await?;
            }
            "AUTH" => self.log_in(rest).await?,
            "STARTTLS" if let OnConnection::Starttls(code) = self.fault => {
                self.reply(code, "TLS not available").await?
            }
            "MAIL" => return self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await?,
            "DATA" => return self.data().await,
            "NOOP" => self.reply(250, "2.0.0 Ok").await?,
            "VRFY" => self.reply(252, "2.5.2 Send it and see").await?,
            "QUIT" => {
                self.reply(221, "2.0.0 Bye").await?;
                return Ok(Then::HangUp);
            }
            _ => self.reply(502, "5.5.1 Not implemented").await?,
        }
        Ok(Then::GoOn)
    }

    async fn introduce(&mut self) -> io::Result<()> {
        self.forget();
        let offered = self.far.settings().extensions.clone();
        let mut lines = vec!["hostile.example".to_owned()];
        lines.extend(offered.iter().filter_map(|extension| match extension {
            Extension::Pipelining => Some("PIPELINING".to_owned()),
            Extension::Size(limit) => Some(format!("SIZE {limit}")),
            Extension::EightBitMime => Some("8BITMIME".to_owned()),
            Extension::AuthPlain | Extension::AuthLogin => None,
        }));
        let mechanisms: String = offered
            .iter()
            .filter_map(|extension| match extension {
                Extension::AuthPlain => Some(" PLAIN"),
                Extension::AuthLogin => Some(" LOGIN"),
                _ => None,
            })
            .collect();
        if matches!(self.fault, OnConnection::Starttls(_)) {
            lines.push("STARTTLS".to_owned());
        }
        if !mechanisms.is_empty() {
            lines.push(format!("AUTH{mechanisms}"));
        }
        let last = lines.len() - 1;
        let dashed = |(at, line): (usize, &String)| format!("250{}{line}\r\n", if at == last { ' ' } else { '-' });
        let reply: String = lines.iter().enumerate().map(dashed).collect();
        self.write(&reply).await
    }

    async fn log_in(&mut self, rest: &str) -> io::Result<()> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let (user, password) = match mechanism.to_uppercase().as_str() {
            "PLAIN" if self.far.offers(Extension::AuthPlain) => {
                let initial = if initial.is_empty() { self.ask("").await? } else { decoded(initial) };
                let mut parts = initial.split('\0').skip(1).map(str::to_owned);
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            "LOGIN" if self.far.offers(Extension::AuthLogin) => {
                let user = if initial.is_empty() { self.ask("VXNlcm5hbWU6").await? } else { decoded(initial) };
                (user, self.ask("UGFzc3dvcmQ6").await?)
            }
            _ => return self.reply(504, "5.5.4 Mechanism not offered").await,
        };
        let expected = self.far.settings().login.clone();
        if self.fault == OnConnection::Auth535Repeats {
            let told = STANDARD.encode(format!("\0{user}\0{password}"));
            return self.reply(535, &format!("5.7.8 Not {told}, not {password}")).await;
        }
        if self.fault == OnConnection::Auth535 || expected.is_some_and(|login| login != (user, password)) {
            self.far.state.change(|state| state.failed_logins += 1);
            return self.reply(535, "5.7.8 Authentication credentials invalid").await;
        }
        self.logged_in = true;
        self.far.state.change(|state| state.logins += 1);
        self.reply(235, "2.7.0 Welcome").await
    }

    async fn ask(&mut self, prompt: &str) -> io::Result<String> {
        self.reply(334, prompt).await?;
        let line = self.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(decoded(String::from_utf8_lossy(&line).trim_end()))
    }

    async fn mail(&mut self, rest: &str) -> io::Result<Then> {
        if matches!(self.fault, OnConnection::Code421AfterN(most) if self.stored >= most) {
            self.far.state.change(|state| state.thrown_out += 1);
            self.reply(421, "4.7.0 Too many messages in this session").await?;
            return Ok(Then::HangUp);
        }
        let announced = parameter(rest, "SIZE").and_then(|size| size.parse::<usize>().ok());
        let too_large = self.far.size_limit().is_some_and(|limit| announced.is_some_and(|size| size > limit));
        if self.far.settings().login.is_some() && !self.logged_in {
            self.reply(530, "5.7.0 Authentication required").await?;
        } else if self.from.is_some() {
            self.violation("MAIL inside a transaction".to_owned());
            self.reply(503, "5.5.1 Nested MAIL").await?;
        } else if too_large {
            self.reply(552, "5.3.4 Message too large").await?;
        } else {
            self.from = Some(address_in(rest));
            self.reply(250, "2.1.0 Ok").await?;
        }
        Ok(Then::GoOn)
    }

    async fn rcpt(&mut self, rest: &str) -> io::Result<()> {
        if self.from.is_none() {
            // With pipelining this is how a refused MAIL continues, so it is no violation.
            return self.reply(503, "5.5.1 MAIL first").await;
        }
        let address = address_in(rest);
        let (code, text) = match self.far.judge_recipient(&address) {
            Some(judged) => judged,
            None => {
                let text = format!("5.7.1 <{}> may not write here", self.from.as_deref().unwrap_or_default());
                self.far.state.change(|state| state.refused_recipients.push((address, 550)));
                return self.reply(550, &text).await;
            }
        };
        if (200..300).contains(&code) {
            self.recipients.push(address);
        } else {
            self.far.state.change(|state| state.refused_recipients.push((address, code)));
        }
        if self.fault == OnConnection::AnswersTwice {
            self.fault = OnConnection::Welcome;
            self.reply(code, text).await?;
        }
        self.reply(code, text).await
    }

    async fn data(&mut self) -> io::Result<Then> {
        if self.recipients.is_empty() {
            if self.fault == OnConnection::WaitForContent {
                self.reply(354, "End data with <CR><LF>.<CR><LF>").await?;
                self.read_letter().await?;
                self.violation("content for nobody".to_owned());
            }
            self.reply(554, "5.5.1 No valid recipients").await?;
            return Ok(Then::GoOn);
        }
        let fault = self.far.settings().messages.take();
        self.far.state.change(|state| state.messages.push(fault.clone()));
        if let OnMessage::RejectAtData(code) = fault {
            self.forget();
            self.reply(code, "Not now").await?;
            return Ok(Then::GoOn);
        }
        self.reply(354, "End data with <CR><LF>.<CR><LF>").await?;
        if fault == OnMessage::DropAtData {
            self.line().await?;
            return Ok(Then::HangUp);
        }
        if fault == OnMessage::DeafAtData {
            let _hanging = Hanging::with(&self.far);
            let mut releases = self.far.releases.subscribe();
            // Released, or the client has left: closed either way.
            let _ = tokio::time::timeout(SLOWEST_REPLY, releases.changed()).await;
            return Ok(Then::HangUp);
        }
        let letter = self.read_letter().await?;
        if self.far.size_limit().is_some_and(|limit| letter.raw.len() > limit) {
            self.reply(552, "5.3.4 Message too large").await?;
            return Ok(Then::GoOn);
        }
        // Subscribed before the letter is seen, so that a release right after is not missed.
        let releases = self.far.releases.subscribe();
        if fault.stores() {
            self.stored += 1;
            self.far.state.change(|state| state.letters.push(letter));
        }
        self.answer_the_dot(&fault, releases).await
    }

    async fn answer_the_dot(&mut self, fault: &OnMessage, mut releases: watch::Receiver<u64>) -> io::Result<Then> {
        match fault {
            OnMessage::DropAfterDot => return Ok(Then::HangUp),
            OnMessage::DataReply(code) | OnMessage::StoreThenReply(code) => {
                self.reply(*code, "So be it").await?;
                return Ok(Then::GoOn);
            }
            OnMessage::SlowReply(pause) => {
                let _hanging = Hanging::with(&self.far);
                // Too slow or released, the reply follows.
                let _ = tokio::time::timeout((*pause).min(SLOWEST_REPLY), releases.changed()).await;
            }
            OnMessage::HangAfterDot => {
                let _hanging = Hanging::with(&self.far);
                tokio::select! {
                    _ = releases.changed() => {}
                    () = client_leaves(self.stream.get_mut()) => return Ok(Then::HangUp),
                }
            }
            OnMessage::Accept | OnMessage::DropAtData | OnMessage::DeafAtData | OnMessage::RejectAtData(_) => {}
        }
        let queued = format!("2.0.0 Ok: queued as {:06}", self.far.state.look(|state| state.letters.len()));
        self.reply(250, &queued).await?;
        Ok(Then::GoOn)
    }

    async fn read_letter(&mut self) -> io::Result<Letter> {
        let eight_bit = self.far.offers(Extension::EightBitMime);
        let (mut wire, mut raw) = (Vec::new(), Vec::new());
        loop {
            let line = self.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if line == b".\r\n" {
                break;
            }
            let content = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(&line);
            if !line.ends_with(b"\r\n") || content.contains(&b'\r') {
                self.violation("a bare CR or LF in the message".to_owned());
            }
            if content.len() > LONGEST_LINE {
                self.violation(format!("a line of {} bytes", content.len()));
            }
            if !eight_bit && !content.is_ascii() {
                self.violation("eight bits where 8BITMIME was not offered".to_owned());
            }
            raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            wire.extend(line);
        }
        let (from, recipients) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.recipients));
        Ok(Letter { from, recipients, wire, raw })
    }

    fn forget(&mut self) {
        self.from = None;
        self.recipients.clear();
    }

    /// After `DATA` the client has to wait, whatever is offered.
    fn note_what_was_sent_ahead(&self, verb: &str) {
        if self.stream.buffer().is_empty() {
            return;
        }
        self.far.state.change(|state| state.ahead += 1);
        if verb == "DATA" || !self.far.offers(Extension::Pipelining) {
            self.violation(format!("commands sent ahead of the reply to {verb}"));
        }
    }

    fn violation(&self, what: String) {
        self.far.state.change(|state| state.violations.push(what));
    }

    /// The next line with its end; nothing when the client closed.
    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let read = self.stream.read_until(b'\n', &mut line).await?;
        Ok((read > 0).then_some(line))
    }

    async fn reply(&mut self, code: u16, text: &str) -> io::Result<()> {
        self.write(&format!("{code} {text}\r\n")).await
    }

    async fn write(&mut self, text: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(text.as_bytes()).await
    }
}

/// Ends when the client closes or resets; what it still sends is ignored.
async fn client_leaves(stream: &mut TcpStream) {
    let mut ignored = [0; 1024];
    while matches!(stream.read(&mut ignored).await, Ok(read) if read > 0) {}
}

/// The address between the angle brackets.
fn address_in(rest: &str) -> String {
    let inside = rest.split_once('<').and_then(|(_, after)| after.split_once('>'));
    inside.map_or(rest, |(address, _)| address).to_owned()
}

/// An ESMTP parameter's value.
fn parameter<'a>(rest: &'a str, name: &str) -> Option<&'a str> {
    let named = |word: &'a str| word.split_once('=').filter(|(found, _)| found.eq_ignore_ascii_case(name));
    rest.split(' ').find_map(named).map(|(_, value)| value)
}

fn decoded(text: &str) -> String {
    STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// Counts a message while its reply is held back.
struct Hanging(Far);

impl Hanging {
    fn with(far: &Far) -> Self {
        far.state.change(|state| state.hanging += 1);
        Self(far.clone())
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.0.state.change(|state| state.hanging -= 1);
    }
}
