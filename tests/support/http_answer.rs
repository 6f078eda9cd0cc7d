//! Answers, well-formed and not.

use std::fmt::Write as _;
use std::io;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::http_fault::http_date;

/// The size of a huge answer's body, in bytes.
pub(crate) const HUGE: usize = 10 * 1024 * 1024;

/// `{"ok":true}` in gzip.
pub(crate) const GZIPPED_OK: [u8; 31] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 202, 207, 86, 178, 42, 41, 42, 77, 173, 5, 0, 144, 95, 212, 167, 11, 0,
    0, 0,
];

const GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

/// One answer about to be written.
pub(crate) struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
    announced: Option<usize>,
}

impl Answer {
    /// An answer with a small JSON body; 204 has none.
    pub(crate) fn status(status: u16, now: i64) -> Self {
        let body = if status == 204 { String::new() } else { format!("{{\"ok\":{}}}", status < 300) };
        let headers = format!("Date: {}\r\n", http_date(now));
        Self { status, headers, body: body.into_bytes(), announced: None }.header("Content-Type", "application/json")
    }

    /// A proxy's 502 page.
    pub(crate) fn bad_gateway(now: i64) -> Self {
        let mut answer = Self::status(502, now);
        answer.headers = answer.headers.replace("application/json", "text/html");
        answer.body = GATEWAY_PAGE.into();
        answer
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.headers, "{name}: {value}\r\n");
        self
    }

    /// Replaces the body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Announces a length other than the body's own.
    pub(crate) fn announcing(mut self, length: usize) -> Self {
        self.announced = Some(length);
        self
    }

    /// The status.
    pub(crate) fn code(&self) -> u16 {
        self.status
    }

    /// Writes it.
    pub(crate) async fn write_to(self, stream: &mut TcpStream) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} {}\r\n{}", self.status, reason(self.status), self.headers);
        if self.status != 204 {
            let _ = write!(head, "Content-Length: {}\r\n", self.announced.unwrap_or(self.body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend(self.body);
        stream.write_all(&bytes).await
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Whatever",
    }
}
