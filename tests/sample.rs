//! Articles, schedules and hours that several tests start from.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use loa::article::{Article, ArticleKey, Priority};
use loa::schedule::{Approval, Schedule, Timing};

pub(crate) const HANOI: Tz = Tz::Asia__Ho_Chi_Minh;

/// An instant from RFC 3339.
pub(crate) fn utc(words: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(words).expect(words).to_utc()
}

pub(crate) fn article(id: &str) -> Article {
    Article {
        key: ArticleKey { source: "cms".to_owned(), external_id: id.to_owned() },
        title: "Lịch tiếp công dân định kỳ tháng 12 năm 2026".to_owned(),
        summary: Some("Chủ tịch UBND xã tiếp công dân vào sáng thứ năm.".to_owned()),
        body_html: "<p>Ủy ban nhân dân xã thông báo lịch tiếp công dân.</p>\n<p>Thời gian: 7 giờ 30.</p>".to_owned(),
        body_text: "Ủy ban nhân dân xã thông báo lịch tiếp công dân.\n\nThời gian: 7 giờ 30.".to_owned(),
        byline: None,
        canonical_url: None,
        published_at: None,
        embargo_until: None,
        expires_at: None,
        language: "vi".to_owned(),
        topics: vec!["thông báo".to_owned(), "cải cách hành chính".to_owned()],
        organisation: Some("UBND xã An Bình".to_owned()),
        priority: Priority::Normal,
        images: Vec::new(),
    }
}

pub(crate) fn schedule() -> Schedule {
    Schedule {
        timing: Timing::Immediate,
        zone: HANOI,
        quiet: None,
        grace: Duration::from_secs(6 * 3_600),
        after: None,
        after_timeout: Duration::from_secs(2 * 3_600),
        approval: Approval::No,
        bundles: false,
        removes_quietly: false,
        rehearsal: false,
    }
}

/// A schedule with these cron lines.
pub(crate) fn slots(lines: &[&str]) -> Schedule {
    let lines = lines.iter().map(|line| line.parse().expect(line)).collect();
    Schedule { timing: Timing::Cron(lines), bundles: true, ..schedule() }
}
