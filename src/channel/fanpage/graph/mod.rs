//! The Fanpage over Facebook's Graph API: a post is made hidden, its id kept, then revealed.

mod answer;
mod api;
mod change;
mod codes;
mod create;
mod health;
mod posts;
mod render;
mod settings;
mod usage;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::render::Shape;
use crate::channel::failure::{RenderError, SendError};
use crate::channel::{
    Allowance, Channel, Health, Item, Job, OpenContext, Payload, Progress, RenderContext, Repeat, Seen, Settings,
    SettingsError,
};
use crate::delivery::{Action, Live, Receipt};
use crate::text;
use answer::Step;
use api::{Call, Graph};
use create::receipt;
use posts::{Says, Standing, Wanted};
use render::Post;

pub(super) use settings::{KEYS, keys};

struct GraphPage {
    graph: Graph,
    shape: Shape,
    most_photos: usize,
    vain: create::Vain,
}

pub(super) fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let (graph, shape, most_photos) = settings::read(settings, cx)?;
    Ok(Arc::new(GraphPage { graph, shape, most_photos, vain: create::Vain::default() }))
}

impl Channel for GraphPage {
    fn repeat(&self) -> Repeat {
        Repeat::AfterLookup
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        render::render(items, cx, self.shape, self.most_photos)
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let (item, post) = (job.first()?, post(job)?);
            let call = self.graph.call(job.now)?;
            match (item.action, &item.live) {
                (Action::Withdraw, Live::Shown { receipt, .. }) => {
                    let id = call.known(receipt, item).await?;
                    call.take_back(&id, &post.message).await
                }
                (Action::Withdraw, Live::Staged { remote_id, .. }) => call.take_back(remote_id, &post.message).await,
                (Action::Withdraw, Live::Nothing | Live::Maybe(_)) => Ok(Progress::Gone),
                (Action::Update(_), Live::Shown { receipt, .. }) => {
                    let known = Receipt { remote_id: call.known(receipt, item).await?, ..receipt.clone() };
                    call.correct(job, &known, &post).await
                }
                (_, Live::Staged { remote_id, .. }) => self.go_on(&call, job, remote_id, &post).await,
                (_, _) => call.make(job, item, &post, &self.vain).await,
            }
        })
    }

    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async move {
            let (item, post) = (job.first()?, post(job)?);
            let call = self.graph.call(job.now)?;
            match (item.action, &item.live) {
                // Taking back what is gone changes nothing: it may be repeated.
                (Action::Withdraw, Live::Shown { receipt, .. }) if receipt.remote_id.is_empty() => {
                    Ok(Seen::Unknown(unknown_post()))
                }
                (Action::Withdraw, _) => Ok(Seen::Absent),
                (Action::Update(_), Live::Shown { receipt, .. }) if receipt.remote_id.is_empty() => {
                    Ok(Seen::Unknown(unknown_post()))
                }
                (Action::Update(_), Live::Shown { receipt, .. }) => match call.standing(&receipt.remote_id).await {
                    Ok(standing) if standing.is_published && standing.says(&post.message) => {
                        Ok(Seen::Present(create::receipt(job, &standing)))
                    }
                    Ok(_) => Ok(Seen::Absent),
                    Err(failure) if failure.is_gone() => Ok(Seen::Absent),
                    Err(failure) => Err(failure.into_send_error(Step::Repeatable)),
                },
                (_, Live::Staged { remote_id, .. }) => match call.standing(remote_id).await {
                    Ok(standing) => Ok(staged_or_public(job, &standing, &post)),
                    Err(failure) if failure.is_gone() => self.find(&call, job, item.updated, &post).await,
                    Err(failure) => Err(failure.into_send_error(Step::Repeatable)),
                },
                (_, _) => self.find(&call, job, item.updated, &post).await,
            }
        })
    }

    fn allowance(&self) -> Option<Allowance> {
        self.graph.allowance()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        // A probe has no job and so no hour; whether the token is valid now, Facebook says itself.
        Box::pin(async move { self.graph.call(DateTime::UNIX_EPOCH)?.health().await })
    }
}

impl GraphPage {
    /// A hidden post is there: reveal it if it still says what is wanted.
    async fn go_on(&self, call: &Call<'_>, job: &Job, id: &str, post: &Post) -> Result<Progress, SendError> {
        let repeatable = |failure: answer::Failure| failure.into_send_error(Step::Repeatable);
        let item = job.first()?;
        let standing = match call.standing(id).await {
            Err(failure) if failure.is_gone() => {
                // Somebody deleted it, or Facebook dropped it: nobody has seen it, another is made.
                call.alive().await?;
                return call.make(job, item, post, &self.vain).await;
            }
            standing => standing.map_err(repeatable)?,
        };
        match (standing.says(&post.message), standing.is_published) {
            (true, false) => match call.reveal(job, id).await {
                // Deleted this very moment: the next try makes another.
                Err(failure) if failure.is_gone() => Err(SendError::transient(repeatable(failure).note)),
                revealed => revealed.map(Progress::Live).map_err(repeatable),
            },
            (true, true) => Ok(Progress::Live(receipt(job, &standing))),
            // A reveal whose answer was lost; since then a correction has come.
            (false, true) => {
                let mut live = receipt(job, &standing);
                live.seen = None;
                call.correct(job, &live, post).await
            }
            // Nobody has seen the earlier revision: its link and pictures go with it.
            (false, false) => {
                match call.delete(id).await {
                    Err(failure) if !failure.is_gone() => return Err(repeatable(failure)),
                    _ => {}
                }
                call.make(job, item, post, &self.vain).await
            }
        }
    }

    /// Whether a post that was made without an answer is there.
    async fn find(&self, call: &Call<'_>, job: &Job, since: DateTime<Utc>, post: &Post) -> Result<Seen, SendError> {
        let wanted = Wanted { text: Says::Exactly(&post.message), since };
        let public = call.published(&wanted).await?;
        if public.len() > 1 {
            return Ok(Seen::Unknown(text!(
                "trên Fanpage có nhiều bài giống hệt; xóa bớt, rồi: loa resolve",
                "there are several such posts on the page; delete all but one, then: loa resolve"
            )));
        }
        if let Some(standing) = public.first() {
            return Ok(Seen::Present(receipt(job, standing)));
        }
        let hidden = call.hidden(&wanted).await?;
        Ok(hidden.into_iter().next().map_or(Seen::NotYet, |standing| Seen::Staged(standing.id)))
    }
}

fn staged_or_public(job: &Job, standing: &Standing, post: &Post) -> Seen {
    match (standing.is_published, standing.says(&post.message)) {
        (true, true) => Seen::Present(receipt(job, standing)),
        // The next try compares and goes on from there.
        (true, false) => Seen::Absent,
        (false, _) => Seen::Staged(standing.id.clone()),
    }
}

impl Call<'_> {
    /// The id of the public copy. A person who saw that a post went out has left none: the one post that leads
    /// to the article is it.
    async fn known(&self, receipt: &Receipt, item: &Item) -> Result<String, SendError> {
        if !receipt.remote_id.is_empty() {
            return Ok(receipt.remote_id.clone());
        }
        let Some(link) = &item.link else { return Err(SendError::ambiguous(unknown_post())) };
        let wanted = Wanted { text: Says::Link(link), since: item.published };
        let mut found = self.published(&wanted).await?.into_iter();
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only.id),
            _ => Err(SendError::ambiguous(unknown_post())),
        }
    }
}

/// What is sent is what was rendered.
fn post(job: &Job) -> Result<Post, SendError> {
    serde_json::from_slice(&job.payload.bytes).map_err(|error| {
        SendError::permanent(text!("nội dung gửi không đọc được: {error}", "the payload cannot be read: {error}"))
    })
}

fn unknown_post() -> crate::text::Text {
    text!(
        "loa không biết bài nào trên Fanpage là bài này. Sửa hoặc gỡ bằng tay, rồi: loa resolve … --went-out",
        "loa does not know which post on the page it is. Edit or remove it by hand, then: loa resolve … --went-out"
    )
}
