//! The message as Telegram takes it: a little HTML, counted in UTF-16.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::copy::Copy;
use crate::article::Image;
use crate::channel::failure::RenderError;
use crate::channel::page::hashtag;
use crate::channel::{Item, Payload, RenderContext};
use crate::delivery::Action;
use crate::text;

/// Longest text of a message and of a caption, after the tags are taken out.
pub(super) const LONGEST_TEXT: usize = 4_096;
const LONGEST_CAPTION: usize = 1_024;
/// Below this a piece of a body says nothing.
const SHORTEST_BODY: usize = 20;

/// How a message looks.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) text_limit: usize,
    pub(super) hashtags: bool,
    /// Most pictures; an album holds ten.
    pub(super) photos: usize,
}

/// One message. The payload is this as JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Message {
    /// What is done: `publish`, `correct` or `withdraw`.
    pub(super) action: String,
    /// In Telegram's HTML; for a withdrawal, the notice for a message that is too old to be deleted.
    pub(super) html: String,
    /// The address whose preview is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<String>,
    /// The pictures above the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) photos: Vec<Image>,
}

pub(super) fn render(items: &[Item], cx: &RenderContext, shape: Shape) -> Result<Payload, RenderError> {
    let [item] = items else {
        return Err(RenderError(text!(
            "mỗi tin Telegram chỉ mang một bài",
            "a Telegram message carries exactly one article"
        )));
    };
    let photos: Vec<Image> = match item.action {
        Action::Create(_) => item.article.images.iter().take(shape.photos).cloned().collect(),
        // The pictures of a message stay what they are.
        Action::Update(_) | Action::Withdraw => Vec::new(),
    };
    let is_caption = match item.live.receipt() {
        Some(receipt) => receipt.remote_id.parse().is_ok_and(|copy: Copy| copy.photo),
        None => !photos.is_empty(),
    };
    let most = if is_caption { shape.text_limit.min(LONGEST_CAPTION) } else { shape.text_limit };
    let withdrawn = item.action == Action::Withdraw;
    let message = Message {
        action: match item.action {
            Action::Create(_) => "publish",
            Action::Update(_) => "correct",
            Action::Withdraw => "withdraw",
        }
        .to_owned(),
        html: if withdrawn { notice(cx) } else { words(item, cx, shape, most)? },
        link: item.link.clone().filter(|link| !withdrawn && link.starts_with("http")),
        photos,
    };
    let mut bytes = serde_json::to_vec_pretty(&message)
        .map_err(|error| RenderError(text!("không tạo được JSON: {error}", "cannot make the JSON: {error}")))?;
    bytes.push(b'\n');
    Ok(Payload::alone("json", bytes))
}

fn notice(cx: &RenderContext) -> String {
    escape(&format!("Tin này đã được thu hồi.\n\nNguồn: {}", cx.office.name))
}

/// Title, as much of the body as fits, source, link, hashtags.
fn words(item: &Item, cx: &RenderContext, shape: Shape, most: usize) -> Result<String, RenderError> {
    let article = &item.article;
    let corrected = matches!(item.action, Action::Update(_));
    let title = if corrected { format!("[ĐÍNH CHÍNH] {}", article.title) } else { article.title.clone() };
    let title = cut(&nfc(&title), most / 3);
    let mut tail = vec![format!("Nguồn: {}", cx.office.name)];
    tail.extend(item.link.as_deref().map(|link| format!("Xem đầy đủ: {link}")));
    let tags: Vec<String> = article.topics.iter().filter_map(|topic| hashtag(topic)).collect();
    let tags = tags.join(" ");
    let fixed = |tail: &[String]| units(&title) + units(&tail.join("\n")) + 4;
    if shape.hashtags && !tags.is_empty() && fixed(&tail) + units(&tags) + SHORTEST_BODY < most {
        tail.push(tags);
    }
    let tail = nfc(&tail.join("\n"));
    let taken = units(&title) + units(&tail) + 4;
    if taken > most {
        return Err(RenderError(text!(
            "tên cơ quan và địa chỉ dẫn về dài quá mức Telegram nhận",
            "the office's name and the link are longer than Telegram takes"
        )));
    }
    let room = most - taken;
    let body = nfc(&article.body_text);
    let body = match &article.summary {
        _ if room < SHORTEST_BODY => String::new(),
        Some(summary) if units(&body) > room => cut(&nfc(&format!("{summary}\n\n{body}")), room),
        _ => cut(&body, room),
    };
    let parts = [format!("<b>{}</b>", escape(&title)), escape(&body), escape(&tail)];
    Ok(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n"))
}

/// Length as Telegram counts it.
fn units(words: &str) -> usize {
    words.encode_utf16().count()
}

/// At most `most` UTF-16 units, cut after a whole word and marked with "…".
fn cut(words: &str, most: usize) -> String {
    if units(words) <= most {
        return words.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let head: String = words
        .chars()
        .take_while(|c| {
            let fits = c.len_utf16() <= left;
            left = left.saturating_sub(c.len_utf16());
            fits
        })
        .collect();
    let whole = head.rfind(char::is_whitespace).and_then(|end| head.get(..end)).unwrap_or(&head);
    format!("{}…", whole.trim_end_matches([' ', ',', ';', ':', '-', '\n']))
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn nfc(words: &str) -> String {
    words.nfc().collect()
}
