//! The parts of a package: a page, plain text, and what machines want to know.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;
use serde_json::json;

use super::super::failure::RenderError;
use super::super::page::{iso_time, templates, written_time};
use super::super::{Item, Payload, RenderContext};
use crate::article::{Article, Image};
use crate::delivery::Action;
use crate::text;

/// How packages look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Plain text with a byte order mark and Windows' line ends.
    pub(super) windows: bool,
    pub(super) pictures: bool,
}

pub(super) struct Press {
    html: Environment<'static>,
    plain: Environment<'static>,
    shape: Shape,
}

/// A picture as the parts name it.
#[derive(Serialize)]
struct Picture<'a> {
    url: &'a str,
    alt: &'a str,
    caption: Option<&'a str>,
    /// Its file in the package; `None` where only its address is known.
    file: Option<String>,
}

impl Press {
    pub(super) fn new(shape: Shape) -> Result<Self, RenderError> {
        let (mut html, mut plain) = (templates(AutoEscape::Html), templates(AutoEscape::None));
        html.add_template("page", include_str!("templates/page.html")).map_err(|error| failed(&error))?;
        plain.add_template("page", include_str!("templates/page.txt")).map_err(|error| failed(&error))?;
        plain.add_template("withdrawn", include_str!("templates/withdrawn.txt")).map_err(|error| failed(&error))?;
        Ok(Self { html, plain, shape })
    }

    /// The page, with the text and the metadata beside it; for a withdrawal the note that stays behind.
    pub(super) fn package(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        let [item] = items else {
            return Err(RenderError(text!("mỗi gói chỉ mang một bài", "a package carries exactly one article")));
        };
        let (article, zone) = (&*item.article, cx.office.timezone);
        let pictures = self.pictures(article);
        let values = context! {
            article => Serde(article),
            pictures => pictures.iter().map(|picture| Value::from(Serde(picture))).collect::<Vec<_>>(),
            language => article.language.as_str(),
            office => cx.office.name.as_str(),
            link => item.link.as_deref(),
            corrected => matches!(item.action, Action::Update(_)),
            revision => item.revision.0,
            published => written_time(item.published, zone),
            updated => written_time(item.updated, zone),
        };
        if item.action == Action::Withdraw {
            return Ok(Payload::alone("txt", self.text(&fill(&self.plain, "withdrawn", &values)?)));
        }
        let about = json!({
            "id": article.key.to_string(),
            "revision": item.revision.0,
            "corrects": matches!(item.action, Action::Update(_)),
            "title": article.title,
            "summary": article.summary,
            "byline": article.byline,
            "topics": article.topics,
            "organisation": article.organisation,
            "priority": article.priority,
            "language": article.language,
            "source": cx.office.name,
            "link": item.link,
            "published": iso_time(item.published, zone),
            "updated": iso_time(item.updated, zone),
            "pictures": pictures,
        });
        let mut about = serde_json::to_vec_pretty(&about).unwrap_or_default();
        about.push(b'\n');
        Ok(Payload {
            extension: "html",
            bytes: fill(&self.html, "page", &values)?.into_bytes().into(),
            note: None,
            beside: vec![("txt", self.text(&fill(&self.plain, "page", &values)?)), ("json", about)],
        })
    }

    fn pictures<'a>(&self, article: &'a Article) -> Vec<Picture<'a>> {
        let shown = article.images.iter().enumerate().map(|(at, image)| Picture {
            url: &image.url,
            alt: &image.alt,
            caption: image.caption.as_deref(),
            file: if self.shape.pictures { picture_file(at, image) } else { None },
        });
        shown.collect()
    }

    fn text(&self, words: &str) -> Vec<u8> {
        if !self.shape.windows {
            return words.as_bytes().to_vec();
        }
        format!("\u{feff}{}", words.replace("\r\n", "\n").replace('\n', "\r\n")).into_bytes()
    }
}

/// The name of a picture's file in the package; `None` where the bytes are not kept.
pub(super) fn picture_file(at: usize, image: &Image) -> Option<String> {
    let ending = match image.kept.as_ref()?.media_type.as_str() {
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => "jpg",
    };
    Some(format!("anh/{}.{ending}", at + 1))
}

fn fill(templates: &Environment<'static>, name: &str, values: &Value) -> Result<String, RenderError> {
    let template = templates.get_template(name).map_err(|error| failed(&error))?;
    template.render(values).map_err(|error| failed(&error))
}

fn failed(error: &minijinja::Error) -> RenderError {
    RenderError(text!("mẫu gói bài bị lỗi: {error}", "a template of the package failed: {error}"))
}
