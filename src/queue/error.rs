//! What can go wrong with the store, in words that say what to do.

use crate::text;
use crate::text::Text;

/// The store did not do what was asked; nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room on the disk, or the store's own ceiling is reached.
    #[error("the store is full")]
    Full,
    /// The file is damaged or is not a loa store.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// Another process held the store for too long.
    #[error("the store is busy")]
    Busy,
    /// The store was made by a newer loa.
    #[error("the store needs a newer loa: {0}")]
    Newer(String),
    /// The store's file or folder cannot be opened or written, or its server cannot be reached.
    #[error("the store cannot be opened: {0}")]
    Unreachable(String),
    /// Anything else the database reports.
    #[error("the store failed: {0}")]
    Other(String),
}

impl StoreError {
    /// For people.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Full => text!(
                "kho dữ liệu hết chỗ: không nhận được gì thêm. Giải phóng ổ đĩa (hoặc tăng store.max_size), rồi gửi lại",
                "the store is full: nothing was taken. Free some disk space (or raise store.max_size), then hand it over again"
            ),
            Self::Corrupt(detail) => text!(
                "tệp kho dữ liệu bị hỏng hoặc không phải của loa ({detail}); loa không ghi đè lên nó. Khôi phục từ bản sao lưu, hoặc chuyển tệp đi nơi khác để bắt đầu kho mới",
                "the store file is damaged or not loa's ({detail}); loa does not overwrite it. Restore a backup, or move the file away to begin a new store"
            ),
            Self::Busy => text!(
                "kho dữ liệu đang bận quá lâu; thử lại sau ít giây",
                "the store was busy for too long; try again in a few seconds"
            ),
            Self::Newer(detail) => text!(
                "kho dữ liệu do phiên bản loa mới hơn tạo ra ({detail}); hãy dùng phiên bản đó",
                "the store was made by a newer loa ({detail}); use that version"
            ),
            Self::Unreachable(detail) => text!(
                "không mở được kho dữ liệu: {detail}. Kiểm tra mục [store]: path và quyền ghi của thư mục, hoặc url và máy chủ cơ sở dữ liệu",
                "cannot open the store: {detail}. Check [store]: path and that its folder can be written, or url and the database server"
            ),
            Self::Other(detail) => text!("kho dữ liệu báo lỗi: {detail}", "the store failed: {detail}"),
        }
    }
}
