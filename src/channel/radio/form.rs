//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "folder",
        Input::Line,
        || text!("Thư mục nhận bản tin", "Folder for the scripts"),
        || text!("mỗi bản tin một tệp .txt, ví dụ var/radio", "a .txt file for each edition, such as var/radio"),
    )
    .required(),
    Field::new(
        "station",
        Input::Line,
        || text!("Tên đài", "Name of the station"),
        || text!("đọc ở đầu bản tin", "read out at the beginning"),
    ),
    Field::new(
        "sign_off",
        Input::Line,
        || text!("Lời kết", "Closing words"),
        || text!("đọc ở cuối bản tin", "read out at the end"),
    ),
    Field::new(
        "slot",
        Input::Line,
        || text!("Thời lượng một bản tin", "Length of one edition"),
        || text!("ví dụ 15m; phần thừa sang bản tin sau", "such as 15m; the rest goes into the next one"),
    ),
    Field::new(
        "syllables_per_minute",
        Input::Number,
        || text!("Tốc độ đọc", "Reading speed"),
        || text!("âm tiết mỗi phút, thường 160 đến 200", "syllables a minute, usually 160 to 200"),
    ),
    Field::new(
        "voices",
        Input::Lines,
        || text!("Người đọc", "Voices"),
        || text!("mỗi dòng một người, đọc luân phiên", "one a line, they take turns"),
    ),
    Field::new(
        "reading",
        Input::Choice(&[
            ("north", || text!("miền Bắc: nghìn, linh", "northern: nghìn, linh")),
            ("south", || text!("miền Nam: ngàn, lẻ", "southern: ngàn, lẻ")),
        ]),
        || text!("Cách đọc số", "How numbers are read"),
        || text!("không chọn thì miền Bắc", "unless chosen, northern"),
    ),
    Field::new(
        "codes",
        Input::Choice(&[
            ("full", || text!("đọc đầy đủ", "in full")),
            ("short", || text!("đọc gọn", "shortened")),
            ("spelled", || text!("đánh vần", "spelled")),
        ]),
        || text!("Số hiệu văn bản", "Numbers of documents"),
        || text!("không chọn thì đọc đầy đủ", "unless chosen, in full"),
    ),
    Field::new(
        "tu",
        Input::Line,
        || text!("\"TU\" đọc là", "\"TU\" is read as"),
        || text!("Tỉnh ủy hay Thành ủy", "Tỉnh ủy or Thành ủy"),
    ),
    Field::new(
        "lexicon",
        Input::Line,
        || text!("Tệp từ điển cách đọc", "File of readings"),
        || text!("để trống thì dùng lexicon.tsv cạnh tệp kênh", "left empty, lexicon.tsv beside the channel files"),
    ),
    Field::new(
        "script",
        Input::Line,
        || text!("Mẫu bản tin", "Template of the script"),
        || text!("chỉ khi dùng mẫu riêng", "only where it is your own"),
    ),
    Field::new(
        "clean",
        Input::Line,
        || text!("Mẫu bản cho máy đọc", "Template for machines"),
        || text!("chỉ khi dùng mẫu riêng", "only where it is your own"),
    ),
];
