//! A CMS as it is seen from outside: a feed in one of its forms, and pages.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use loa::article::sha256_hex;

use crate::support::hostile_api::{Api, Reply, Request};

/// The form of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Rss,
    Atom,
    Json,
}

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) id: String,
    pub(crate) title: String,
    /// HTML.
    pub(crate) body: String,
    /// RFC 3339, in UTC.
    pub(crate) published: String,
}

#[derive(Debug)]
pub(crate) struct Newsroom {
    pub(crate) form: Form,
    /// The newest first.
    pub(crate) stories: Vec<Story>,
    /// The hub that the feed names, in a header or in itself.
    pub(crate) hub: Option<(String, bool)>,
    /// Where the feed has moved to, with this status.
    pub(crate) moved: Option<(u16, String)>,
    /// Other things at other addresses.
    pub(crate) pages: BTreeMap<String, Reply>,
    /// What the feed is in place of its stories.
    pub(crate) instead: Option<Vec<u8>>,
    /// How often it was asked whether it had changed, and had not.
    pub(crate) same: usize,
}

impl Newsroom {
    pub(crate) fn new(form: Form) -> Self {
        let (stories, pages) = (Vec::new(), BTreeMap::new());
        Self { form, stories, hub: None, moved: None, pages, instead: None, same: 0 }
    }

    /// Publishes a story, numbered by its id; a larger number is newer.
    pub(crate) fn publish(&mut self, number: u32) {
        let published = format!("2026-11-{:02}T{:02}:00:00Z", 1 + number / 24, number % 24);
        let story = Story {
            id: format!("bai-{number}"),
            title: format!("Bài số {number}"),
            body: format!("<p>Nội dung của bài số <b>{number}</b>.</p>"),
            published,
        };
        self.stories.insert(0, story);
    }

    pub(crate) fn story(&mut self, number: u32) -> &mut Story {
        let id = format!("bai-{number}");
        self.stories.iter_mut().find(|story| story.id == id).expect("the story is there")
    }

    fn feed(&self) -> String {
        let hub = self.hub.as_ref().filter(|(_, in_header)| !in_header).map(|(hub, _)| hub);
        match self.form {
            Form::Rss => self.rss(hub),
            Form::Atom => self.atom(hub),
            Form::Json => self.json(hub),
        }
    }

    fn rss(&self, hub: Option<&String>) -> String {
        let mut items = String::new();
        for Story { id, title, body, published } in &self.stories {
            let published = chrono::DateTime::parse_from_rfc3339(published).expect("a time").to_rfc2822();
            let _ = write!(
                items,
                "<item><guid isPermaLink=\"false\">{id}</guid><title>{title}</title><link>https://xa.example.vn/{id}</link>\
                 <category>Thông báo</category><pubDate>{published}</pubDate><description><![CDATA[{body}]]></description></item>"
            );
        }
        let hub = hub.map(|hub| format!("<atom:link rel=\"hub\" href=\"{hub}\"/>")).unwrap_or_default();
        format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>\
             <title>Xã</title><link>https://xa.example.vn/</link>{hub}{items}</channel></rss>"
        )
    }

    fn atom(&self, hub: Option<&String>) -> String {
        let mut entries = String::new();
        for Story { id, title, body, published } in &self.stories {
            let body = body.replace('<', "&lt;");
            let _ = write!(
                entries,
                "<entry><id>{id}</id><title>{title}</title><link href=\"https://xa.example.vn/{id}\"/>\
                 <category term=\"Thông báo\"/><published>{published}</published><updated>{published}</updated>\
                 <content type=\"html\">{body}</content></entry>"
            );
        }
        let hub = hub.map(|hub| format!("<link rel=\"hub\" href=\"{hub}\"/>")).unwrap_or_default();
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>xa</id><title>Xã</title><updated>2026-11-01T00:00:00Z</updated>\
             {hub}{entries}</feed>"
        )
    }

    fn json(&self, hub: Option<&String>) -> String {
        let items = self.stories.iter().map(|story| {
            serde_json::json!({
                "id": story.id, "title": story.title, "url": format!("https://xa.example.vn/{}", story.id),
                "tags": ["Thông báo"], "date_published": story.published, "content_html": story.body,
            })
        });
        let items: Vec<_> = items.collect();
        let hubs: Vec<_> = hub.iter().map(|hub| serde_json::json!({ "type": "WebSub", "url": hub })).collect();
        serde_json::json!({
            "version": "https://jsonfeed.org/version/1.1", "title": "Xã", "hubs": hubs, "items": items,
        })
        .to_string()
    }
}

impl Api for Newsroom {
    fn answer(&mut self, request: &Request) -> Reply {
        if let Some(page) = self.pages.get(request.path()) {
            return page.clone();
        }
        if request.path() == "/feed"
            && let Some((status, to)) = &self.moved
        {
            return Reply::empty(*status).header("Location", to);
        }
        let body = self.instead.clone().unwrap_or_else(|| self.feed().into_bytes());
        let etag = format!("\"{}\"", &sha256_hex(&body)[..16]);
        if request.header("if-none-match") == Some(etag.as_str()) {
            self.same += 1;
            return Reply::empty(304).header("ETag", &etag);
        }
        let mut reply = Reply { status: 200, headers: Vec::new(), body }.header("ETag", &etag);
        if let Some((hub, true)) = &self.hub {
            reply = reply.header("Link", &format!("<{hub}>; rel=\"hub\", </feed>; rel=\"self\""));
        }
        reply
    }

    /// Faults meet every question.
    fn changes(&self, _request: &Request) -> bool {
        true
    }

    fn public(&self) -> Vec<String> {
        Vec::new()
    }
}
