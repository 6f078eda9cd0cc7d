//! The article that channels are tried out with.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::article::{Article, Revision};
use crate::channel::Item;
use crate::delivery::{Action, Live};
use crate::intake::{Draft, DraftContext};
use crate::text::Text;

/// Says of itself that it is a trial, in case somebody comes upon it.
const TITLE: &str = "Thử kênh: lịch tiếp công dân tháng này";
const SUMMARY: &str = "Bài mẫu để xem kênh sẽ hiện bài như thế nào; không phải thông báo thật.";
const BODY: &str = "Ủy ban nhân dân xã tiếp công dân từ 7 giờ 30 đến 11 giờ 30, thứ Ba hằng tuần, tại Trung tâm Phục vụ \
hành chính công.\n\nNgười dân mang theo căn cước công dân và giấy tờ liên quan. Mọi ý kiến xin gọi 0296 3 841 234.";

impl App {
    /// The sample, as one item of a job.
    pub(super) fn sample(&self, now: DateTime<Utc>) -> Result<Item, Text> {
        let draft = Draft {
            title: Some(TITLE.to_owned()),
            summary: Some(SUMMARY.to_owned()),
            body_text: Some(BODY.to_owned()),
            topics: vec!["thông báo".to_owned()],
            canonical_url: Some("https://example.vn/thu-kenh".to_owned()),
            ..Draft::default()
        };
        let cx = DraftContext { source: "loa", external_id: Some("thu-kenh"), zone: self.config.office.timezone };
        let (article, _): (Article, _) = draft.into_article(&cx).map_err(|error| error.text())?;
        Ok(Item {
            published: now,
            updated: now,
            action: Action::Create(Revision::FIRST),
            live: Live::Nothing,
            link: article.canonical_url.clone(),
            article: Arc::new(article),
            revision: Revision::FIRST,
            again: None,
        })
    }
}
