//! The words of a post: they fit the page's length, name their source and link back. And the webhook's event
//! around them, as JSON.

use serde::Serialize;

use super::super::failure::RenderError;
use super::super::page::{hashtag, shorten};
use super::super::{Item, Payload, RenderContext};
use crate::article::{Image, Priority};
use crate::delivery::Action;
use crate::text;

/// How a post looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) text_limit: usize,
    pub(super) hashtags: bool,
    pub(super) images: bool,
}

#[derive(Serialize)]
struct Event<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    id: String,
    revision: u32,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    source: &'a str,
    topics: &'a [String],
    priority: Priority,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<Picture<'a>>,
}

/// A picture as the receiver gets it: where it is, and what it shows.
#[derive(Serialize)]
struct Picture<'a> {
    url: &'a str,
    alt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<&'a str>,
}

impl<'a> Picture<'a> {
    fn of(image: &'a Image) -> Self {
        Self { url: &image.url, alt: &image.alt, caption: image.caption.as_deref() }
    }
}

/// The webhook's event.
pub(super) fn render(items: &[Item], cx: &RenderContext, shape: Shape) -> Result<Payload, RenderError> {
    let [item] = items else {
        return Err(RenderError(text!(
            "mỗi bài đăng Fanpage chỉ mang một bài",
            "a Fanpage post carries exactly one article"
        )));
    };
    let article = &item.article;
    let withdrawn = item.action == Action::Withdraw;
    let event = Event {
        r#type: match item.action {
            Action::Create(_) => "article.published",
            Action::Update(_) => "article.corrected",
            Action::Withdraw => "article.withdrawn",
        },
        timestamp: item.updated.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        data: Data {
            id: article.key.to_string(),
            revision: item.revision.0,
            title: &article.title,
            text: (!withdrawn).then(|| post(item, cx, shape)),
            link: item.link.as_deref(),
            source: &cx.office.name,
            topics: &article.topics,
            priority: article.priority,
            images: if shape.images && !withdrawn {
                article.images.iter().map(Picture::of).collect()
            } else {
                Vec::new()
            },
        },
    };
    let mut bytes = serde_json::to_vec_pretty(&event)
        .map_err(|error| RenderError(text!("không tạo được JSON: {error}", "cannot make the JSON: {error}")))?;
    bytes.push(b'\n');
    Ok(Payload::alone("json", bytes))
}

/// Title, as much of the body as fits, source, link, hashtags. What must be there is kept; the body is cut.
pub(super) fn post(item: &Item, cx: &RenderContext, shape: Shape) -> String {
    let article = &item.article;
    let corrected = matches!(item.action, Action::Update(_));
    let title = if corrected { format!("[ĐÍNH CHÍNH] {}", article.title) } else { article.title.clone() };
    let mut tail = vec![format!("Nguồn: {}", cx.office.name)];
    tail.extend(item.link.as_deref().map(|link| format!("Xem đầy đủ: {link}")));
    if shape.hashtags {
        let tags: Vec<String> = article.topics.iter().filter_map(|topic| hashtag(topic)).collect();
        tail.extend((!tags.is_empty()).then(|| tags.join(" ")));
    }
    let tail = tail.join("\n");
    let fixed = title.chars().count() + tail.chars().count() + 4;
    let room = shape.text_limit.saturating_sub(fixed);
    let body = match (&article.summary, room) {
        (_, ..20) => String::new(),
        (Some(summary), _) if article.body_text.chars().count() > room => {
            shorten(&format!("{summary}\n\n{}", article.body_text), room)
        }
        _ => shorten(&article.body_text, room),
    };
    [title, body, tail].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}
