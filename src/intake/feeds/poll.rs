//! One poll: ask, read, take what is new.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;
use tokio_util::sync::CancellationToken;

use super::entries::{self, Item, Said};
use super::fetch::{Answer, Content, Trouble, Web};
use super::{Feed, FeedIntake, FullText, page};
use crate::clock::Clock;
use crate::intake::accept::{Intake, Order};
use crate::intake::draft::{Draft, DraftContext};
use crate::intake::error::IntakeError;
use crate::intake::markup;
use crate::intake::plain::to_plain;
use crate::queue::{EntryRow, EntryState, Feeds, Polled, Seen, StoreError, Turn};
use crate::text;
use crate::text::Text;

/// Largest feed.
const MOST_FEED: usize = 8 << 20;
/// Largest page.
const MOST_PAGE: usize = 4 << 20;
/// A turn lasts this long from the last sign of life: longer than one question.
const HELD: TimeDelta = TimeDelta::seconds(60);
/// How long the page of an entry is asked for before the feed's own words have to do.
const PAGE_PATIENCE: TimeDelta = TimeDelta::days(1);
/// The longest that a feed is left alone after failures, unless its own interval is longer.
const LONGEST_REST: Duration = Duration::from_hours(6);
/// The longest that a server may ask to be left alone.
const MOST_RETRY_AFTER: Duration = Duration::from_hours(24);
/// How much slower a feed is polled whose hub tells us.
const WITH_HUB: u32 = 4;

const FEED_TYPES: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, \
                          text/xml;q=0.9, application/json;q=0.8, */*;q=0.1";
const PAGE_TYPES: &str = "text/html, application/xhtml+xml";

/// Polls feeds.
pub(super) struct Poller {
    pub(super) standing: Arc<dyn Feeds>,
    pub(super) clock: Clock,
    pub(super) public_url: Option<String>,
    intake: Intake,
    stop: CancellationToken,
}

/// How a poll ended early.
enum Early {
    Trouble(Trouble),
    /// loa stops, or somebody else has the turn.
    Over,
    Store(StoreError),
}

impl From<StoreError> for Early {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Trouble> for Early {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl Poller {
    pub(super) fn new(settings: &FeedIntake, stop: CancellationToken) -> Self {
        Self {
            standing: Arc::clone(&settings.standing),
            clock: settings.clock.clone(),
            public_url: settings.public_url.clone(),
            intake: settings.intake.clone(),
            stop,
        }
    }

    /// Polls a feed, if it is its turn.
    pub(super) async fn poll(&self, feed: &Feed) -> Result<(), StoreError> {
        let now = self.clock.now();
        let claimed = self.standing.claim(feed.name.clone(), feed.url.to_string(), now, now + HELD).await?;
        let Some(turn) = claimed else { return Ok(()) };
        let polled = match self.ask(feed, &turn).await {
            Ok(polled) => polled,
            Err(Early::Trouble(trouble)) => self.failed(feed, &turn, &trouble),
            // As if it had not been: whoever is there next begins with it.
            Err(Early::Over) => Polled {
                due: self.clock.now(),
                failures: turn.failures,
                validators: turn.validators.clone(),
                moved_to: turn.moved_to.clone(),
                ..Polled::default()
            },
            Err(Early::Store(error)) => {
                let note = Trouble::from(error.text());
                let polled = self.failed(feed, &turn, &note);
                // A store that is away takes this no better: then the turn runs out.
                drop(self.standing.end_turn(feed.name.clone(), turn.number, polled).await);
                return Err(error);
            }
        };
        if !self.standing.end_turn(feed.name.clone(), turn.number, polled).await? {
            tracing::warn!(feed = %feed.name, "a poll took too long; another one has begun");
        }
        Ok(())
    }

    /// The next poll after one that went well.
    fn after(&self, feed: &Feed, told_by_hub: bool) -> DateTime<Utc> {
        let every = if told_by_hub {
            feed.every.saturating_mul(WITH_HUB).min(LONGEST_REST.max(feed.every))
        } else {
            feed.every
        };
        self.clock.now() + TimeDelta::from_std(every).unwrap_or(TimeDelta::days(1))
    }

    fn failed(&self, feed: &Feed, turn: &Turn, trouble: &Trouble) -> Polled {
        let failures = turn.failures.saturating_add(1);
        let longer = feed.every.saturating_mul(1 << turn.failures.min(16)).min(LONGEST_REST.max(feed.every));
        let asked = trouble.retry_after.unwrap_or_default().min(MOST_RETRY_AFTER);
        let name = &feed.name;
        let note = if trouble.gone {
            text!(
                "nguồn tin không còn nữa (410); loa thôi đọc. Sửa url trong config.toml, hoặc đọc lại: loa feeds {name} --now",
                "the feed is gone for good (410); loa reads it no more. Correct its url in config.toml, or to read it again: loa feeds {name} --now"
            )
        } else {
            trouble.note.clone()
        };
        // The same trouble again is not news.
        if failures == 1 || trouble.gone {
            tracing::warn!(feed = %feed.name, %note, "a feed cannot be read");
        }
        Polled {
            due: self.clock.now() + TimeDelta::from_std(longer.max(asked)).unwrap_or(TimeDelta::days(1)),
            failures,
            note: Some(note),
            stopped: trouble.gone,
            validators: turn.validators.clone(),
            moved_to: turn.moved_to.clone(),
            ..Polled::default()
        }
    }

    async fn ask(&self, feed: &Feed, turn: &Turn) -> Result<Polled, Early> {
        let web = Web::new(feed)?;
        let now = self.clock.now();
        let answer =
            self.unless_stopped(web.get(&feed.url, FEED_TYPES, turn.validators.as_ref(), MOST_FEED, now)).await??;
        let content = match answer {
            Answer::Same => {
                let told = self.keep_tie(feed, turn, &web).await?;
                return Ok(Polled {
                    due: self.after(feed, told),
                    succeeded: true,
                    validators: turn.validators.clone(),
                    moved_to: turn.moved_to.clone(),
                    ..Polled::default()
                });
            }
            Answer::Content(content) => content,
        };
        let Content { url, moved_to, body, validators, links } = *content;
        if let Some(to) = moved_to.as_ref().filter(|to| turn.moved_to.as_ref() != Some(to)) {
            tracing::warn!(feed = %feed.name, %to, "the feed has moved for good; change its url in config.toml");
        }
        let base = url.clone();
        // A large feed takes a while: not where others wait.
        let said = tokio::task::spawn_blocking(move || entries::read(&body, &base)).await;
        let Said { items, hub, own } = said.map_err(|error| {
            let detail = error.to_string();
            Trouble::from(text!("không đọc được nguồn tin: {detail}", "the feed cannot be read: {detail}"))
        })??;
        let put_off = self.take_new(feed, turn, &web, items).await?;
        let header =
            |name: &str| links.iter().find(|(relation, _)| relation == name).map(|(_, address)| address.clone());
        // The header comes first (WebSub §4).
        let (hub, own) = match header("hub") {
            Some(hub) => (Some(hub), header("self")),
            None => (hub, own),
        };
        let told = self.tie(feed, turn, &web, hub, own.unwrap_or_else(|| url.to_string())).await?;
        if let Some(note) = put_off {
            // Whatever is still open needs the feed's words again: they are asked for without condition.
            let polled = self.failed(feed, turn, &Trouble::from(note));
            return Ok(Polled { validators: None, moved_to, ..polled });
        }
        Ok(Polled {
            due: self.after(feed, told),
            succeeded: true,
            validators: Some(validators),
            moved_to,
            ..Polled::default()
        })
    }

    async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, Early> {
        tokio::select! {
            done = work => Ok(done),
            () = self.stop.cancelled() => Err(Early::Over),
        }
    }

    /// Takes what is new or changed, the oldest first. Says why some of it has to wait.
    async fn take_new(&self, feed: &Feed, turn: &Turn, web: &Web, items: Vec<Item>) -> Result<Option<Text>, Early> {
        let seen = items.iter().map(|item| Seen {
            entry: item.id.clone(),
            title: item.draft.title.clone().unwrap_or_default(),
            published: item.published.map(|at| at.timestamp_millis()),
        });
        let now = self.clock.now();
        let known = self.standing.see(feed.name.clone(), turn.number, seen.collect(), feed.backfill, now).await?;
        let known: HashMap<String, EntryRow> =
            known.ok_or(Early::Over)?.into_iter().map(|row| (row.entry.clone(), row)).collect();
        let mut put_off = None;
        for item in items.into_iter().rev() {
            let Some(row) = known.get(&item.id) else { continue };
            let is_new = match row.state {
                EntryState::Left => false,
                EntryState::Open => true,
                EntryState::Taken | EntryState::Refused => row.content.as_ref() != Some(&item.content),
            };
            if !is_new {
                continue;
            }
            let until = self.clock.now() + HELD;
            if self.stop.is_cancelled() || !self.standing.hold(feed.name.clone(), turn.number, until).await? {
                return Err(Early::Over);
            }
            if let Some(note) = self.take(feed, web, item, row).await? {
                put_off = Some(note);
            }
        }
        Ok(put_off)
    }

    /// Takes one entry. Says why it has to wait.
    async fn take(&self, feed: &Feed, web: &Web, item: Item, row: &EntryRow) -> Result<Option<Text>, Early> {
        let (id, content, link) = (item.id.clone(), item.content.clone(), item.link.clone());
        let mut draft = item.draft(feed, row.published);
        if let (FullText::Page, Some(link)) = (feed.full_text, link) {
            match self.unless_stopped(self.page(web, &link, &draft)).await? {
                Ok(Some(html)) => (draft.body_html, draft.body_text) = (Some(html), None),
                Ok(None) => {
                    tracing::warn!(feed = %feed.name, entry = %id, "its page shows no article; the feed's own words are taken");
                }
                Err(trouble) if trouble.missing || self.clock.now() - row.since > PAGE_PATIENCE => {
                    let note = &trouble.note;
                    tracing::warn!(feed = %feed.name, entry = %id, %note, "its page cannot be had; the feed's own words are taken");
                }
                Err(trouble) => {
                    let Text { vi, en } = trouble.note;
                    let title = draft.title.unwrap_or_default();
                    return Ok(Some(text!(
                        "chưa lấy được trang của bài \"{title}\": {vi}",
                        "the page of \"{title}\" cannot be had yet: {en}"
                    )));
                }
            }
        }
        let cx = DraftContext { source: &feed.source, external_id: Some(&id), zone: self.intake.zone() };
        let (state, note) = match self.intake.accept(draft, &cx, Order::Publish, &feed.name, None).await {
            Ok(_) => (EntryState::Taken, None),
            Err(IntakeError::Store(error)) => return Err(error.into()),
            Err(error) => {
                let reason = error.text();
                tracing::warn!(feed = %feed.name, entry = %id, %reason, "an entry was refused");
                (EntryState::Refused, Some(reason))
            }
        };
        self.standing.mark(feed.name.clone(), id, state, content, note).await?;
        Ok(None)
    }

    /// The article on an entry's page; `None` when the page shows none that says more than the feed.
    async fn page(&self, web: &Web, link: &Url, draft: &Draft) -> Result<Option<String>, Trouble> {
        let answer = web.get(link, PAGE_TYPES, None, MOST_PAGE, self.clock.now()).await?;
        let Answer::Content(content) = answer else { return Ok(None) };
        let Content { url, body, .. } = *content;
        let Ok(page) = String::from_utf8(body) else { return Ok(None) };
        let least = said(draft);
        let found = tokio::task::spawn_blocking(move || {
            let words = page::article(&page, least)?;
            let html = if words.contains("</") { words } else { markup::from_plain(&words) };
            Some(markup::resolved(&html, &url))
        });
        // A mistake in reading the page must not keep the entry out.
        Ok(found.await.unwrap_or_default())
    }
}

/// How many characters the feed itself says, white space aside.
fn said(draft: &Draft) -> usize {
    let html = draft.body_html.as_deref().unwrap_or_default();
    let plain = markup::sanitise(html).and_then(|html| to_plain(&html)).unwrap_or_default();
    let words = draft.body_text.as_deref().unwrap_or(&plain);
    words.chars().filter(|c| !c.is_whitespace()).count()
}
