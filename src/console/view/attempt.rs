//! The ledger's attempts, told as a colleague would.

use serde_json::{Value, json};

use super::badge::Badge;
use crate::ledger::AttemptRow;
use crate::text;
use crate::text::Text;

/// What was tried.
fn errand(name: &str) -> Text {
    match name {
        "create" => text!("đăng", "publish"),
        "update" => text!("đính chính", "correct"),
        "withdraw" => text!("thu hồi", "withdraw"),
        _ => text!("kiểm tra trên kênh", "look at the channel"),
    }
}

/// How it ended.
fn outcome(name: Option<&str>) -> Badge {
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
        other => Text::same(other),
    }
}
