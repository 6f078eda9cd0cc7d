//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "url",
        Input::Line,
        || text!("Địa chỉ trang quản trị", "Address of the admin site"),
        || text!("không có /ghost ở cuối", "without /ghost at its end"),
    )
    .required(),
    Field::new(
        "admin_api_key",
        Input::Secret,
        || text!("Admin API key", "Admin API key"),
        || {
            text!(
                "dạng id:secret, lấy ở Settings → Integrations của Ghost",
                "of the form id:secret, from Ghost's Settings → Integrations"
            )
        },
    )
    .required(),
    Field::new(
        "withdrawal",
        Input::Choice(&[
            ("draft", || text!("về bản nháp, còn giữ trong Ghost", "back to a draft, kept in Ghost")),
            ("delete", || text!("xóa hẳn", "deleted")),
        ]),
        || text!("Khi thu hồi bài", "When an article is withdrawn"),
        || text!("không chọn thì về bản nháp", "unless chosen, back to a draft"),
    ),
    Field::new(
        "api_version",
        Input::Line,
        || text!("Phiên bản Ghost thấp nhất", "Oldest version of Ghost"),
        || text!("bình thường là v5.0", "usually v5.0"),
    ),
];
