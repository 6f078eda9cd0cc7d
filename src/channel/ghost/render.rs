//! The post as Ghost's Admin API takes it. The status, the instant of the last change and the uploaded picture's
//! address are added when it is sent: they are known then only.

use minijinja::value::Serde;
use minijinja::{AutoEscape, context};
use serde::Serialize;

use super::super::failure::RenderError;
use super::super::page::{shorten, templates, written_time};
use super::super::seen::{collapsed, mark};
use super::super::{Item, Payload, RenderContext};
use crate::delivery::Action;
use crate::text;

/// Ghost's own limits, in characters.
const MOST_TITLE: usize = 255;
const MOST_EXCERPT: usize = 300;
const MOST_ALT: usize = 191;
const MOST_TAG: usize = 191;

/// Begins the attribute, at the end of a post, that holds the mark of its title and body. (Ghost drops comments.)
pub(super) const MARK: &str = "data-loa=\"";

/// What a withdrawal leaves behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Withdrawal {
    /// A draft, which only the office sees.
    #[default]
    Draft,
    /// Nothing.
    Delete,
}

#[derive(Serialize)]
struct Posts<P> {
    posts: [P; 1],
}

#[derive(Serialize)]
struct Post {
    title: String,
    slug: String,
    html: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    custom_excerpt: String,
    canonical_url: Option<String>,
    tags: Vec<Tag>,
    feature_image: Option<String>,
    feature_image_alt: Option<String>,
    feature_image_caption: Option<String>,
}

#[derive(Serialize)]
struct Tag {
    name: String,
}

/// A withdrawal for people to read: what is done is the status, or the deletion.
#[derive(Serialize)]
struct Withdrawn {
    slug: String,
    status: &'static str,
    note: String,
}

pub(super) fn render(items: &[Item], cx: &RenderContext, withdrawal: Withdrawal) -> Result<Payload, RenderError> {
    let [item] = items else {
        return Err(RenderError(text!("mỗi bài Ghost chỉ mang một bài", "a Ghost post carries exactly one article")));
    };
    let bytes = if item.action == Action::Withdraw {
        let status = match withdrawal {
            Withdrawal::Draft => "draft",
            Withdrawal::Delete => "deleted",
        };
        let note = format!("Thu hồi: {} ({})", item.article.title, cx.office.name);
        json(Withdrawn { slug: item.slug(), status, note })
    } else {
        json(post(item, cx)?)
    };
    Ok(Payload::alone("json", bytes.map_err(|error| failed(&error))?))
}

fn json(post: impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(&Posts { posts: [post] })?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn post(item: &Item, cx: &RenderContext) -> Result<Post, RenderError> {
    let article = &item.article;
    let title = shorten(&article.title, MOST_TITLE);
    let unmarked = body(item, cx, "")?.replace(MARK, "");
    let body = body(item, cx, &mark(&[&title, &collapsed(&unmarked)]))?;
    let picture = article.images.first();
    let caption = picture.and_then(|image| image.caption.as_deref());
    Ok(Post {
        title,
        slug: item.slug(),
        // An HTML card is kept to the letter; without it Ghost converts, and loses what it does not know.
        html: format!("<!--kg-card-begin: html-->\n{}\n<!--kg-card-end: html-->", body.trim_end()),
        custom_excerpt: shorten(article.lead(), MOST_EXCERPT),
        canonical_url: item.link.clone(),
        tags: article.topics.iter().filter_map(|topic| tag(topic)).collect(),
        feature_image: picture.map(|image| image.url.clone()),
        feature_image_alt: picture.map(|image| shorten(&image.alt, MOST_ALT)),
        feature_image_caption: caption.map(escaped),
    })
}

fn body(item: &Item, cx: &RenderContext, mark: &str) -> Result<String, RenderError> {
    let values = context! {
        article => Serde(&*item.article),
        corrected => matches!(item.action, Action::Update(_)),
        updated => written_time(item.updated, cx.office.timezone),
        revision => item.revision.0,
        office => cx.office.name.as_str(),
        link => item.link.as_deref(),
        mark,
    };
    let body = templates(AutoEscape::Html).render_str(include_str!("body.html"), values);
    body.map_err(|error| failed(&error))
}

/// A tag that begins with `#` would be an internal one, which readers do not see.
fn tag(topic: &str) -> Option<Tag> {
    let name = topic.trim_start_matches(['#', ' ']).trim();
    (!name.is_empty()).then(|| Tag { name: shorten(name, MOST_TAG) })
}

/// Ghost takes a caption for HTML.
fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn failed(error: &dyn std::fmt::Display) -> RenderError {
    RenderError(text!("không soạn được bài Ghost: {error}", "the Ghost post cannot be made: {error}"))
}
