//! What a feed says, as drafts.

use chrono::{DateTime, Utc};
use feed_rs::model::{Content, Entry, Link, Text as FeedText};
use feed_rs::parser::Builder;
use reqwest::Url;

use super::Feed;
use super::fetch::Trouble;
use crate::article::sha256_hex;
use crate::intake::draft::{Draft, Picture, one_line};
use crate::intake::markup;
use crate::intake::plain::to_plain;
use crate::text;

/// Longer ids are replaced by their digest: an article's id is at most 200 characters long.
const MOST_ID: usize = 200;

/// What a feed says.
pub(super) struct Said {
    /// Its entries, the newest first, each once.
    pub(super) items: Vec<Item>,
    /// The hub that it names.
    pub(super) hub: Option<String>,
    /// Its own address, as the hub knows it.
    pub(super) own: Option<String>,
}

/// An entry.
pub(super) struct Item {
    /// What the article is called.
    pub(super) id: String,
    pub(super) published: Option<DateTime<Utc>>,
    /// Its page.
    pub(super) link: Option<Url>,
    /// SHA-256 of everything that the feed says of it, but for dates.
    pub(super) content: String,
    /// Without what `config.toml` adds.
    pub(super) draft: Draft,
}

/// Reads RSS, Atom or JSON Feed that came from `url`.
pub(super) fn read(bytes: &[u8], url: &Url) -> Result<Said, Trouble> {
    let parser = Builder::new()
        .base_uri(Some(url.as_str()))
        // What has no id is called by its link.
        .id_generator(|links, _, _| page_of(links).unwrap_or_default())
        .sanitize_content(false)
        .build();
    let feed = parser.parse(bytes).map_err(|error| {
        Trouble::from(text!(
            "không đọc được nguồn tin (RSS, Atom hay JSON Feed): {error}",
            "this is no feed that can be read (RSS, Atom or JSON Feed): {error}"
        ))
    })?;
    let relation = |name: &str| {
        let mut links = feed.links.iter().filter(|link| link.rel.as_deref().is_some_and(|rel| rel == name));
        links.next().map(|link| link.href.clone())
    };
    let (mut hub, mut own) = (relation("hub"), relation("self"));
    if hub.is_none() {
        (hub, own) = json_hub(bytes).unwrap_or((None, own));
    }
    let language = feed.language.clone();
    let mut items: Vec<Item> = Vec::new();
    for entry in &feed.entries {
        let item = item(entry, language.as_deref(), url);
        // The first one of an id counts: feeds begin with the newest.
        if !items.iter().any(|other| other.id == item.id) {
            items.push(item);
        }
    }
    // A stable sort: without dates the feed's own order stands.
    if items.iter().all(|item| item.published.is_some()) {
        items.sort_by_key(|item| std::cmp::Reverse(item.published));
    }
    Ok(Said { items, hub, own })
}

/// A JSON Feed's hub (version 1.1, `hubs`) and its own address.
fn json_hub(bytes: &[u8]) -> Option<(Option<String>, Option<String>)> {
    let feed: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let word = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let is_websub =
        |hub: &&serde_json::Value| hub["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("websub"));
    let hub = feed["hubs"].as_array()?.iter().find(is_websub)?;
    Some((word(&hub["url"]), word(&feed["feed_url"])))
}

/// The page that an entry links to.
fn page_of(links: &[Link]) -> Option<String> {
    let is_page = |link: &&Link| link.target.is_none() && link.rel.as_deref().is_none_or(|rel| rel == "alternate");
    links
        .iter()
        .find(|link| is_page(link) && link.media_type.as_deref().is_none_or(is_text))
        .map(|link| link.href.clone())
}

fn is_text(kind: &str) -> bool {
    kind.starts_with("text/") || kind.contains("xhtml")
}

fn item(entry: &Entry, language: Option<&str>, feed: &Url) -> Item {
    let link = page_of(&entry.links).and_then(|href| feed.join(&href).ok());
    let base = entry.base.as_deref().and_then(|base| feed.join(base).ok()).or_else(|| link.clone());
    let base = base.unwrap_or_else(|| feed.clone());
    let title = entry.title.as_ref().map(plain).unwrap_or_default();
    let summary =
        entry.summary.as_ref().map(|text| (text.content.clone(), is_html(text.content_type.as_ref(), &text.content)));
    let content = entry.content.as_ref().and_then(body);
    let (words, html) = content.clone().or_else(|| summary.clone()).unwrap_or_default();
    let mut draft = Draft {
        title: Some(title.clone()),
        summary: content.and(entry.summary.as_ref()).map(plain),
        byline: byline(entry),
        canonical_url: link.as_ref().map(Url::to_string),
        language: entry.language.clone().or_else(|| language.map(str::to_owned)),
        topics: entry
            .categories
            .iter()
            .map(|category| category.label.as_ref().unwrap_or(&category.term).clone())
            .collect(),
        images: pictures(entry, feed),
        ..Draft::default()
    };
    if html {
        draft.body_html = Some(markup::resolved(&words, &base));
    } else {
        draft.body_text = Some(words);
    }
    let content = sha256_hex(format!("{draft:?}").as_bytes());
    Item { id: id(&entry.id, &title), published: entry.published, link, content, draft }
}

/// The entry's id; what has neither id nor link is called by its title.
fn id(id: &str, title: &str) -> String {
    let words = one_line(id);
    let words = if words.is_empty() { one_line(title) } else { words };
    if words.is_empty() || words.chars().count() > MOST_ID {
        format!("sha256-{}", sha256_hex(words.as_bytes()))
    } else {
        words
    }
}

fn body(content: &Content) -> Option<(String, bool)> {
    let words = content.body.clone().filter(|words| !words.trim().is_empty())?;
    let html = is_html(content.content_type.as_ref(), &words);
    Some((words, html))
}

/// Many feeds call plain what is HTML.
fn is_html(kind: &str, words: &str) -> bool {
    kind != "text/plain" || ["</", "<br", "<p>", "<img"].iter().any(|tag| words.contains(tag))
}

fn plain(text: &FeedText) -> String {
    if !is_html(text.content_type.as_ref(), &text.content) && !text.content.contains('&') {
        return text.content.clone();
    }
    let safe = markup::sanitise(&text.content);
    safe.and_then(|html| to_plain(&html)).unwrap_or_else(|_| text.content.clone())
}

fn byline(entry: &Entry) -> Option<String> {
    let names: Vec<&str> = entry.authors.iter().filter_map(|person| person.name.as_deref()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Enclosures and media that are pictures.
fn pictures(entry: &Entry, feed: &Url) -> Vec<Picture> {
    let mut found: Vec<Picture> = Vec::new();
    let mut add = |url: String, alt: Option<&str>| {
        if !found.iter().any(|picture| picture.url == url) {
            found.push(Picture { url, alt: alt.unwrap_or_default().to_owned(), caption: None, kept: None });
        }
    };
    for media in &entry.media {
        let alt = media.description.as_ref().or(media.title.as_ref()).map(|text| text.content.as_str());
        for content in &media.content {
            let is_picture = content.content_type.as_ref().is_some_and(|kind| kind.to_string().starts_with("image/"));
            if let Some(url) = content.url.as_ref().filter(|_| is_picture) {
                add(url.to_string(), alt);
            }
        }
    }
    for link in &entry.links {
        if link.media_type.as_deref().is_some_and(|kind| kind.starts_with("image/"))
            && let Ok(url) = feed.join(&link.href)
        {
            add(url.to_string(), link.title.as_deref());
        }
    }
    found
}

impl Item {
    /// The draft, with what `config.toml` adds. The date is the one that the feed gave first.
    pub(super) fn draft(self, feed: &Feed, published: Option<DateTime<Utc>>) -> Draft {
        let mut draft = self.draft;
        draft.source = Some(feed.source.clone());
        draft.external_id = Some(self.id);
        draft.published_at = published.map(|at| at.to_rfc3339());
        draft.topics.splice(0..0, feed.topics.iter().cloned());
        draft.organisation.clone_from(&feed.organisation);
        if feed.language.is_some() {
            draft.language.clone_from(&feed.language);
        }
        draft
    }
}
