//! One article as an Atom entry (RFC 4287), an RSS 2.0 item and a JSON Feed 1.1 item; or its tombstone (RFC 6721).

use minijinja::{AutoEscape, Environment, Value, context};
use serde_json::{Map, Value as Json, json};

use super::super::failure::RenderError;
use super::super::page::{iso_time, templates, written_time};
use super::super::{Item, Office, Payload, RenderContext};
use super::entries::{Entries, Entry};
use crate::article::Image;
use crate::delivery::Action;
use crate::text;

/// What the feed says about itself.
pub(super) struct Face {
    pub(super) title: String,
    pub(super) language: String,
    pub(super) home: String,
    /// The public address of the folder and the name of the files, without their endings.
    pub(super) address: String,
    pub(super) authority: String,
    pub(super) hubs: Vec<String>,
    pub(super) entries: usize,
    pub(super) office: Office,
}

/// A form that feeds come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Atom,
    Rss,
    Json,
}

impl Format {
    /// The ending by which web servers know the media type.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
        }
    }
}

/// The feed's templates.
pub(super) struct Press {
    templates: Environment<'static>,
    pub(super) face: Face,
}

impl Press {
    pub(super) fn new(face: Face) -> Result<Self, RenderError> {
        let mut templates = templates(AutoEscape::Html);
        for (name, source) in [
            ("entry", include_str!("templates/entry.xml")),
            ("deleted", include_str!("templates/deleted.xml")),
            ("item", include_str!("templates/item.xml")),
            ("atom", include_str!("templates/atom.xml")),
            ("rss", include_str!("templates/rss.xml")),
        ] {
            templates.add_template(name, source).map_err(|error| failed(&error))?;
        }
        Ok(Self { templates, face })
    }

    /// The entry in every form: Atom first, the others beside it.
    pub(super) fn entry(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        let [item] = items else {
            return Err(RenderError(text!("mỗi mục chỉ mang một bài", "an entry carries exactly one article")));
        };
        let zone = cx.office.timezone;
        let shared = context! {
            id => self.id(item),
            office => clean(&cx.office.name),
            updated_iso => iso_time(item.updated, zone),
        };
        if item.action == Action::Withdraw {
            return Ok(Payload::alone("xml", self.fill("deleted", &shared)?.into_bytes()));
        }
        let article = &item.article;
        let pictures: Vec<Value> = article.images.iter().map(picture).collect();
        let values = context! {
            language => clean(&article.language),
            title => clean(&article.title),
            summary => article.summary.as_deref().map(clean),
            content => content(item, cx),
            link => item.link.as_deref().map(clean),
            topics => article.topics.iter().map(|topic| clean(topic)).collect::<Vec<_>>(),
            pictures,
            published_iso => iso_time(item.published, zone),
            published_rfc => item.published.with_timezone(&zone).to_rfc2822(),
            ..shared
        };
        let atom = self.fill("entry", &values)?.into_bytes();
        let rss = self.fill("item", &values)?.into_bytes();
        let json = serde_json::to_vec_pretty(&self.json_item(item, cx)).unwrap_or_default();
        Ok(Payload {
            extension: "xml",
            bytes: atom.into(),
            note: None,
            beside: vec![(Format::Rss.ending(), rss), (Format::Json.ending(), json)],
        })
    }

    /// A name that the entry keeps for ever (RFC 4151).
    fn id(&self, item: &Item) -> String {
        let day = item.published.with_timezone(&self.face.office.timezone).format("%Y-%m-%d");
        format!("tag:{},{day}:{}", self.face.authority, item.slug())
    }

    fn json_item(&self, item: &Item, cx: &RenderContext) -> Json {
        let (article, zone) = (&item.article, cx.office.timezone);
        let mut out = Map::new();
        out.insert("id".to_owned(), json!(self.id(item)));
        out.insert("title".to_owned(), json!(clean(&article.title)));
        out.insert("content_html".to_owned(), json!(content(item, cx)));
        out.insert("content_text".to_owned(), json!(clean(&article.body_text)));
        out.insert("date_published".to_owned(), json!(iso_time(item.published, zone)));
        out.insert("date_modified".to_owned(), json!(iso_time(item.updated, zone)));
        out.insert("authors".to_owned(), json!([{ "name": cx.office.name }]));
        out.insert("language".to_owned(), json!(article.language));
        let optional = [
            ("url", item.link.as_ref().map(|link| json!(link))),
            ("summary", article.summary.as_ref().map(|summary| json!(clean(summary)))),
            ("image", article.images.first().map(|image| json!(image.url))),
            ("tags", (!article.topics.is_empty()).then(|| json!(article.topics))),
            ("attachments", (!article.images.is_empty()).then(|| article.images.iter().map(attachment).collect())),
        ];
        out.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Json::Object(out)
    }

    /// The whole feed in one form.
    pub(super) fn feed(&self, format: Format, entries: &Entries) -> Result<Vec<u8>, RenderError> {
        let (face, zone) = (&self.face, self.face.office.timezone);
        let live = entries.live();
        let updated = entries.updated();
        let self_url = self.url(format);
        if format == Format::Json {
            let hubs: Vec<Json> = face.hubs.iter().map(|hub| json!({ "type": "WebSub", "url": hub })).collect();
            let mut feed = json!({
                "version": "https://jsonfeed.org/version/1.1",
                "title": face.title,
                "home_page_url": face.home,
                "feed_url": self_url,
                "language": face.language,
                "authors": [{ "name": face.office.name }],
                "items": live.iter().filter_map(|entry| serde_json::from_str(&entry.json).ok()).collect::<Vec<Json>>(),
            });
            if let (Some(feed), false) = (feed.as_object_mut(), hubs.is_empty()) {
                feed.insert("hubs".to_owned(), json!(hubs));
            }
            let mut bytes = serde_json::to_vec_pretty(&feed).unwrap_or_default();
            bytes.push(b'\n');
            return Ok(bytes);
        }
        let (name, entries): (_, Vec<String>) = match format {
            Format::Rss => ("rss", live.iter().map(|entry| entry.rss.clone()).collect()),
            _ => ("atom", live.iter().chain(&entries.deleted()).map(|entry| entry.atom.clone()).collect()),
        };
        let values = context! {
            id => format!("tag:{},2026:feed:{}", face.authority, self.file()),
            title => clean(&face.title),
            language => clean(&face.language),
            office => clean(&face.office.name),
            home => clean(&face.home),
            hubs => face.hubs.iter().map(|hub| clean(hub)).collect::<Vec<_>>(),
            self_url,
            updated_iso => iso_time(updated, zone),
            updated_rfc => updated.with_timezone(&zone).to_rfc2822(),
            entries,
        };
        Ok(self.fill(name, &values)?.into_bytes())
    }

    /// The public address of the feed in one form: its topic, for hubs.
    pub(super) fn url(&self, format: Format) -> String {
        format!("{}.{}", self.face.address, format.ending())
    }

    fn file(&self) -> &str {
        self.face.address.rsplit('/').next().unwrap_or_default()
    }

    fn fill(&self, name: &str, values: &Value) -> Result<String, RenderError> {
        let template = self.templates.get_template(name).map_err(|error| failed(&error))?;
        Ok(template.render(values).map_err(|error| failed(&error))?.trim_end().to_owned() + "\n")
    }
}

/// What the entry's state keeps of a payload.
pub(super) fn kept(item: &Item, payload: &Payload) -> Entry {
    let beside = |ending: &str| {
        let found = payload.beside.iter().find(|(name, _)| *name == ending);
        found.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
    };
    Entry {
        slug: item.slug(),
        revision: item.revision.0,
        updated: item.updated,
        withdrawn: item.action == Action::Withdraw,
        atom: String::from_utf8_lossy(&payload.bytes).trim_end().to_owned(),
        rss: beside(Format::Rss.ending()).trim_end().to_owned(),
        json: beside(Format::Json.ending()),
    }
}

/// The article's body; a correction says so, and the source is named below.
fn content(item: &Item, cx: &RenderContext) -> String {
    let at = written_time(item.updated, cx.office.timezone);
    let corrected = matches!(item.action, Action::Update(_));
    let note = if corrected { format!("<p><em>Đính chính lúc {at}.</em></p>\n") } else { String::new() };
    let (body, source) = (&item.article.body_html, escaped(&cx.office.name));
    let link = item.link.as_deref().map(|link| format!("\n<p><a href=\"{}\">Xem bài gốc</a></p>", escaped(link)));
    let html = format!("{note}{body}\n<p>Nguồn: {source}</p>{}", link.unwrap_or_default());
    clean(&html)
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Only the characters that XML 1.0 knows.
pub(super) fn clean(words: &str) -> String {
    words
        .chars()
        .filter(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..))
        .collect()
}

fn picture(image: &Image) -> Value {
    context! { url => clean(&image.url), alt => clean(&image.alt), media_type => media_type(image) }
}

fn attachment(image: &Image) -> Json {
    let mut out = json!({ "url": image.url, "mime_type": media_type(image) });
    if let (Some(out), false) = (out.as_object_mut(), image.alt.is_empty()) {
        out.insert("title".to_owned(), json!(image.alt));
    }
    out
}

/// As the intake found it, or as the address's ending says.
fn media_type(image: &Image) -> &str {
    if let Some(kept) = &image.kept {
        return &kept.media_type;
    }
    let path = image.url.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        _ => "image/jpeg",
    }
}

fn failed(error: &minijinja::Error) -> RenderError {
    RenderError(text!("mẫu nguồn tin bị lỗi: {error}", "a template of the feed failed: {error}"))
}
