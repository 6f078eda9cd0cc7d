//! Pages and lists from templates.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};

use super::super::failure::RenderError;
use super::super::page::{iso_time, templates, written_time};
use super::super::{Item, Office, RenderContext};
use super::lists::{Entry, Lists};
use super::pictures;
use crate::article::Image;
use crate::delivery::Action;
use crate::text;

/// Articles on the first page and in the feed; older ones are in the sitemap and keep their pages.
const MOST_LISTED: usize = 50;

/// How the website looks.
pub(super) struct Face {
    title: String,
    base_url: Option<String>,
    templates: Environment<'static>,
}

impl Face {
    pub(super) fn new(title: String, base_url: Option<String>) -> Result<Self, RenderError> {
        // Everything is escaped; the article's body, sanitised at the door, is marked safe by name.
        let mut templates = templates(AutoEscape::Html);
        for (name, source) in [
            ("layout", include_str!("templates/layout.html")),
            ("page", include_str!("templates/page.html")),
            ("withdrawn", include_str!("templates/withdrawn.html")),
            ("index", include_str!("templates/index.html")),
            ("atom", include_str!("templates/feed.xml")),
            ("sitemap", include_str!("templates/sitemap.xml")),
        ] {
            templates.add_template(name, source).map_err(|error| template_error(&error))?;
        }
        Ok(Self { title, base_url, templates })
    }

    /// The public address of an article's page, if the website has one.
    pub(super) fn page_url(&self, slug: &str) -> Option<String> {
        self.base_url.as_ref().map(|base| format!("{base}/bai/{slug}.html"))
    }

    /// An article's page, or the notice that stands in its place.
    pub(super) fn page(&self, items: &[Item], cx: &RenderContext) -> Result<String, RenderError> {
        let [item] = items else {
            return Err(RenderError(text!("mỗi trang chỉ mang một bài", "a page carries exactly one article")));
        };
        let (article, zone) = (&item.article, cx.office.timezone);
        let name = if item.action == Action::Withdraw { "withdrawn" } else { "page" };
        self.fill(
            name,
            &context! {
                site => self.title.as_str(),
                office => cx.office.name.as_str(),
                root => "../",
                language => article.language.as_str(),
                article => Serde(&**article),
                images => article.images.iter().map(|image| self.picture(item, image)).collect::<Vec<_>>(),
                canonical => self.page_url(&item.slug()),
                published => written_time(item.published, zone),
                published_iso => iso_time(item.published, zone),
                updated => written_time(item.updated, zone),
                updated_iso => iso_time(item.updated, zone),
                corrected => matches!(item.action, Action::Update(_)),
                revision => item.revision.0,
            },
        )
    }

    /// A picture as the page shows it: its own file where the intake has kept it, else where it came from.
    fn picture(&self, item: &Item, image: &Image) -> Value {
        let file = pictures::file_name(&item.slug(), image).map(|name| format!("{}/{name}", pictures::FOLDER));
        let public = self.base_url.as_ref().zip(file.as_ref()).map(|(base, file)| format!("{base}/{file}"));
        context! {
            src => file.map_or_else(|| image.url.clone(), |file| format!("../{file}")),
            // A machine that only the office can reach is no address for the public.
            public => if image.kept.is_some() { public } else { Some(image.url.clone()) },
            alt => image.alt.as_str(),
            caption => image.caption.as_deref(),
        }
    }

    /// Index, feed, sitemap and style: file name and text.
    pub(super) fn lists(&self, lists: &Lists, office: &Office) -> Result<Vec<(&'static str, String)>, RenderError> {
        let newest = lists.newest();
        let line = |entry: &&Entry| {
            context! {
                ..context! {
                    url => self.page_url(&entry.slug).unwrap_or_else(|| format!("bai/{}.html", entry.slug)),
                    path => format!("bai/{}.html", entry.slug),
                    tag => format!("tag:loa,2026:{}", entry.slug),
                    when => written_time(entry.published, office.timezone),
                    published_iso => iso_time(entry.published, office.timezone),
                    updated_iso => iso_time(entry.updated, office.timezone),
                },
                ..Value::from(Serde(entry))
            }
        };
        let all: Vec<_> = newest.iter().map(line).collect();
        let listed = all.get(..MOST_LISTED.min(all.len())).unwrap_or_default();
        let shared = context! {
            site => self.title.as_str(),
            office => office.name.as_str(),
            root => "",
            base => self.base_url.as_deref(),
            language => "vi",
            updated_iso => iso_time(lists.updated(), office.timezone),
        };
        let with = |entries: &[Value]| context! { entries, ..shared.clone() };
        Ok(vec![
            ("index.html", self.fill("index", &with(listed))?),
            ("feed.xml", self.fill("atom", &with(listed))?),
            ("sitemap.xml", self.fill("sitemap", &with(&all))?),
            ("style.css", include_str!("templates/style.css").to_owned()),
        ])
    }

    fn fill(&self, name: &str, values: &Value) -> Result<String, RenderError> {
        let template = self.templates.get_template(name).map_err(|error| template_error(&error))?;
        template.render(values).map_err(|error| template_error(&error))
    }
}

fn template_error(error: &minijinja::Error) -> RenderError {
    RenderError(text!("mẫu trang bị lỗi: {error}", "a page template failed: {error}"))
}
