//! A portal of any other make: its requests are templates in the channel's file, not code.

mod answer;
mod form;
mod plan;
mod pointer;
mod render;
mod sample;
mod send;
mod sight;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::client;
use super::failure::{RenderError, SendError};
use super::kinds::Example;
use super::{
    Channel, Health, Item, Job, Keys, Kind, OpenContext, Payload, Progress, RenderContext, Repeat, Seen, Settings,
    SettingsError,
};
use crate::delivery::{Action, Live};
use crate::text;
use answer::{Done, judge, unclear};
use plan::{Call, Plan, Planner};
use render::{NOT_KNOWN_YET, Press, Request};
use send::Sender;
use table::Table;

pub(super) const KIND: Kind = Kind {
    name: "http",
    about: || {
        text!(
            "Cổng thông tin loại bất kỳ có API: khai báo yêu cầu HTTP, không cần lập trình",
            "A portal of any make with an API: its HTTP requests are configured, not programmed"
        )
    },
    example: include_str!("example.toml"),
    fields: form::FIELDS,
    keys: || Keys::of::<table::Table>().with::<table::Login>("login"),
    bundles: false,
    letters: false,
    removes_quietly: true,
    audience: false,
    spoken: false,
    open,
};

pub(super) const EXAMPLES: &[Example] = &[
    Example { kind: KIND.name, name: "liferay", text: include_str!("liferay.toml") },
    Example { kind: KIND.name, name: "drupal", text: include_str!("drupal.toml") },
    Example { kind: KIND.name, name: "xa", text: include_str!("xa.toml") },
];

struct Http {
    plan: Plan,
    press: Press,
    sender: Sender,
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let mut table: Table = settings.parse()?;
    let press = Press::new(cx.channel, cx.office, plan::base(&table)?, std::mem::take(&mut table.values));
    let (plan, press) = Planner::new(press, std::mem::take(&mut table.headers)).plan(&table)?;
    let sender = Sender::open(client::client(cx.timeout)?, &plan, table.login.as_ref(), cx.live)?;
    Ok(Arc::new(Http { plan, press, sender }))
}

impl Channel for Http {
    fn repeat(&self) -> Repeat {
        match (self.plan.create.safe_to_repeat, &self.plan.look_up) {
            (true, _) => Repeat::Safe,
            (false, Some(_)) => Repeat::AfterLookup,
            (false, None) => Repeat::Never,
        }
    }

    /// The requests of the job, as JSON, without their secrets.
    fn render(&self, items: &[Item], _: &RenderContext) -> Result<Payload, RenderError> {
        let [item] = items else {
            return Err(RenderError(text!("mỗi yêu cầu chỉ mang một bài", "a request carries exactly one article")));
        };
        let mut requests = BTreeMap::new();
        let known = remote_id(item);
        let main = self.main(item.action)?;
        let id = (main.shape.step != "create").then(|| known.as_deref().unwrap_or(NOT_KNOWN_YET));
        requests.insert(main.shape.step, self.request(main, item, id)?);
        if let (Action::Create(_), Some(reveal)) = (item.action, &self.plan.reveal) {
            let id = known.as_deref().unwrap_or(NOT_KNOWN_YET);
            requests.insert(reveal.shape.step, self.request(reveal, item, Some(id))?);
        }
        let mut bytes = serde_json::to_vec_pretty(&requests)
            .map_err(|error| RenderError(text!("không tạo được JSON: {error}", "cannot make the JSON: {error}")))?;
        bytes.push(b'\n');
        Ok(Payload::alone("json", bytes))
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move { self.try_once(job).await.map_err(|error| self.sender.discreet(error)) })
    }

    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async move { self.seen(job).await.map_err(|error| self.sender.discreet(error)) })
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(async move { self.health().await.map_err(|error| self.sender.discreet(error)) })
    }
}

/// The far side's name for the copy, where it is known.
fn remote_id(item: &Item) -> Option<String> {
    match &item.live {
        Live::Shown { receipt, .. } if !receipt.remote_id.is_empty() => Some(receipt.remote_id.clone()),
        Live::Staged { remote_id, .. } => Some(remote_id.clone()),
        _ => None,
    }
}

impl Http {
    /// The request that does `action`.
    fn main(&self, action: Action) -> Result<&Call, RenderError> {
        match action {
            Action::Create(_) => Ok(&self.plan.create),
            Action::Update(_) => self.plan.correct.as_ref().ok_or_else(|| {
                RenderError(text!(
                    "kênh này chưa biết đính chính: thêm [settings.correct], hoặc sửa tay trên cổng",
                    "this channel cannot correct: add [settings.correct], or correct the copy by hand"
                ))
            }),
            Action::Withdraw => self.plan.withdraw.as_ref().ok_or_else(|| {
                RenderError(text!(
                    "kênh này chưa biết thu hồi: thêm [settings.withdraw], hoặc gỡ tay trên cổng",
                    "this channel cannot withdraw: add [settings.withdraw], or take the copy down by hand"
                ))
            }),
        }
    }

    fn request(&self, call: &Call, item: &Item, id: Option<&str>) -> Result<Request, RenderError> {
        self.press.request(&call.shape, &self.press.values(item, id, true))
    }

    async fn try_once(&self, job: &Job) -> Result<Progress, SendError> {
        let item = job.first()?;
        match (item.action, &item.live, &self.plan.reveal) {
            (Action::Create(revision), Live::Staged { revision: staged, remote_id }, Some(reveal)) => {
                self.reveal(job, reveal, remote_id, *staged == revision).await
            }
            (Action::Create(_), ..) => self.create(job).await,
            (Action::Update(_), ..) => self.correct(job).await,
            (Action::Withdraw, ..) => self.withdraw(job).await,
        }
    }

    async fn create(&self, job: &Job) -> Result<Progress, SendError> {
        let (item, call) = (job.first()?, &self.plan.create);
        let request = self.request(call, item, None).map_err(|error| SendError::permanent(error.0))?;
        let answer = self.sender.send(call, &request, job).await?;
        judge(call, &answer, self.plan.look_up.is_some())?;
        let body = answer.json();
        let id = match &call.id {
            None => item.slug(),
            Some(place) => place.words(body.as_ref(), &answer.headers).ok_or_else(|| {
                let note = text!(
                    "nơi nhận không trả lời mã bài ở chỗ đã khai (answer.id)",
                    "the answer holds no id at the place that answer.id names"
                );
                unclear(call, note)
            })?,
        };
        if self.plan.reveal.is_some() {
            return Ok(Progress::Staged(id));
        }
        let url = public_url(call, &request, body.as_ref(), &answer);
        Ok(Progress::Live(job.receipt(id, url)))
    }

    /// Makes a hidden copy right, if it is of an older revision, and public.
    async fn reveal(&self, job: &Job, call: &Call, id: &str, is_right: bool) -> Result<Progress, SendError> {
        let mut steps = vec![call];
        if !is_right {
            steps.splice(0..0, self.plan.correct.as_ref());
        }
        let mut url = None;
        for step in steps {
            let request = self.request(step, job.first()?, Some(id)).map_err(|error| SendError::permanent(error.0))?;
            let answer = self.sender.send(step, &request, job).await?;
            if judge(step, &answer, false)? == Done::Gone {
                return if self.is_found(job).await? { Err(not_ready()) } else { self.create(job).await };
            }
            url = public_url(step, &request, answer.json().as_ref(), &answer).or(url);
        }
        Ok(Progress::Live(job.receipt(id, url)))
    }

    async fn correct(&self, job: &Job) -> Result<Progress, SendError> {
        let item = job.first()?;
        let call = self.main(item.action).map_err(|error| SendError::permanent(error.0))?;
        let Some(id) = self.name_of_copy(job).await? else { return Err(vanished()) };
        let request = self.request(call, item, Some(&id)).map_err(|error| SendError::permanent(error.0))?;
        let answer = self.sender.send(call, &request, job).await?;
        if judge(call, &answer, false)? == Done::Gone {
            return Err(vanished());
        }
        let known = item.live.receipt().and_then(|receipt| receipt.url.clone());
        let url = public_url(call, &request, answer.json().as_ref(), &answer).or(known);
        Ok(Progress::Live(job.receipt(id, url)))
    }

    async fn withdraw(&self, job: &Job) -> Result<Progress, SendError> {
        let item = job.first()?;
        let call = self.main(item.action).map_err(|error| SendError::permanent(error.0))?;
        let Some(id) = self.name_of_copy(job).await? else { return Ok(Progress::Gone) };
        let request = self.request(call, item, Some(&id)).map_err(|error| SendError::permanent(error.0))?;
        let answer = self.sender.send(call, &request, job).await?;
        judge(call, &answer, false).map(|_| Progress::Gone)
    }
}

/// The public address that an answer tells; one without a host is completed by the request's own.
fn public_url(
    call: &Call,
    request: &Request,
    body: Option<&serde_json::Value>,
    answer: &client::Answer,
) -> Option<String> {
    let told = call.url.as_ref()?.words(body, &answer.headers)?;
    let url = reqwest::Url::parse(&request.url).ok()?.join(&told).ok()?;
    client::is_web(&url).then(|| url.to_string())
}

fn not_ready() -> SendError {
    SendError::transient(text!(
        "cổng chưa cho hiện bản nháp vừa tạo; sẽ thử lại",
        "the far side cannot reveal the draft yet; it will be tried again"
    ))
}

fn vanished() -> SendError {
    SendError::permanent(text!(
        "bản trên cổng không còn (có người đã xóa?); loa không tự đăng lại. Đăng lại: thu hồi bài rồi phát lại",
        "the copy is not there any more (has somebody deleted it?); loa does not post it again by itself. To post it \
         again, withdraw the article and publish it"
    ))
}
