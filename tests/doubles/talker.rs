//! A client that speaks SMTP line by line.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::support::hostile_smtp::HostileSmtp;

pub(crate) struct Talker(BufReader<TcpStream>);

impl Talker {
    /// Connects and reads nothing yet.
    pub(crate) async fn silent(far: &HostileSmtp) -> Self {
        Self(BufReader::new(TcpStream::connect(far.address()).await.expect("a connection")))
    }

    /// Connects, is greeted, says EHLO.
    pub(crate) async fn greeted(far: &HostileSmtp) -> Self {
        let mut talker = Self::silent(far).await;
        assert!(talker.hear().await.starts_with("220 "));
        assert!(talker.say("EHLO loa.example").await.starts_with("250"));
        talker
    }

    /// The next reply, all its lines; empty at the end of the connection.
    pub(crate) async fn hear(&mut self) -> String {
        self.try_hear().await.expect("a reply")
    }

    pub(crate) async fn try_hear(&mut self) -> io::Result<String> {
        let mut reply = String::new();
        loop {
            let from = reply.len();
            if self.0.read_line(&mut reply).await? == 0 || reply.as_bytes().get(from + 3) == Some(&b' ') {
                return Ok(reply);
            }
        }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.expect("it goes out");
    }

    /// One command and its reply.
    pub(crate) async fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes()).await;
        self.hear().await
    }

    /// MAIL and RCPT for each recipient; the replies to the latter.
    pub(crate) async fn envelope(&mut self, recipients: &[&str]) -> Vec<String> {
        assert!(self.say("MAIL FROM:<bounce@loa.example> SIZE=500").await.starts_with("250 "));
        let mut replies = Vec::new();
        for recipient in recipients {
            replies.push(self.say(&format!("RCPT TO:<{recipient}>")).await);
        }
        replies
    }

    /// A whole message up to and with the dot; the reply to `DATA` must be 354.
    pub(crate) async fn letter(&mut self, recipients: &[&str], text: &str) {
        self.envelope(recipients).await;
        assert!(self.say("DATA").await.starts_with("354 "));
        self.send(format!("{text}\r\n.\r\n").as_bytes()).await;
    }
}

pub(crate) fn letter(article: &str, revision: u64, event: &str) -> String {
    format!(
        "Message-ID: <{article}-{revision}@loa.example>\r\nX-Loa-Article: {article}\r\nX-Loa-Revision:\r\n {revision}\r\n\
         x-loa-event: {event}\r\nSubject: =?utf-8?b?VGjDtG5nIGLDoW8=?=\r\n\r\nTh=C3=B4ng b=C3=A1o"
    )
}
