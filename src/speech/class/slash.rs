//! The slash between words: "đồng/người" is a rate, "xã/phường" a choice, "…/." an ending.

use super::unit;
use crate::speech::context::Cx;
use crate::speech::lex::{Case, Kind};
use crate::speech::reading::{Mark, Reading};
use crate::speech::token::Class;

/// What rates are reckoned by.
const BASES: [&str; 77] = [
    "khóm",
    "mét",
    "gốc",
    "quả",
    "củ",
    "hạt",
    "bụi",
    "lứa",
    "mẻ",
    "cửa",
    "luống",
    "người",
    "năm",
    "tháng",
    "ngày",
    "tuần",
    "giờ",
    "phút",
    "giây",
    "quý",
    "hộ",
    "khẩu",
    "gia",
    "suất",
    "sào",
    "công",
    "mẫu",
    "lần",
    "vụ",
    "lượt",
    "xe",
    "con",
    "em",
    "cháu",
    "trẻ",
    "học",
    "buổi",
    "ca",
    "kỳ",
    "đợt",
    "lít",
    "tạ",
    "tấn",
    "cân",
    "ký",
    "mét",
    "cây",
    "chiếc",
    "cái",
    "bộ",
    "bao",
    "thùng",
    "hộp",
    "bình",
    "chai",
    "lớp",
    "trường",
    "thôn",
    "xã",
    "tổ",
    "đơn",
    "cơ",
    "hồ",
    "lao",
    "cặp",
    "đôi",
    "hecta",
    "héc",
    "tiết",
    "khóa",
    "môn",
    "phòng",
    "đêm",
    "chuyến",
    "lượng",
    "chỉ",
    "gói",
];

/// Kinds of money by their codes.
const CURRENCIES: [&str; 8] = ["usd", "vnd", "vnđ", "eur", "jpy", "gbp", "cny", "aud"];

/// How far back the number of a rate may stand, in lexemes.
const REACH: usize = 12;

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if !cx.is(0, "/\\") {
        return None;
    }
    // "…/." and "./." close an article.
    if cx.is(1, ".") && cx.glued(1) || cx.is(1, "/") || cx.kind(1) == Kind::End {
        return Some(Reading::nothing(1, Class::Symbol, "dấu kết bài"));
    }
    // "USD/VND": the price of one money in another.
    if CURRENCIES.contains(&cx.back(1)) && CURRENCIES.contains(&cx.low(1)) && cx.back_kind(2) != Kind::Num {
        return Some(Reading::say(1, "trên", Class::Money, "cặp tiền tệ"));
    }
    let counted = (1..=REACH).any(|k| cx.back_kind(k) == Kind::Num);
    if counted && cx.back_kind(1) != Kind::End {
        if let Some((take, spoken)) = unit::at(cx, 1) {
            // Laboratory amounts are "trên", everyday rates "một".
            let joint = if matches!(cx.low(1), "ml" | "dl" | "mmol") { "trên" } else { "một" };
            return Some(Reading::say(1 + take, format!("{joint} {spoken}"), Class::Measure, "trên mỗi"));
        }
        let priced = matches!(
            cx.back(1),
            "đồng"
                | "đ"
                | "vnđ"
                | "usd"
                | "triệu"
                | "tỷ"
                | "%"
                | "kg"
                | "tấn"
                | "tạ"
                | "lít"
                | "điểm"
                | "con"
                | "cây"
                | "quả"
        );
        if BASES.contains(&cx.low(1)) || (priced && cx.case(1) == Case::Lower && cx.kind(1) == Kind::Word) {
            return Some(Reading::say(1, "một", Class::Measure, "trên mỗi"));
        }
        if cx.kind(1) == Kind::Num && cx.back_kind(1) == Kind::Word {
            return Some(Reading::say(1, "trên", Class::Ratio, "trên"));
        }
    }
    if cx.back(1) == "và" || cx.low(1) == "hoặc" {
        return Some(Reading::nothing(1, Class::Symbol, "dấu gạch chéo"));
    }
    if cx.back_kind(1) == Kind::Num && cx.kind(1) == Kind::Num {
        return Some(Reading::say(1, "trên", Class::Ratio, "trên"));
    }
    Some(Reading::pause(1, Mark::Comma, "dấu gạch chéo"))
}
