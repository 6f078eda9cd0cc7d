//! A message as the mail server stored it.

use std::fmt;

use super::public::{Event, Sighting};

/// One stored message with its envelope.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The envelope's sender; empty for `<>`.
    pub(crate) from: String,
    /// The envelope's accepted recipients.
    pub(crate) recipients: Vec<String>,
    /// The bytes between 354 and the final dot as they came, dots stuffed.
    pub(crate) wire: Vec<u8>,
    /// The same with the stuffing removed: the message.
    pub(crate) raw: Vec<u8>,
}

impl Letter {
    /// The values of a header, in order, unfolded; names are compared without case.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.raw);
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let named = |line: &str| {
            let (found, value) = line.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        };
        unfolded.lines().filter_map(named).collect()
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers(name).into_iter().next()
    }

    /// The `Message-ID` without its angle brackets; empty when there is none.
    pub(crate) fn message_id(&self) -> String {
        let id = self.header("Message-ID").unwrap_or_default();
        id.trim_matches(['<', '>']).to_owned()
    }

    /// The articles in it with their revisions: `X-Loa-Article` and `X-Loa-Revision`, repeated in the
    /// same order for an edition; without them the Message-ID stands for the article.
    pub(crate) fn articles(&self) -> Vec<(String, u64)> {
        let revisions = self.headers("X-Loa-Revision");
        let revision = |at: usize| revisions.get(at).and_then(|text| text.parse().ok()).unwrap_or(1);
        let articles = self.headers("X-Loa-Article");
        if articles.is_empty() {
            return vec![(self.message_id(), revision(0))];
        }
        articles.into_iter().enumerate().map(|(at, article)| (article, revision(at))).collect()
    }

    /// What the letter says: `X-Loa-Event`, published unless it is said.
    pub(crate) fn event(&self) -> Event {
        self.header("X-Loa-Event").and_then(|name| Event::named(&name)).unwrap_or(Event::Published)
    }

    /// What its recipients saw.
    pub(crate) fn sightings(&self, channel: &str) -> Vec<Sighting> {
        let articles = self.articles();
        let event = self.event();
        let seen_by = |recipient: &String| {
            let audience = recipient.clone();
            articles.iter().map(move |(article, revision)| Sighting {
                channel: channel.to_owned(),
                audience: audience.clone(),
                article: article.clone(),
                revision: *revision,
                event,
            })
        };
        self.recipients.iter().flat_map(seen_by).collect()
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, size) = (self.message_id(), self.raw.len());
        write!(f, "<{id}> {} {:?} to {:?}, {size} bytes", self.event(), self.articles(), self.recipients)
    }
}
