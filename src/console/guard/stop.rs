//! Why a page is not shown: as a page.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{Guest, Officer};
use crate::console::{Face, Unable};
use crate::people::{NoRandomness, Role};
use crate::queue::StoreError;
use crate::text;
use crate::text::Text;

/// Why a page is not shown.
#[derive(Clone, Debug)]
pub enum Stop {
    /// Nobody is signed in; then the page of this address is shown.
    SignIn(String),
    /// What was asked for is at this address now.
    Elsewhere(String),
    /// It takes this role.
    Forbidden(Role),
    /// There is nothing.
    NotFound,
    /// It is refused, for this reason.
    Refused(StatusCode, Text),
    /// The store does not answer.
    Store(StoreError),
    /// loa itself failed; the log says how.
    Failed(String),
}

impl Stop {
    /// The form did not come from a page of ours, or from one that is too old.
    #[must_use]
    pub fn foreign() -> Self {
        Self::Refused(
            StatusCode::FORBIDDEN,
            text!(
                "trang này đã cũ hoặc không phải của loa, nên chưa làm gì cả. Quay lại, tải lại trang rồi thử lần nữa",
                "this page is too old or is not loa's, so nothing was done. Go back, load the page again and try once more"
            ),
        )
    }

    /// What was written cannot be taken.
    #[must_use]
    pub fn refused(text: Text) -> Self {
        Self::Refused(StatusCode::UNPROCESSABLE_ENTITY, text)
    }

    fn parts(&self) -> (StatusCode, Text, Text) {
        match self {
            Self::SignIn(_) => (StatusCode::UNAUTHORIZED, text!("Cần đăng nhập", "Please sign in"), Text::default()),
            Self::Elsewhere(_) => (StatusCode::SEE_OTHER, text!("Ở trang khác", "On another page"), Text::default()),
            Self::Forbidden(role) => {
                let role = role.text();
                let detail = Text {
                    vi: format!("việc này cần quyền {}; hãy nhờ người quản trị", role.vi),
                    en: format!("this takes the role {}; ask an administrator", role.en),
                };
                (StatusCode::FORBIDDEN, text!("Không đủ quyền", "Not allowed"), detail)
            }
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                text!("Không có trang này", "There is no such page"),
                text!("địa chỉ gõ sai, hoặc thứ cần tìm không còn", "the address is wrong, or the thing is gone"),
            ),
            Self::Refused(status, text) => (*status, text!("Chưa làm được", "Not done"), text.clone()),
            Self::Store(error) => (
                StatusCode::SERVICE_UNAVAILABLE,
                text!("Kho dữ liệu không trả lời", "The store does not answer"),
                error.text(),
            ),
            Self::Failed(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                text!("loa gặp lỗi", "loa failed"),
                text!(
                    "nhật ký của loa ghi rõ lỗi; hãy báo người quản trị",
                    "loa's log says how; tell the administrator"
                ),
            ),
        }
    }

    /// The page that says so.
    pub(super) fn show(&self, face: &Arc<Face>, guest: &Guest, officer: Option<&Officer>) -> Response {
        match self {
            Self::Store(error) => tracing::error!(%error, "a page cannot read or write the store"),
            Self::Failed(error) => tracing::error!(%error, path = %guest.path, "a page could not be made"),
            _ => {}
        }
        let (status, title, detail) = self.parts();
        let context = json!({ "detail": detail });
        let made = match officer {
            Some(officer) => face.view.officers_page("stop.html", &title, context, guest, officer),
            None => face.view.guests_page("stop.html", &title, context, guest),
        };
        let mut response = made.unwrap_or_else(|error| {
            tracing::error!(%error, "the page for errors could not be made");
            title.get(guest.language).to_owned().into_response()
        });
        *response.status_mut() = status;
        response
    }
}

/// The words are chosen on the way out, where the reader is known.
impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Unable> for Stop {
    fn from(unable: Unable) -> Self {
        match unable {
            Unable::Refused(text) => Self::refused(text),
            Unable::Missing => Self::NotFound,
            Unable::Store(error) => Self::Store(error),
        }
    }
}

impl From<NoRandomness> for Stop {
    fn from(error: NoRandomness) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<minijinja::Error> for Stop {
    fn from(error: minijinja::Error) -> Self {
        // With the place in the template.
        Self::Failed(format!("{error:#}"))
    }
}
