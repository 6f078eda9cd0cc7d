//! The post as it will be sent; the site's own numbers for its categories and pictures are filled in on the way.

use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::failure::{RenderError, SendError};
use super::super::page::written_time;
use super::super::{Item, Payload, RenderContext};
use super::copy::words_print;
use super::media::Hung;
use super::{Shape, TermName};
use crate::article::{Article, Image, sha256_hex};
use crate::delivery::Action;
use crate::text;
use crate::text::Text;

/// What is sent.
#[derive(Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub(super) enum Sheet {
    /// The post.
    Publish(Post),
    /// The order to take it back.
    Withdraw {
        /// Its name in the address.
        slug: String,
        /// For people who read the payload.
        note: String,
    },
}

/// A post.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Post {
    pub(super) slug: String,
    pub(super) title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) date_gmt: Option<String>,
    pub(super) excerpt: String,
    pub(super) categories: Vec<TermName>,
    pub(super) tags: Vec<String>,
    pub(super) content: String,
    /// Hidden in the content: names the article, and the print of its words.
    pub(super) marker: String,
}

/// The name under which one channel's copy of an article goes: in its address, and hidden in its text.
pub(super) struct Name {
    /// `a-z0-9-`, well below WordPress' 200 bytes.
    pub(super) slug: String,
    /// The second key, for a copy whose address a person has changed.
    pub(super) hidden: String,
}

impl Name {
    /// Two channels may write into one site: each has its own copy.
    pub(super) fn of(item: &Item, channel: &str) -> Self {
        let (ours, article) = (hash(channel, 4), hash(&format!("{channel}\n{}", item.article.key), 16));
        Self { slug: format!("{}-{ours}", item.slug()), hidden: format!("loa:{article}") }
    }

    /// Stands in a copy that loa itself has taken back.
    pub(super) fn taken_back_mark(&self) -> String {
        format!("<!-- {} withdrawn -->", self.hidden)
    }

    /// `content` with that mark in place of the one that proves its words.
    pub(super) fn taken_back(&self, content: &str) -> String {
        let open = format!("<!-- {}", self.hidden);
        let (before, after) = match content.split_once(&open) {
            Some((before, rest)) => (before, rest.split_once("-->").map_or("", |(_, after)| after)),
            None => (content, ""),
        };
        format!("{before}{}{after}", self.taken_back_mark())
    }
}

fn hash(words: &str, length: usize) -> String {
    let hash = sha256_hex(words.as_bytes());
    hash.get(..length).unwrap_or(&hash).to_owned()
}

pub(super) fn render(items: &[Item], cx: &RenderContext, shape: &Shape) -> Result<Payload, RenderError> {
    let [item] = items else {
        return Err(RenderError(text!("mỗi bài trên cổng chỉ mang một bài", "a post carries exactly one article")));
    };
    let name = Name::of(item, &shape.channel);
    let sheet = if item.action == Action::Withdraw {
        let office = cx.office.name.as_str();
        let note = text!("{office} thu hồi bài này khỏi cổng", "thu hồi: {office} takes this article off the portal");
        Sheet::Withdraw { slug: name.slug, note: note.get(cx.office.language).to_owned() }
    } else {
        Sheet::Publish(post(item, cx, shape, name))
    };
    let mut bytes = serde_json::to_vec_pretty(&sheet)
        .map_err(|error| RenderError(text!("không tạo được JSON: {error}", "cannot make the JSON: {error}")))?;
    bytes.push(b'\n');
    Ok(Payload::alone("json", bytes))
}

fn post(item: &Item, cx: &RenderContext, shape: &Shape, name: Name) -> Post {
    let article = &item.article;
    let (categories, tags) = shape.sort(&article.topics);
    let mut post = Post {
        slug: name.slug,
        title: escape(&article.title),
        // What lies ahead would be scheduled, and appear only when the site's own clock says so.
        date_gmt: article
            .published_at
            .filter(|at| *at <= cx.at)
            .map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true).trim_end_matches('Z').to_owned()),
        excerpt: article.summary.as_deref().map(escape).unwrap_or_default(),
        categories,
        tags,
        content: content(item, cx),
        marker: String::new(),
    };
    // The content proves its own words: after lost answers it tells them from a person's.
    let print = words_print(&post.title, &post.excerpt, &post.content.replace(MARKER, ""));
    post.marker = format!("<!-- {} {print} -->", name.hidden);
    post
}

/// Correction notice, body, pictures, and where it comes from.
fn content(item: &Item, cx: &RenderContext) -> String {
    let article = &item.article;
    let say = |words: Text| escape(words.get(cx.office.language));
    let mut parts = Vec::new();
    if matches!(item.action, Action::Update(_)) {
        let (at, revision) = (written_time(item.updated, cx.office.timezone), item.revision);
        parts.push(format!(
            "<p class=\"loa-correction\"><strong>{}</strong> {}</p>",
            say(text!("Đính chính:", "Đính chính (correction):")),
            say(text!("bài được cập nhật lúc {at} (bản {revision}).", "updated at {at} (revision {revision})."))
        ));
    }
    let (body, placed) = place_pictures(article);
    parts.push(body);
    // The first picture is the featured one, which the theme shows.
    let kept_first = article.images.first().is_some_and(|image| image.kept.is_some());
    for (number, image) in article.images.iter().enumerate() {
        let featured = number == 0 && kept_first;
        if !featured && !placed.contains(&number) {
            parts.push(figure(number, image));
        }
    }
    if let Some(byline) = &article.byline {
        parts.push(format!("<p class=\"loa-byline\"><em>{}</em></p>", escape(byline)));
    }
    let office = cx.office.name.as_str();
    let source = say(text!("Nguồn: {office}", "Nguồn (source): {office}"));
    let link = item.link.as_ref().map(|link| {
        let original = say(text!("bản gốc", "original"));
        format!(" – <a href=\"{}\">{original}</a>", escape(link))
    });
    let link = link.unwrap_or_default();
    parts.push(format!("<p class=\"loa-source\">{source}{link}{MARKER}</p>"));
    parts.join("\n")
}

/// Stands for the hidden marker.
const MARKER: &str = "[[loa:marker]]";

/// Stands for the address of a picture.
fn place(number: usize) -> String {
    format!("[[loa:picture:{number}]]")
}

/// The body with the pictures that stand in it already; their numbers.
fn place_pictures(article: &Article) -> (String, Vec<usize>) {
    let mut body = article.body_html.clone();
    let mut placed = Vec::new();
    for (number, image) in article.images.iter().enumerate() {
        let source = format!("src=\"{}\"", escape(&image.url));
        if body.contains(&source) {
            body = body.replace(&source, &format!("src=\"{}\"", place(number)));
            placed.push(number);
        }
    }
    (body, placed)
}

fn figure(number: usize, image: &Image) -> String {
    let caption = image.caption.as_deref().map(escape);
    let caption = caption.map(|words| format!("<figcaption>{words}</figcaption>")).unwrap_or_default();
    format!("<figure><img src=\"{}\" alt=\"{}\">{caption}</figure>", place(number), escape(&image.alt))
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Post {
    /// The post that a payload holds.
    pub(super) fn read(payload: &Payload) -> Result<Self, SendError> {
        match serde_json::from_slice(&payload.bytes) {
            Ok(Sheet::Publish(post)) => Ok(post),
            _ => Err(SendError::permanent(text!("nội dung gửi không đọc được", "the payload cannot be read"))),
        }
    }

    /// Words, with the pictures that hang on the site; those that do not are shown from where they are.
    pub(super) fn words(&self, images: &[Image], hung: &[Option<Hung>]) -> Value {
        let mut content = self.content.replace(MARKER, &self.marker);
        for (number, image) in images.iter().enumerate() {
            let url = hung.get(number).and_then(Option::as_ref).map_or(image.url.as_str(), |hung| hung.url.as_str());
            content = content.replace(&place(number), &escape(url));
        }
        json!({ "title": self.title, "content": content, "excerpt": self.excerpt })
    }
}
