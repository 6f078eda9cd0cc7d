//! Writing: a hidden draft, the reveal, a correction, the way back.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::failure::SendError;
use super::super::{Item, Job, Progress};
use super::answer::Stage;
use super::api::Body;
use super::copy::{Copy, FIELDS, Print};
use super::find::{receipt, unreadable};
use super::media::Hung;
use super::render::{Name, Post};
use super::terms::Taxonomy;
use super::{Portal, TermName, Withdraw};
use crate::delivery::{Live, Receipt};
use crate::text;

/// A post with the site's own numbers.
struct Filled {
    /// Title, content, excerpt.
    words: Value,
    categories: Vec<u64>,
    tags: Vec<u64>,
    /// 0 for none.
    featured: u64,
}

impl Filled {
    /// Everything but the words.
    fn rest(&self) -> Value {
        json!({ "categories": self.categories, "tags": self.tags, "featured_media": self.featured })
    }

    /// All of it.
    fn whole(&self) -> Value {
        with(self.words.clone(), self.rest())
    }

    /// What the site left out of what was sent: it says nothing when a category or picture does not exist.
    fn left_out(&self, copy: &Copy) -> bool {
        let lacks = |sent: &[u64], there: &[u64]| sent.iter().any(|id| !there.contains(id));
        lacks(&self.categories, &copy.categories)
            || lacks(&self.tags, &copy.tags)
            || (self.featured != 0 && copy.featured_media != self.featured)
    }
}

fn with(mut body: Value, more: Value) -> Value {
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

impl Portal {
    /// Makes the hidden draft, or takes up the copy that is there.
    pub(super) async fn stage(&self, job: &Job, post: &Post, name: &Name) -> Result<Progress, SendError> {
        self.check(job.now).await?;
        let found = self.find(name, job.now).await?;
        if let Some(copy) = self.one_of(name, found, job.now).await? {
            return Ok(Progress::Staged(copy.id.to_string()));
        }
        let filled = self.fill(job, post).await?;
        let mut draft = with(filled.whole(), json!({ "slug": name.slug, "status": "draft" }));
        if let Some(date) = &post.date_gmt {
            draft = with(draft, json!({ "date_gmt": date }));
        }
        let made = self.api.post("wp/v2/posts", &[FIELDS], &draft, Stage::Create, job.now).await?;
        // Made, but under which number? It will be found by its name.
        let copy = Copy::read(made).ok_or_else(|| Stage::Create.unclear(unreadable().note))?;
        if copy.slug != name.slug {
            // The name was taken: an earlier create, whose answer was lost, came first.
            let earlier = self.find_by_slug(name, job.now).await?;
            if let Some(earlier) = self.one_of(name, earlier, job.now).await? {
                self.destroy(copy.id, job.now).await?;
                return Ok(Progress::Staged(earlier.id.to_string()));
            }
        }
        self.complete(&filled, &copy)?;
        Ok(Progress::Staged(copy.id.to_string()))
    }

    /// Publishes the hidden copy `id` with everything that belongs to it.
    pub(super) async fn reveal(&self, job: &Job, post: &Post, name: &Name, id: u64) -> Result<Progress, SendError> {
        let filled = self.fill(job, post).await?;
        let mut body = with(filled.whole(), json!({ "status": "publish" }));
        if let Some(date) = &post.date_gmt {
            body = with(body, json!({ "date_gmt": date }));
        }
        match self.write(job, id, &body).await? {
            Some(copy) => self.shown(job, &filled, copy).await,
            // Somebody has deleted the draft.
            None => self.stage(job, post, name).await,
        }
    }

    /// Brings the public copy to this revision, unless a person has changed it since loa wrote it.
    pub(super) async fn update(
        &self,
        job: &Job,
        post: &Post,
        name: &Name,
        receipt: &Receipt,
    ) -> Result<Progress, SendError> {
        let before = Print::read(receipt.seen.as_deref());
        let copy = match receipt.remote_id.parse() {
            Ok(id) => self.read(id, job.now).await?,
            Err(_) => None,
        };
        let Some(copy) = copy else { return self.update_lost(job, post, name, before).await };
        // These very words may have arrived though the answer was lost.
        let ours = copy.carries(&post.marker);
        if let Some(before) = &before
            && !ours
            && !before.same_words(&Print::of(&copy))
        {
            // So may an earlier revision's, or a withdrawal's before the article came back.
            let loas = match copy.status.as_str() {
                "publish" => copy.is_written_since(before),
                _ => copy.carries(&name.taken_back_mark()) && !copy.is_out(),
            };
            if !loas {
                return Err(SendError::edited(before.words_of(&copy).write(), before.difference(&copy)));
            }
        }
        let mut filled = self.fill(job, post).await?;
        if let Some(before) = &before {
            let (categories, tags) = before.added_terms(&copy);
            filled.categories.extend(categories);
            filled.tags.extend(tags);
        }
        // Words that are there already are not written again: a person may have been quick.
        let body = if ours { filled.rest() } else { filled.whole() };
        match self.write(job, copy.id, &with(body, json!({ "status": "publish" }))).await? {
            Some(copy) => self.shown(job, &filled, copy).await,
            None => self.update_lost(job, post, name, before).await,
        }
    }

    /// The copy that is to be corrected is not there any more: it has another number now, or a person deleted it and
    /// is asked before it comes back.
    async fn update_lost(
        &self,
        job: &Job,
        post: &Post,
        name: &Name,
        before: Option<Print>,
    ) -> Result<Progress, SendError> {
        self.check(job.now).await?;
        let gone = Print::gone();
        let found = self.find(name, job.now).await?;
        if found.is_empty() && before.is_some_and(|before| before != gone) {
            return Err(SendError::edited(
                gone.write(),
                text!(
                    "bài đã bị xóa hẳn trên trang. Nếu vẫn muốn đăng bản mới: loa retry",
                    "the copy has been deleted on the site. To publish the new revision all the same: loa retry"
                ),
            ));
        }
        self.stage(job, post, name).await
    }

    /// Takes every copy back.
    pub(super) async fn take_back(&self, job: &Job, item: &Item, name: &Name) -> Result<Progress, SendError> {
        self.check(job.now).await?;
        let known = match &item.live {
            Live::Staged { remote_id, .. } => remote_id.parse().ok(),
            live => live.receipt().and_then(|receipt| receipt.remote_id.parse().ok()),
        };
        let mut found = self.find(name, job.now).await?;
        // Known by its number though a person gave it another name and other words.
        if let Some(known) = known
            && !found.iter().any(|copy| copy.id == known)
        {
            found.extend(self.read(known, job.now).await?);
        }
        // What only carries our hidden words may be a person's own copy of the text.
        found.retain(|copy| known.is_none() || Some(copy.id) == known || copy.slug == name.slug);
        for copy in found {
            // A draft that was never shown goes to the trash as well.
            let never_shown = self.withdraw == Withdraw::Trash && !copy.in_trash() && copy.slug == name.slug;
            if copy.is_out() || never_shown {
                self.hide(job, name, &copy).await?;
            }
        }
        Ok(Progress::Gone)
    }

    /// Hides a copy. A word is left in it: should this answer be lost and the article come back, it is known that not
    /// a person took the copy down.
    async fn hide(&self, job: &Job, name: &Name, copy: &Copy) -> Result<(), SendError> {
        let hidden = json!({ "status": "draft", "content": name.taken_back(&copy.content.raw) });
        match self.write(job, copy.id, &hidden).await? {
            Some(copy) if copy.is_out() => return Err(still_there()),
            Some(_) if self.withdraw == Withdraw::Trash => {}
            _ => return Ok(()),
        }
        let route = format!("wp/v2/posts/{}", copy.id);
        let trashed = self.api.call(Method::DELETE, &route, &[FIELDS], Body::Nothing, Stage::Write, job.now).await;
        match trashed {
            // A site that keeps no trash has a draft now, which is hidden as well and can be brought back.
            Err(refused) if !refused.gone() && !refused.is("rest_trash_not_supported") => Err(refused.error),
            _ => Ok(()),
        }
    }

    /// Sets values; `None` when there is no such post.
    async fn write(&self, job: &Job, id: u64, body: &Value) -> Result<Option<Copy>, SendError> {
        let route = format!("wp/v2/posts/{id}");
        match self.api.post(&route, &[FIELDS], body, Stage::Write, job.now).await {
            Ok(row) => Copy::read(row).map(Some).ok_or_else(unreadable),
            Err(refused) if refused.gone() => Ok(None),
            Err(refused) => Err(refused.error),
        }
    }

    /// Whether readers see what was written, and all of it.
    async fn shown(&self, job: &Job, filled: &Filled, copy: Copy) -> Result<Progress, SendError> {
        let mut copy = copy;
        if copy.status == "future" {
            // The site's clock is behind ours: it is published at the site's own hour.
            let now = json!({ "status": "publish", "date_gmt": copy.modified_gmt });
            copy = self.write(job, copy.id, &now).await?.ok_or_else(unreadable)?;
        }
        let status = copy.status.as_str();
        if status != "publish" {
            return Err(SendError::permanent(text!(
                "trang nhận bài nhưng giữ ở trạng thái “{status}”. Kiểm tra quyền của tài khoản và các plugin kiểm duyệt",
                "the site took the post but keeps it “{status}”. Check the account's role and moderation plugins"
            )));
        }
        self.complete(filled, &copy)?;
        Ok(Progress::Live(receipt(job, &copy)))
    }

    /// Nothing was left out without a word.
    fn complete(&self, filled: &Filled, copy: &Copy) -> Result<(), SendError> {
        if !filled.left_out(copy) {
            return Ok(());
        }
        // Next time every number is asked for anew.
        self.known().forget();
        Err(SendError::transient(text!(
            "trang lặng lẽ bỏ chuyên mục, thẻ hoặc ảnh đại diện (có thể ai đó vừa xóa); sẽ tìm lại và gửi lại",
            "the site silently left out a category, tag or featured picture (perhaps it was just deleted); all are looked \
             up and sent again"
        )))
    }

    /// Asks the site for its numbers, and hangs the pictures.
    async fn fill(&self, job: &Job, post: &Post) -> Result<Filled, SendError> {
        let images = &job.first()?.article.images;
        let mut categories = Vec::new();
        for category in &post.categories {
            categories.push(match category {
                TermName::Number(id) => *id,
                TermName::Name(name) => self.term(Taxonomy::Categories, name, job.now).await?,
            });
        }
        let mut tags = Vec::new();
        for tag in &post.tags {
            tags.push(self.term(Taxonomy::Tags, tag, job.now).await?);
        }
        let mut hung: Vec<Option<Hung>> = Vec::new();
        for image in images {
            hung.push(self.hang(job, image).await?);
        }
        let featured = hung.first().and_then(Option::as_ref).map_or(0, |hung| hung.id);
        Ok(Filled { words: post.words(images, &hung), categories, tags, featured })
    }
}

fn still_there() -> SendError {
    SendError::transient(text!("trang chưa gỡ bài xuống", "the site has not taken the post down"))
}
