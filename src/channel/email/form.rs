//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "from",
        Input::Line,
        || text!("Người gửi", "From"),
        || text!("ví dụ UBND xã An Bình <tin@anbinh.example.vn>", "such as UBND xã An Bình <tin@anbinh.example.vn>"),
    )
    .required(),
    Field::new(
        "recipients",
        Input::Line,
        || text!("Tệp danh sách người nhận", "File with the recipients"),
        || text!("để trống thì gửi tới những người đăng ký trong loa", "left empty, to those who have subscribed"),
    ),
    Field::new(
        "host",
        Input::Line,
        || text!("Máy chủ thư", "Mail server"),
        || text!("ví dụ mail.example.vn", "such as mail.example.vn"),
    )
    .required()
    .only("transport", "smtp"),
    Field::new(
        "security",
        Input::Choice(&[
            ("starttls", || text!("STARTTLS, cổng 587", "STARTTLS, port 587")),
            ("tls", || text!("TLS ngay từ đầu, cổng 465", "TLS from the start, port 465")),
            ("none", || text!("không mã hóa, chỉ trong mạng nội bộ", "none, only in the office's own network")),
        ]),
        || text!("Bảo mật đường truyền", "Security"),
        || text!("không chọn thì STARTTLS", "unless chosen, STARTTLS"),
    ),
    Field::new(
        "port",
        Input::Number,
        || text!("Cổng", "Port"),
        || text!("để trống thì theo cách bảo mật", "left empty, by the kind of security"),
    ),
    Field::new(
        "username",
        Input::Line,
        || text!("Tên đăng nhập", "User name"),
        || text!("trên máy chủ thư", "on the mail server"),
    ),
    Field::new(
        "password",
        Input::Secret,
        || text!("Mật khẩu thư", "Mail password"),
        || text!("đi cùng tên đăng nhập", "goes with the user name"),
    ),
    Field::new(
        "reply_to",
        Input::Line,
        || text!("Thư trả lời về", "Answers go to"),
        || text!("để trống thì về người gửi", "left empty, to the sender"),
    ),
    Field::new(
        "bounces",
        Input::Line,
        || text!("Hộp thư nhận thư báo lỗi", "Mailbox for bounces"),
        || text!("phải nhận được địa chỉ có dấu cộng", "it has to take addresses with a plus"),
    ),
    Field::new(
        "images",
        Input::Choice(&[
            ("linked", || text!("lấy từ địa chỉ công khai", "fetched from their public address")),
            ("inline", || text!("đính trong thư", "inside the letter")),
            ("none", || text!("không có ảnh", "none")),
        ]),
        || text!("Ảnh trong thư", "Pictures"),
        || text!("không chọn thì lấy từ địa chỉ công khai", "unless chosen, from their public address"),
    ),
    Field::new(
        "per_hour",
        Input::Number,
        || text!("Nhiều nhất mỗi giờ", "Most letters an hour"),
        || text!("theo mức nhà cung cấp cho phép", "what the provider allows"),
    ),
    Field::new(
        "per_hour_to_domain",
        Input::Number,
        || text!("Nhiều nhất mỗi giờ tới một tên miền", "Most an hour to one domain"),
        || text!("ví dụ tới gmail.com", "such as gmail.com"),
    ),
    Field::new(
        "connections",
        Input::Number,
        || text!("Số phiên gửi cùng lúc", "Sessions at once"),
        || text!("1 đến 50", "1 to 50"),
    ),
    Field::new(
        "put_off_minutes",
        Input::Number,
        || text!("Bị hoãn thì chờ", "When put off, wait"),
        || text!("số phút trước khi gửi lại", "minutes before trying again"),
    ),
    Field::new(
        "patience_days",
        Input::Number,
        || text!("Hoãn mãi thì thôi sau", "Put off for ever, give up after"),
        || text!("số ngày", "days"),
    ),
    Field::new(
        "transport",
        Input::Choice(&[
            ("smtp", || text!("gửi thật qua máy chủ thư", "really sent, over SMTP")),
            ("file", || text!("không gửi, ghi mỗi thư thành một tệp", "not sent: a file for each letter")),
        ]),
        || text!("Cách gửi", "How letters leave"),
        || text!("không chọn thì gửi thật", "unless chosen, really sent"),
    ),
    Field::new(
        "folder",
        Input::Line,
        || text!("Thư mục ghi thư", "Folder for the letters"),
        || text!("khi ghi thư thành tệp", "where letters become files"),
    )
    .only("transport", "file"),
    Field::new(
        "dkim.selector",
        Input::Line,
        || text!("DKIM: tên khóa (selector)", "DKIM: selector"),
        || text!("chỉ khi máy chủ thư không tự ký", "only where the mail server does not sign"),
    ),
    Field::new(
        "dkim.key",
        Input::SecretLines,
        || text!("DKIM: khóa riêng", "DKIM: private key"),
        || text!("cả tệp PEM", "the whole PEM file"),
    ),
    Field::new(
        "dkim.domain",
        Input::Line,
        || text!("DKIM: tên miền", "DKIM: domain"),
        || text!("để trống thì theo người gửi", "left empty, the sender's"),
    ),
    Field::new(
        "dkim.ed25519",
        Input::InFile,
        || text!("DKIM: khóa thứ hai", "DKIM: second key"),
        || text!("khóa Ed25519, viết trong tệp", "an Ed25519 key, written in the file"),
    ),
];
