//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "base",
        Input::Line,
        || text!("Phần đầu của địa chỉ", "Beginning of every address"),
        || text!("trong tệp viết là base, trong hai ngoặc nhọn", "called base in the file's templates"),
    ),
    Field::new(
        "login.user",
        Input::Line,
        || text!("Tên đăng nhập", "User name"),
        || text!("chỉ khi cổng dùng tên và mật khẩu", "only where the portal takes a name and a password"),
    ),
    Field::new(
        "login.password",
        Input::Secret,
        || text!("Mật khẩu", "Password"),
        || text!("đi cùng tên đăng nhập", "goes with the user name"),
    ),
    Field::new(
        "headers",
        Input::InFile,
        || text!("Tiêu đề của mọi yêu cầu", "Headers of every request"),
        || text!("trong tệp; mã truy cập thường ở đây", "in the file; an access token usually stands here"),
    ),
    Field::new(
        "values",
        Input::InFile,
        || text!("Giá trị riêng của cổng", "The portal's own values"),
        || text!("bảng [settings.values] trong tệp", "the table [settings.values] of the file"),
    ),
    Field::new(
        "create",
        Input::InFile,
        || text!("Yêu cầu tạo bài", "Request that creates"),
        || text!("bảng [settings.create] trong tệp", "the table [settings.create] of the file"),
    )
    .required(),
    Field::new(
        "reveal",
        Input::InFile,
        || text!("Yêu cầu cho bài hiện ra", "Request that reveals"),
        || text!("nếu cổng tạo bài ẩn trước", "where the portal creates hidden articles first"),
    ),
    Field::new(
        "correct",
        Input::InFile,
        || text!("Yêu cầu đính chính", "Request that corrects"),
        || text!("bảng [settings.correct] trong tệp", "the table [settings.correct] of the file"),
    ),
    Field::new(
        "withdraw",
        Input::InFile,
        || text!("Yêu cầu thu hồi", "Request that withdraws"),
        || text!("bảng [settings.withdraw] trong tệp", "the table [settings.withdraw] of the file"),
    ),
    Field::new(
        "look_up",
        Input::InFile,
        || text!("Yêu cầu tra bài", "Request that looks up"),
        || text!("không khai thì loa hỏi người khi mất trả lời", "without it loa asks a person when an answer is lost"),
    ),
    Field::new(
        "probe",
        Input::InFile,
        || text!("Yêu cầu kiểm tra", "Request that checks"),
        || text!("để biết tài khoản còn dùng được", "tells whether the account can still be used"),
    ),
];
