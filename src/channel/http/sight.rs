//! Looking: whether our copy is there, under which name, and whether the account still works.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::super::client::Answer;
use super::super::failure::{Attention, SendError};
use super::super::{Health, Item, Job, Seen};
use super::answer::{is_page, judge, not_theirs};
use super::plan::LookUp;
use super::pointer::scalar;
use super::{Http, remote_id};
use crate::delivery::Action;
use crate::text;

/// What a look-up found.
enum Found {
    /// Our copy: its name, its address, whether the public sees it.
    Copy {
        id: String,
        url: Option<String>,
        public: bool,
    },
    Nothing,
    CannotTell(text::Text),
}

impl Http {
    /// Whether the job in hand was done.
    pub(super) async fn seen(&self, job: &Job) -> Result<Seen, SendError> {
        let item = job.first()?;
        let unknown = || {
            text!("không tra cứu được trên cổng; hãy mở cổng xem", "the far side cannot be asked; look at it yourself")
        };
        let repeats = |call: &Option<super::Call>| call.as_ref().is_some_and(|call| call.safe_to_repeat);
        match item.action {
            // Setting it once more, or taking it away once more, changes nothing.
            Action::Update(_) if repeats(&self.plan.correct) => return Ok(Seen::Absent),
            Action::Withdraw if repeats(&self.plan.withdraw) => return Ok(Seen::Absent),
            Action::Update(_) | Action::Withdraw => return Ok(Seen::Unknown(unknown())),
            Action::Create(_) => {}
        }
        let Some(look_up) = &self.plan.look_up else { return Ok(Seen::Unknown(unknown())) };
        Ok(match self.find(look_up, item, job.now).await? {
            Found::Nothing => Seen::NotYet,
            Found::CannotTell(why) => Seen::Unknown(why),
            Found::Copy { id, url, public } if public => Seen::Present(job.receipt(id, url)),
            Found::Copy { id, .. } => Seen::Staged(id),
        })
    }

    /// The far side's name for the copy; `None` when it has none.
    pub(super) async fn name_of_copy(&self, job: &Job) -> Result<Option<String>, SendError> {
        let item = job.first()?;
        if let Some(known) = remote_id(item) {
            return Ok(Some(known));
        }
        let ask = || {
            SendError::permanent(text!(
                "loa không biết mã của bản đã đăng; hãy sửa hoặc gỡ tay trên cổng",
                "loa does not know the name of the copy; correct it or take it down by hand"
            ))
        };
        match (&self.plan.create.id, &self.plan.look_up) {
            (None, _) => Ok(Some(item.slug())),
            (Some(_), None) => Err(ask()),
            (Some(_), Some(look_up)) => match self.find(look_up, item, job.now).await? {
                Found::Copy { id, .. } => Ok(Some(id)),
                Found::Nothing => Ok(None),
                Found::CannotTell(_) => Err(ask()),
            },
        }
    }

    /// Whether a copy of the article is there, or could be: then no other is made.
    pub(super) async fn is_found(&self, job: &Job) -> Result<bool, SendError> {
        let Some(look_up) = &self.plan.look_up else { return Ok(false) };
        Ok(!matches!(self.find(look_up, job.first()?, job.now).await?, Found::Nothing))
    }

    async fn find(&self, look_up: &LookUp, item: &Item, now: DateTime<Utc>) -> Result<Found, SendError> {
        let values = self.press.values(item, None, false);
        let bad = |error: super::RenderError| SendError::permanent(error.0);
        let request = self.press.request(&look_up.call.shape, &values).map_err(bad)?;
        let answer = self.sender.ask(&look_up.call, &request, now).await?;
        let code = answer.status.as_u16();
        // An API's 404 says that there is none; a web page's says that somebody else answered.
        if code == 404 && !look_up.call.expect.contains(&404) {
            return if is_page(&answer) { Err(SendError::transient(not_theirs())) } else { Ok(Found::Nothing) };
        }
        judge(&look_up.call, &answer, false)?;
        let Some(document) = answer.json() else { return Err(SendError::transient(unreadable())) };
        let wanted = look_up.matches.iter().map(|(place, template)| {
            let words = self.press.fill(template, &values).map_err(|error| {
                let error = super::render::reason(&error);
                SendError::permanent(text!("mẫu match bị lỗi: {error}", "a template of match failed: {error}"))
            })?;
            Ok((place, words))
        });
        let wanted = wanted.collect::<Result<Vec<_>, SendError>>()?;
        let is_ours = |entry: &&Value| {
            wanted.iter().all(|(place, words)| place.find(entry).and_then(scalar).as_deref() == Some(words))
        };
        let Some(found) = look_up.found.find(&document) else { return Err(SendError::transient(unreadable())) };
        let entries: &[Value] = match found {
            Value::Array(entries) => entries,
            Value::Object(_) => std::slice::from_ref(found),
            Value::Null => &[],
            _ => return Err(SendError::transient(unreadable())),
        };
        let ours: Vec<&Value> = entries.iter().filter(is_ours).collect();
        Ok(match ours.as_slice() {
            [copy] => self.copy(look_up, copy, &answer, &request, item)?,
            [] if entries.is_empty() || look_up.scan => Found::Nothing,
            [] => Found::CannotTell(text!(
                "nơi nhận trả về bài khác (bộ lọc trong look_up.url không có tác dụng?); hãy mở cổng xem",
                "the far side showed other articles (does the filter in look_up.url work?); look at it yourself"
            )),
            several => {
                let count = several.len();
                Found::CannotTell(text!(
                    "trên cổng có {count} bản của bài này; hãy xóa bớt rồi: loa resolve",
                    "there are {count} copies of this article; delete all but one, then: loa resolve"
                ))
            }
        })
    }

    fn copy(
        &self,
        look_up: &LookUp,
        copy: &Value,
        answer: &Answer,
        request: &super::Request,
        item: &Item,
    ) -> Result<Found, SendError> {
        let id = match (&look_up.call.id, &self.plan.create.id) {
            (None, None) => item.slug(),
            (Some(place), _) | (None, Some(place)) => {
                place.words(Some(copy), &answer.headers).ok_or_else(|| SendError::transient(unreadable()))?
            }
        };
        let shows = |(place, words): &(super::pointer::Pointer, String)| {
            place.find(copy).and_then(scalar).as_deref() == Some(words.as_str())
        };
        // A far side that does not tell is told once more: to reveal what is public changes nothing.
        let told = !look_up.public.is_empty() || self.plan.reveal.is_none();
        let public = told && look_up.public.iter().all(shows);
        Ok(Found::Copy { id, url: super::public_url(&look_up.call, request, Some(copy), answer), public })
    }

    pub(super) async fn health(&self) -> Result<Health, SendError> {
        let Some(probe) = &self.plan.probe else {
            let note = text!(
                "chưa khai [settings.probe]: chỉ khi gửi thật mới biết tài khoản còn dùng được không",
                "there is no [settings.probe]: only a real request could tell whether the account works"
            );
            return Ok(Health { proven: false, credential_ends: None, note });
        };
        let values = self.press.bare_values();
        let request = self.press.request(&probe.shape, &values).map_err(|error| SendError::permanent(error.0))?;
        let answer = self.sender.ask(probe, &request, DateTime::UNIX_EPOCH).await?;
        match judge(probe, &answer, false)? {
            super::Done::Yes => Ok(Health {
                proven: true,
                credential_ends: None,
                note: text!("cổng trả lời, tài khoản dùng được", "the far side answers and takes the account"),
            }),
            super::Done::Gone => Err(SendError::attention(
                Attention::Misconfigured,
                text!("url trong [settings.probe] không có (404)", "url in [settings.probe] is not there (404)"),
            )),
        }
    }
}

fn unreadable() -> text::Text {
    text!(
        "trả lời tra cứu không đúng dạng đã khai (look_up.found, answer.id)",
        "the answer to the look-up is not what look_up.found and answer.id describe"
    )
}
