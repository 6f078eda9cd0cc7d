//! Rehearsal: renders and records, sends nothing.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::failure::{RenderError, SendError};
use super::{Channel, Health, Item, Job, Payload, Progress, RenderContext, Repeat, Seen, files};
use crate::delivery::Receipt;
use crate::text;

/// Stands in front of a real channel: the payload goes into a folder, for people to look at.
pub struct Rehearsal {
    channel: Arc<dyn Channel>,
    folder: PathBuf,
}

impl Rehearsal {
    /// Rehearses `channel` into `folder`.
    #[must_use]
    pub fn new(channel: Arc<dyn Channel>, folder: PathBuf) -> Self {
        Self { channel, folder }
    }
}

impl Channel for Rehearsal {
    /// Nothing that was rehearsed is in doubt: this is about what was sent before the channel rehearsed.
    fn repeat(&self) -> Repeat {
        self.channel.repeat()
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        self.channel.render(items, cx)
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let first = job.first()?;
            let step = first.action.name();
            let name = match job.edition {
                Some(slot) => slot.format("%Y%m%dT%H%MZ").to_string(),
                None => format!("{}.{}.{step}", first.slug(), first.revision),
            };
            let path = self.folder.join(format!("{name}.{}", job.payload.extension));
            files::write(&path, &job.payload.bytes).await.map_err(files::FileError::into_send_error)?;
            let mut receipt: Receipt = job.receipt(path.display().to_string(), None);
            receipt.rehearsal = true;
            Ok(Progress::Live(receipt))
        })
    }

    /// About the same.
    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        self.channel.look_up(job)
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(async {
            Ok(Health {
                proven: true,
                credential_ends: None,
                note: text!("đang diễn tập: không gửi gì ra ngoài", "rehearsing: nothing is sent"),
            })
        })
    }
}
