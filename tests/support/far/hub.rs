//! A WebSub hub: told that a topic has changed, it fetches the topic back and hands on what it saw. The topic is read
//! where the web server reads it.

use std::path::PathBuf;

use crate::support::hostile_api::{Api, Reply, Request};

#[derive(Debug, Default)]
pub(crate) struct Hub {
    /// The folder that `base` is the address of.
    pub(crate) folder: PathBuf,
    /// Such as `https://anbinh.example.vn/feed`.
    pub(crate) base: String,
    /// What each ping saw: topic and content.
    pub(crate) fetched: Vec<(String, String)>,
    /// What pings are refused with.
    pub(crate) refuse: Option<Reply>,
    /// Answers 202 in place of 204.
    pub(crate) accepts: bool,
}

impl Hub {
    /// The topics of a ping, in order.
    fn topics(request: &Request) -> Vec<String> {
        let query = String::from_utf8_lossy(&request.body).into_owned();
        let url = reqwest::Url::parse(&format!("http://x/?{query}")).expect("a form");
        url.query_pairs().filter(|(name, _)| name == "hub.url").map(|(_, topic)| topic.into_owned()).collect()
    }

    fn read(&self, topic: &str) -> Option<String> {
        let name = topic.strip_prefix(&self.base)?.trim_start_matches('/');
        std::fs::read_to_string(self.folder.join(name)).ok()
    }
}

impl Api for Hub {
    fn answer(&mut self, request: &Request) -> Reply {
        if let Some(refusal) = &self.refuse {
            return refusal.clone();
        }
        let topics = Self::topics(request);
        if request.form("hub.mode").as_deref() != Some("publish") || topics.is_empty() {
            return Reply::html(400, "hub.mode and hub.url are needed");
        }
        for topic in topics {
            let Some(content) = self.read(&topic) else { return Reply::html(400, "unknown topic") };
            self.fetched.push((topic, content));
        }
        Reply::empty(if self.accepts { 202 } else { 204 })
    }

    /// The entries that stand in the Atom feed, whoever was told.
    fn public(&self) -> Vec<String> {
        let feed = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let feed = feed.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|ending| ending == "atom"));
        let text = feed.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let entries = text.split("<entry ").skip(1);
        entries.filter_map(|rest| Some(rest.split_once("</entry>")?.0.to_owned())).collect()
    }
}
