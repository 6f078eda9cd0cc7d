//! The steps of an article's life. What is handed in is processed for a while: its token is kept, then its id.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::super::failure::SendError;
use super::super::seen::GONE;
use super::super::{Item, Job, Progress, Seen};
use super::Zalo;
use super::api::Verified;
use super::article::Piece;
use super::render::Withdrawal;
use crate::delivery::{Action, Live, Receipt};
use crate::text;

/// Pages of the list that a look-up reads.
const MOST_PAGES: usize = 5;
/// How much the far side's clock may differ from ours.
const SKEW: TimeDelta = TimeDelta::minutes(10);

/// What is known of a hidden article.
enum Hidden<'a> {
    /// It was handed in under this token.
    Token(&'a str),
    /// It has this id.
    Id(&'a str),
}

const TOKEN: &str = "token:";
const ID: &str = "id:";

impl<'a> Hidden<'a> {
    fn of(remote_id: &'a str) -> Self {
        match remote_id.strip_prefix(TOKEN) {
            Some(token) => Self::Token(token),
            None => Self::Id(remote_id.strip_prefix(ID).unwrap_or(remote_id)),
        }
    }
}

fn staged(id: &str) -> Progress {
    Progress::Staged(format!("{ID}{id}"))
}

impl Zalo {
    /// Hands the article in, hidden.
    pub(super) async fn create(&self, job: &Job) -> Result<Progress, SendError> {
        let token = self.api.create(&with_status(payload(job)?, "hide"), job.now).await?;
        Ok(Progress::Staged(format!("{TOKEN}{token}")))
    }

    /// Goes on from a hidden article: learns its id, then shows it.
    pub(super) async fn reveal(&self, job: &Job, item: &Item, remote_id: &str) -> Result<Progress, SendError> {
        match Hidden::of(remote_id) {
            Hidden::Token(token) => match self.api.verify(token, job.now).await? {
                Verified::Done(id) => Ok(staged(&id)),
                Verified::Processing => Err(processing()),
                // The token is lost, the article perhaps not.
                Verified::Unknown => match self.find(job, item).await? {
                    Some((id, _)) => Ok(staged(&id)),
                    None => self.create(job).await,
                },
            },
            Hidden::Id(id) => {
                let payload = payload(job)?;
                match self.api.detail(id, job.now).await? {
                    None => self.create(job).await,
                    Some(piece) if piece.is_public() && piece.says(&payload) => self.live(job, id, piece).await,
                    Some(_) => self.show(job, id, &payload).await,
                }
            }
        }
    }

    /// Brings the public article to what it should say, unless a person has edited it.
    pub(super) async fn correct(&self, job: &Job, item: &Item, receipt: &Receipt) -> Result<Progress, SendError> {
        let payload = payload(job)?;
        let found = match receipt.remote_id.as_str() {
            // A person said that it went out; which one it is, only the list can tell.
            "" => self.find(job, item).await?,
            id => self.api.detail(id, job.now).await?.map(|piece| (id.to_owned(), piece)),
        };
        let Some((id, piece)) = found else {
            // A person was asked, and wants it there again.
            if receipt.seen.as_deref() == Some(GONE) {
                return match self.find(job, item).await? {
                    Some((id, _)) => Ok(staged(&id)),
                    None => self.create(job).await,
                };
            }
            return Err(SendError::edited(
                GONE.to_owned(),
                text!("bài không còn trên Zalo", "the article is no longer on Zalo"),
            ));
        };
        let shows = piece.shows();
        let changed = receipt.seen.as_deref().filter(|seen| *seen != shows.fingerprint());
        // An update that was sent before and has been processed since.
        if (changed.is_some() || receipt.seen.is_none()) && piece.is_public() && piece.says(&payload) {
            return self.live(job, &id, piece).await;
        }
        let ours = |seen: &str| piece.is_as_written() && shows.differs_in("body", seen);
        if let Some(seen) = changed.filter(|seen| !ours(seen)) {
            let what = shows.difference(seen);
            let (vi, en) = (what.vi, what.en);
            return Err(SendError::edited(
                shows.fingerprint(),
                text!("có người đã sửa bài trên Zalo: {vi}", "somebody has edited the article on Zalo: {en}"),
            ));
        }
        self.show(job, &id, &payload).await
    }

    /// Takes the article off the public's eyes.
    pub(super) async fn withdraw(&self, job: &Job, item: &Item) -> Result<Progress, SendError> {
        let remote_id = match &item.live {
            Live::Staged { remote_id, .. } => remote_id.as_str(),
            live => live.receipt().map(|receipt| receipt.remote_id.as_str()).unwrap_or_default(),
        };
        let id = match Hidden::of(remote_id) {
            Hidden::Id("") => match self.find_titled(job, item).await? {
                Some(id) => id,
                None => return Ok(Progress::Gone),
            },
            Hidden::Id(id) => id.to_owned(),
            Hidden::Token(token) => match self.api.verify(token, job.now).await? {
                Verified::Done(id) => id,
                Verified::Processing => return Err(processing()),
                Verified::Unknown => return Ok(Progress::Gone),
            },
        };
        if self.shape.withdrawal == Withdrawal::Remove {
            if self.api.remove(&id, job.now).await? || self.api.detail(&id, job.now).await?.is_none() {
                return Ok(Progress::Gone);
            }
            return Err(SendError::permanent(text!(
                "Zalo không xóa bài; hãy xóa trong trang quản trị OA",
                "Zalo does not remove the article; remove it on the OA's own pages"
            )));
        }
        // Hidden is not enough: a reveal may still be processed. What says that it was withdrawn came after it.
        let notice = payload(job)?;
        if self.is_withdrawn(job, &id, &notice).await? {
            return Ok(Progress::Gone);
        }
        let token = self.api.update(&id, &notice, job.now).await?;
        match self.api.verify(&token, job.now).await? {
            Verified::Done(_) if self.is_withdrawn(job, &id, &notice).await? => Ok(Progress::Gone),
            _ => Err(processing()),
        }
    }

    /// Whether an earlier try's answer was lost after it was done.
    pub(super) async fn look(&self, job: &Job, item: &Item) -> Result<Seen, SendError> {
        if let (Action::Create(_), Live::Staged { remote_id, .. }) = (item.action, &item.live) {
            // Where a hidden article got to, the next try finds out itself.
            return Ok(Seen::Staged(remote_id.clone()));
        }
        let Some(receipt) = item.live.receipt().filter(|receipt| !receipt.remote_id.is_empty()) else {
            return Ok(match (item.action, self.find(job, item).await?) {
                (Action::Create(_), Some((id, piece))) if piece.is_public() => {
                    Seen::Present(self.receipt(job, &id, piece).await?)
                }
                (Action::Create(_), Some((id, _))) => Seen::Staged(format!("{ID}{id}")),
                // It may still be processed.
                (Action::Create(_), None) => Seen::NotYet,
                _ => Seen::Absent,
            });
        };
        let piece = self.api.detail(&receipt.remote_id, job.now).await?;
        Ok(match (item.action, piece) {
            (Action::Withdraw, Some(piece)) if piece.is_public() || !piece.says(&payload(job)?) => Seen::Absent,
            (Action::Withdraw, _) => Seen::Present(job.receipt(receipt.remote_id.clone(), None)),
            (_, Some(piece)) if piece.is_public() && piece.says(&payload(job)?) && changed(receipt, &piece) => {
                Seen::Present(self.receipt(job, &receipt.remote_id, piece).await?)
            }
            _ => Seen::Absent,
        })
    }

    /// Sets the article to what it should say, public. It may be repeated.
    async fn show(&self, job: &Job, id: &str, payload: &Value) -> Result<Progress, SendError> {
        let token = self.api.update(id, payload, job.now).await?;
        let Verified::Done(_) = self.api.verify(&token, job.now).await? else { return Err(processing()) };
        match self.api.detail(id, job.now).await? {
            Some(piece) if piece.is_public() && piece.says(payload) => self.live(job, id, piece).await,
            _ => Err(processing()),
        }
    }

    /// Whether the article is gone, or hidden with the notice in it.
    async fn is_withdrawn(&self, job: &Job, id: &str, notice: &Value) -> Result<bool, SendError> {
        Ok(self.api.detail(id, job.now).await?.is_none_or(|piece| !piece.is_public() && piece.says(notice)))
    }

    /// The article that this job's create made, if the list has it: same title, description and words, made since
    /// the revision was handed over. A public one counts before a hidden one.
    async fn find(&self, job: &Job, item: &Item) -> Result<Option<(String, Piece)>, SendError> {
        let payload = payload(job)?;
        let mut hidden = None;
        for id in self.titled(job, item, &payload).await? {
            match self.api.detail(&id, job.now).await? {
                Some(piece) if piece.says(&payload) && piece.is_public() => return Ok(Some((id, piece))),
                Some(piece) if piece.says(&payload) && hidden.is_none() => hidden = Some((id, piece)),
                _ => {}
            }
        }
        Ok(hidden)
    }

    /// For a withdrawal, whose payload has no words of the article: the public one of that title.
    async fn find_titled(&self, job: &Job, item: &Item) -> Result<Option<String>, SendError> {
        let title = json!({ "title": super::render::title(&item.article) });
        for id in self.titled(job, item, &title).await? {
            if self.api.detail(&id, job.now).await?.is_some_and(|piece| piece.is_public()) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Ids of the listed articles with the payload's title, newest first.
    async fn titled(&self, job: &Job, item: &Item, payload: &Value) -> Result<Vec<String>, SendError> {
        let title = payload.get("title").and_then(Value::as_str).unwrap_or_default();
        let since = if item.action == Action::Withdraw { item.published } else { item.updated } - SKEW;
        let mut found = Vec::new();
        for page in 0..MOST_PAGES {
            let (listed, whole) = self.api.list(page, Some(job.now)).await?;
            let young = |made: Option<chrono::DateTime<chrono::Utc>>| made.is_none_or(|made| made >= since);
            let past = listed.iter().any(|listed| !young(listed.made));
            let fitting = listed.into_iter().filter(|listed| young(listed.made) && listed.title.trim() == title.trim());
            found.extend(fitting.map(|listed| listed.id));
            if past || !whole {
                break;
            }
        }
        Ok(found)
    }

    async fn live(&self, job: &Job, id: &str, piece: Piece) -> Result<Progress, SendError> {
        Ok(Progress::Live(self.receipt(job, id, piece).await?))
    }

    async fn receipt(&self, job: &Job, id: &str, piece: Piece) -> Result<Receipt, SendError> {
        let link = match piece.link() {
            Some(link) => Some(link),
            // It is public, whatever the list says: its address is worth one look.
            None => {
                let (listed, _) = self.api.list(0, Some(job.now)).await.unwrap_or_default();
                listed.into_iter().find(|listed| listed.id == id).and_then(|listed| listed.link)
            }
        };
        Ok(Receipt { seen: Some(piece.shows().fingerprint()), ..job.receipt(id, link) })
    }
}

/// Whether the article differs from what loa last saw of it.
fn changed(receipt: &Receipt, piece: &Piece) -> bool {
    receipt.seen.as_deref().is_none_or(|seen| seen != piece.shows().fingerprint())
}

fn payload(job: &Job) -> Result<Value, SendError> {
    serde_json::from_slice(&job.payload.bytes).map_err(|error| {
        SendError::permanent(text!("nội dung gửi không đọc được: {error}", "the payload cannot be read: {error}"))
    })
}

fn with_status(mut payload: Value, status: &str) -> Value {
    if let Some(fields) = payload.as_object_mut() {
        fields.insert("status".to_owned(), json!(status));
    }
    payload
}

fn processing() -> SendError {
    SendError::transient(text!(
        "Zalo đang xử lý bài; sẽ xem lại",
        "Zalo is processing the article; it will be looked at again"
    ))
}
