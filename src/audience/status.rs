//! What a mail system says of one recipient (RFC 3464, RFC 3463), and what it means for a list.

use super::marks::without_tokens;
use super::{Address, Verdict};
use crate::text;
use crate::text::Text;

/// Longest explanation that is kept, in characters.
const LONGEST: usize = 200;

/// Words of mail systems, in lower case, for a mailbox that is not there.
const GONE: &[&str] = &[
    "user unknown",
    "unknown user",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "recipient unknown",
    "unknown recipient",
    "recipient not found",
    "recipientnotfound",
    "user not found",
    "mailbox not found",
    "invalid recipient",
    "invalid mailbox",
    "recipient address rejected",
    "does not exist",
    "doesn't exist",
    "doesn't have a",
    "account is disabled",
    "account has been disabled",
    "no mailbox here",
    "unrouteable address",
    "host or domain name not found",
    "domain not found",
];
/// For a mailbox that is full.
const FULL: &[&str] = &["mailbox is full", "mailbox full", "inbox is full", "quota", "out of storage"];
/// For a refusal that is about the sender.
const POLICY: &[&str] =
    &["spam", "blocked", "blacklist", "blocklist", "policy", "reputation", "dmarc", "spf", "dkim", "unsolicited"];

/// What one recipient's block says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// `Final-Recipient` and `Original-Recipient`.
    pub(super) addresses: Vec<Address>,
    /// In lower case.
    pub(super) action: String,
    status: String,
    diagnostic: String,
}

/// The blocks of recipients in a `message/delivery-status`.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.split("\n\n").map(block).filter(|block| !block.addresses.is_empty() || !block.action.is_empty()).collect()
}

fn block(text: &str) -> Block {
    let mut block = Block::default();
    for (name, value) in header_fields(text) {
        match name.as_str() {
            "final-recipient" | "original-recipient" => block.addresses.extend(typed_address(&value)),
            "action" => block.action = value.trim().to_ascii_lowercase(),
            "status" => block.status = value,
            "diagnostic-code" => block.diagnostic = typed(&value).to_owned(),
            _ => {}
        }
    }
    block
}

/// Header fields, unfolded: names in lower case.
pub(super) fn header_fields(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    fields
}

/// What follows the type in `rfc822; an@example.vn` or `smtp; 550 …`.
fn typed(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, rest)| rest).trim()
}

pub(super) fn typed_address(value: &str) -> Option<Address> {
    typed(value).trim_matches(['<', '>', '"']).parse().ok()
}

/// What a block means, with the mail system's words; or why it means nothing for the list.
pub(super) fn judge(block: &Block) -> Result<(Verdict, String), Text> {
    match block.action.as_str() {
        "delayed" => Err(text!("chỉ báo thư đến chậm, chưa phải lỗi", "a delay, not a failure")),
        "delivered" | "relayed" | "expanded" => Err(text!("báo thư đã đến", "a delivery, not a failure")),
        _ => {
            let said = if block.diagnostic.is_empty() { &block.status } else { &block.diagnostic };
            verdict(&block.status, said).map(|verdict| (verdict, short(said)))
        }
    }
}

/// What a failure means: its status first, then what is said.
pub(super) fn verdict(status: &str, said: &str) -> Result<Verdict, Text> {
    let lower = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let precise = |(_, subject, detail): &(u16, u16, u16)| (*subject, *detail) != (0, 0);
    let given = code_in(status);
    let Some((class, subject, detail)) = given.filter(precise).or_else(|| code_in(said)).or(given) else {
        return match reply_class(said) {
            Some(4) => Ok(Verdict::Soft),
            _ if has(FULL) => Ok(Verdict::Soft),
            _ if has(GONE) => Ok(Verdict::Hard),
            _ if has(POLICY) => Err(ours(said)),
            Some(_) => Ok(Verdict::Soft),
            None => Err(text!("không nói rõ lỗi gì", "it does not say what failed")),
        };
    };
    match (class, subject, detail) {
        (2, ..) => Err(text!("báo thư đã đến", "a delivery, not a failure")),
        // About the letter or its sender, whoever it is for (RFC 3463 §3.2, §3.3, §3.4, §3.7, §3.8).
        (_, 7 | 6, _) | (5, 1, 7 | 8) | (_, 2, 3) | (_, 3, 4) => Err(ours(said)),
        (4, ..) | (5, 2, 2) => Ok(Verdict::Soft),
        // 5.4.1 and 5.4.310 are what Exchange Online says of unknown recipients and domains.
        (5, 1, 1..) | (5, 2, 1) | (5, 4, 1 | 4 | 310) => Ok(Verdict::Hard),
        _ if has(FULL) => Ok(Verdict::Soft),
        _ if has(GONE) => Ok(Verdict::Hard),
        _ if has(POLICY) => Err(ours(said)),
        _ => Ok(Verdict::Soft),
    }
}

fn ours(said: &str) -> Text {
    let said = short(said);
    text!(
        "nơi nhận từ chối vì thư hoặc máy gửi, không phải vì người nhận; xem lại cấu hình gửi thư: {said}",
        "refused for the letter or its sender, not for the recipient; look at how mail is set up: {said}"
    )
}

/// A status such as 5.1.1; not a part of an address of four numbers.
fn code_in(text: &str) -> Option<(u16, u16, u16)> {
    let mut words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    words.find_map(|word| {
        let numbers: Vec<&str> = word.trim_matches('.').split('.').collect();
        let [class @ ("2" | "4" | "5"), subject, detail] = numbers.as_slice() else { return None };
        let number = |digits: &str| if digits.len() <= 3 { digits.parse().ok() } else { None };
        Some((number(class)?, number(subject)?, number(detail)?))
    })
}

/// The first digit of a reply such as `550 …`.
fn reply_class(text: &str) -> Option<u32> {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| {
        let is_reply =
            word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|byte| byte.is_ascii_digit());
        if is_reply { word.chars().next()?.to_digit(10) } else { None }
    })
}

/// The line of a letter in plain text that says why.
pub(super) fn telling_line(text: &str) -> Option<&str> {
    let says = |line: &&str| {
        let lower = line.to_lowercase();
        code_in(line).is_some() || GONE.iter().chain(FULL).any(|word| lower.contains(word))
    };
    text.lines().find(says).or_else(|| text.lines().find(|line| reply_class(line).is_some())).map(str::trim)
}

/// One line of a length that a list has room for, without anybody's token.
pub(super) fn short(words: &str) -> String {
    let words = without_tokens(words);
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean = line.chars().filter(|c| !c.is_control());
    clean.take(LONGEST).collect()
}
