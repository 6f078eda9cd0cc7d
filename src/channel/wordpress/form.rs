//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "url",
        Input::Line,
        || text!("Địa chỉ trang", "The site's address"),
        || {
            text!(
                "địa chỉ trang chủ, đúng như khi mở bằng trình duyệt (có hay không có www)",
                "the home page as a browser opens it, with or without www"
            )
        },
    )
    .required(),
    Field::new(
        "user",
        Input::Line,
        || text!("Tên đăng nhập", "User name"),
        || {
            text!(
                "tài khoản riêng cho loa trên WordPress, vai trò Biên tập viên",
                "an account of loa's own on WordPress, with the role Editor"
            )
        },
    )
    .required(),
    Field::new(
        "password",
        Input::Secret,
        || text!("Mật khẩu ứng dụng", "Application password"),
        || {
            text!(
                "24 ký tự, tạo trong hồ sơ của tài khoản đó, mục Mật khẩu ứng dụng",
                "24 characters, made in that account's profile under Application Passwords"
            )
        },
    )
    .required(),
    Field::new(
        "withdraw",
        Input::Choice(&[
            ("trash", || text!("bỏ vào thùng rác, giữ 30 ngày", "into the trash, kept for 30 days")),
            ("draft", || text!("đưa về bản nháp", "back to a draft")),
        ]),
        || text!("Khi thu hồi bài", "When an article is withdrawn"),
        || text!("không chọn thì bỏ vào thùng rác", "unless chosen, into the trash"),
    ),
    Field::new(
        "category",
        Input::NumberOrName,
        || text!("Chuyên mục chung", "Category of everything"),
        || text!("tên hoặc số của chuyên mục; có thể để trống", "its name or number; may be left empty"),
    ),
    Field::new(
        "categories",
        Input::InFile,
        || text!("Chủ đề thành chuyên mục", "Topics as categories"),
        || {
            text!(
                "bảng [settings.categories] trong tệp: chủ đề nào vào chuyên mục nào",
                "the table [settings.categories] of the file: which topic goes into which category"
            )
        },
    ),
    Field::new(
        "tags",
        Input::YesNo,
        || text!("Chủ đề còn lại thành thẻ", "Other topics become tags"),
        || text!("bình thường là có", "usually yes"),
    ),
    Field::new(
        "routes",
        Input::Choice(&[
            ("auto", || text!("loa tự hỏi trang", "loa asks the site")),
            ("wp-json", || text!("địa chỉ /wp-json", "the address /wp-json")),
            ("rest_route", || text!("địa chỉ ?rest_route=", "the address ?rest_route=")),
        ]),
        || text!("Lối vào REST API", "Way into the REST API"),
        || text!("chỉ đặt khi loa tự hỏi không được", "only where asking does not work"),
    ),
];
