//! The status: title, as much of the body as fits, source, link, hashtags.

use serde::{Deserialize, Serialize};

use super::super::failure::RenderError;
use super::super::page::{hashtag, shorten};
use super::super::{Item, Payload, RenderContext};
use crate::delivery::Action;
use crate::text;

/// How a status looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) text_limit: usize,
    pub(super) hashtags: bool,
    pub(super) images: bool,
    pub(super) visibility: Visibility,
}

/// Who sees a status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Visibility {
    #[default]
    Public,
    Unlisted,
    Private,
}

/// The body of the request, but for the names of the pictures, which the far side gives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Status {
    #[serde(default, rename = "status", skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) visibility: Option<Visibility>,
    /// Alternative texts of the pictures that go along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) descriptions: Vec<String>,
    /// For a withdrawal: the article whose status goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) withdrawn: Option<String>,
}

/// The far side takes no more pictures than this.
pub(super) const MOST_PICTURES: usize = 4;
/// Nor longer descriptions.
const MOST_DESCRIPTION: usize = 1_500;
/// An address counts as this many characters, however long it is.
const LINK_COUNTS: usize = 23;

pub(super) fn render(items: &[Item], cx: &RenderContext, shape: Shape) -> Result<Payload, RenderError> {
    let [item] = items else {
        return Err(RenderError(text!("mỗi bài đăng chỉ mang một bài", "a status carries exactly one article")));
    };
    let status = if item.action == Action::Withdraw {
        Status { withdrawn: Some(format!("{}: thu hồi {}", cx.office.name, item.article.key)), ..Status::default() }
    } else {
        let pictures = if shape.images { MOST_PICTURES } else { 0 };
        Status {
            text: Some(words(item, cx, shape)),
            language: item.article.language.split('-').next().map(str::to_owned),
            // An edit cannot change it.
            visibility: matches!(item.action, Action::Create(_)).then_some(shape.visibility),
            descriptions: {
                let images = item.article.images.iter().take(pictures);
                images.map(|image| shorten(&image.alt, MOST_DESCRIPTION)).collect()
            },
            withdrawn: None,
        }
    };
    let mut bytes = serde_json::to_vec_pretty(&status)
        .map_err(|error| RenderError(text!("không tạo được JSON: {error}", "cannot make the JSON: {error}")))?;
    bytes.push(b'\n');
    Ok(Payload::alone("json", bytes))
}

/// What must be there is kept; the body is cut.
fn words(item: &Item, cx: &RenderContext, shape: Shape) -> String {
    let article = &item.article;
    let corrected = matches!(item.action, Action::Update(_));
    let source = format!("Nguồn: {}", cx.office.name);
    let tags: Vec<String> =
        article.topics.iter().filter(|_| shape.hashtags).filter_map(|topic| hashtag(topic)).collect();
    let mut tail = vec![source];
    tail.extend(item.link.clone());
    tail.extend((!tags.is_empty()).then(|| tags.join(" ")));
    let counted = item.link.as_ref().map_or(0, |link| link.chars().count());
    let tail = tail.join("\n");
    let tail_counts = tail.chars().count() - counted + if counted > 0 { LINK_COUNTS } else { 0 };
    let mark = if corrected { "[ĐÍNH CHÍNH] " } else { "" };
    let room = shape.text_limit.saturating_sub(tail_counts + 4);
    let title = shorten(&format!("{mark}{}", article.title), room);
    let room = room.saturating_sub(title.chars().count());
    let body = if room < 20 { String::new() } else { shorten(&article.body_text, room) };
    [title, body, tail].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// The letters and digits of a status, whether as it was written or as the far side shows it in HTML: equal for the
/// same status, since markup, line breaks and shortened addresses leave them as they are.
pub(super) fn gist(words: &str) -> String {
    words.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The text of HTML that the far side made of a status: tags away, the entities that it uses resolved.
pub(super) fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        out.push(' ');
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
        .iter()
        .fold(out, |words, (entity, character)| words.replace(entity, character))
}
