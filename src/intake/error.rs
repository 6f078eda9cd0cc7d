//! Why an article was not taken.

use crate::queue::StoreError;
use crate::text;
use crate::text::Text;

/// Nothing was taken, for this reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// The article itself is not right.
    #[error("{0}")]
    Invalid(Text),
    /// It cannot be taken as things stand: an older revision, a withdrawn article, one that is not there.
    #[error("{0}")]
    Refused(Text),
    /// There is no such article.
    #[error("{0}")]
    Unknown(Text),
    /// The same request key was used for something else.
    #[error("the request key was used for something else")]
    KeyReused,
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntakeError {
    /// For people.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Invalid(text) | Self::Refused(text) | Self::Unknown(text) => text.clone(),
            Self::KeyReused => text!(
                "Idempotency-Key này đã dùng cho nội dung khác; hãy dùng khóa mới",
                "this Idempotency-Key was used for another content; use a new one"
            ),
            Self::Store(error) => error.text(),
        }
    }
}
