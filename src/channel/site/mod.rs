//! The portal as a static website in a folder: pages, index, Atom feed, sitemap; updated in place.

mod form;
mod lists;
mod pictures;
mod render;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::failure::{RenderError, SendError};
use super::{
    Channel, Health, Item, Job, Keys, Kind, Office, OpenContext, Payload, Progress, RenderContext, Repeat, Seen,
    Settings, SettingsError, files,
};
use crate::delivery::Action;
use crate::text;
use lists::{Entry, Lists};

pub(super) const KIND: Kind = Kind {
    name: "site",
    about: || {
        text!("Cổng thông tin dạng trang tĩnh, ghi vào một thư mục", "The portal as a static website in a folder")
    },
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
    folder: PathBuf,
    base_url: Option<String>,
    title: Option<String>,
}

struct Site {
    folder: PathBuf,
    face: render::Face,
    office: Office,
    /// One writer at a time: the lists are made from all entries.
    lists: Mutex<Option<Lists>>,
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let table: Table = settings.parse()?;
    if let Some(url) = &table.base_url
        && reqwest::Url::parse(url).is_err()
    {
        return Err(SettingsError::new(text!(
            "base_url \"{url}\" không phải địa chỉ web",
            "base_url \"{url}\" is not a web address"
        )));
    }
    let face = render::Face::new(
        table.title.unwrap_or_else(|| cx.office.name.clone()),
        table.base_url.map(|url| url.trim_end_matches('/').to_owned()),
    )
    .map_err(|error| SettingsError::new(error.0))?;
    Ok(Arc::new(Site { folder: cx.path(&table.folder), face, office: cx.office.clone(), lists: Mutex::new(None) }))
}

impl Channel for Site {
    fn repeat(&self) -> Repeat {
        Repeat::Safe
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        let bytes = self.face.page(items, cx)?.into_bytes();
        Ok(Payload::alone("html", bytes))
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let item = job.first()?;
            let slug = item.slug();
            pictures::write(&self.folder, job, item).await?;
            let page = self.folder.join("bai").join(format!("{slug}.html"));
            files::write(&page, &job.payload.bytes).await.map_err(files::FileError::into_send_error)?;
            let mut lists = self.lists.lock().await;
            let known = match lists.take() {
                Some(known) => known,
                None => Lists::load(&self.folder).await.map_err(files::FileError::into_send_error)?,
            };
            let withdrawn = item.action == Action::Withdraw;
            let entry = Entry::of(item, withdrawn);
            let known = known.with(&self.folder, entry).await.map_err(files::FileError::into_send_error)?;
            for (name, text) in self.face.lists(&known, &self.office).map_err(|error| SendError::permanent(error.0))? {
                let path = self.folder.join(name);
                files::write(&path, text.as_bytes()).await.map_err(files::FileError::into_send_error)?;
            }
            *lists = Some(known);
            if withdrawn {
                return Ok(Progress::Gone);
            }
            Ok(Progress::Live(job.receipt(slug.clone(), self.face.page_url(&slug))))
        })
    }

    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async move {
            let slug = job.first()?.slug();
            let page = self.folder.join("bai").join(format!("{slug}.html"));
            let there = files::read(&page).await.map_err(files::FileError::into_send_error)?;
            Ok(match there {
                Some(bytes) if bytes == job.payload.bytes => {
                    Seen::Present(job.receipt(slug.clone(), self.face.page_url(&slug)))
                }
                _ => Seen::Absent,
            })
        })
    }

    fn style(&self) -> Option<&'static str> {
        Some(include_str!("templates/style.css"))
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(files::probe(&self.folder))
    }
}
