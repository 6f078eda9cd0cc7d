//! What people fill in for every channel, whatever its kind.

use super::channel_file;
use crate::channel::{Field, Input, Keys};
use crate::text;
use crate::text::Text;

/// Fields that belong together.
pub struct Group {
    /// The table that they stand in; empty for the head of the file.
    pub table: &'static str,
    /// What they are about.
    pub title: fn() -> Text,
    /// The fields.
    pub fields: &'static [Field],
}

/// The groups of every channel file, without `[settings]`, which is the kind's own.
pub const GROUPS: &[Group] = &[
    Group { table: "", title: || text!("Kênh", "Channel"), fields: HEAD },
    Group { table: "route", title: || text!("Nhận bài nào", "Which articles"), fields: ROUTE },
    Group { table: "schedule", title: || text!("Giờ phát", "When"), fields: SCHEDULE },
    Group { table: "limits", title: || text!("Nhịp gửi", "How fast"), fields: LIMITS },
    Group { table: "retry", title: || text!("Thử lại khi lỗi", "Trying again"), fields: RETRY },
];

/// The keys of a channel file, as the code that reads it names them; those of its `[settings]` are the kind's.
#[must_use]
pub fn keys() -> Keys {
    channel_file::keys()
}

const HEAD: &[Field] = &[
    Field::new(
        "name",
        Input::Line,
        || text!("Tên kênh", "Name"),
        || text!("tên mọi người vẫn gọi; để trống thì là tên tệp", "what people call it; left empty, the file's name"),
    ),
    Field::new(
        "enabled",
        Input::YesNo,
        || text!("Đang dùng", "In use"),
        || text!("tắt thì kênh không nhận bài mới", "switched off, it takes no articles"),
    ),
    Field::new(
        "mode",
        Input::Choice(&[
            ("live", || text!("chạy thật", "live")),
            ("rehearsal", || text!("diễn tập, không gửi ra ngoài", "rehearsal, nothing is sent")),
        ]),
        || text!("Chế độ", "Mode"),
        || text!("nên diễn tập vài ngày rồi mới chạy thật", "rehearse for some days before going live"),
    ),
    Field::new(
        "targets",
        Input::InFile,
        || text!("Nhiều nơi trong một tệp", "Many places in one file"),
        || {
            text!(
                "các bảng [[targets]] trong tệp, mỗi nơi thành một kênh",
                "the tables [[targets]]: a channel for each"
            )
        },
    ),
];

const ROUTE: &[Field] = &[
    Field::new(
        "topics",
        Input::Lines,
        || text!("Chủ đề nhận", "Topics taken"),
        || text!("mỗi dòng một chủ đề; để trống thì nhận mọi chủ đề", "one a line; left empty, every topic"),
    ),
    Field::new(
        "except",
        Input::Lines,
        || text!("Trừ các chủ đề", "Except topics"),
        || text!("mỗi dòng một chủ đề, ví dụ nội bộ", "one a line, such as nội bộ"),
    ),
    Field::new(
        "organisations",
        Input::Lines,
        || text!("Chỉ của các cơ quan", "Only of these organisations"),
        || text!("mỗi dòng một cơ quan; để trống thì mọi cơ quan", "one a line; left empty, every one"),
    ),
    Field::new(
        "priority",
        Input::Choices(&[
            ("urgent", || text!("khẩn", "urgent")),
            ("normal", || text!("thường", "normal")),
            ("low", || text!("thấp", "low")),
        ]),
        || text!("Chỉ các mức", "Only of these priorities"),
        || text!("không chọn thì mọi mức", "unless chosen, every one"),
    ),
    Field::new(
        "when",
        Input::Line,
        || text!("Điều kiện thêm", "Further condition"),
        || {
            text!(
                "ví dụ: priority == 'urgent' or 'y tế' in topics",
                "such as: priority == 'urgent' or 'y tế' in topics"
            )
        },
    ),
];

const SCHEDULE: &[Field] = &[
    Field::new(
        "timing",
        Input::Timing,
        || text!("Giờ phát", "Hours"),
        || {
            text!(
                "immediate: phát ngay. Hoặc mỗi dòng một lịch: phút giờ ngày tháng thứ; 30 4 * * * là 4 giờ 30 hằng ngày",
                "immediate: at once. Or a line for each slot: minute hour day month weekday; 30 4 * * * is 4:30 every day"
            )
        },
    ),
    Field::new(
        "quiet",
        Input::Line,
        || text!("Giờ yên lặng", "Quiet hours"),
        || text!("ví dụ 21:30-05:30; bài khẩn vẫn được gửi", "such as 21:30-05:30; urgent articles still go out"),
    ),
    Field::new(
        "grace",
        Input::Line,
        || text!("Trễ tối đa", "How late it may be"),
        || text!("trễ hơn thì chờ người quyết; ví dụ 6h, 2d", "later than that, a person decides; such as 6h, 2d"),
    ),
    Field::new(
        "after",
        Input::Line,
        || text!("Chờ kênh", "After the channel"),
        || text!("tên kênh phải có địa chỉ công khai trước", "the channel whose public address comes first"),
    ),
    Field::new(
        "after_timeout",
        Input::Line,
        || text!("Chờ kênh đó nhiều nhất", "Wait for that at most"),
        || text!("ví dụ 2h", "such as 2h"),
    ),
    Field::new(
        "approval",
        Input::Choice(&[
            ("false", || text!("không", "no")),
            ("true", || text!("có", "yes")),
            ("two", || text!("có, và không phải người soạn", "yes, by somebody else than who wrote it")),
        ]),
        || text!("Phải có người duyệt", "Needs approval"),
        || text!("mỗi bài chờ một người có thẩm quyền", "each article waits for a named person"),
    ),
    Field::new(
        "timezone",
        Input::Line,
        || text!("Múi giờ", "Time zone"),
        || text!("để trống thì theo cơ quan", "left empty, the office's"),
    ),
];

const LIMITS: &[Field] = &[
    Field::new(
        "rate",
        Input::Line,
        || text!("Nhiều nhất", "At most"),
        || text!("ví dụ 30/h: 30 lần mỗi giờ", "such as 30/h: 30 an hour"),
    ),
    Field::new(
        "concurrency",
        Input::Number,
        || text!("Cùng lúc", "At the same time"),
        || text!("1 đến 64, bình thường là 1", "1 to 64, usually 1"),
    ),
    Field::new(
        "timeout",
        Input::Line,
        || text!("Chờ trả lời nhiều nhất", "Wait for an answer at most"),
        || text!("ví dụ 30s", "such as 30s"),
    ),
];

const RETRY: &[Field] = &[
    Field::new(
        "attempts",
        Input::Number,
        || text!("Số lần thử", "Tries"),
        || text!("hết số lần thì ghi là thất bại", "after that many it has failed"),
    ),
    Field::new(
        "first",
        Input::Line,
        || text!("Nghỉ lần đầu", "First rest"),
        || text!("trước khi thử lại, ví dụ 30s", "before trying again, such as 30s"),
    ),
    Field::new("longest", Input::Line, || text!("Nghỉ dài nhất", "Longest rest"), || text!("ví dụ 1h", "such as 1h")),
];
