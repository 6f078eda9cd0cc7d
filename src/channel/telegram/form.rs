//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "chat_id",
        Input::NumberOrName,
        || text!("Kênh hoặc nhóm", "Channel or group"),
        || text!("số của kênh (nên dùng), hoặc @tên", "its number (better), or its @name"),
    )
    .required(),
    Field::new(
        "bot_token",
        Input::Secret,
        || text!("Mã bot", "Bot token"),
        || text!("do @BotFather cấp", "from @BotFather"),
    )
    .required(),
    Field::new(
        "text_limit",
        Input::Number,
        || text!("Số ký tự tối đa", "Longest text"),
        || text!("nhiều nhất 4096; có ảnh thì 1024", "at most 4096; 1024 under a picture"),
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
        || text!("bình thường là có", "usually yes"),
    ),
    Field::new(
        "silent",
        Input::YesNo,
        || text!("Không báo âm thanh", "No sound for followers"),
        || text!("bình thường là không", "usually no"),
    ),
    Field::new(
        "base_url",
        Input::Line,
        || text!("Địa chỉ máy chủ bot", "Address of the bot server"),
        || text!("chỉ đổi khi thử nghiệm", "changed for trials only"),
    ),
];
