//! Answers of the Bot API: what they hold, or what went wrong, in words for people and free of the token.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use crate::channel::client::Answer;
use crate::channel::failure::{Attention, Class, SendError};
use crate::channel::page::shorten;
use crate::channel::secret::scrub;
use crate::text;
use crate::text::Text;

const MOST_WORDS: usize = 300;

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The token is wrong or was revoked.
    Token,
    /// The bot or the chat is not set up for this.
    Setup,
    /// A picture could not be used.
    Picture,
    /// It is done already.
    Done,
    /// There is no such message.
    Gone,
    /// It cannot be deleted any more.
    TooOld,
    /// This content will never be taken.
    Refused,
}

/// How descriptions begin, without "Bad Request: " before them, in lower case; the first that fits counts.
const DESCRIPTIONS: &[(&str, Meaning)] = &[
    ("message is not modified", Meaning::Done),
    ("message to edit not found", Meaning::Gone),
    ("message to delete not found", Meaning::Gone),
    ("message_id_invalid", Meaning::Gone),
    ("message can't be deleted", Meaning::TooOld),
    ("message can't be edited", Meaning::Refused),
    ("message is too long", Meaning::Refused),
    ("message caption is too long", Meaning::Refused),
    ("can't parse entities", Meaning::Refused),
    ("wrong file identifier/http url specified", Meaning::Picture),
    ("wrong type of the web page content", Meaning::Picture),
    ("failed to get http url content", Meaning::Picture),
    ("photo_invalid_dimensions", Meaning::Picture),
    ("image_process_failed", Meaning::Picture),
    ("chat not found", Meaning::Setup),
    ("group chat was upgraded", Meaning::Setup),
    ("need administrator rights", Meaning::Setup),
    ("not enough rights", Meaning::Setup),
    ("have no rights to send", Meaning::Setup),
    ("chat_admin_required", Meaning::Setup),
    ("chat_write_forbidden", Meaning::Setup),
    ("bot was kicked", Meaning::Setup),
    ("bot is not a member", Meaning::Setup),
];

/// A call that brought no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// It did not get through, nothing trustworthy came back, or they want rest.
    Lost(SendError),
    /// The Bot API said no.
    Refused(Refusal),
}

/// Telegram's own no.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) meaning: Meaning,
    /// The chat's new number, when it has moved.
    moved_to: Option<i64>,
    words: Text,
}

impl Refusal {
    fn read(code: i64, description: &str, parameters: Option<&Value>, token: &SecretString) -> Self {
        let said = shorten(&scrub(description, &[token]), MOST_WORDS);
        let lower = description.to_lowercase();
        let gist = lower.split_once(": ").map_or(lower.as_str(), |(_, gist)| gist);
        let moved_to = parameters.and_then(|parameters| parameters.get("migrate_to_chat_id")?.as_i64());
        let meaning = match (code, moved_to) {
            (401 | 404, _) => Meaning::Token,
            (403, _) | (_, Some(_)) => Meaning::Setup,
            _ => DESCRIPTIONS.iter().find(|(start, _)| gist.starts_with(start)).map_or(Meaning::Refused, |row| row.1),
        };
        Self { meaning, moved_to, words: text!("Telegram: {said} ({code})", "Telegram: {said} ({code})") }
    }

    pub(super) fn into_send_error(self) -> SendError {
        let Text { vi, en } = &self.words;
        match (self.meaning, self.moved_to) {
            (Meaning::Token, _) => SendError::attention(
                Attention::Credential,
                text!(
                    "{vi}. Mã bot sai hoặc đã bị thu hồi: lấy mã mới từ @BotFather, ghi vào chỗ giữ bí mật; loa tự chạy tiếp",
                    "{en}. The bot's token is wrong or revoked: get a new one from @BotFather and put it where the secret is kept; loa then goes on by itself"
                ),
            ),
            (Meaning::Setup, Some(new)) => SendError::attention(
                Attention::Misconfigured,
                text!(
                    "{vi}. Nhóm đã chuyển sang số mới: sửa thành chat_id = {new}",
                    "{en}. The group has moved: set chat_id = {new}"
                ),
            ),
            (Meaning::Setup, None) => SendError::attention(
                Attention::Misconfigured,
                text!(
                    "{vi}. Thêm bot làm quản trị viên có quyền đăng tin, kiểm tra chat_id, rồi: loa resume TÊN_KÊNH",
                    "{en}. Make the bot an administrator that may post, check chat_id, then: loa resume CHANNEL"
                ),
            ),
            _ => SendError::permanent(self.words),
        }
    }
}

impl Failure {
    /// For what may be repeated, a lost answer is no question.
    pub(super) fn repeatable(self) -> SendError {
        match self.into_send_error() {
            SendError { class: Class::Ambiguous { retry_after }, note } => {
                SendError::transient(note).after(retry_after)
            }
            error => error,
        }
    }

    pub(super) fn into_send_error(self) -> SendError {
        match self {
            Self::Lost(error) => error,
            Self::Refused(refusal) => refusal.into_send_error(),
        }
    }

    pub(super) fn meaning(&self) -> Option<Meaning> {
        match self {
            Self::Refused(refusal) => Some(refusal.meaning),
            Self::Lost(_) => None,
        }
    }
}

/// The result of a good answer, or what went wrong.
pub(super) fn read(answer: &Answer, token: &SecretString) -> Result<Value, Failure> {
    let status = answer.status.as_u16();
    let mut json = answer.json().unwrap_or(Value::Null);
    match json.get("ok").and_then(Value::as_bool) {
        Some(true) if answer.status.is_success() => {
            if let Some(result) = json.get_mut("result") {
                return Ok(result.take());
            }
        }
        Some(false) => {
            let code = json.get("error_code").and_then(Value::as_i64).unwrap_or_else(|| i64::from(status));
            let description = json.get("description").and_then(Value::as_str).unwrap_or_default();
            let parameters = json.get("parameters");
            if code == 429 {
                let asked = parameters.and_then(|parameters| parameters.get("retry_after")?.as_u64());
                let asked = asked.map(Duration::from_secs).or(answer.retry_after);
                let note = text!("Telegram yêu cầu chậm lại", "Telegram asks to slow down");
                return Err(Failure::Lost(SendError::throttled(asked, note)));
            }
            // Servers that fail say so in the same form; what they did before is not known.
            if (400..500).contains(&code) && !description.is_empty() {
                return Err(Failure::Refused(Refusal::read(code, description, parameters, token)));
            }
        }
        _ => {}
    }
    let note =
        text!("Telegram trả lời {status} không đọc được", "an answer {status} from Telegram that cannot be read");
    Err(Failure::Lost(match status {
        429 => SendError::throttled(answer.retry_after, note),
        300..400 => SendError::attention(
            Attention::Misconfigured,
            text!(
                "máy chủ chuyển hướng ({status}); loa không đi theo. Kiểm tra base_url, rồi: loa resume TÊN_KÊNH",
                "the server redirects ({status}), which loa does not follow. Check base_url, then: loa resume CHANNEL"
            ),
        ),
        _ => SendError::ambiguous(note).after(answer.retry_after),
    }))
}
