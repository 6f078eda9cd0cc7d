//! Letters that come back: bounces (RFC 3464 in RFC 6522), complaints (RFC 5965), and people who write "huy".
//!
//! Whose a bounce is says, in this order: the token in the address that it came to (VERP), a token in the letter that
//! it brings back, and the addresses that it names together with the id of a letter that we really sent them. Tokens
//! and ids are known to nobody but the recipient and the servers on the way, so that nobody can forge a bounce of
//! others.

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _};

use super::marks::{bounce_tokens, letter_ids, link_tokens};
use super::status::{Block, blocks, header_fields, judge, short, telling_line, typed_address, verdict};
use super::{Address, folded};
use crate::text;
use crate::text::Text;

/// What a letter that came back means for its recipient. Later ones weigh more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Not now: a full mailbox, a server that could not be reached for days.
    Soft,
    /// Never: there is no such mailbox.
    Hard,
    /// They reported it as unwanted.
    Complaint,
    /// They ask for no more letters.
    Unsubscribe,
}

/// A letter that came back, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// Tokens that may be the recipient's, the likeliest first. They are secrets.
    pub tokens: Vec<String>,
    /// Ids ([`super::letter_id`]) that may be a letter's of ours.
    pub letters: Vec<String>,
    /// Whom it names.
    pub addresses: Vec<Address>,
    /// What it means.
    pub verdict: Verdict,
    /// Why, in the words of whoever said so.
    pub reason: String,
}

/// Headers that tell the address a message came to.
const CAME_TO: &[&str] =
    &["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "to", "cc"];
/// Subjects of letters that ask for no more letters, folded.
const NO_MORE: &[&str] = &[
    "huy",
    "huy nhan thu",
    "huy nhan tin",
    "huy dang ky",
    "huy dang ky nhan thu",
    "ngung nhan thu",
    "dung nhan thu",
    "unsubscribe",
];
/// Where plain bounces begin to quote the letter.
const QUOTE: &[&str] = &["This is a copy of", "Original message", "Below this line is a copy", "Return-Path: <"];

/// Reads a letter that came back; the error says why it is of no account.
///
/// # Errors
/// In words, when it says nothing of anybody on a list.
pub fn read_bounce(message: &[u8]) -> Result<Bounce, Text> {
    let parsed = MessageParser::default()
        .parse(message)
        .filter(|parsed| !parsed.headers().is_empty())
        .ok_or_else(|| text!("không đọc được như một bức thư", "it cannot be read as a message"))?;
    let headers: Vec<(String, &str)> =
        parsed.headers_raw().map(|(name, value)| (name.to_ascii_lowercase(), value.trim())).collect();
    let (addresses, verdict, reason) = if let Some(part) = part(&parsed, &["feedback-report"]) {
        complaint(&text_of(part))?
    } else if let Some(part) = part(&parsed, &["delivery-status", "global-delivery-status"]) {
        worst(&blocks(&text_of(part)))?
    } else if is_plain_bounce(&headers) {
        plain_bounce(&parsed, &headers)?
    } else {
        request(&parsed, &headers)?;
        let reason = short(parsed.subject().unwrap_or_default());
        (Vec::new(), Verdict::Unsubscribe, reason)
    };
    let mut tokens: Vec<String> = CAME_TO
        .iter()
        .flat_map(|name| headers.iter().filter(move |(header, _)| header == name))
        .flat_map(|(_, value)| bounce_tokens(value.as_bytes()))
        .collect();
    let mut letters = Vec::new();
    if verdict != Verdict::Unsubscribe {
        let places = || std::iter::once(message).chain(parsed.parts.iter().map(MessagePart::contents));
        tokens.extend(places().flat_map(|text| [bounce_tokens(text), link_tokens(text)].concat()));
        letters.extend(places().flat_map(letter_ids));
    }
    dedup(&mut tokens);
    dedup(&mut letters);
    if tokens.is_empty() && (letters.is_empty() || addresses.is_empty()) {
        return Err(text!("không nói về bức thư nào của loa", "it is about no letter of loa's"));
    }
    Ok(Bounce { tokens, letters, addresses, verdict, reason })
}

fn dedup(marks: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    marks.retain(|mark| seen.insert(mark.clone()));
}

fn part<'m>(parsed: &'m Message<'_>, subtypes: &[&str]) -> Option<&'m MessagePart<'m>> {
    let is = |part: &&MessagePart<'_>| {
        part.content_type().is_some_and(|kind| {
            let subtype = kind.subtype().unwrap_or_default();
            kind.ctype().eq_ignore_ascii_case("message") && subtypes.iter().any(|one| subtype.eq_ignore_ascii_case(one))
        })
    };
    parsed.parts.iter().find(is)
}

fn text_of(part: &MessagePart<'_>) -> String {
    String::from_utf8_lossy(part.contents()).into_owned()
}

type Found = (Vec<Address>, Verdict, String);

/// Several recipients in one report: what weighs most counts.
fn worst(blocks: &[Block]) -> Result<Found, Text> {
    let mut worst: Option<Found> = None;
    let mut harmless = text!("không nói rõ lỗi gì", "it does not say what failed");
    for block in blocks {
        match judge(block) {
            Ok((verdict, reason)) if worst.as_ref().is_none_or(|(_, before, _)| *before < verdict) => {
                worst = Some((block.addresses.clone(), verdict, reason));
            }
            Ok(_) => {}
            Err(why) => harmless = why,
        }
    }
    worst.ok_or(harmless)
}

fn complaint(report: &str) -> Result<Found, Text> {
    let fields = header_fields(report);
    let kind = fields.iter().find(|(name, _)| name == "feedback-type").map_or("", |(_, value)| value.as_str());
    if !["abuse", "fraud", "opt-out"].iter().any(|unwanted| kind.eq_ignore_ascii_case(unwanted)) {
        let kind = short(kind);
        return Err(text!("báo cáo loại \"{kind}\", không phải lời phàn nàn", "a report of \"{kind}\", no complaint"));
    }
    let named = ["original-rcpt-to", "removal-recipient"];
    let addresses = fields.iter().filter(|(name, _)| named.contains(&name.as_str()));
    let addresses = addresses.filter_map(|(_, value)| typed_address(value)).collect();
    Ok((addresses, Verdict::Complaint, kind.to_ascii_lowercase()))
}

fn header<'h>(headers: &'h [(String, &str)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(header, _)| header == name).map(|(_, value)| *value)
}

/// A bounce without parts for machines. Exim names the recipients in a header; others write as the postmaster.
fn is_plain_bounce(headers: &[(String, &str)]) -> bool {
    let from = header(headers, "from").unwrap_or_default().to_ascii_lowercase();
    header(headers, "x-failed-recipients").is_some()
        || ["mailer-daemon@", "postmaster@"].iter().any(|sender| from.contains(sender))
}

fn plain_bounce(parsed: &Message<'_>, headers: &[(String, &str)]) -> Result<Found, Text> {
    let subject = folded(parsed.subject().unwrap_or_default());
    if subject.starts_with("warning") || subject.contains("delayed") {
        return Err(text!("chỉ báo thư đến chậm, chưa phải lỗi", "a delay, not a failure"));
    }
    let body = parsed.body_text(0).unwrap_or_default();
    let end = QUOTE.iter().filter_map(|mark| body.find(mark)).min().unwrap_or(body.len());
    let said = body.get(..end).unwrap_or_default();
    let line = telling_line(said).ok_or_else(|| text!("không nói rõ lỗi gì", "it does not say what failed"))?;
    let named = header(headers, "x-failed-recipients").unwrap_or_default();
    let addresses = named.split(',').filter_map(|address| address.trim().parse().ok()).collect();
    Ok((addresses, verdict("", line)?, short(line)))
}

/// Whether a person asks for no more letters. What answers by itself is not a person.
fn request(parsed: &Message<'_>, headers: &[(String, &str)]) -> Result<(), Text> {
    let is_automatic = header(headers, "auto-submitted").is_some_and(|value| !value.eq_ignore_ascii_case("no"))
        || header(headers, "x-autoreply").is_some()
        || header(headers, "precedence").is_some_and(|value| !value.eq_ignore_ascii_case("first-class"));
    if is_automatic {
        return Err(text!("thư trả lời tự động", "an automatic answer"));
    }
    let subject = folded(parsed.subject().unwrap_or_default());
    let subject = subject.strip_prefix("re ").unwrap_or(&subject);
    if NO_MORE.contains(&subject) {
        return Ok(());
    }
    Err(text!(
        "không phải thư báo lỗi, cũng không phải thư xin hủy nhận (chủ đề \"huy\")",
        "neither a bounce nor a request for no more letters (subject \"huy\" or \"unsubscribe\")"
    ))
}
