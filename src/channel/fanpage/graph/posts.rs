//! A post as Graph shows it, and how the posts of a page are looked through.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::answer::{Failure, Step};
use super::api::Call;
use super::render::nfc;
use crate::article::sha256_hex;
use crate::channel::failure::SendError;
use crate::text;

const FIELDS: &str = "id,message,created_time,permalink_url,is_published";
/// Posts on one page of a list, and pages that are read: far more than an office posts while an answer is lost.
const PER_PAGE: &str = "25";
const MOST_PAGES: usize = 4;
/// By how much Facebook's clock and ours may differ.
const CLOCKS: TimeDelta = TimeDelta::minutes(15);

/// A post that is there.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) id: String,
    pub(super) message: String,
    pub(super) url: Option<String>,
    pub(super) is_published: bool,
    created: Option<DateTime<Utc>>,
}

impl Standing {
    fn read(value: &Value) -> Option<Self> {
        let word = |name: &str| value.get(name).and_then(Value::as_str);
        Some(Self {
            id: word("id")?.to_owned(),
            message: nfc(word("message").unwrap_or_default()),
            url: word("permalink_url").filter(|url| url.starts_with("http")).map(str::to_owned),
            // Where it is not said, the post is on a list of public ones.
            is_published: value.get("is_published").and_then(Value::as_bool).unwrap_or(true),
            // Such as 2026-04-06T17:50:09+0000.
            created: word("created_time")
                .and_then(|time| DateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S%z").ok())
                .map(|time| time.to_utc()),
        })
    }

    /// Whether it says what `message` says.
    pub(super) fn says(&self, message: &str) -> bool {
        self.message.trim() == nfc(message).trim()
    }

    /// What is there, in short: differs once a person has edited or hidden it.
    pub(super) fn fingerprint(&self) -> String {
        let state = if self.is_published { "public" } else { "hidden" };
        sha256_hex(format!("{state}\n{}", self.message.trim()).as_bytes())
    }
}

/// Which post is looked for.
pub(super) struct Wanted<'a> {
    pub(super) text: Says<'a>,
    /// It was made at this instant or later.
    pub(super) since: DateTime<Utc>,
}

/// What the post says.
pub(super) enum Says<'a> {
    /// This and nothing else. The article's own address is in it, which makes it certain.
    Exactly(&'a str),
    /// This address, among other things.
    Link(&'a str),
}

impl Wanted<'_> {
    fn is(&self, post: &Standing, now: DateTime<Utc>) -> bool {
        let in_time = |created| (self.since - CLOCKS..=now + CLOCKS).contains(&created);
        let says = match self.text {
            Says::Exactly(message) => post.says(message),
            Says::Link(link) => post.message.split_whitespace().any(|word| word == link),
        };
        says && post.created.is_none_or(in_time)
    }
}

impl Call<'_> {
    /// The post of this id.
    pub(super) async fn standing(&self, id: &str) -> Result<Standing, Failure> {
        let found = self.get(id, &[("fields", FIELDS)]).await?;
        Standing::read(&found).ok_or_else(|| {
            Failure::Lost(SendError::transient(text!(
                "Facebook trả lời thiếu thông tin bài đăng",
                "Facebook's answer about the post is incomplete"
            )))
        })
    }

    /// The public posts that are wanted, newest first.
    pub(super) async fn published(&self, wanted: &Wanted<'_>) -> Result<Vec<Standing>, SendError> {
        let list = format!("{}/published_posts", self.graph.page);
        self.scan(&list, &[], wanted).await.map_err(|failure| failure.into_send_error(Step::Repeatable))
    }

    /// The hidden posts that are wanted. The list of posts that can be promoted shows them where it is still
    /// served; where it is not, none are found: a hidden post that nobody knows of harms nobody, and another is
    /// made.
    pub(super) async fn hidden(&self, wanted: &Wanted<'_>) -> Result<Vec<Standing>, SendError> {
        let list = format!("{}/promotable_posts", self.graph.page);
        match self.scan(&list, &[("is_published", "false")], wanted).await {
            Ok(found) => Ok(found.into_iter().filter(|post| !post.is_published).collect()),
            Err(Failure::Refused(refusal)) if refusal.is_about_the_post() => {
                tracing::debug!(code = refusal.code(), "hidden posts are not listed");
                Ok(Vec::new())
            }
            Err(failure) if failure.is_gone() => Ok(Vec::new()),
            Err(failure) => Err(failure.into_send_error(Step::Repeatable)),
        }
    }

    async fn scan(&self, list: &str, filter: &[(&str, &str)], wanted: &Wanted<'_>) -> Result<Vec<Standing>, Failure> {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = vec![("fields", FIELDS), ("limit", PER_PAGE)];
            query.extend_from_slice(filter);
            // The cursor alone: the address of the next page holds the token.
            query.extend(after.as_deref().map(|after| ("after", after)));
            let page = self.get(list, &query).await?;
            let Some(posts) = page.get("data").and_then(Value::as_array) else {
                // Nothing is proved absent by an answer that is no list.
                return Err(Failure::Lost(SendError::transient(super::api::incomplete("data"))));
            };
            let posts: Vec<Standing> = posts.iter().filter_map(Standing::read).collect();
            let older = posts.last().and_then(|post| post.created).is_some_and(|at| at < wanted.since - CLOCKS);
            found.extend(posts.into_iter().filter(|post| wanted.is(post, self.now)));
            after = page.pointer("/paging/cursors/after").and_then(Value::as_str).map(str::to_owned);
            if older || after.is_none() || page.pointer("/paging/next").is_none() {
                break;
            }
        }
        Ok(found)
    }
}
