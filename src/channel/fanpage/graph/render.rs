//! What Facebook is sent: the message with its link, the link to preview, the pictures.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::article::Image;
use crate::channel::failure::RenderError;
use crate::channel::fanpage::render::{Shape, post};
use crate::channel::{Item, Payload, RenderContext};
use crate::delivery::Action;
use crate::text;

/// One post, before it is cut into calls. The payload is this as JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Post {
    /// What is done: `publish`, `correct` or `withdraw`.
    pub(super) action: String,
    /// The text; for a withdrawal, the notice for the case that Facebook does not let the post be taken away.
    pub(super) message: String,
    /// The address whose preview is shown. It is in the message as well: after an edit that is all there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<String>,
    /// The pictures that go along. A post with pictures shows no preview of its link.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) photos: Vec<Image>,
}

pub(super) fn render(
    items: &[Item],
    cx: &RenderContext,
    shape: Shape,
    most_photos: usize,
) -> Result<Payload, RenderError> {
    let [item] = items else {
        return Err(RenderError(text!(
            "mỗi bài đăng Fanpage chỉ mang một bài",
            "a Fanpage post carries exactly one article"
        )));
    };
    let link = item.link.clone().filter(|link| link.starts_with("http"));
    let made = match item.action {
        Action::Withdraw => Post {
            action: "withdraw".to_owned(),
            message: nfc(&format!("Bài đăng này đã được thu hồi.\n\nNguồn: {}", cx.office.name)),
            link: None,
            photos: Vec::new(),
        },
        // Neither the link nor the pictures of a post can be changed: a correction is its text.
        Action::Update(_) => {
            Post { action: "correct".to_owned(), message: nfc(&post(item, cx, shape)), link, photos: Vec::new() }
        }
        Action::Create(_) => Post {
            action: "publish".to_owned(),
            message: nfc(&post(item, cx, shape)),
            link,
            photos: item.article.images.iter().filter(|_| shape.images).take(most_photos).cloned().collect(),
        },
    };
    let mut bytes = serde_json::to_vec_pretty(&made)
        .map_err(|error| RenderError(text!("không tạo được JSON: {error}", "cannot make the JSON: {error}")))?;
    bytes.push(b'\n');
    Ok(Payload::alone("json", bytes))
}

pub(super) fn nfc(words: &str) -> String {
    words.nfc().collect()
}
