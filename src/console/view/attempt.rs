//! The ledger's attempts, told as a colleague would.

use serde_json::{Value, json};

use super::badge::Badge;
use crate::ledger::AttemptRow;
use crate::text;
use crate::text::Text;

/// What was tried.
pub(in crate::console) fn errand(name: &str) -> Text {
    match name {
        "create" => text!("đăng", "publish"),
        "update" => text!("đính chính", "correct"),
        "withdraw" => text!("thu hồi", "withdraw"),
        _ => text!("kiểm tra trên kênh", "look at the channel"),
    }
}

/// How it ended.
pub(in crate::console) fn outcome(name: Option<&str>) -> Badge {
    match name {
        None => Badge::new("going", "→", text!("đang làm", "going on")),
        Some("live" | "present") => Badge::new("well", "✓", text!("đã lên", "it is there")),
        Some("rehearsed") => Badge::new("quiet", "◌", text!("đã diễn tập", "rehearsed")),
        Some("gone") => Badge::new("quiet", "↩", text!("đã gỡ", "taken down")),
        Some("notice") => Badge::new("quiet", "↩", text!("đã thay bằng thông báo", "a notice stands in its place")),
        Some("staged") => Badge::new("going", "…", text!("có bản ẩn, chưa hiện ra", "there is a hidden copy")),
        Some("absent") => Badge::new("going", "…", text!("chưa thấy trên kênh", "it is not there")),
        Some("begun" | "partial") => Badge::new("going", "…", text!("mới xong một phần", "part of it is done")),
        Some("transient" | "put_off") => Badge::new("going", "…", text!("họ chưa nhận", "they did not take it")),
        Some("throttled") => Badge::new("going", "…", text!("họ bảo chờ", "they asked to wait")),
        Some("moved") => Badge::new("going", "…", text!("chuyển sang bản tin sau", "moved to the next edition")),
        Some("needs_attention") => Badge::new("person", "!", text!("kênh cần người xem", "the channel needs somebody")),
        Some("edited") => Badge::new("person", "!", text!("có người đã sửa trên kênh", "somebody edited it there")),
        Some("unapproved") => Badge::new("person", "!", text!("khác bản đã duyệt, không gửi", "not what was approved")),
        Some("ambiguous" | "unknown" | "lost") => Badge::new("person", "?", text!("không rõ kết quả", "nobody knows")),
        Some(_) => Badge::new("trouble", "✗", text!("họ từ chối", "refused")),
    }
}

/// An attempt, for `article_standing.html`.
pub(in crate::console) fn attempt(row: &AttemptRow) -> Value {
    json!({
        "number": row.attempt,
        "errand": errand(&row.errand),
        "revision": row.revision,
        "started": row.started,
        "finished": row.finished,
        "badge": outcome(row.outcome.as_deref()),
        "note": row.note,
        "url": row.url,
        "hash": row.payload_hash,
    })
}

/// What was decided, in the ledger's word.
pub(in crate::console) fn decision(what: &str) -> Text {
    match what {
        "publish" => text!("đăng bài", "published"),
        "correct" => text!("đính chính", "corrected"),
        "withdraw" => text!("thu hồi", "withdrew"),
        "resolve" => text!("xác nhận", "resolved"),
        "retry" => text!("cho đi tiếp", "let it go on"),
        "approve" => text!("duyệt", "approved"),
        "send_back" => text!("trả lại", "sent back"),
        "send_again" => text!("gửi thêm bản nữa", "asked for another copy"),
        "missed" => text!("gửi bù", "sent to those who missed it"),
        "pause" => text!("tạm dừng kênh", "paused the channel"),
        "resume" => text!("cho kênh chạy tiếp", "let the channel go on"),
        "restore" => text!("khôi phục từ bản sao lưu", "restored a backup"),
        "subscribe" => text!("thêm người nhận", "added subscribers"),
        "remove" => text!("bỏ người nhận", "took a subscriber off"),
        "export" => text!("xuất danh sách", "exported the list"),
        "active" => text!("nhận thư lại", "gets letters again"),
        "unsubscribed" => text!("hủy nhận thư", "unsubscribed"),
        "bounced" => text!("hộp thư không nhận", "mailbox refuses"),
        "complained" => text!("báo là thư rác", "reported as unwanted"),
        "account" => text!("tài khoản", "account"),
        "sign_in" => text!("đăng nhập", "signed in"),
        "sign_out" => text!("đăng xuất", "signed out"),
        "sign_in_refused" => text!("đăng nhập không được", "sign-in refused"),
        other => Text::same(other),
    }
}
