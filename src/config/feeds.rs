//! `[[feeds]]`: feeds that articles come in by.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use super::values::duration;
use crate::intake::{Feed, FullText};
use crate::text;
use crate::text::Text;

/// How often a feed is polled unless `every` says otherwise.
const EVERY: Duration = Duration::from_mins(15);
/// Nobody's server is asked more often.
const AT_MOST_EVERY: Duration = Duration::from_mins(1);
/// No feed is forgotten for longer.
const AT_LEAST_EVERY: Duration = Duration::from_hours(7 * 24);
/// How long a server may take to answer, unless `timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longer than this, and another machine would think that nobody polls the feed.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(50);
/// Longest name, in characters.
const MOST_NAME: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedTable {
    name: Spanned<String>,
    url: Spanned<String>,
    source: Option<Spanned<String>>,
    every: Option<Spanned<String>>,
    #[serde(default)]
    topics: Vec<String>,
    organisation: Option<String>,
    #[serde(default)]
    backfill: usize,
    #[serde(default)]
    full_text: FullText,
    language: Option<String>,
    timeout: Option<Spanned<String>>,
    #[serde(default)]
    allow: Vec<String>,
}

/// Checks the feeds.
pub(super) fn read(tables: Vec<FeedTable>, file: &Path, source: &str) -> Result<Arc<[Feed]>, ConfigError> {
    let wrong = |value: &Spanned<String>, text: Text| ConfigError::at(file, source, Some(value.span()), text);
    let mut feeds: Vec<Feed> = Vec::new();
    for table in tables {
        let name = name(table.name.get_ref(), "name").map_err(|text| wrong(&table.name, text))?;
        if feeds.iter().any(|feed| feed.name == name) {
            return Err(wrong(
                &table.name,
                text!("đã có một nguồn tin tên \"{name}\"", "there is a feed called \"{name}\" already"),
            ));
        }
        let called = match &table.source {
            Some(written) => self::name(written.get_ref(), "source").map_err(|text| wrong(written, text))?,
            None => name.clone(),
        };
        let timeout =
            table.timeout.as_ref().map(|timeout| patience(timeout.get_ref()).map_err(|text| wrong(timeout, text)));
        let every = table.every.as_ref().map(|every| interval(every.get_ref()).map_err(|text| wrong(every, text)));
        feeds.push(Feed {
            url: address(table.url.get_ref()).map_err(|text| wrong(&table.url, text))?,
            name,
            source: called,
            every: every.transpose()?.unwrap_or(EVERY),
            topics: table.topics,
            organisation: table.organisation,
            backfill: table.backfill,
            full_text: table.full_text,
            language: table.language,
            timeout: timeout.transpose()?.unwrap_or(TIMEOUT),
            allow: table.allow,
        });
    }
    Ok(feeds.into())
}

/// A name stands in articles' ids, and on the command line.
fn name(written: &str, field: &str) -> Result<String, Text> {
    let name = written.trim();
    let right = !name.is_empty() && name.chars().count() <= MOST_NAME && !name.contains(['/', '\n', '\t']);
    if right {
        return Ok(name.to_owned());
    }
    Err(text!(
        "{field} là tên ngắn, không có dấu /, như \"cong-tinh\"",
        "{field} is a short name without a slash, such as \"province\""
    ))
}

fn address(written: &str) -> Result<Url, Text> {
    match Url::parse(written.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err(text!(
            "url là địa chỉ của nguồn tin, như \"https://tinh.example.vn/rss.xml\"",
            "url is the address of the feed, such as \"https://tinh.example.vn/rss.xml\""
        )),
    }
}

fn interval(written: &str) -> Result<Duration, Text> {
    let every = duration(written)?;
    if (AT_MOST_EVERY..=AT_LEAST_EVERY).contains(&every) {
        return Ok(every);
    }
    Err(text!("every phải từ \"1m\" đến \"7d\"", "every has to be between \"1m\" and \"7d\""))
}

fn patience(written: &str) -> Result<Duration, Text> {
    let timeout = duration(written)?;
    if timeout <= LONGEST_TIMEOUT {
        return Ok(timeout);
    }
    let most = LONGEST_TIMEOUT.as_secs();
    Err(text!("timeout nhiều nhất là \"{most}s\"", "timeout is \"{most}s\" at the most"))
}
