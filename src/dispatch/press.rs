//! One rendering for channels that render alike: an article that goes to a hundred receivers in the same words is made
//! and hashed once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use chrono::{DateTime, Utc};

use crate::article::{Article, Revision};
use crate::channel::{Channel, Item, Payload, RenderContext, RenderError};
use crate::delivery::{Action, Live, Slot};

/// Most renderings that are kept: channels work through the same articles at about the same time.
const KEPT: usize = 128;
/// Most bytes of them all.
const MOST: usize = 2 * 1024 * 1024;

/// A payload with its hash.
#[derive(Clone)]
pub(super) struct Sheet {
    pub(super) payload: Payload,
    pub(super) hash: Arc<str>,
}

/// Makes payloads for one office.
#[derive(Default)]
pub struct Press(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    /// The newest is the last.
    kept: VecDeque<(Order, Sheet)>,
    bytes: usize,
}

/// All that a payload of one article depends on: an [`Item`] and what rendering may know beside it.
struct Order {
    alike: String,
    /// Keeps the article's place from being taken by another one, and nothing of what it says.
    article: Weak<Article>,
    revision: Revision,
    action: Action,
    live: Live,
    published: DateTime<Utc>,
    updated: DateTime<Utc>,
    link: Option<String>,
    again: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
    edition: Option<Slot>,
}

impl Order {
    fn of(alike: &str, item: &Item, cx: &RenderContext) -> Self {
        let Item { article, revision, action, live, published, updated, link, again } = item.clone();
        let (alike, article) = (alike.to_owned(), Arc::downgrade(&article));
        Self { alike, article, revision, action, live, published, updated, link, again, at: cx.at, edition: cx.edition }
    }

    fn is_for(&self, alike: &str, item: &Item, cx: &RenderContext) -> bool {
        let Item { article, revision, action, live, published, updated, link, again } = item;
        std::ptr::eq(self.article.as_ptr(), Arc::as_ptr(article))
            && self.alike == alike
            && (self.at, self.edition) == (cx.at, cx.edition)
            && (&self.revision, &self.action, &self.live) == (revision, action, live)
            && (&self.published, &self.updated, &self.link, &self.again) == (published, updated, link, again)
    }
}

impl Press {
    /// As [`Channel::render`]. The office in `cx` is always the same one.
    pub(super) fn render(
        &self,
        channel: &dyn Channel,
        items: &[Item],
        cx: &RenderContext,
    ) -> Result<Sheet, RenderError> {
        let make = || channel.render(items, cx).map(|payload| Sheet { hash: payload.hash().into(), payload });
        let (Some(alike), [item]) = (channel.alike(), items) else { return make() };
        if let Some(sheet) = self.shelf().find(alike, item, cx) {
            return Ok(sheet);
        }
        let made = make()?;
        self.shelf().keep(Order::of(alike, item, cx), made.clone());
        Ok(made)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn find(&self, alike: &str, item: &Item, cx: &RenderContext) -> Option<Sheet> {
        self.kept.iter().rev().find(|(order, _)| order.is_for(alike, item, cx)).map(|(_, sheet)| sheet.clone())
    }

    fn keep(&mut self, order: Order, sheet: Sheet) {
        self.bytes += size(&sheet);
        self.kept.push_back((order, sheet));
        while self.kept.len() > KEPT || self.bytes > MOST {
            let Some((_, oldest)) = self.kept.pop_front() else { break };
            self.bytes -= size(&oldest);
        }
    }
}

fn size(sheet: &Sheet) -> usize {
    let beside: usize = sheet.payload.beside.iter().map(|(_, bytes)| bytes.len()).sum();
    sheet.payload.bytes.len() + beside
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::BoxFuture;

    use super::*;
    use crate::article::{Article, ArticleKey, Priority, Revision};
    use crate::channel::{Health, Job, Office, Progress, Repeat, Seen, SendError};
    use crate::delivery::{Action, Live};
    use crate::text::Language;

    /// Counts how often it renders.
    struct Counting {
        alike: Option<&'static str>,
        rendered: AtomicUsize,
    }

    impl Channel for Counting {
        fn repeat(&self) -> Repeat {
            Repeat::Safe
        }
        fn render(&self, items: &[Item], _: &RenderContext) -> Result<Payload, RenderError> {
            self.rendered.fetch_add(1, Ordering::Relaxed);
            Ok(Payload::alone("txt", format!("{:?} {:?}", self.alike, items).into_bytes()))
        }
        fn alike(&self) -> Option<&str> {
            self.alike
        }
        fn advance<'a>(&'a self, _: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
            Box::pin(std::future::pending())
        }
        fn look_up<'a>(&'a self, _: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
            Box::pin(std::future::pending())
        }
        fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
            Box::pin(std::future::pending())
        }
    }

    fn channel(alike: Option<&'static str>) -> Counting {
        Counting { alike, rendered: AtomicUsize::new(0) }
    }

    fn written(body_text: String) -> Arc<Article> {
        Arc::new(Article {
            key: ArticleKey { source: "cms".to_owned(), external_id: "1".to_owned() },
            title: "Lịch tiếp công dân".to_owned(),
            summary: None,
            body_html: String::new(),
            body_text,
            byline: None,
            canonical_url: None,
            published_at: None,
            embargo_until: None,
            expires_at: None,
            language: "vi".to_owned(),
            topics: Vec::new(),
            organisation: None,
            priority: Priority::Normal,
            images: Vec::new(),
        })
    }

    fn item(article: &Arc<Article>) -> Item {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        Item {
            article: Arc::clone(article),
            revision: Revision::FIRST,
            action: Action::Create(Revision::FIRST),
            live: Live::Nothing,
            published: now,
            updated: now,
            link: None,
            again: None,
        }
    }

    fn context() -> RenderContext {
        let office = Office {
            name: "UBND xã An Bình".to_owned(),
            timezone: chrono_tz::Asia::Ho_Chi_Minh,
            language: Language::Vi,
            public_url: None,
        };
        RenderContext { office, at: DateTime::<Utc>::UNIX_EPOCH, edition: None }
    }

    #[test]
    fn channels_that_render_alike_share_one_rendering_and_nobody_else_does() {
        let press = Press::default();
        let article = written(String::new());
        let (one, two, other, own) =
            (channel(Some("ngắn")), channel(Some("ngắn")), channel(Some("dài")), channel(None));
        let render = |channel: &Counting, item: &Item| press.render(channel, std::slice::from_ref(item), &context());
        let first = item(&article);
        for channel in [&one, &two, &other, &own, &own] {
            let expected = channel.render(std::slice::from_ref(&first), &context());
            let sheet = render(channel, &first);
            assert_eq!(sheet.as_ref().ok().map(|sheet| &sheet.payload), expected.as_ref().ok());
            assert_eq!(sheet.ok().map(|sheet| sheet.hash.to_string()), expected.ok().map(|payload| payload.hash()));
        }
        let rendered = [&one, &two, &other, &own].map(|channel| channel.rendered.load(Ordering::Relaxed));
        // Each was asked once more for comparison.
        assert_eq!(rendered, [2, 1, 2, 4]);
    }

    #[test]
    fn whatever_is_different_about_an_item_is_rendered_anew() {
        let press = Press::default();
        let article = written(String::new());
        let (one, first) = (channel(Some("ngắn")), item(&article));
        let later = first.updated + chrono::TimeDelta::seconds(1);
        let second = Revision::FIRST.next();
        let others = [
            item(&written(String::new())),
            Item { revision: second, ..first.clone() },
            Item { action: Action::Withdraw, ..first.clone() },
            Item { live: Live::Maybe(Revision::FIRST), ..first.clone() },
            Item { published: later, ..first.clone() },
            Item { updated: later, ..first.clone() },
            Item { link: Some("https://xa.example.vn/1".to_owned()), ..first.clone() },
            Item { again: Some(later), ..first.clone() },
        ];
        let count = others.len();
        for item in others.iter().chain([&first]) {
            assert!(press.render(&one, std::slice::from_ref(item), &context()).is_ok());
        }
        assert_eq!(one.rendered.load(Ordering::Relaxed), count + 1);
        for cx in [RenderContext { at: later, ..context() }, RenderContext { edition: Some(later), ..context() }] {
            assert!(press.render(&one, std::slice::from_ref(&first), &cx).is_ok());
        }
        assert_eq!(one.rendered.load(Ordering::Relaxed), count + 3);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let press = Press::default();
        let one = channel(Some("ngắn"));
        let large = written("ă".repeat(MOST / 8));
        for _ in 0..2 * KEPT {
            assert!(press.render(&one, &[item(&written(String::new()))], &context()).is_ok());
            assert!(press.render(&one, &[item(&large)], &context()).is_ok());
        }
        assert_eq!(Arc::strong_count(&large), 1, "an article is not kept for its renderings");
        let shelf = press.shelf();
        assert!(shelf.kept.len() <= KEPT && shelf.bytes <= MOST);
        assert_eq!(shelf.bytes, shelf.kept.iter().map(|(_, sheet)| size(sheet)).sum::<usize>());
    }
}
