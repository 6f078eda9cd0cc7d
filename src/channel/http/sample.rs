//! Articles that templates are tried with: one that has everything, one that has only what every article has.

use std::sync::Arc;

use chrono::DateTime;
use minijinja::Value;

use super::super::Item;
use super::render::Press;
use crate::article::{Article, ArticleKey, Image, Priority, Revision};
use crate::delivery::{Action, Live, Receipt};

/// The values of each step.
pub(super) struct Samples {
    create: Vec<Value>,
    later: Vec<Value>,
    look_up: Vec<Value>,
    probe: Vec<Value>,
}

impl Samples {
    pub(super) fn new(press: &Press) -> Self {
        let rich = Arc::new(rich());
        let bare = Arc::new(bare());
        let items = |action: Action| [item(&rich, action), item(&bare, action)];
        let (create, update, withdraw) = (Action::Create(Revision(1)), Action::Update(Revision(2)), Action::Withdraw);
        let later = items(create).into_iter().chain(items(update)).chain(items(withdraw));
        Self {
            create: items(create).iter().map(|item| press.values(item, None, true)).collect(),
            later: later.map(|item| press.values(&item, Some("123"), true)).collect(),
            look_up: items(create).iter().map(|item| press.values(item, None, false)).collect(),
            probe: vec![press.bare_values()],
        }
    }

    pub(super) fn of(&self, step: &str) -> &[Value] {
        match step {
            "create" => &self.create,
            "look_up" => &self.look_up,
            "probe" => &self.probe,
            _ => &self.later,
        }
    }
}

fn rich() -> Article {
    Article {
        key: ArticleKey { source: "cms".to_owned(), external_id: "bai-1".to_owned() },
        title: "Lịch \"tiếp công dân\" & giải quyết đơn".to_owned(),
        summary: Some("Sáng thứ năm, tại trụ sở.".to_owned()),
        body_html: "<p>Nội dung.</p>".to_owned(),
        body_text: "Nội dung.".to_owned(),
        byline: Some("Ban biên tập".to_owned()),
        canonical_url: Some("https://example.vn/bai-1".to_owned()),
        published_at: Some(DateTime::UNIX_EPOCH),
        embargo_until: Some(DateTime::UNIX_EPOCH),
        expires_at: Some(DateTime::UNIX_EPOCH),
        language: "vi".to_owned(),
        topics: vec!["thông báo".to_owned()],
        organisation: Some("UBND xã".to_owned()),
        priority: Priority::Normal,
        images: vec![Image {
            url: "https://example.vn/anh.jpg".to_owned(),
            alt: "Trụ sở".to_owned(),
            caption: Some("Trụ sở".to_owned()),
            kept: None,
        }],
    }
}

fn bare() -> Article {
    Article {
        summary: None,
        byline: None,
        canonical_url: None,
        published_at: None,
        embargo_until: None,
        expires_at: None,
        topics: Vec::new(),
        organisation: None,
        images: Vec::new(),
        ..rich()
    }
}

fn item(article: &Arc<Article>, action: Action) -> Item {
    let receipt =
        Receipt { remote_id: "123".to_owned(), url: None, payload_hash: String::new(), rehearsal: false, seen: None };
    Item {
        article: Arc::clone(article),
        revision: action.revision().unwrap_or(Revision(2)),
        action,
        live: match action {
            Action::Create(_) => Live::Nothing,
            Action::Update(_) | Action::Withdraw => Live::Shown { revision: Revision(1), receipt },
        },
        published: DateTime::UNIX_EPOCH,
        updated: DateTime::UNIX_EPOCH,
        link: article.canonical_url.clone(),
        again: None,
    }
}
