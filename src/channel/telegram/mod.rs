//! A Telegram channel or group, through a bot.
//!
//! A bot can neither read the channel nor name its messages: whether a message whose answer was lost is there,
//! only a person can tell. Editing and deleting by number may be repeated.

mod answer;
mod api;
mod copy;
mod form;
mod post;
mod render;
mod settings;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::failure::{RenderError, SendError};
use super::{
    Channel, Health, Item, Job, Kind, OpenContext, Payload, Progress, RenderContext, Repeat, Seen, Settings,
    SettingsError,
};
use crate::delivery::{Action, Live, Receipt};
use crate::text;
use copy::Copy;
use render::{Message, Shape};

pub(super) const KIND: Kind = Kind {
    name: "telegram",
    about: || {
        text!(
            "Kênh hoặc nhóm Telegram, qua bot (đọc lưu ý pháp lý trong tệp mẫu)",
            "A Telegram channel or group, through a bot (mind the legal note in its example)"
        )
    },
    example: include_str!("example.toml"),
    fields: form::FIELDS,
    keys: settings::keys,
    bundles: false,
    letters: false,
    removes_quietly: true,
    audience: false,
    spoken: false,
    open,
};

struct Telegram {
    bot: api::Bot,
    shape: Shape,
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let (bot, shape) = settings::read(settings, cx)?;
    Ok(Arc::new(Telegram { bot, shape }))
}

impl Channel for Telegram {
    /// A look answers for edits and deletions, which may be done again; for a message it says that nobody can
    /// tell, and a person is asked.
    fn repeat(&self) -> Repeat {
        Repeat::AfterLookup
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        render::render(items, cx, self.shape)
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let (item, message) = (job.first()?, message(job)?);
            let call = self.bot.call(job.now)?;
            match (item.action, &item.live) {
                (Action::Create(_), _) => call.create(job, &message).await,
                (Action::Update(_), Live::Shown { receipt, .. }) => call.correct(job, receipt, &message).await,
                (Action::Withdraw, Live::Shown { receipt, .. }) => call.take_back(&known(receipt)?, &message).await,
                (Action::Update(_) | Action::Withdraw, _) => Ok(Progress::Gone),
            }
        })
    }

    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async move {
            let item = job.first()?;
            Ok(match (item.action, item.live.receipt()) {
                (Action::Update(_) | Action::Withdraw, Some(receipt)) if known(receipt).is_ok() => Seen::Absent,
                (Action::Update(_) | Action::Withdraw, Some(_)) => Seen::Unknown(unknown_message()),
                _ => Seen::Unknown(text!(
                    "bot Telegram không đọc được kênh để tra; hãy xem kênh, rồi: loa resolve",
                    "a Telegram bot cannot read the channel; look there yourself, then: loa resolve"
                )),
            })
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(async move { self.bot.call(chrono::DateTime::UNIX_EPOCH)?.health().await })
    }
}

/// What is sent is what was rendered.
fn message(job: &Job) -> Result<Message, SendError> {
    serde_json::from_slice(&job.payload.bytes).map_err(|error| {
        SendError::permanent(text!("nội dung gửi không đọc được: {error}", "the payload cannot be read: {error}"))
    })
}

/// Which messages the public copy is. A person who saw that it went out has left no number.
fn known(receipt: &Receipt) -> Result<Copy, SendError> {
    receipt.remote_id.parse().map_err(|()| SendError::ambiguous(unknown_message()))
}

fn unknown_message() -> text::Text {
    text!(
        "loa không biết số của tin trên Telegram. Sửa hoặc xóa bằng tay, rồi: loa resolve … --went-out",
        "loa does not know the message's number. Edit or delete it by hand, then: loa resolve … --went-out"
    )
}
