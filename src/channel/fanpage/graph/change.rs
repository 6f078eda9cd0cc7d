//! Changes of a post that is there: its text corrected, or the post taken back.

use serde_json::{Map, Value};

use super::answer::{Failure, Step};
use super::api::Call;
use super::codes::Meaning;
use super::create::{one, receipt};
use super::posts::Standing;
use super::render::{Post, nfc};
use crate::channel::failure::{Class, SendError};
use crate::channel::page::shorten;
use crate::channel::{Job, Progress};
use crate::delivery::Receipt;
use crate::text;

/// So much of a person's version is shown.
const SHOWN: usize = 240;

impl Call<'_> {
    /// Makes the post of `live` say what `post` says, unless a person has changed it.
    pub(super) async fn correct(&self, job: &Job, live: &Receipt, post: &Post) -> Result<Progress, SendError> {
        let id = live.remote_id.as_str();
        let standing = match self.standing(id).await {
            Ok(standing) => standing,
            Err(failure) if failure.is_gone() => {
                self.alive().await?;
                return Err(deleted());
            }
            Err(failure) => return Err(failure.into_send_error(Step::Repeatable)),
        };
        let mine = live.seen.as_ref().is_none_or(|seen| *seen == standing.fingerprint());
        // An edit of ours whose answer was lost is there already.
        if standing.says(&post.message) && standing.is_published {
            return Ok(Progress::Live(receipt(job, &standing)));
        }
        if !mine {
            return Err(SendError::edited(standing.fingerprint(), difference(&standing)));
        }
        let mut body = one("message", post.message.as_str());
        if !standing.is_published {
            body.insert("is_published".to_owned(), true.into());
        }
        self.edit(id, body).await?;
        let mut after = self.standing(id).await.map_err(|failure| failure.into_send_error(Step::LookFirst))?;
        if after.message == standing.message {
            // An answer from before the edit: what was written is there all the same.
            after.message = nfc(&post.message);
        }
        self.read_link_again(post.link.as_deref()).await;
        Ok(Progress::Live(receipt(job, &after)))
    }

    async fn edit(&self, id: &str, body: Map<String, Value>) -> Result<(), SendError> {
        match self.post(id, body).await {
            Ok(_) => Ok(()),
            Err(Failure::Refused(refusal)) if refusal.meaning() == Meaning::Permission => {
                let refused = refusal.into_send_error(Step::LookFirst);
                // A refusal for want of permission is about this post alone where the token is known to be in
                // order: only the app that made a post may edit it.
                if self.reaches_far_enough().await? {
                    return Err(SendError::permanent(refused.note));
                }
                Err(refused)
            }
            Err(failure) => Err(failure.into_send_error(Step::LookFirst)),
        }
    }

    /// Facebook keeps the preview of a link as it first saw it. Whether it reads it again is no part of the
    /// correction.
    async fn read_link_again(&self, link: Option<&str>) {
        let Some(link) = link else { return };
        let mut body = one("id", link);
        body.insert("scrape".to_owned(), true.into());
        if let Err(failure) = self.post("", body).await {
            let reason = failure.into_send_error(Step::Repeatable).note;
            tracing::debug!(%reason, "the link's preview was not renewed");
        }
    }

    /// Takes the post away, or as near to that as Facebook allows: deleted, unpublished, hidden, its text
    /// replaced by the notice; then a person has to do it.
    pub(super) async fn take_back(&self, id: &str, notice: &str) -> Result<Progress, SendError> {
        let mut last = match self.delete(id).await {
            Ok(_) => return Ok(Progress::Gone),
            Err(failure) if failure.is_gone() => {
                // What a token may not see looks the same: gone it is only for a token that is in order.
                self.alive().await?;
                return Ok(Progress::Gone);
            }
            Err(failure) => only_this_way(failure)?,
        };
        let rungs = [
            (one("is_published", false), Progress::Gone),
            (one("is_hidden", true), Progress::Gone),
            (one("message", notice), Progress::Notice),
        ];
        for (body, reached) in rungs {
            match self.post(id, body).await {
                Ok(_) => return Ok(reached),
                Err(failure) => last = only_this_way(failure)?,
            }
        }
        if matches!(last.class, Class::NeedsAttention(_)) && !self.reaches_far_enough().await? {
            return Err(last);
        }
        Err(SendError::permanent(text!(
            "Facebook không cho gỡ bài này ({vi}). Gỡ bằng tay trên Fanpage, rồi: loa retry SỐ",
            "Facebook does not let this post be taken away ({en}). Remove it by hand on the page, then: loa retry ID",
            vi = &last.note.vi,
            en = &last.note.en
        )))
    }
}

/// A refusal of this way of doing it, as what it would be if there were no other; anything else ends the try.
fn only_this_way(failure: Failure) -> Result<SendError, SendError> {
    match failure {
        Failure::Refused(refusal) if refusal.is_about_the_post() => Ok(refusal.into_send_error(Step::Repeatable)),
        failure => Err(failure.into_send_error(Step::Repeatable)),
    }
}

fn deleted() -> SendError {
    SendError::permanent(text!(
        "bài đăng không còn trên Fanpage: có người đã xóa. Muốn đăng lại: thu hồi bài rồi đăng thành bài mới",
        "the post is not on the page any more: somebody deleted it. To post it again, withdraw the article and publish it anew"
    ))
}

fn difference(standing: &Standing) -> crate::text::Text {
    let now = shorten(&standing.message.replace('\n', " "), SHOWN);
    if standing.is_published {
        text!(
            "có người đã sửa bài trên Fanpage; hiện trên đó là: “{now}”",
            "somebody has edited the post on the page, where it now reads: “{now}”"
        )
    } else {
        text!(
            "có người đã ẩn bài trên Fanpage; nội dung ở đó: “{now}”",
            "somebody has hidden the post on the page, where it reads: “{now}”"
        )
    }
}
