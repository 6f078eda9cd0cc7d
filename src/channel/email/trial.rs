//! Every letter once, on trial: an office's own template that is broken is found when the channel is opened, and not
//! in the night.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::render::Letter;
use crate::article::{Article, ArticleKey, Image, Priority, Revision};
use crate::channel::{Item, Office, RenderContext, SettingsError};
use crate::delivery::{Action, Live};

/// Renders one letter of every sort.
pub(super) fn pass(letter: &Letter, office: &Office) -> Result<(), SettingsError> {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    let cx = RenderContext { office: office.clone(), at, edition: None };
    let article = Arc::new(article());
    let item = |action| Item {
        article: Arc::clone(&article),
        revision: Revision::FIRST,
        action,
        live: Live::Nothing,
        published: at,
        updated: at,
        link: Some("https://example.vn/bai/1.html".to_owned()),
        again: None,
    };
    let all = [Action::Create(Revision::FIRST), Action::Update(Revision(2)), Action::Withdraw].map(item);
    for items in all.iter().map(std::slice::from_ref).chain([all.as_slice()]) {
        letter.attempt(items, &cx).map_err(|error| SettingsError::new(error.0))?;
    }
    Ok(())
}

fn article() -> Article {
    let image = |caption: Option<&str>| Image {
        url: "https://example.vn/anh.jpg".to_owned(),
        alt: "Ảnh".to_owned(),
        caption: caption.map(str::to_owned),
        kept: None,
    };
    Article {
        key: ArticleKey { source: "loa".to_owned(), external_id: "1".to_owned() },
        title: "Tiêu đề".to_owned(),
        summary: Some("Tóm tắt.".to_owned()),
        body_html: "<p>Nội dung.</p>".to_owned(),
        body_text: "Nội dung.".to_owned(),
        byline: Some("Người viết".to_owned()),
        canonical_url: None,
        published_at: None,
        embargo_until: None,
        expires_at: None,
        language: "vi".to_owned(),
        topics: vec!["thông báo".to_owned()],
        organisation: None,
        priority: Priority::Urgent,
        images: vec![image(Some("Chú thích")), image(None)],
    }
}
