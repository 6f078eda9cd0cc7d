//! Answers of Graph: what they hold, or what went wrong, in words for people and free of secrets.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use super::codes::{Meaning, Row, find};
use crate::channel::client::Answer;
use crate::channel::failure::{Attention, SendError};
use crate::channel::page::shorten;
use crate::channel::secret::scrub;
use crate::text;
use crate::text::Text;

/// Longer words of theirs are cut.
const MOST_WORDS: usize = 300;

/// Whether the step may be repeated when its answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A repeat changes nothing, or nothing that anybody could see: reading, uploading a hidden picture,
    /// revealing, taking back.
    Repeatable,
    /// It has to be looked up first: making a post, and editing one, where only a look tells our own edit from
    /// a person's.
    LookFirst,
}

/// A call that brought no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// It did not get through, or nothing trustworthy came back.
    Lost(SendError),
    /// Graph said no.
    Refused(Refusal),
}

/// Graph's own no.
#[derive(Debug)]
pub(super) struct Refusal {
    code: i64,
    row: Option<&'static Row>,
    /// They said that it passes, or answered 5xx.
    passing: bool,
    too_much_data: bool,
    regained_in: Option<Duration>,
    /// Their own words, with the code and the trace.
    words: Text,
}

impl Refusal {
    /// Reads `{"error": {…}}`.
    fn read(error: &Value, answer: &Answer, regained_in: Option<Duration>, secrets: &[&SecretString]) -> Self {
        let word = |name: &str| error.get(name).and_then(Value::as_str).map(str::trim).filter(|word| !word.is_empty());
        let code = error.get("code").and_then(Value::as_i64).unwrap_or(0);
        let subcode = error.get("error_subcode").and_then(Value::as_i64);
        let message = word("message").unwrap_or_default();
        // What is meant for users comes in their own language.
        let said = word("error_user_msg").unwrap_or(message);
        let said = shorten(&scrub(said, secrets), MOST_WORDS);
        let trace = shorten(&scrub(word("fbtrace_id").unwrap_or("–"), secrets), 64);
        let number = subcode.map_or_else(|| code.to_string(), |subcode| format!("{code}/{subcode}"));
        Self {
            code,
            row: find(code, subcode),
            passing: error.get("is_transient").and_then(Value::as_bool).unwrap_or(false)
                || answer.status.is_server_error(),
            too_much_data: code == 1 && message.to_lowercase().contains("reduce the amount of data"),
            regained_in: regained_in.or(answer.retry_after),
            words: text!(
                "{said} (Facebook, mã {number}, fbtrace_id {trace})",
                "{said} (Facebook, code {number}, fbtrace_id {trace})"
            ),
        }
    }

    /// A 2xx that says `success: false`.
    fn unsuccessful() -> Self {
        Self {
            code: 0,
            row: None,
            passing: false,
            too_much_data: false,
            regained_in: None,
            words: text!("Facebook trả lời là không làm được", "Facebook answers that it did not do it"),
        }
    }

    /// What it means; codes that nobody has written down are believed to pass if they say so.
    pub(super) fn meaning(&self) -> Meaning {
        match self.row {
            Some(row) => row.meaning,
            None if self.passing => Meaning::Unsure,
            None => Meaning::Refused,
        }
    }

    /// The post was too large for one call with its pictures; nothing was made.
    pub(super) fn too_much_data(&self) -> bool {
        self.too_much_data
    }

    fn note(&self) -> Text {
        let words = &self.words;
        let Some(row) = self.row else { return words.clone() };
        Text { vi: format!("{}: {}", row.vi, words.vi), en: format!("{}: {}", row.en, words.en) }
    }

    pub(super) fn into_send_error(self, step: Step) -> SendError {
        let note = self.note();
        match self.meaning() {
            Meaning::Unsure if step == Step::LookFirst => SendError::ambiguous(note),
            Meaning::Unsure | Meaning::NoPreview => SendError::transient(note),
            Meaning::Throttled(minutes) => {
                let rest = self.regained_in.unwrap_or(Duration::from_secs(minutes * 60));
                SendError::throttled(Some(rest), note)
            }
            Meaning::Token => SendError::attention(
                Attention::Credential,
                Text {
                    vi: format!("{}. Lấy mã truy cập Trang mới, ghi vào chỗ giữ bí mật; loa tự chạy tiếp", note.vi),
                    en: format!(
                        "{}. Put a new Page token where the secret is kept; loa then goes on by itself",
                        note.en
                    ),
                },
            ),
            Meaning::Permission => SendError::attention(
                Attention::Credential,
                Text {
                    vi: format!(
                        "{}. Cấp lại quyền pages_manage_posts và pages_read_engagement cho mã truy cập",
                        note.vi
                    ),
                    en: format!("{}. Give the token pages_manage_posts and pages_read_engagement again", note.en),
                },
            ),
            Meaning::Misconfigured => SendError::attention(
                Attention::Misconfigured,
                Text {
                    vi: format!("{}. Kiểm tra ứng dụng và graph_version, rồi: loa resume TÊN_KÊNH", note.vi),
                    en: format!("{}. Check the app and graph_version, then: loa resume CHANNEL", note.en),
                },
            ),
            Meaning::Refused | Meaning::Gone | Meaning::Duplicate => SendError::permanent(note),
        }
    }

    /// Whether it is about this one thing only, so that another way may be tried.
    pub(super) fn is_about_the_post(&self) -> bool {
        matches!(
            self.meaning(),
            Meaning::Refused | Meaning::Permission | Meaning::Misconfigured | Meaning::Duplicate | Meaning::NoPreview
        )
    }

    /// The code, for logs.
    pub(super) fn code(&self) -> i64 {
        self.code
    }
}

impl Failure {
    pub(super) fn into_send_error(self, step: Step) -> SendError {
        match self {
            Self::Refused(refusal) => refusal.into_send_error(step),
            Self::Lost(error) if step == Step::Repeatable => repeatable(error),
            Self::Lost(error) => error,
        }
    }

    pub(super) fn meaning(&self) -> Option<Meaning> {
        match self {
            Self::Refused(refusal) => Some(refusal.meaning()),
            Self::Lost(_) => None,
        }
    }

    /// There is no such object, or the token may not see it.
    pub(super) fn is_gone(&self) -> bool {
        self.meaning() == Some(Meaning::Gone)
    }
}

/// A lost answer to what may be repeated is no question.
fn repeatable(error: SendError) -> SendError {
    match error.class {
        crate::channel::failure::Class::Ambiguous { retry_after } => {
            SendError::transient(error.note).after(retry_after)
        }
        _ => error,
    }
}

/// The JSON of a good answer, or what went wrong. `regained_in` is what the usage headers say.
pub(super) fn read(
    answer: &Answer,
    regained_in: Option<Duration>,
    secrets: &[&SecretString],
) -> Result<Value, Failure> {
    let status = answer.status.as_u16();
    let json = answer.json().filter(Value::is_object);
    if let Some(error) = json.as_ref().and_then(|json| json.get("error")).filter(|error| error.is_object()) {
        return Err(Failure::Refused(Refusal::read(error, answer, regained_in, secrets)));
    }
    match json {
        Some(json) if answer.status.is_success() => {
            if json.get("success").and_then(Value::as_bool) == Some(false) {
                return Err(Failure::Refused(Refusal::unsuccessful()));
            }
            return Ok(json);
        }
        _ => {}
    }
    // Whoever answered, it was not Graph: a proxy, a captive portal, half an answer.
    let note = text!("trả lời {status} không phải của Graph API", "an answer {status} that is not the Graph API's");
    Err(Failure::Lost(match status {
        300..400 => SendError::attention(
            Attention::Misconfigured,
            text!(
                "máy chủ chuyển hướng ({status}); loa không đi theo. Kiểm tra base_url, rồi: loa resume TÊN_KÊNH",
                "the server redirects ({status}), which loa does not follow. Check base_url, then: loa resume CHANNEL"
            ),
        ),
        429 => SendError::throttled(answer.retry_after, note),
        _ => SendError::ambiguous(note).after(answer.retry_after),
    }))
}
