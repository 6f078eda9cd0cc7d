//! Atom, RSS 2.0 and JSON Feed as files in a folder, with `WebSub` pings.

mod entries;
mod form;
mod hub;
mod render;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::{Client, Url};
use serde::Deserialize;
use tokio::sync::Mutex;
use toml::Spanned;

use super::failure::{Class, RenderError, SendError};
use super::files::FileError;
use super::{
    Channel, Health, Item, Job, Keys, Kind, OpenContext, Payload, Progress, RenderContext, Repeat, Seen, Settings,
    SettingsError, client, files,
};
use crate::delivery::{Action, Live};
use crate::text;
use entries::Entries;
use render::{Face, Format, Press};

pub(super) const KIND: Kind = Kind {
    name: "feed",
    about: || {
        text!(
            "Nguồn tin Atom, RSS, JSON Feed ghi vào một thư mục, báo cho hub WebSub",
            "Atom, RSS and JSON Feed in a folder, with WebSub pings"
        )
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
    base_url: Spanned<String>,
    home: Option<Spanned<String>>,
    title: Option<String>,
    language: Option<String>,
    file: Option<Spanned<String>>,
    formats: Option<Spanned<Vec<Format>>>,
    entries: Option<Spanned<usize>>,
    authority: Option<Spanned<String>>,
    #[serde(default)]
    hubs: Vec<Spanned<String>>,
}

struct Feed {
    folder: PathBuf,
    file: String,
    formats: Vec<Format>,
    press: Press,
    hubs: Vec<Url>,
    client: Client,
    /// One writer at a time: the files are made from all entries.
    writing: Mutex<()>,
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let table: Table = settings.parse()?;
    let base = address(&table.base_url)?;
    let home = table.home.as_ref().map(address).transpose()?;
    let hubs = table.hubs.iter().map(address).collect::<Result<Vec<_>, _>>()?;
    let formats = match &table.formats {
        None => vec![Format::Atom, Format::Rss, Format::Json],
        Some(formats) if formats.get_ref().is_empty() => {
            let text = text!("formats cần ít nhất một dạng: atom, rss, json", "formats needs one of atom, rss, json");
            return Err(SettingsError::at(formats.span(), text));
        }
        Some(formats) => formats.get_ref().clone(),
    };
    let file = match &table.file {
        None => cx.channel.to_owned(),
        Some(file) if super::page::ascii(file.get_ref()) == *file.get_ref() && !file.get_ref().is_empty() => {
            file.get_ref().clone()
        }
        Some(file) => {
            let text = text!("file chỉ gồm a-z, 0-9 và dấu -", "file is made of a-z, 0-9 and - only");
            return Err(SettingsError::at(file.span(), text));
        }
    };
    let most = match &table.entries {
        None => 30,
        Some(most) if (1..=500).contains(most.get_ref()) => *most.get_ref(),
        Some(most) => {
            return Err(SettingsError::at(most.span(), text!("entries từ 1 đến 500", "entries is from 1 to 500")));
        }
    };
    let face = Face {
        title: table.title.unwrap_or_else(|| cx.office.name.clone()),
        language: table.language.unwrap_or_else(|| "vi".to_owned()),
        home: home.unwrap_or_else(|| base.clone()).to_string(),
        address: format!("{}/{file}", base.as_str().trim_end_matches('/')),
        authority: authority(table.authority.as_ref(), &base)?,
        hubs: hubs.iter().map(Url::to_string).collect(),
        entries: most,
        office: cx.office.clone(),
    };
    Ok(Arc::new(Feed {
        folder: cx.path(&table.folder),
        file,
        formats,
        press: Press::new(face).map_err(|error| SettingsError::new(error.0))?,
        hubs,
        client: client::client(cx.timeout)?,
        writing: Mutex::new(()),
    }))
}

fn address(written: &Spanned<String>) -> Result<Url, SettingsError> {
    let words = written.get_ref();
    Url::parse(words).ok().filter(client::is_web).ok_or_else(|| {
        SettingsError::at(
            written.span(),
            text!("\"{words}\" phải là địa chỉ http(s)://…", "\"{words}\" has to be an http(s):// address"),
        )
    })
}

/// Who names the entries (RFC 4151): a host name.
fn authority(written: Option<&Spanned<String>>, base: &Url) -> Result<String, SettingsError> {
    let Some(written) = written else { return Ok(base.host_str().unwrap_or_default().to_owned()) };
    let host = written.get_ref();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    if host.contains('.') && host.chars().all(fits) {
        return Ok(host.clone());
    }
    let text =
        text!("authority là một tên miền, như anbinh.example.vn", "authority is a host name such as anbinh.example.vn");
    Err(SettingsError::at(written.span(), text))
}

impl Channel for Feed {
    fn repeat(&self) -> Repeat {
        Repeat::Safe
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        self.press.entry(items, cx)
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let item = job.first()?;
            // The entry's name is remembered before anything is public. Whatever fails from here on, half written
            // files or a hub that does not answer, a withdrawal finds what there is to take back.
            let known = matches!(&item.live, Live::Staged { revision, .. } if *revision == item.revision);
            if matches!(item.action, Action::Create(_)) && !known {
                return Ok(Progress::Staged(item.slug()));
            }
            self.write(job).await?;
            let topics: Vec<String> = self.formats.iter().map(|format| self.press.url(*format)).collect();
            let told = hub::ping(&self.client, &self.hubs, &topics, job.now).await;
            match (item.action, told) {
                // It is gone; a hub that will never be told changes nothing about that.
                (Action::Withdraw, Ok(()) | Err(SendError { class: Class::Permanent, .. })) => Ok(Progress::Gone),
                (_, Err(error)) => Err(error),
                (_, Ok(())) => Ok(Progress::Live(job.receipt(item.slug(), topics.into_iter().next()))),
            }
        })
    }

    /// Writing it once more changes nothing.
    fn look_up<'a>(&'a self, _: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async { Ok(Seen::Absent) })
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(files::probe(&self.folder))
    }
}

impl Feed {
    /// Brings the files up to date, whole or not at all each.
    async fn write(&self, job: &Job) -> Result<(), SendError> {
        let item = job.first()?;
        let _one_at_a_time = self.writing.lock().await;
        let state = self.folder.join(".loa").join(&self.file);
        let most = self.press.face.entries;
        let mut entries = Entries::load(&state, most).await.map_err(FileError::into_send_error)?;
        entries.put(render::kept(item, &job.payload)).await.map_err(FileError::into_send_error)?;
        entries.prune().await;
        for format in &self.formats {
            let bytes = self.press.feed(*format, &entries).map_err(|error| SendError::permanent(error.0))?;
            let path = self.folder.join(format!("{}.{}", self.file, format.ending()));
            if files::read(&path).await.map_err(FileError::into_send_error)?.as_deref() != Some(bytes.as_slice()) {
                files::write(&path, &bytes).await.map_err(FileError::into_send_error)?;
            }
        }
        Ok(())
    }
}
