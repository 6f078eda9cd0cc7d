//! The ways in which a webhook receiver misbehaves.

use std::time::Duration;

/// What happens to one POST. Where a fault "takes the post", the public sees it, whatever is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Takes the post, answers 200.
    Ok200,
    /// Takes the post, answers 202.
    Ok202,
    /// Takes the post, answers 204 without a body.
    Ok204,
    /// Answers 301 to a place of its own; a visit there is counted in `redirects_followed`.
    Redirect301,
    /// Answers this status; takes the post if it is 2xx.
    Status(u16),
    /// The same with a `Retry-After`.
    StatusRetryAfter(u16, RetryAfter),
    /// Answers 502 with a proxy's HTML page.
    Html502,
    /// Takes the post, answers 500.
    PostThen500,
    /// Takes the post, answers nothing until `release()` (then a late 200) or until the client closes.
    PostThenHang,
    /// Takes the post, resets the connection.
    PostThenReset,
    /// Resets the connection when a request arrives, with nothing of it read.
    ResetBeforeRead,
    /// Resets a fresh connection at once, before the client has sent anything; on a kept connection,
    /// as soon as the next request arrives. For the kernel's own refusal use `go_offline()`.
    RefuseConnection,
    /// Reads this many bytes at a time with a pause in between (three seconds in all at most), then
    /// takes the post and answers 200. `release()` ends the pauses.
    SlowRead {
        /// How much to read between two pauses.
        bytes: usize,
        /// How long to pause.
        pause: Duration,
    },
    /// Answers this status when it has the head; with 2xx it then reads the body and takes the post,
    /// otherwise it closes with the body unread.
    AnswerEarly(u16),
    /// Takes the post, answers 200 as if the connection would stay, then closes it.
    CloseKeepAlive,
    /// Takes the post, answers 200 with a gzip body that nobody asked for.
    GzipAnswer,
    /// Takes the post, answers 200 with a body of 10 MB.
    Huge,
    /// Takes the post, announces 100 bytes, sends ten and closes.
    TruncatedAnswer,
    /// Answers 410: never send here again.
    Gone410,
}

/// A `Retry-After` value. Dates are counted from the far side's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// `Retry-After: 120`.
    Seconds(u64),
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, this many seconds from now.
    DateIn(i64),
    /// `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850).
    OldDateIn(i64),
    /// `Sun Nov  6 08:49:37 1994` (asctime).
    AsctimeIn(i64),
    /// Anything else.
    Garbage(&'static str),
}

impl Fault {
    /// Whether the public sees the post.
    pub(crate) fn takes_the_post(&self) -> bool {
        match self {
            Self::Status(status) | Self::StatusRetryAfter(status, _) | Self::AnswerEarly(status) => is_success(*status),
            Self::Redirect301 | Self::Html502 | Self::ResetBeforeRead | Self::RefuseConnection | Self::Gone410 => false,
            _ => true,
        }
    }
}

impl RetryAfter {
    /// The header's value when the far side's clock reads `now`.
    pub(crate) fn value(self, now: i64) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::DateIn(seconds) => http_date(now + seconds),
            Self::OldDateIn(seconds) => date_as(now + seconds, "%A, %d-%b-%y %H:%M:%S GMT"),
            Self::AsctimeIn(seconds) => date_as(now + seconds, "%a %b %e %H:%M:%S %Y"),
            Self::Garbage(text) => text.to_owned(),
        }
    }
}

/// Unix seconds as an HTTP date.
pub(crate) fn http_date(unix_seconds: i64) -> String {
    date_as(unix_seconds, "%a, %d %b %Y %H:%M:%S GMT")
}

/// Whether a status is 2xx.
pub(crate) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

fn date_as(unix_seconds: i64, form: &str) -> String {
    chrono::DateTime::from_timestamp(unix_seconds, 0).expect("a date within the calendar").format(form).to_string()
}
