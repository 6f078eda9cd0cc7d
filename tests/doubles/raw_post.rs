//! A client that posts a webhook by hand, the head before the body.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::poster::{SECRET, event, now};
use crate::support::hostile_http::HostileHttp;
use crate::support::signature::Secret;

/// A post written by hand, head first.
pub(crate) struct RawPost {
    stream: TcpStream,
    body: String,
}

impl RawPost {
    pub(crate) async fn head_only(far: &HostileHttp, kind: &str) -> Self {
        let body = event(kind, "bai-1", 1);
        let (timestamp, secret) = (now(), Secret::parse(SECRET));
        let signature = secret.sign("raw", timestamp, body.as_bytes());
        let head = format!(
            "POST /hook HTTP/1.1\r\nHost: far\r\nwebhook-id: raw\r\nwebhook-timestamp: {timestamp}\r\n\
             Webhook-Signature: {signature}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let mut stream = TcpStream::connect(far.address()).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("the head goes out");
        Self { stream, body }
    }

    pub(crate) async fn send_body(&mut self) {
        let body = format!("{:x}\r\n{}\r\n0\r\n\r\n", self.body.len(), self.body);
        self.stream.write_all(body.as_bytes()).await.expect("the body goes out");
    }

    /// The head of the answer; its short JSON body is read and left out.
    pub(crate) async fn read_head(&mut self) -> String {
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            answer.push(self.stream.read_u8().await.expect("an answer"));
        }
        let answer = String::from_utf8(answer).expect("text");
        answer.split("\r\n\r\n").next().unwrap_or_default().to_owned()
    }

    pub(crate) async fn read_to_end(&mut self) -> String {
        let mut rest = String::new();
        self.stream.read_to_string(&mut rest).await.expect("a clean end");
        rest
    }
}
