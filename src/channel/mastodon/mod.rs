//! The office's Mastodon account: statuses that are posted once, edited and deleted.

mod answer;
mod api;
mod form;
mod render;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use futures_util::future::BoxFuture;
use reqwest::Url;
use serde::Deserialize;
use toml::Spanned;

use super::failure::{RenderError, SendError};
use super::pictures::Fit;
use super::{
    Allowance, Channel, Health, Item, Job, Keys, Kind, OpenContext, Payload, Progress, RenderContext, Repeat, Secret,
    Seen, Settings, SettingsError, client,
};
use crate::article::sha256_hex;
use crate::delivery::{Action, Receipt};
use crate::text;
use api::{Api, Posted};
use render::{MOST_PICTURES, Shape, Status, Visibility, gist, plain};

pub(super) const KIND: Kind = Kind {
    name: "mastodon",
    about: || text!("Tài khoản Mastodon của cơ quan", "The office's Mastodon account"),
    example: include_str!("example.toml"),
    fields: form::FIELDS,
    keys: || Keys::of::<Table>(),
    bundles: false,
    letters: false,
    removes_quietly: true,
    audience: false,
    spoken: false,
    open,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    server: Spanned<String>,
    access_token: Spanned<Secret>,
    #[serde(default)]
    visibility: Visibility,
    text_limit: Option<Spanned<usize>>,
    #[serde(default = "yes")]
    hashtags: bool,
    #[serde(default = "yes")]
    images: bool,
}

fn yes() -> bool {
    true
}

/// What servers take unless they say otherwise.
const USUAL_LIMIT: usize = 500;
/// Servers scale pictures down themselves; larger ones they refuse.
const FIT: Fit = Fit { bytes: 8 * 1024 * 1024, edge: 3_840, jpeg: false };
/// Pages of own statuses that a look-up reads before it gives up.
const MOST_PAGES: usize = 5;

struct Mastodon {
    api: Api,
    shape: Shape,
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let table: Table = settings.parse()?;
    let words = table.server.get_ref();
    let server = Url::parse(&format!("{}/", words.trim_end_matches('/'))).ok().filter(client::is_web);
    let server = server.ok_or_else(|| {
        SettingsError::at(
            table.server.span(),
            text!(
                "server \"{words}\" phải là địa chỉ như https://mastodon.example.vn",
                "server \"{words}\" has to be an address like https://mastodon.example.vn"
            ),
        )
    })?;
    let text_limit = match &table.text_limit {
        None => USUAL_LIMIT,
        Some(limit) if (200..=100_000).contains(limit.get_ref()) => *limit.get_ref(),
        Some(limit) => {
            return Err(SettingsError::at(
                limit.span(),
                text!("text_limit từ 200 đến 100000 (thường 500)", "text_limit is from 200 to 100000 (usually 500)"),
            ));
        }
    };
    let token = cx.live.then(|| table.access_token.get_ref().read()).transpose();
    let token = token.map_err(|error| SettingsError::at(table.access_token.span(), error.0))?;
    Ok(Arc::new(Mastodon {
        api: Api::new(client::client(cx.timeout)?, server, token),
        shape: Shape { text_limit, hashtags: table.hashtags, images: table.images, visibility: table.visibility },
    }))
}

impl Channel for Mastodon {
    /// The server remembers keys for an hour only.
    fn repeat(&self) -> Repeat {
        Repeat::AfterLookup
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        render::render(items, cx, self.shape)
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            self.api.begin();
            match job.first()?.action {
                Action::Create(_) => self.create(job).await,
                Action::Update(_) => self.update(job).await,
                Action::Withdraw => self.withdraw(job).await,
            }
        })
    }

    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async move {
            match job.first()?.action {
                Action::Create(_) => self.find(job).await,
                // To edit or delete once more changes nothing.
                Action::Update(_) | Action::Withdraw => Ok(Seen::Absent),
            }
        })
    }

    fn allowance(&self) -> Option<Allowance> {
        self.api.allowance()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(async move {
            // Nothing that is signed or counted depends on the hour here.
            let now = DateTime::UNIX_EPOCH;
            let (_, name) = self.api.account(now).await?;
            let limit = self.shape.text_limit;
            let note = match self.api.most_characters(now).await? {
                Some(most) if usize::try_from(most).is_ok_and(|most| most < limit) => text!(
                    "tài khoản @{name} dùng được, nhưng máy chủ chỉ nhận {most} ký tự: đặt text_limit = {most}",
                    "the account @{name} works, but the server takes {most} characters only: set text_limit = {most}"
                ),
                _ => text!("tài khoản @{name} dùng được", "the account @{name} works"),
            };
            Ok(Health { proven: true, credential_ends: None, note })
        })
    }
}

impl Mastodon {
    async fn create(&self, job: &Job) -> Result<Progress, SendError> {
        let status = status(job)?;
        let media = self.upload(job).await?;
        let posted = self.api.post(job, &status, &media).await?;
        Ok(Progress::Live(receipt(job, &posted)))
    }

    async fn update(&self, job: &Job) -> Result<Progress, SendError> {
        let item = job.first()?;
        let id = name(job)?;
        let Some(there) = self.api.status(id, job.now).await? else { return Err(vanished()) };
        let status = status(job)?;
        let wanted = status.text.as_deref().map(gist).unwrap_or_default();
        let expected = item.live.receipt().and_then(|receipt| receipt.seen.as_deref());
        let (shown, now) = (plain(&there.content), seen(&there));
        // Ours already: an edit whose answer was lost.
        if expected.is_some_and(|expected| expected != now) && gist(&shown) != wanted {
            let shown = super::page::shorten(shown.trim(), 300);
            return Err(SendError::edited(
                now,
                text!(
                    "bài trên Mastodon đã được sửa tay, nay là: {shown}",
                    "the status was edited by hand and says now: {shown}"
                ),
            ));
        }
        // The same pictures stay; any other set is uploaded.
        let kept: Vec<&str> = there.pictures.iter().map(|(_, description)| description.as_str()).collect();
        let media = if kept == status.descriptions.iter().map(String::as_str).collect::<Vec<_>>() {
            there.pictures.into_iter().map(|(id, _)| id).collect()
        } else {
            self.upload(job).await?
        };
        match self.api.edit(job, id, &status, &media).await? {
            Some(posted) => Ok(Progress::Live(receipt(job, &posted))),
            None => Err(vanished()),
        }
    }

    async fn withdraw(&self, job: &Job) -> Result<Progress, SendError> {
        self.api.delete(name(job)?, job.now).await?;
        Ok(Progress::Gone)
    }

    async fn upload(&self, job: &Job) -> Result<Vec<String>, SendError> {
        let status = status(job)?;
        let mut media = Vec::new();
        for (image, description) in job.first()?.article.images.iter().take(MOST_PICTURES).zip(&status.descriptions) {
            let Some(picture) = job.picture(image, FIT).await? else { continue };
            media.push(self.api.upload(job, picture, description).await?);
        }
        Ok(media)
    }

    /// Reads the account's own statuses back to the hour when the article was handed over.
    async fn find(&self, job: &Job) -> Result<Seen, SendError> {
        let item = job.first()?;
        let wanted = status(job)?.text.as_deref().map(gist).unwrap_or_default();
        // Their clock may be behind ours.
        let earliest = item.updated - TimeDelta::hours(1);
        let (account, _) = self.api.account(job.now).await?;
        let mut before: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = self.api.own(&account, before.as_deref(), job.now).await?;
            if let Some(ours) = page.iter().find(|posted| gist(&plain(&posted.content)) == wanted) {
                return Ok(Seen::Present(receipt(job, ours)));
            }
            match page.last() {
                Some(last) if last.created.is_none_or(|created| created >= earliest) => before = Some(last.id.clone()),
                _ => return Ok(Seen::NotYet),
            }
        }
        Ok(Seen::Unknown(text!(
            "tài khoản có quá nhiều bài mới, loa không đọc hết; hãy mở Mastodon xem",
            "the account has too many new statuses to read them all; look at it yourself"
        )))
    }
}

/// The server's name for the status that is to be changed.
fn name(job: &Job) -> Result<&str, SendError> {
    match job.first()?.live.receipt().map(|receipt| receipt.remote_id.as_str()) {
        Some("") | None => Err(SendError::permanent(text!(
            "loa không biết mã của bài trên Mastodon; hãy sửa hoặc xóa bài đó bằng tay",
            "loa does not know the name of the status; edit or delete it by hand"
        ))),
        Some(id) => Ok(id),
    }
}

fn status(job: &Job) -> Result<Status, SendError> {
    serde_json::from_slice(&job.payload.bytes)
        .map_err(|error| SendError::permanent(text!("nội dung gửi hỏng: {error}", "the payload is broken: {error}")))
}

/// Fingerprint of what a status shows.
fn seen(posted: &Posted) -> String {
    let pictures: Vec<&str> = posted.pictures.iter().map(|(id, _)| id.as_str()).collect();
    sha256_hex(format!("{}\n{}", gist(&plain(&posted.content)), pictures.join(",")).as_bytes())
}

fn receipt(job: &Job, posted: &Posted) -> Receipt {
    Receipt { seen: Some(seen(posted)), ..job.receipt(posted.id.clone(), posted.url.clone()) }
}

fn vanished() -> SendError {
    SendError::permanent(text!(
        "bài trên Mastodon không còn (có người đã xóa?); loa không tự đăng lại",
        "the status is not there any more (has somebody deleted it?); loa does not post it again by itself"
    ))
}
