//! The steps of a post's life: draft, reveal, correct, withdraw, look up.

use serde_json::{Value, json};

use super::super::failure::SendError;
use super::super::pictures::Fit;
use super::super::seen::GONE;
use super::super::{Item, Job, Progress, Seen};
use super::Ghost;
use super::answer::Post;
use super::api::Change;
use super::render::Withdrawal;
use crate::delivery::{Action, Live, Receipt};
use crate::text;

/// A post that somebody else changes in the middle is read again this often in one try.
const READS: usize = 2;
/// What a page of Ghost's shows well; its own limit is larger.
const FIT: Fit = Fit { bytes: 4 * 1024 * 1024, edge: 2_000, jpeg: false };

impl Ghost {
    /// Makes the hidden draft, or finds the one that an earlier try or an earlier life of the article left.
    pub(super) async fn draft(&self, job: &Job, item: &Item) -> Result<Progress, SendError> {
        let slug = item.slug();
        if let Some(post) = self.api.by_slug(&slug, job.now).await? {
            return Ok(Progress::Staged(post.id));
        }
        let mut fields = self.fields(job, item, None).await?;
        set(&mut fields, "status", json!("draft"));
        let made = self.api.create(&fields, job.now).await?;
        if made.slug == slug {
            return Ok(Progress::Staged(made.id));
        }
        // Ghost renames what is there already: an earlier draft has turned up late. That one counts.
        match self.api.by_slug(&slug, job.now).await {
            Ok(Some(earlier)) => {
                // Nobody sees the second one: if it stays, it is litter and no more.
                drop(self.api.delete(&made.id, job.now).await);
                Ok(Progress::Staged(earlier.id))
            }
            Ok(None) => Ok(Progress::Staged(made.id)),
            Err(error) => Err(SendError::ambiguous(error.note)),
        }
    }

    /// Sets the draft to what it should say, and publishes it.
    pub(super) async fn reveal(&self, job: &Job, item: &Item, id: &str) -> Result<Progress, SendError> {
        let payload = payload(job)?;
        for _ in 0..READS {
            let Some(post) = self.api.post(id, job.now).await? else { return self.draft(job, item).await };
            if post.shows_payload(&payload) {
                return Ok(live(job, &post));
            }
            if let Some(progress) = self.publish(job, item, &post).await? {
                return Ok(progress);
            }
        }
        Err(busy())
    }

    /// Brings the public post to what it should say, unless a person has edited it.
    pub(super) async fn correct(&self, job: &Job, item: &Item, receipt: &Receipt) -> Result<Progress, SendError> {
        let payload = payload(job)?;
        for _ in 0..READS {
            let Some(post) = self.shown(job, item, &receipt.remote_id).await? else {
                // A person was asked, and wants it there again.
                if receipt.seen.as_deref() == Some(GONE) {
                    return self.draft(job, item).await;
                }
                return Err(SendError::edited(
                    GONE.to_owned(),
                    text!("bài đã bị xóa trên Ghost", "the post was deleted on Ghost"),
                ));
            };
            if post.shows_payload(&payload) {
                return Ok(live(job, &post));
            }
            let shows = post.shows();
            let ours = |seen: &str| post.is_as_written() && shows.differs_in("body", seen);
            let changed = receipt.seen.as_deref().filter(|seen| *seen != shows.fingerprint());
            if let Some(seen) = changed.filter(|seen| !ours(seen)) {
                let what = shows.difference(seen);
                let (vi, en) = (what.vi, what.en);
                return Err(SendError::edited(
                    shows.fingerprint(),
                    text!("có người đã sửa bài trên Ghost: {vi}", "somebody has edited the post on Ghost: {en}"),
                ));
            }
            if let Some(progress) = self.publish(job, item, &post).await? {
                return Ok(progress);
            }
        }
        Err(busy())
    }

    /// Takes the post off the public's eyes.
    pub(super) async fn withdraw(&self, job: &Job, item: &Item) -> Result<Progress, SendError> {
        let id = match &item.live {
            Live::Staged { remote_id, .. } => remote_id.as_str(),
            live => live.receipt().map(|receipt| receipt.remote_id.as_str()).unwrap_or_default(),
        };
        for _ in 0..READS {
            let Some(post) = self.shown(job, item, id).await? else { return Ok(Progress::Gone) };
            if self.withdrawal == Withdrawal::Delete {
                self.api.delete(&post.id, job.now).await?;
                return Ok(Progress::Gone);
            }
            if post.status == "draft" {
                return Ok(Progress::Gone);
            }
            match self.api.set(&post, json!({ "status": "draft" }), job.now).await? {
                Change::Missing => return Ok(Progress::Gone),
                Change::Done(post) if !post.is_public() => return Ok(Progress::Gone),
                Change::Done(_) | Change::Collision => {}
            }
        }
        Err(busy())
    }

    /// Whether an earlier try's answer was lost after it was done.
    pub(super) async fn look(&self, job: &Job, item: &Item) -> Result<Seen, SendError> {
        let known = match &item.live {
            Live::Staged { remote_id, .. } => remote_id.as_str(),
            live => live.receipt().map(|receipt| receipt.remote_id.as_str()).unwrap_or_default(),
        };
        let post = self.shown(job, item, known).await?;
        let Some(post) = post else {
            return Ok(match item.action {
                // A request that hangs may still be carried out.
                Action::Create(_) => Seen::NotYet,
                Action::Update(_) => Seen::Absent,
                Action::Withdraw => Seen::Present(job.receipt(known, None)),
            });
        };
        Ok(match item.action {
            Action::Withdraw if post.is_public() => Seen::Absent,
            Action::Withdraw => Seen::Present(job.receipt(post.id, None)),
            _ if post.shows_payload(&payload(job)?) => Seen::Present(receipt(job, &post)),
            Action::Create(_) => Seen::Staged(post.id),
            Action::Update(_) => Seen::Absent,
        })
    }

    /// The post by its id or, where none is known, by its slug and by the name that Ghost gives to a second one.
    async fn shown(&self, job: &Job, item: &Item, id: &str) -> Result<Option<Post>, SendError> {
        if !id.is_empty() {
            return self.api.post(id, job.now).await;
        }
        let slug = item.slug();
        match self.api.by_slug(&slug, job.now).await? {
            Some(post) => Ok(Some(post)),
            None => self.api.by_slug(&format!("{slug}-2"), job.now).await,
        }
    }

    /// One publishing change; `None` when somebody else was faster and the post has to be read again.
    async fn publish(&self, job: &Job, item: &Item, post: &Post) -> Result<Option<Progress>, SendError> {
        let mut fields = self.fields(job, item, post.feature_image.as_deref()).await?;
        set(&mut fields, "status", json!("published"));
        // The address of a copy stays what it is.
        set(&mut fields, "slug", json!(post.slug));
        match self.api.set(post, fields, job.now).await? {
            Change::Done(post) if post.is_public() => Ok(Some(live(job, &post))),
            Change::Done(_) => Err(SendError::transient(text!(
                "Ghost nhận bài nhưng chưa công khai",
                "Ghost took the post but has not published it"
            ))),
            Change::Missing | Change::Collision => Ok(None),
        }
    }

    /// The payload's fields, with the picture at its uploaded address. `present` is the picture that the post has.
    async fn fields(&self, job: &Job, item: &Item, present: Option<&str>) -> Result<Value, SendError> {
        let mut fields =
            payload(job)?.get_mut("posts").and_then(|posts| Some(posts.get_mut(0)?.take())).unwrap_or_default();
        let Some(image) = item.article.images.first() else { return Ok(fields) };
        let Some(picture) = job.picture(image, FIT).await? else { return Ok(fields) };
        let stem = picture.file_name.split('.').next().unwrap_or_default();
        let url = match present.filter(|url| url.contains(stem)) {
            Some(url) => url.to_owned(),
            None => self.api.upload(&picture, job.now).await?,
        };
        set(&mut fields, "feature_image", json!(url));
        Ok(fields)
    }
}

fn payload(job: &Job) -> Result<Value, SendError> {
    serde_json::from_slice(&job.payload.bytes).map_err(|error| {
        SendError::permanent(text!("nội dung gửi không đọc được: {error}", "the payload cannot be read: {error}"))
    })
}

fn set(fields: &mut Value, name: &str, value: Value) {
    if let Some(fields) = fields.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

fn live(job: &Job, post: &Post) -> Progress {
    Progress::Live(receipt(job, post))
}

fn receipt(job: &Job, post: &Post) -> Receipt {
    Receipt { seen: Some(post.shows().fingerprint()), ..job.receipt(post.id.clone(), post.url.clone()) }
}

fn busy() -> SendError {
    SendError::transient(text!(
        "bài trên Ghost đang có người sửa; sẽ thử lại",
        "somebody is editing the post on Ghost; it will be tried again"
    ))
}
