//! A new post in two steps: made hidden, then revealed. Only the first cannot be repeated, and nobody sees it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::answer::{Failure, Step};
use super::api::{Call, incomplete};
use super::codes::Meaning;
use super::posts::{Says, Standing, Wanted};
use super::render::Post;
use crate::article::Image;
use crate::channel::failure::{Class, SendError};
use crate::channel::pictures::Fit;
use crate::channel::{Item, Job, Progress};
use crate::delivery::Receipt;
use crate::text;

/// Taken everywhere: under the 4 MB at which some pictures are refused.
const PHOTO: Fit = Fit { bytes: 3_900_000, edge: 2_048, jpeg: true };
/// So many pictures were never too much with a long text.
const SAFE_PHOTOS: usize = 4;
/// How often a link's preview is waited for: the portal may be slow. Then the post goes out without it.
const MOST_PREVIEWS: u32 = 3;
/// Jobs remembered at once; more would mean that something is wrong, and forgetting only costs a wait.
const MOST_REMEMBERED: usize = 1_000;

/// How often something was in vain, by job. Only kept while the process runs.
#[derive(Default)]
pub(super) struct Vain(Mutex<BTreeMap<(String, &'static str), u32>>);

impl Vain {
    /// Counts one more; returns how many that makes.
    fn count(&self, job: &str, what: &'static str) -> u32 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() > MOST_REMEMBERED {
            counts.clear();
        }
        let count = counts.entry((job.to_owned(), what)).or_default();
        *count += 1;
        *count
    }

    fn forget(&self, job: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|(known, _), _| known != job);
    }
}

impl Call<'_> {
    /// Makes the post, hidden.
    pub(super) async fn make(&self, job: &Job, item: &Item, post: &Post, vain: &Vain) -> Result<Progress, SendError> {
        let uploaded = self.photos(job, &post.photos).await?;
        let mut photos = uploaded.as_slice();
        // Beside pictures the preview of a link is lost; the address is in the message.
        let mut link = post.link.as_deref().filter(|_| photos.is_empty());
        loop {
            let made = self.post(&format!("{}/feed", self.graph.page), feed(post, photos, link)).await;
            match made {
                Ok(answer) => {
                    vain.forget(&job.key);
                    let id = answer.get("id").and_then(Value::as_str);
                    let id = id.ok_or_else(|| SendError::ambiguous(incomplete("id")))?;
                    return Ok(Progress::Staged(id.to_owned()));
                }
                Err(Failure::Refused(refusal)) if refusal.too_much_data() && !photos.is_empty() => {
                    let fewer = SAFE_PHOTOS.min(photos.len() - 1);
                    tracing::warn!(fewer, "Facebook takes this text with fewer pictures only");
                    photos = photos.get(..fewer).unwrap_or_default();
                }
                Err(failure) if failure.meaning() == Some(Meaning::NoPreview) && link.is_some() => {
                    if vain.count(&job.key, "preview") < MOST_PREVIEWS {
                        return Err(failure.into_send_error(Step::LookFirst));
                    }
                    tracing::warn!("Facebook cannot read the linked page: the post goes out without its preview");
                    link = None;
                }
                Err(failure) if failure.meaning() == Some(Meaning::Duplicate) => {
                    return self.adopt(job, item, post, failure).await;
                }
                Err(failure) => return Err(lost_before(job, vain, failure.into_send_error(Step::LookFirst))),
            }
        }
    }

    /// Facebook says that it has this post: it is ours from an earlier try, or somebody posted the very same.
    async fn adopt(&self, job: &Job, item: &Item, post: &Post, failure: Failure) -> Result<Progress, SendError> {
        let wanted = Wanted { text: Says::Exactly(&post.message), since: item.updated };
        if let Some(standing) = self.published(&wanted).await?.into_iter().next() {
            return Ok(Progress::Live(receipt(job, &standing)));
        }
        if let Some(standing) = self.hidden(&wanted).await?.into_iter().next() {
            return Ok(Progress::Staged(standing.id));
        }
        // The same text was posted before and is not ours, or cannot be found yet. It counts as the same only
        // until something else is posted.
        let refused = failure.into_send_error(Step::LookFirst);
        Err(SendError::transient(refused.note))
    }

    /// Makes a hidden post public and returns what the public then sees.
    pub(super) async fn reveal(&self, job: &Job, id: &str) -> Result<Receipt, Failure> {
        self.post(id, one("is_published", true)).await?;
        let standing = self.standing(id).await?;
        if !standing.is_published {
            return Err(Failure::Lost(SendError::transient(text!(
                "Facebook chưa hiện bài đăng",
                "Facebook does not show the post yet"
            ))));
        }
        Ok(receipt(job, &standing))
    }

    /// Uploads the pictures, hidden; those that are never used disappear by themselves after a day. A picture
    /// that Facebook refuses is left out: it must not keep the news back.
    async fn photos(&self, job: &Job, images: &[Image]) -> Result<Vec<String>, SendError> {
        let mut ids = Vec::new();
        for image in images {
            let picture = match job.picture(image, PHOTO).await {
                Ok(picture) => picture,
                Err(error) if error.class == Class::Permanent => {
                    tracing::warn!(reason = %error.note, "a picture is left out");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut fields = vec![("published", "false".to_owned())];
            fields.extend(Some(("alt_text_custom", image.alt.clone())).filter(|(_, alt)| !alt.is_empty()));
            fields.extend(image.caption.clone().map(|caption| ("caption", caption)));
            if picture.is_none() {
                fields.push(("url", image.url.clone()));
            }
            match self.upload(&format!("{}/photos", self.graph.page), fields, picture).await {
                Ok(answer) => {
                    let id = answer.get("id").and_then(Value::as_str);
                    ids.push(id.ok_or_else(|| SendError::transient(incomplete("id")))?.to_owned());
                }
                Err(Failure::Refused(refusal))
                    if matches!(refusal.meaning(), Meaning::Refused | Meaning::NoPreview) =>
                {
                    let reason = refusal.into_send_error(Step::Repeatable).note;
                    tracing::warn!(%reason, "a picture is left out");
                }
                Err(failure) => return Err(failure.into_send_error(Step::Repeatable)),
            }
        }
        Ok(ids)
    }
}

/// The first time an answer is lost, the page is looked up. Where that found nothing and the next is lost as well,
/// another hidden post harms nobody, but there should not be one every few seconds: from then on it waits
/// longer and longer.
fn lost_before(job: &Job, vain: &Vain, error: SendError) -> SendError {
    match error.class {
        Class::Ambiguous { retry_after } if vain.count(&job.key, "answer") > 1 => {
            SendError::transient(error.note).after(retry_after)
        }
        _ => error,
    }
}

fn feed(post: &Post, photos: &[String], link: Option<&str>) -> Map<String, Value> {
    let mut body = one("message", post.message.as_str());
    body.insert("published".to_owned(), false.into());
    body.extend(link.map(|link| ("link".to_owned(), link.into())));
    if !photos.is_empty() {
        let photos: Vec<Value> = photos.iter().map(|id| json!({ "media_fbid": id })).collect();
        body.insert("attached_media".to_owned(), photos.into());
    }
    body
}

/// A receipt for what stands there.
pub(super) fn receipt(job: &Job, standing: &Standing) -> Receipt {
    let mut receipt = job.receipt(standing.id.clone(), standing.url.clone());
    receipt.seen = Some(standing.fingerprint());
    receipt
}

/// A body with a single field.
pub(super) fn one(name: &str, value: impl Into<Value>) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}
