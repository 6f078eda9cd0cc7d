//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "folder",
        Input::Line,
        || text!("Thư mục nhận gói", "Folder for the packages"),
        || text!("có thể là thư mục chung trong mạng cơ quan", "may be a shared folder of the office"),
    )
    .required(),
    Field::new(
        "form",
        Input::Choice(&[
            ("zip", || text!("một tệp nén", "a ZIP file")),
            ("folder", || text!("một thư mục", "a folder")),
        ]),
        || text!("Mỗi gói là", "A package is"),
        || text!("không chọn thì tệp nén", "unless chosen, a ZIP file"),
    ),
    Field::new(
        "pictures",
        Input::YesNo,
        || text!("Kèm ảnh", "With pictures"),
        || text!("bình thường là có", "usually yes"),
    ),
    Field::new(
        "windows",
        Input::YesNo,
        || text!("Tệp chữ cho máy Windows cũ", "Text for old Windows machines"),
        || text!("bình thường là không", "usually no"),
    ),
];
