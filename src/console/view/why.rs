//! Why a delivery is where it is, for officers at the console: what to do next is a button, not a command.

use crate::console::reason;
use crate::delivery::{Hold, State};
use crate::queue::Pause;
use crate::text;
use crate::text::Text;

/// In words; `None` where there is nothing to say.
pub(in crate::console) fn why(state: &State, pause: Option<&Pause>) -> Option<Text> {
    match state {
        State::Held { why } => Some(held(why)),
        State::Uncertain { note, look: Some(_), .. } => Some(Text {
            vi: format!("{}; loa sẽ tự kiểm tra lại", note.vi),
            en: format!("{}; loa will look again", note.en),
        }),
        State::Uncertain { note, .. } => Some(Text {
            vi: format!("{}; hãy xem trên kênh rồi cho biết bài đã lên hay chưa", note.vi),
            en: format!("{}; look at the channel, then say whether it is there", note.en),
        }),
        other => reason(other, pause),
    }
}

fn held(hold: &Hold) -> Text {
    match hold {
        Hold::Late { .. } => text!(
            "đã quá muộn so với giờ dự kiến nên loa không tự phát",
            "it is later than the channel's grace allows, so loa did not send it"
        ),
        Hold::Expired { .. } => text!(
            "bài hết hiệu lực trước khi được phát; muốn phát thì đính chính ngày hết hạn",
            "the article expired before it went out; to send it, correct its expiry"
        ),
        Hold::After { channel } => {
            text!("kênh {channel} không có địa chỉ công khai đúng hạn", "{channel} brought no public address in time")
        }
        Hold::Edited { note, .. } => note.clone(),
        Hold::Approval { note: None } => text!("chờ người có thẩm quyền duyệt", "waits for approval"),
        Hold::Approval { note: Some(note) } => Text {
            vi: format!("{}; chờ duyệt lại", note.vi),
            en: format!("{}; it has to be approved again", note.en),
        },
        Hold::Returned { who, word } => text!("{who} trả lại: {word}", "{who} sent it back: {word}"),
        Hold::RehearsalOfLive => text!(
            "kênh đang diễn tập nhưng bài đã lên thật, hoặc có thể đã lên; chuyển kênh về chạy thật trước",
            "the channel rehearses but the copy is public, or may be; set the channel to live first"
        ),
    }
}
