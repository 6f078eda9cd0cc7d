//! What an officer may do. Each role may do what the one before it may.

use serde::{Deserialize, Serialize};

use crate::text;
use crate::text::Text;

/// A role; the later, the more it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Writes, corrects and withdraws articles.
    Editor,
    /// Lets go what waits for a person, and pauses channels.
    Approver,
    /// Looks after channels and people.
    Administrator,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Editor, Self::Approver, Self::Administrator];

    /// Its name, for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Approver => "approver",
            Self::Administrator => "administrator",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// For people.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Viewer => text!("người xem", "viewer"),
            Self::Editor => text!("người soạn", "editor"),
            Self::Approver => text!("người duyệt", "approver"),
            Self::Administrator => text!("quản trị", "administrator"),
        }
    }

    /// What it may do, for people.
    #[must_use]
    pub fn may(self) -> Text {
        match self {
            Self::Viewer => text!("chỉ xem", "looks, changes nothing"),
            Self::Editor => text!("soạn, đăng, đính chính, thu hồi bài", "writes, publishes, corrects and withdraws"),
            Self::Approver => {
                text!(
                    "như người soạn; duyệt bài, quyết việc chờ người",
                    "as an editor; approves and decides what waits"
                )
            }
            Self::Administrator => {
                text!(
                    "như người duyệt; sửa kênh, quản lý người dùng",
                    "as an approver; looks after channels and people"
                )
            }
        }
    }
}
