//! What an answer means: by how far the request got, its status, and the code in its body. Messages follow the
//! site's language and decide nothing.

use reqwest::header::LOCATION;
use serde_json::Value;

use super::super::client::Answer;
use super::super::failure::{Attention, Class, SendError};
use super::super::page::shorten;
use crate::text;
use crate::text::Text;

/// What a lost answer to a request means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was changed.
    Read,
    /// A post may have been made.
    Create,
    /// Values may have been set; to set them again changes nothing.
    Write,
}

impl Stage {
    /// An error of the connection, as it is at this stage.
    pub(super) fn lost(self, error: SendError) -> SendError {
        match error.class {
            Class::Ambiguous { .. } => self.unclear(error.note),
            _ => error,
        }
    }

    /// No trustworthy answer came.
    pub(super) fn unclear(self, note: Text) -> SendError {
        match self {
            Self::Create => SendError::ambiguous(note),
            Self::Read | Self::Write => SendError::transient(note),
        }
    }
}

/// The site did not do it.
#[derive(Debug)]
pub(super) struct Refused {
    /// WordPress' own word for it.
    pub(super) code: Option<String>,
    /// The term that exists already.
    pub(super) term_id: Option<u64>,
    /// Whether the API seems to be at another address than was thought.
    pub(super) elsewhere: bool,
    /// What it means.
    pub(super) error: SendError,
}

impl Refused {
    pub(super) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Whether the post is not there any more.
    pub(super) fn gone(&self) -> bool {
        self.is("rest_post_invalid_id") || self.is("rest_already_trashed")
    }
}

/// It is classified already.
impl From<Refused> for SendError {
    fn from(refused: Refused) -> Self {
        refused.error
    }
}

impl From<SendError> for Refused {
    fn from(error: SendError) -> Self {
        Self { code: None, term_id: None, elsewhere: false, error }
    }
}

/// An error as WordPress writes it: `{"code":…,"message":…,"data":{"status":…}}`.
pub(super) struct Said {
    code: String,
    message: String,
    status: Option<u16>,
    term_id: Option<u64>,
    forbidden_status: bool,
}

impl Said {
    fn of(value: &Value) -> Option<Self> {
        let data = value.get("data");
        let number = |name: &str| data.and_then(|data| data.get(name)).and_then(Value::as_u64);
        Some(Self {
            code: value.get("code")?.as_str()?.to_owned(),
            message: value.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
            status: number("status").and_then(|status| u16::try_from(status).ok()),
            term_id: number("term_id"),
            forbidden_status: value.pointer("/data/details/status/code").and_then(Value::as_str)
                == Some("rest_forbidden_status"),
        })
    }

    /// The error in a body; warnings that PHP wrote in front of it are passed over.
    fn find(body: &[u8]) -> Option<Self> {
        let body = String::from_utf8_lossy(body);
        let json = body.find("{\"code\":").and_then(|start| body.get(start..))?;
        serde_json::Deserializer::from_str(json).into_iter().next()?.ok().as_ref().and_then(Self::of)
    }
}

/// The JSON of a clean success, or what the answer means instead. A 2xx with anything else in it is no success.
pub(super) fn read(answer: &Answer, stage: Stage) -> Result<Value, Refused> {
    let said = Said::find(&answer.body);
    if answer.status.is_success() && said.is_none() {
        return answer.json().filter(|value| value.is_object() || value.is_array()).ok_or_else(|| {
            let code = answer.status.as_u16();
            let note = text!(
                "trang trả lời {code} nhưng nội dung không phải JSON nguyên vẹn (có thể PHP đang in cảnh báo: display_errors)",
                "the site answered {code}, but not with clean JSON (PHP may be printing warnings: display_errors)"
            );
            // A page where the API should be: permalinks may have been changed.
            Refused { elsewhere: stage == Stage::Read, ..stage.unclear(note).into() }
        });
    }
    Err(refuse(answer, said, stage))
}

/// What a refusal means.
pub(super) fn refuse(answer: &Answer, said: Option<Said>, stage: Stage) -> Refused {
    // Under display_errors an error comes with status 200; the body repeats the real one.
    let status = match &said {
        Some(Said { status: Some(status), .. }) if answer.status.is_success() => *status,
        _ => answer.status.as_u16(),
    };
    let code = said.as_ref().map(|said| said.code.as_str());
    let note = note(status, said.as_ref());
    let attention = |attention: Attention, what: Text| SendError::attention(attention, because(&what, &note));
    let after = answer.retry_after;
    let error = match (status, code) {
        (401, _) | (_, Some("application_passwords_disabled" | "incorrect_password" | "invalid_username")) => {
            attention(Attention::Credential, not_recognised())
        }
        (400, Some("rest_invalid_param")) if said.as_ref().is_some_and(|said| said.forbidden_status) => {
            attention(Attention::Credential, not_recognised())
        }
        (403, Some(_)) => attention(Attention::Misconfigured, role_too_small()),
        // The account was accepted a moment ago: it is this content that a firewall does not let through.
        (403 | 406, None) if stage != Stage::Read => SendError::permanent(because(&walled(), &note)),
        (403 | 406, None) => attention(Attention::Misconfigured, walled()),
        (404, Some("rest_no_route")) | (404 | 410, None) | (405 | 300..=399, _) => {
            attention(Attention::Misconfigured, elsewhere(answer))
        }
        (413, _) => SendError::permanent(because(&too_large(), &note)),
        (429, _) => SendError::throttled(after, note),
        // Their bytes will never be liked, whatever the status says.
        (_, Some("rest_upload_sideload_error" | "rest_upload_unknown_error" | "rest_upload_file_too_big")) => {
            SendError::permanent(note)
        }
        // Maintenance: the whole site rests, and says for how long.
        (503, None) if after.is_some() && stage != Stage::Create => SendError::throttled(after, note),
        // A hash that differs: the bytes were damaged on their way.
        (408 | 425 | 500.., _) | (_, Some("rest_upload_hash_mismatch")) => stage.unclear(note).after(after),
        _ => SendError::permanent(note),
    };
    let elsewhere = matches!((status, code), (404, None | Some("rest_no_route")));
    let term_id = said.as_ref().and_then(|said| said.term_id);
    Refused { code: said.map(|said| said.code), term_id, elsewhere, error }
}

/// Status, code and the site's own message, if it wrote any.
fn note(status: u16, said: Option<&Said>) -> Text {
    match said {
        None => text!("trang trả lời {status}", "the site answered {status}"),
        Some(Said { code, message, .. }) => {
            let message = shorten(message, 160);
            text!("trang trả lời {status} {code}: {message}", "the site answered {status} {code}: {message}")
        }
    }
}

fn because(what: &Text, note: &Text) -> Text {
    Text { vi: format!("{} ({})", what.vi, note.vi), en: format!("{} ({})", what.en, note.en) }
}

fn not_recognised() -> Text {
    text!(
        "trang không nhận tài khoản của loa. Tạo mật khẩu ứng dụng mới trong Hồ sơ, ghi vào tệp bí mật",
        "the site does not recognise loa's account. Make a new application password in the profile and put it in place"
    )
}

fn role_too_small() -> Text {
    text!(
        "tài khoản của loa chưa đủ quyền. Đổi vai trò thành Biên tập viên (Editor)",
        "loa's account is not allowed to. Give it the role Editor"
    )
}

fn walled() -> Text {
    text!(
        "tường lửa của trang chặn yêu cầu. Nhờ đơn vị quản trị trang mở cho loa",
        "the site's firewall blocks the request. Ask its administrator to let loa through"
    )
}

fn too_large() -> Text {
    text!("nội dung quá lớn so với mức máy chủ web cho phép", "this is larger than the web server allows")
}

fn elsewhere(answer: &Answer) -> Text {
    let to = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    match to {
        Some(to) if answer.status.is_redirection() => text!(
            "trang chuyển hướng tới {to}; loa không đi theo. Sửa url",
            "the site redirects to {to}, which loa does not follow. Correct url"
        ),
        _ => text!(
            "REST API của WordPress không ở địa chỉ này. Kiểm tra url và routes",
            "the WordPress REST API is not at this address. Check url and routes"
        ),
    }
}
