//! The article as Zalo takes it: whole every time, for an update replaces everything.

use minijinja::value::Serde;
use minijinja::{AutoEscape, context};
use serde::Serialize;

use super::super::failure::RenderError;
use super::super::page::{shorten, templates, written_time};
use super::super::seen::{mark, plain};
use super::super::{Item, Payload, RenderContext};
use crate::article::{Article, Image};
use crate::delivery::Action;
use crate::text;

/// Zalo's limits, in characters.
const MOST_TITLE: usize = 150;
const MOST_AUTHOR: usize = 50;
const MOST_DESCRIPTION: usize = 300;
/// Zalo's limit for pictures, in pixels.
const WIDEST: u32 = 1_280;

/// Begins the fragment of the link back that holds the mark of the article's words.
pub(super) const MARK: &str = "#loa-";

/// What a withdrawal leaves behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Withdrawal {
    /// Nothing.
    #[default]
    Remove,
    /// A hidden article that says that it was withdrawn.
    Hide,
}

/// How articles look.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) author: Option<String>,
    pub(super) cover: Option<String>,
    pub(super) comments: bool,
    pub(super) withdrawal: Withdrawal,
}

#[derive(Serialize)]
struct Normal<'a> {
    r#type: &'static str,
    title: String,
    author: String,
    cover: Cover<'a>,
    description: String,
    body: Vec<Part<'a>>,
    status: &'static str,
    comment: &'static str,
}

#[derive(Serialize)]
struct Cover<'a> {
    #[serde(rename = "cover_type")]
    kind: &'static str,
    photo_url: &'a str,
    status: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Part<'a> {
    Text { content: String },
    Image { url: &'a str, caption: &'a str },
}

#[derive(Serialize)]
struct Removal {
    note: String,
}

pub(super) fn render(items: &[Item], cx: &RenderContext, shape: &Shape) -> Result<Payload, RenderError> {
    let [item] = items else {
        return Err(RenderError(text!("mỗi bài Zalo chỉ mang một bài", "a Zalo article carries exactly one article")));
    };
    let withdrawn = item.action == Action::Withdraw;
    let mut bytes = if withdrawn && shape.withdrawal == Withdrawal::Remove {
        serde_json::to_vec_pretty(&Removal { note: notice(item, cx) })
    } else {
        serde_json::to_vec_pretty(&normal(item, cx, shape)?)
    }
    .map_err(|error| failed(&error))?;
    bytes.push(b'\n');
    Ok(Payload::alone("json", bytes))
}

/// The title as Zalo shows it.
pub(super) fn title(article: &Article) -> String {
    shorten(&article.title, MOST_TITLE)
}

fn notice(item: &Item, cx: &RenderContext) -> String {
    format!("Thu hồi: {} ({})", item.article.title, cx.office.name)
}

fn normal<'a>(item: &'a Item, cx: &'a RenderContext, shape: &'a Shape) -> Result<Normal<'a>, RenderError> {
    let article = &item.article;
    let withdrawn = item.action == Action::Withdraw;
    let mut pictures = article.images.iter().filter(|image| fits(image));
    let cover = pictures.next().map(|image| image.url.as_str()).or(shape.cover.as_deref()).ok_or_else(|| {
        RenderError(text!(
            "Zalo cần ảnh bìa: thêm vào bài một ảnh JPEG rộng không quá 1280 điểm ảnh, hoặc đặt default_cover trong tệp kênh",
            "Zalo needs a cover: give the article a JPEG no wider than 1280 pixels, or set default_cover in the channel's file"
        ))
    })?;
    let title = title(article);
    let author = shape.author.as_deref().or(article.byline.as_deref()).unwrap_or(&cx.office.name);
    let author = shorten(author, MOST_AUTHOR);
    let description = shorten(if withdrawn { "Bài đã thu hồi." } else { article.lead() }, MOST_DESCRIPTION);
    let content = if withdrawn {
        notice(item, cx)
    } else {
        // The mark stands where no reader sees it and no cleaning of HTML takes it out: in the link's fragment.
        let bare = words(item, cx, item.link.as_deref())?;
        match item.link.as_deref().filter(|link| !link.contains('#')) {
            Some(link) => {
                let mark = mark(&[&title, &author, &description, &plain(&bare)]);
                words(item, cx, Some(&format!("{link}{MARK}{mark}")))?
            }
            None => bare,
        }
    };
    let mut body = vec![Part::Text { content }];
    if !withdrawn {
        body.extend(
            pictures
                .map(|image| Part::Image { url: &image.url, caption: image.caption.as_deref().unwrap_or(&image.alt) }),
        );
    }
    Ok(Normal {
        r#type: "normal",
        title,
        author,
        cover: Cover { kind: "photo", photo_url: cover, status: "show" },
        description,
        body,
        status: if withdrawn { "hide" } else { "show" },
        comment: if shape.comments { "show" } else { "hide" },
    })
}

fn words(item: &Item, cx: &RenderContext, link: Option<&str>) -> Result<String, RenderError> {
    let values = context! {
        article => Serde(&*item.article),
        corrected => matches!(item.action, Action::Update(_)),
        updated => written_time(item.updated, cx.office.timezone),
        revision => item.revision.0,
        office => cx.office.name.as_str(),
        link,
    };
    let body = templates(AutoEscape::Html).render_str(include_str!("body.html"), values);
    Ok(body.map_err(|error| failed(&error))?.trim_end().to_owned())
}

/// Zalo fetches pictures itself: one that is known not to be to its taste is left out.
fn fits(image: &Image) -> bool {
    image.kept.as_ref().is_none_or(|kept| kept.media_type == "image/jpeg" && kept.width <= WIDEST)
}

fn failed(error: &dyn std::fmt::Display) -> RenderError {
    RenderError(text!("không soạn được bài Zalo: {error}", "the Zalo article cannot be made: {error}"))
}
