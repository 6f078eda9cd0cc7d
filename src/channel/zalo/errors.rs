//! Zalo's error codes. They come with HTTP 200: the status says nothing.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::super::failure::{Attention, SendError};
use crate::text;
use crate::text::Text;

/// What a code means for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// The article is still being processed: ask again later.
    Processing,
    /// The access token is not good (any more).
    Token,
    /// A parameter is wrong, or what it names does not exist.
    Parameter,
    /// They will never take this.
    Refused,
    /// What was attached has run out: the same again.
    Again,
    /// It cannot be told what was done.
    Unclear,
    /// The whole channel rests for a minute.
    Minute,
    /// The whole channel rests until tomorrow.
    Tomorrow,
    /// The whole channel rests until six in the morning.
    Morning,
    /// The channel needs a person.
    Person(Attention),
}

/// One code.
struct Row {
    code: i64,
    means: Means,
    /// What a person would have to know.
    vi: &'static str,
    en: &'static str,
}

const fn row(code: i64, means: Means, vi: &'static str, en: &'static str) -> Row {
    Row { code, means, vi, en }
}

const CREDENTIAL: Means = Means::Person(Attention::Credential);
const SETTINGS: Means = Means::Person(Attention::Misconfigured);
const QUOTA: Means = Means::Person(Attention::Quota);

/// Every code that is known, as of October 2026.
const TABLE: &[Row] = &[
    row(-32, Means::Minute, "quá số lệnh gọi mỗi phút", "too many calls in a minute"),
    row(-100, Means::Again, "tệp đính kèm đã hết hạn", "an attachment has expired"),
    row(-200, Means::Unclear, "Zalo báo gửi không thành công", "Zalo says that sending failed"),
    row(-201, Means::Parameter, "tham số không hợp lệ", "a parameter is not valid"),
    row(-204, CREDENTIAL, "OA đã bị khóa", "the OA is disabled"),
    row(-205, CREDENTIAL, "OA không tồn tại", "the OA does not exist"),
    row(-209, SETTINGS, "ứng dụng chưa được kích hoạt", "the app is not active"),
    row(-210, Means::Refused, "vượt giới hạn cho phép", "over a limit"),
    row(-211, Means::Tomorrow, "đã hết lượt dùng tính năng này", "the quota of this feature is used up"),
    row(-212, SETTINGS, "ứng dụng chưa đăng ký API này", "the app has not registered this API"),
    row(-213, Means::Refused, "người nhận chưa quan tâm OA", "the recipient does not follow the OA"),
    row(-214, Means::Processing, "bài đang được xử lý", "the article is being processed"),
    row(-216, Means::Token, "access token không hợp lệ", "the access token is not valid"),
    row(-217, Means::Refused, "người nhận đã chặn OA", "the recipient has blocked the OA"),
    row(-218, Means::Refused, "người nhận đã hết lượt nhận", "the recipient's quota is used up"),
    row(-219, SETTINGS, "ứng dụng đã bị gỡ", "the app was removed"),
    row(-220, Means::Token, "access token đã hết hạn", "the access token has expired"),
    row(-221, SETTINGS, "OA chưa xác thực", "the OA is not verified"),
    row(
        -223,
        QUOTA,
        "ứng dụng chưa được cấp quyền, hoặc đã hết lượt đăng bài",
        "the app is not authorised, or the article quota is used up",
    ),
    row(-224, SETTINGS, "gói dịch vụ của OA quá thấp", "the OA's service package is too low"),
    row(-227, Means::Refused, "người nhận không hoạt động", "the recipient is inactive"),
    row(
        -230,
        Means::Refused,
        "người nhận không tương tác trong 7 ngày",
        "the recipient has not been in touch for 7 days",
    ),
    row(-232, Means::Refused, "người nhận chưa tương tác", "the recipient has not been in touch"),
    row(-233, Means::Refused, "loại nội dung không được hỗ trợ", "this kind of content is not supported"),
    row(-234, Means::Morning, "Zalo không nhận vào ban đêm", "Zalo takes nothing at night"),
    row(-235, Means::Refused, "loại OA không được dùng API này", "this type of OA may not use this API"),
    row(-240, Means::Refused, "API này đã đóng", "this API is closed"),
    row(-242, CREDENTIAL, "appsecret_proof không đúng", "appsecret_proof is wrong"),
    row(-244, Means::Refused, "người nhận hạn chế nhận tin", "the recipient restricts messages"),
    row(-248, Means::Refused, "nội dung vi phạm chính sách của Zalo", "the content violates Zalo's policy"),
    row(-320, SETTINGS, "ứng dụng chưa gắn với Zalo Cloud Account", "the app has no Zalo Cloud Account"),
    row(-321, SETTINGS, "Zalo Cloud Account hết tiền", "the Zalo Cloud Account has no money left"),
];

/// What a code that is not zero means; one that is not known is a refusal.
pub(super) fn means(code: i64) -> Means {
    TABLE.iter().find(|row| row.code == code).map_or(Means::Refused, |row| row.means)
}

/// The failure that a code is. `said` are Zalo's own words.
pub(super) fn failure(code: i64, said: &str, now: DateTime<Utc>, zone: Tz) -> SendError {
    let words = note(code, said);
    match means(code) {
        Means::Processing | Means::Again => SendError::transient(words),
        Means::Parameter | Means::Refused => SendError::permanent(words),
        Means::Unclear => SendError::ambiguous(words),
        Means::Minute => SendError::throttled(Some(Duration::from_mins(1)), words),
        Means::Tomorrow => SendError::throttled(until(0, now, zone), words),
        Means::Morning => SendError::throttled(until(6, now, zone), words),
        Means::Token => SendError::attention(Attention::Credential, words),
        Means::Person(attention) => SendError::attention(attention, words),
    }
}

fn note(code: i64, said: &str) -> Text {
    let (vi, en) = match TABLE.iter().find(|row| row.code == code) {
        Some(row) => (row.vi, row.en),
        None => ("Zalo từ chối", "Zalo refused it"),
    };
    if said.is_empty() {
        return text!("{vi} (Zalo {code})", "{en} (Zalo {code})");
    }
    text!("{vi} (Zalo {code}: {said})", "{en} (Zalo {code}: {said})")
}

/// The time until the clock of the office next shows this hour.
fn until(hour: u32, now: DateTime<Utc>, zone: Tz) -> Option<Duration> {
    let here = now.with_timezone(&zone);
    let at = NaiveTime::from_hms_opt(hour, 0, 0)?;
    let today = here.date_naive().and_time(at).and_local_timezone(zone).earliest()?;
    let next = if today > here { today } else { today + TimeDelta::days(1) };
    (next - here).to_std().ok()
}
