//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "folder",
        Input::Line,
        || text!("Thư mục nhận tệp", "Folder for the files"),
        || text!("máy chủ web phục vụ thư mục này", "the web server serves it"),
    )
    .required(),
    Field::new(
        "base_url",
        Input::Line,
        || text!("Địa chỉ công khai của thư mục", "Public address of the folder"),
        || text!("ví dụ https://anbinh.example.vn/feed", "such as https://anbinh.example.vn/feed"),
    )
    .required(),
    Field::new(
        "home",
        Input::Line,
        || text!("Trang chủ", "Home page"),
        || text!("trang mà nguồn tin nói về", "the site that the feed is about"),
    ),
    Field::new(
        "title",
        Input::Line,
        || text!("Tên nguồn tin", "Title"),
        || text!("để trống thì dùng tên cơ quan", "left empty, the office's name"),
    ),
    Field::new("language", Input::Line, || text!("Ngôn ngữ", "Language"), || text!("ví dụ vi", "such as vi")),
    Field::new(
        "file",
        Input::Line,
        || text!("Tên tệp", "Name of the files"),
        || text!("không có đuôi; để trống thì theo tên tệp kênh", "without ending; left empty, the channel's"),
    ),
    Field::new(
        "formats",
        Input::Choices(&[
            ("atom", || text!("Atom", "Atom")),
            ("rss", || text!("RSS 2.0", "RSS 2.0")),
            ("json", || text!("JSON Feed", "JSON Feed")),
        ]),
        || text!("Các dạng", "Formats"),
        || text!("không chọn thì cả ba", "unless chosen, all three"),
    ),
    Field::new(
        "entries",
        Input::Number,
        || text!("Số bài", "Articles"),
        || text!("số bài mới nhất trong nguồn tin, thường 30", "how many of the newest are in it, usually 30"),
    ),
    Field::new(
        "authority",
        Input::Line,
        || text!("Phần đầu của mã bài", "Beginning of the ids"),
        || text!("đừng đổi khi đã có người theo dõi", "not to be changed once somebody follows the feed"),
    ),
    Field::new(
        "hubs",
        Input::Lines,
        || text!("Các hub WebSub", "WebSub hubs"),
        || text!("mỗi dòng một địa chỉ; được báo khi có bài mới", "one address a line; told when something is new"),
    ),
];
