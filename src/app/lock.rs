//! One daemon per store file: what the last one left in flight can then be taken back at once.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::AppError;
use crate::text;

/// Held for the daemon's life; the operating system lets go of it even after a kill.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// The same where there may be no folder yet.
    pub(super) fn take_anyway(store: &Path) -> Result<Self, AppError> {
        if let Some(folder) = store.parent() {
            // If it cannot be made, the lock says so.
            drop(std::fs::create_dir_all(folder));
        }
        Self::take(store)
    }

    pub(super) fn take(store: &Path) -> Result<Self, AppError> {
        let mut path = store.to_owned().into_os_string();
        path.push(".lock");
        let shown = Path::new(&path).display().to_string();
        let cannot = |error: std::io::Error| {
            AppError::Other(text!(
                "không tạo được tệp khóa {shown}: {error}",
                "cannot make the lock file {shown}: {error}"
            ))
        };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(AppError::Other(text!(
                "một tiến trình loa khác đang chạy trên kho dữ liệu này; hãy dừng nó trước (hoặc dùng nó: các lệnh publish, deliveries… vẫn chạy được)",
                "another loa is running on this store; stop it first (or use it: publish, deliveries … work beside it)"
            ))),
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }
}
