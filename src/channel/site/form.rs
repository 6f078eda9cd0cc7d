//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "folder",
        Input::Line,
        || text!("Thư mục ghi trang", "Folder for the pages"),
        || text!("máy chủ web phục vụ thư mục này, ví dụ var/site", "the web server serves it, such as var/site"),
    )
    .required(),
    Field::new(
        "base_url",
        Input::Line,
        || text!("Địa chỉ công khai", "Public address"),
        || {
            text!(
                "địa chỉ mà người dân mở; các kênh khác dẫn về đây",
                "what the public opens; other channels link here"
            )
        },
    ),
    Field::new(
        "title",
        Input::Line,
        || text!("Tên trang", "Title"),
        || text!("để trống thì dùng tên cơ quan", "left empty, the office's name"),
    ),
];
