//! One call, one transaction: from a draft to what is wanted of every channel.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::draft::{Draft, DraftContext};
use super::error::IntakeError;
use super::pictures::{Fetched, Fetcher};
use crate::article::{Article, ArticleKey, Image, Kept, Revision};
use crate::clock::Clock;
use crate::delivery::Plan;
use crate::queue::{Accepted, Change, Current, Handover, Queue, Verdict};
use crate::schedule;
use crate::schedule::{Route, Schedule};
use crate::text;
use crate::text::Text;

/// A channel, as far as the intake has to know it.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Its name.
    pub channel: String,
    /// Which articles it takes.
    pub route: Route,
    /// When it sends.
    pub schedule: Schedule,
}

/// The enabled channels, replaced as a whole when their files change.
pub type Subscriptions = Arc<RwLock<Arc<[Subscription]>>>;

/// Where every way in ends.
#[derive(Clone)]
pub struct Intake {
    queue: Arc<dyn Queue>,
    subscriptions: Subscriptions,
    clock: Clock,
    zone: Tz,
    fetcher: Fetcher,
}

/// An article as it would be taken over.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Its content.
    pub article: Article,
    /// The revision that its source asks for.
    pub revision: Option<Revision>,
    /// How many of its pictures could not be fetched.
    pub missing_pictures: usize,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Publish, or correct if it is there already.
    Publish,
    /// Correct an article that has to be there.
    Correct,
    /// Publish again what was withdrawn.
    PublishAgain,
}

/// What a person has seen of what they hand over.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When.
    pub at: DateTime<Utc>,
    /// Who has written it.
    pub writers: Vec<String>,
}

impl Intake {
    /// An intake that hands over to `queue`.
    #[must_use]
    pub fn new(queue: Arc<dyn Queue>, subscriptions: Subscriptions, clock: Clock, zone: Tz, fetcher: Fetcher) -> Self {
        Self { queue, subscriptions, clock, zone, fetcher }
    }

    /// Where wall-clock times in drafts are counted.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Takes an article over. When this returns `Ok`, it is on disk.
    ///
    /// # Errors
    /// [`IntakeError`]; then nothing was taken.
    pub async fn accept(
        &self,
        draft: Draft,
        cx: &DraftContext<'_>,
        order: Order,
        who: &str,
        request: Option<(String, String)>,
    ) -> Result<Accepted, IntakeError> {
        let seen = Seen { at: self.clock.now(), writers: Vec::new() };
        self.accept_as_seen(draft, cx, order, who, request, seen).await
    }

    /// The same, by a person who has seen how it will look: copies say what they would have said at that instant.
    ///
    /// # Errors
    /// As for [`Intake::accept`].
    pub async fn accept_as_seen(
        &self,
        draft: Draft,
        cx: &DraftContext<'_>,
        order: Order,
        who: &str,
        request: Option<(String, String)>,
        seen: Seen,
    ) -> Result<Accepted, IntakeError> {
        let Prepared { article, revision, missing_pictures } = self.prepare(draft, cx).await?;
        let key = article.key.clone();
        let (now, subscriptions) = (self.clock.now(), self.subscriptions());
        let (writers, seen) = (seen.writers, seen.at.min(now));
        let article = Arc::new(article);
        let decide = move |known: Option<&Current>| revise(known, &article, revision, order, &subscriptions, seen, now);
        let handover = Handover { key, who: who.to_owned(), writers, now, as_of: seen, request };
        let accepted = self.hand_over(handover, Box::new(decide)).await?;
        Ok(Accepted { missing_pictures, ..accepted })
    }

    /// What [`Intake::accept`] would take over: checked, cleaned, its pictures fetched and kept. Hands nothing over.
    ///
    /// # Errors
    /// [`IntakeError::Invalid`], or what the store reports.
    pub async fn prepare(&self, draft: Draft, cx: &DraftContext<'_>) -> Result<Prepared, IntakeError> {
        let (mut article, revision) = draft.into_article(cx)?;
        let missing_pictures = self.keep_pictures(&mut article).await?;
        Ok(Prepared { article, revision, missing_pictures })
    }

    /// Keeps a picture that was uploaded, judged like one that was fetched.
    ///
    /// # Errors
    /// [`IntakeError::Invalid`] for what is no picture or is too large, or what the store reports.
    pub async fn keep_upload(&self, name: &str, bytes: Vec<u8>) -> Result<Kept, IntakeError> {
        let Fetched { kept, bytes } = self.fetcher.judge(name, bytes).await?;
        self.queue.keep_picture(kept.clone(), bytes, self.clock.now()).await?;
        Ok(kept)
    }

    /// Fetches the article's pictures that are not kept yet and keeps them; how many could not be had.
    async fn keep_pictures(&self, article: &mut Article) -> Result<usize, IntakeError> {
        let wanted: Vec<Image> = article.images.iter().filter(|image| image.kept.is_none()).cloned().collect();
        let fetched = self.fetcher.fetch(&wanted).await?;
        let mut missing = 0;
        for (image, fetched) in article.images.iter_mut().filter(|image| image.kept.is_none()).zip(fetched) {
            let Some(Fetched { kept, bytes }) = fetched else {
                missing += 1;
                continue;
            };
            self.queue.keep_picture(kept.clone(), bytes, self.clock.now()).await?;
            image.kept = Some(kept);
        }
        Ok(if self.fetcher.fetches() { missing } else { 0 })
    }

    /// Orders every copy of an article to be taken back.
    ///
    /// # Errors
    /// [`IntakeError::Unknown`] when there is no such article; otherwise as for [`Intake::accept`].
    pub async fn withdraw(&self, key: ArticleKey, who: &str) -> Result<Accepted, IntakeError> {
        let (now, subscriptions) = (self.clock.now(), self.subscriptions());
        let missing = text!("không có bài {key}", "there is no article {key}");
        let (found, refusal) = (Arc::new(std::sync::atomic::AtomicBool::new(true)), missing.clone());
        let seen = Arc::clone(&found);
        let decide = move |known: Option<&Current>| {
            let Some(known) = known else {
                seen.store(false, std::sync::atomic::Ordering::Release);
                return Err(refusal.clone());
            };
            Ok(withdraw(known, &subscriptions, now))
        };
        let handover = Handover { key, who: who.to_owned(), writers: Vec::new(), now, as_of: now, request: None };
        let accepted = self.hand_over(handover, Box::new(decide)).await;
        if found.load(std::sync::atomic::Ordering::Acquire) { accepted } else { Err(IntakeError::Unknown(missing)) }
    }

    async fn hand_over(&self, handover: Handover, decide: crate::queue::Decide) -> Result<Accepted, IntakeError> {
        match self.queue.accept(handover, decide).await? {
            Verdict::Accepted(accepted) => Ok(accepted),
            Verdict::Refused(reason) => Err(IntakeError::Refused(reason)),
            Verdict::KeyReused => Err(IntakeError::KeyReused),
        }
    }

    fn subscriptions(&self) -> Arc<[Subscription]> {
        Arc::clone(&self.subscriptions.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The rules of revisions: the same content is no revision, a lower one is refused, and what was withdrawn
/// comes back only when that is asked for by name.
fn revise(
    known: Option<&Current>,
    article: &Arc<Article>,
    asked: Option<Revision>,
    order: Order,
    subscriptions: &[Subscription],
    seen: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Change, Text> {
    let revision = match known {
        None if order == Order::Correct => {
            let key = &article.key;
            return Err(text!(
                "chưa có bài {key} để đính chính; nếu là bài mới: loa publish. Xem các bài: loa deliveries",
                "there is no article {key} to correct; for a new one: loa publish. To see what is there: loa deliveries"
            ));
        }
        None => asked.unwrap_or(Revision::FIRST),
        Some(known) if known.withdrawn && order != Order::PublishAgain => {
            let key = &article.key;
            return Err(text!(
                "bài {key} đã thu hồi; muốn đăng lại: loa publish --again",
                "article {key} is withdrawn; to publish it again: loa publish --again"
            ));
        }
        Some(known) if !known.withdrawn && known.article.content_hash() == article.content_hash() => {
            return Ok(Change::Unchanged);
        }
        Some(known) => match asked {
            Some(asked) if asked <= known.revision => {
                let (key, newest) = (&article.key, known.revision);
                return Err(text!(
                    "bài {key} đã có bản {newest}; bản {asked} cũ hơn nên không nhận",
                    "article {key} is at revision {newest} already; revision {asked} is older and was refused"
                ));
            }
            Some(asked) => asked,
            None => known.revision.next(),
        },
    };
    let mut plans = Vec::new();
    for subscription in subscriptions {
        let there = known.is_some_and(|known| has(known, &subscription.channel));
        if there || subscription.route.takes(article).map_err(|error| error.0)? {
            plans.push((subscription.channel.clone(), plan_as_seen(subscription, article, seen, now)));
        }
    }
    plans.extend(known.into_iter().flat_map(|known| unconfigured(known, subscriptions, now)));
    let article = Arc::clone(article);
    Ok(match known {
        None if order == Order::PublishAgain => Change::Anew { revision, article, plans },
        _ => Change::Revise { revision, article, plans },
    })
}

/// The plan that was seen, if by it the copy is due at once and still is: an hour that has begun or ended since counts as it
/// is now.
fn plan_as_seen(subscription: &Subscription, article: &Article, seen: DateTime<Utc>, now: DateTime<Utc>) -> Plan {
    let plan = |at| subscription.schedule.plan(article, schedule::Change::Content, at);
    let (then, today) = (plan(seen), plan(now));
    if then.due <= now && today.due <= now && then.edition == today.edition { then } else { today }
}

fn withdraw(known: &Current, subscriptions: &[Subscription], now: DateTime<Utc>) -> Change {
    if known.withdrawn {
        return Change::Unchanged;
    }
    let mut plans: Vec<(String, Plan)> = subscriptions
        .iter()
        .filter(|subscription| has(known, &subscription.channel))
        .map(|subscription| {
            let plan = subscription.schedule.plan(&known.article, schedule::Change::Withdrawal, now);
            (subscription.channel.clone(), plan)
        })
        .collect();
    plans.extend(unconfigured(known, subscriptions, now));
    Change::Withdraw { plans }
}

fn has(known: &Current, channel: &str) -> bool {
    known.deliveries.iter().any(|delivery| delivery.channel == channel)
}

/// Copies on channels that are switched off or whose file is gone: what is wanted of them changes all the
/// same, and waits until the channel is back.
fn unconfigured(known: &Current, subscriptions: &[Subscription], now: DateTime<Utc>) -> Vec<(String, Plan)> {
    let configured = |channel: &str| subscriptions.iter().any(|subscription| subscription.channel == channel);
    let plan = Plan::at_once(now);
    known
        .deliveries
        .iter()
        .filter(|delivery| !configured(&delivery.channel))
        .map(|delivery| (delivery.channel.clone(), plan.clone()))
        .collect()
}
