//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "app_id",
        Input::Line,
        || text!("ID ứng dụng", "App id"),
        || {
            text!(
                "ứng dụng tạo ở developers.zalo.me, đã gắn với OA",
                "the app at developers.zalo.me that belongs to the OA"
            )
        },
    )
    .required(),
    Field::new(
        "app_secret",
        Input::Secret,
        || text!("Khóa bí mật của ứng dụng", "App secret"),
        || text!("lấy ở trang của ứng dụng", "from the app's page"),
    )
    .required(),
    Field::new(
        "token_file",
        Input::Line,
        || text!("Tệp giữ token", "File with the tokens"),
        || {
            text!(
                "loa ghi lại tệp này mỗi lần làm mới, ví dụ var/zalo-token.json",
                "renewed by loa, such as var/zalo-token.json"
            )
        },
    )
    .required(),
    Field::new(
        "default_cover",
        Input::Line,
        || text!("Ảnh bìa dự phòng", "Cover where there is none"),
        || {
            text!(
                "địa chỉ một ảnh JPEG, rộng không quá 1280, dưới 1 MB",
                "address of a JPEG, at most 1280 wide, below 1 MB"
            )
        },
    ),
    Field::new(
        "author",
        Input::Line,
        || text!("Tác giả", "Author"),
        || text!("để trống thì là người viết, hoặc tên cơ quan", "left empty, whoever wrote it, or the office"),
    ),
    Field::new(
        "comments",
        Input::YesNo,
        || text!("Cho phép bình luận", "Comments"),
        || text!("bình thường là không", "usually no"),
    ),
    Field::new(
        "withdrawal",
        Input::Choice(&[
            ("remove", || text!("xóa bài", "the article is deleted")),
            ("hide", || text!("ẩn bài, thay nội dung bằng thông báo", "hidden, a notice in its place")),
        ]),
        || text!("Khi thu hồi bài", "When an article is withdrawn"),
        || text!("không chọn thì xóa", "unless chosen, deleted"),
    ),
    Field::new(
        "api_url",
        Input::Line,
        || text!("Địa chỉ API", "Address of the API"),
        || text!("không cần đổi", "need not be changed"),
    ),
    Field::new(
        "oauth_url",
        Input::Line,
        || text!("Địa chỉ cấp token", "Address for tokens"),
        || text!("không cần đổi", "need not be changed"),
    ),
];
