//! Graph's error codes and what each means (Graph API, "Error handling"; Pages API).

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nobody knows whether it was done: posts have been made under these codes.
    Unsure,
    /// Too much in too short a time; nothing was done. Rest so many minutes unless a header says how long.
    Throttled(u64),
    /// The token is dead.
    Token,
    /// The token is alive and does not reach this far.
    Permission,
    /// The app or a setting cannot work.
    Misconfigured,
    /// This content will never be taken.
    Refused,
    /// There is no such object, or it may not be seen.
    Gone,
    /// The page has this already.
    Duplicate,
    /// The link's preview could not be made.
    NoPreview,
}

/// One row: codes from–to, the subcode where it matters, what it means, and why in words.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) codes: (i64, i64),
    pub(super) subcode: Option<i64>,
    pub(super) meaning: Meaning,
    pub(super) vi: &'static str,
    pub(super) en: &'static str,
}

const fn row(codes: (i64, i64), subcode: Option<i64>, meaning: Meaning, vi: &'static str, en: &'static str) -> Row {
    Row { codes, subcode, meaning, vi, en }
}

const LIMIT: u64 = 15;

/// The first row that fits counts.
#[rustfmt::skip]
pub(super) const CODES: &[Row] = &[
    row((1, 1), None, Meaning::Unsure, "lỗi không rõ phía Facebook", "an unknown error at Facebook"),
    row((2, 2), None, Meaning::Unsure, "Facebook đang gián đoạn", "Facebook is down"),
    row((3, 3), None, Meaning::Misconfigured, "ứng dụng chưa có chức năng này", "the app lacks this capability"),
    row((4, 4), None, Meaning::Throttled(LIMIT), "ứng dụng gọi quá nhiều", "the app calls too often"),
    row((10, 10), None, Meaning::Permission, "thiếu hoặc bị gỡ quyền", "a permission is missing or was removed"),
    row((12, 12), None, Meaning::Misconfigured, "phiên bản Graph này không còn hỗ trợ", "this version of Graph no longer has it"),
    row((17, 17), None, Meaning::Throttled(LIMIT), "người dùng gọi quá nhiều", "the user calls too often"),
    row((32, 32), None, Meaning::Throttled(LIMIT), "Trang được gọi quá nhiều", "the Page is called too often"),
    row((100, 100), Some(33), Meaning::Gone, "không có đối tượng này", "there is no such object"),
    row((100, 100), None, Meaning::Refused, "tham số không hợp lệ", "a parameter is not valid"),
    row((102, 102), None, Meaning::Token, "phiên làm việc không còn", "the session is over"),
    row((105, 105), None, Meaning::Refused, "quá nhiều tham số", "too many parameters"),
    row((190, 190), Some(458), Meaning::Token, "ứng dụng đã bị gỡ khỏi tài khoản", "the app was removed from the account"),
    row((190, 190), Some(459), Meaning::Token, "tài khoản đang bị yêu cầu xác minh", "the account is at a checkpoint"),
    row((190, 190), Some(460), Meaning::Token, "mật khẩu tài khoản đã đổi", "the account's password was changed"),
    row((190, 190), Some(463), Meaning::Token, "mã truy cập đã hết hạn", "the token has expired"),
    row((190, 190), Some(464), Meaning::Token, "tài khoản chưa xác nhận", "the account is not confirmed"),
    row((190, 190), Some(467), Meaning::Token, "mã truy cập không hợp lệ", "the token is not valid"),
    row((190, 190), Some(492), Meaning::Token, "người cấp mã không còn vai trò trên Trang", "the person who gave the token has no role on the Page any more"),
    row((190, 190), None, Meaning::Token, "mã truy cập không dùng được", "the token cannot be used"),
    row((197, 197), None, Meaning::Refused, "bài đăng trống", "the post is empty"),
    row((200, 299), None, Meaning::Permission, "không đủ quyền", "the permission is missing"),
    row((341, 341), None, Meaning::Throttled(LIMIT), "ứng dụng chạm giới hạn", "the app is at its limit"),
    row((368, 368), Some(1_390_008), Meaning::Throttled(60), "đăng quá nhanh", "posting too fast"),
    row((368, 368), Some(1_404_082), Meaning::Duplicate, "nội dung này đã đăng", "this was posted already"),
    row((368, 368), Some(4_854_002), Meaning::Token, "Facebook yêu cầu xác minh danh tính", "Facebook asks for proof of identity"),
    row((368, 368), None, Meaning::Throttled(6 * 60), "Facebook tạm chặn vì cho là lạm dụng", "Facebook blocks it as abusive for a while"),
    row((506, 506), None, Meaning::Duplicate, "trùng với bài vừa đăng", "the same as the previous post"),
    row((613, 613), None, Meaning::Throttled(LIMIT), "gọi quá nhiều", "called too often"),
    row((1500, 1500), None, Meaning::Refused, "địa chỉ dẫn về không hợp lệ", "the link is not valid"),
    row((5101, 5101), None, Meaning::Refused, "tệp quá lớn", "the file is too large"),
    row((80_001, 80_001), None, Meaning::Throttled(LIMIT), "Trang chạm giới hạn", "the Page is at its limit"),
    row((1_609_005, 1_609_005), None, Meaning::NoPreview, "Facebook không đọc được trang được dẫn", "Facebook could not read the linked page"),
];

/// The row for a code, if it is known.
pub(super) fn find(code: i64, subcode: Option<i64>) -> Option<&'static Row> {
    let fits =
        |row: &&Row| (row.codes.0..=row.codes.1).contains(&code) && (row.subcode.is_none() || row.subcode == subcode);
    CODES.iter().find(fits)
}
