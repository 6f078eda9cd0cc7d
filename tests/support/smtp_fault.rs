//! The ways in which a mail server misbehaves: on connecting, for a recipient, for a message.

use std::time::Duration;

/// What a connection meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OnConnection {
    /// 220 and a normal session.
    Welcome,
    /// Closes before the greeting.
    DropOnConnect,
    /// Greets with 554 and closes.
    Reply554Greeting,
    /// After this many stored messages, answers the next `MAIL` with 421 and closes.
    Code421AfterN(usize),
    /// Answers every login with 535.
    Auth535,
    /// Answers every login with 535, and repeats what it was told.
    Auth535Repeats,
    /// Answers the first `RCPT` twice.
    AnswersTwice,
    /// Waits for the content after `DATA` though nobody was accepted, as RFC 2920 §3.1 lets it.
    WaitForContent,
    /// Offers TLS, and answers the wish for it with this code.
    Starttls(u16),
}

/// What one `RCPT TO` meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OnRecipient {
    /// 250.
    Accept,
    /// This code and text, for instance `Rcpt(550, "5.1.1 No such user")`.
    Rcpt(u16, &'static str),
    /// 450 the first time this recipient is named, 250 from then on.
    Greylist,
    /// 550, and the words repeat the envelope's sender, as filters do that name what they refuse.
    RepeatSender,
}

/// What one message meets, decided at `DATA`. Where it is "stored", the recipients read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OnMessage {
    /// Stored, 250.
    Accept,
    /// Stored, and the connection dropped before the 250.
    DropAfterDot,
    /// 354, then dropped when the first line has come: nothing stored.
    DropAtData,
    /// 354, then closed when the client has sent what it can though nobody reads: nothing stored.
    DeafAtData,
    /// This code instead of 354: nothing stored.
    RejectAtData(u16),
    /// This code after the dot: stored only if it is 2xx.
    DataReply(u16),
    /// Stored, and answered with this code all the same.
    StoreThenReply(u16),
    /// Stored, and the 250 comes after this long (five seconds at most) or at `release()`.
    SlowReply(Duration),
    /// Stored, and nothing answered until `release()` (then a late 250) or until the client closes.
    HangAfterDot,
}

/// What `EHLO` offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extension {
    /// RFC 2920. Where it is not offered, commands sent ahead are noted as violations.
    Pipelining,
    /// RFC 1870: larger messages are refused with 552, at `MAIL` or after the dot.
    Size(usize),
    /// RFC 6152. Where it is not offered, eight-bit bodies are noted as violations.
    EightBitMime,
    /// RFC 4954 with PLAIN.
    AuthPlain,
    /// RFC 4954 with LOGIN.
    AuthLogin,
}

impl OnMessage {
    /// Whether the recipients read the message.
    pub(crate) fn stores(&self) -> bool {
        match self {
            Self::DropAtData | Self::DeafAtData | Self::RejectAtData(_) => false,
            Self::DataReply(code) => (200..300).contains(code),
            _ => true,
        }
    }
}
