//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "server",
        Input::Line,
        || text!("Máy chủ", "Server"),
        || text!("ví dụ https://mastodon.example.vn", "such as https://mastodon.example.vn"),
    )
    .required(),
    Field::new(
        "access_token",
        Input::Secret,
        || text!("Mã truy cập", "Access token"),
        || {
            text!(
                "trên Mastodon: Tùy chọn → Phát triển → Ứng dụng mới",
                "on Mastodon: Preferences → Development → New application"
            )
        },
    )
    .required(),
    Field::new(
        "visibility",
        Input::Choice(&[
            ("public", || text!("mọi người", "everybody")),
            ("unlisted", || text!("không lên dòng thời gian chung", "not on public timelines")),
            ("private", || text!("chỉ người theo dõi", "followers only")),
        ]),
        || text!("Ai thấy bài", "Who sees posts"),
        || text!("không chọn thì mọi người", "unless chosen, everybody"),
    ),
    Field::new(
        "text_limit",
        Input::Number,
        || text!("Số ký tự tối đa", "Longest text"),
        || text!("mà máy chủ nhận, thường 500", "that the server takes, usually 500"),
    ),
    Field::new(
        "hashtags",
        Input::YesNo,
        || text!("Tạo hashtag từ chủ đề", "Hashtags from topics"),
        || text!("bình thường là có", "usually yes"),
    ),
    Field::new(
        "images",
        Input::YesNo,
        || text!("Gửi kèm ảnh", "With pictures"),
        || text!("bình thường là có, tối đa 4", "usually yes, 4 at most"),
    ),
];
