//! The radio script: one text file per edition, for an announcer to read.

mod render;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use toml::Spanned;

use super::failure::{RenderError, SendError};
use super::{
    Channel, Health, Item, Job, Kind, OpenContext, Payload, Progress, RenderContext, Repeat, Seen, Settings,
    SettingsError, files,
};
use crate::delivery::Action;
use crate::speech::{Lexicon, Normaliser, Region, Voice};
use crate::text;

pub(super) const KIND: Kind = Kind {
    name: "radio",
    about: || {
        text!(
            "Bản tin phát thanh: tệp văn bản để phát thanh viên đọc",
            "The radio script: a text file for the announcer"
        )
    },
    example: include_str!("example.toml"),
    bundles: true,
    removes_quietly: false,
    open,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    folder: PathBuf,
    station: Option<String>,
    sign_off: Option<String>,
    syllables_per_minute: Option<Spanned<u32>>,
    #[serde(default)]
    reading: Reading,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reading {
    #[default]
    North,
    South,
}

struct Radio {
    channel: String,
    folder: PathBuf,
    announcer: render::Announcer,
    zone: chrono_tz::Tz,
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let table: Table = settings.parse()?;
    let pace = match table.syllables_per_minute {
        None => 180,
        Some(pace) if (80..=400).contains(pace.get_ref()) => *pace.get_ref(),
        Some(pace) => {
            let text = text!(
                "syllables_per_minute từ 80 đến 400 (thường 160–200)",
                "syllables_per_minute is from 80 to 400 (usually 160–200)"
            );
            return Err(SettingsError { span: Some(pace.span()), text, from_parser: false });
        }
    };
    let region = match table.reading {
        Reading::North => Region::North,
        Reading::South => Region::South,
    };
    let voice = Voice { region, ..Voice::default() };
    let announcer = render::Announcer::new(
        table.station.unwrap_or_else(|| format!("Đài truyền thanh {}", cx.office.name)),
        table.sign_off,
        pace,
        region,
        Normaliser::new(voice, Lexicon::default()),
    )
    .map_err(|error| SettingsError::new(error.0))?;
    Ok(Arc::new(Radio {
        channel: cx.channel.to_owned(),
        folder: cx.path(&table.folder),
        announcer,
        zone: cx.office.timezone,
    }))
}

impl Radio {
    /// An edition's file is named after its slot, a single article's after the article.
    fn path(&self, job: &Job) -> Result<PathBuf, SendError> {
        let channel = &self.channel;
        let name = match job.edition {
            Some(slot) => {
                let slot = slot.with_timezone(&self.zone).format("%Y-%m-%d-%H%M");
                format!("{channel}-{slot}.txt")
            }
            None => {
                let item = job.first()?;
                let step =
                    if item.action == Action::Withdraw { "thu-hoi".to_owned() } else { item.revision.to_string() };
                format!("{channel}-{}.{step}.txt", item.slug())
            }
        };
        Ok(self.folder.join(name))
    }
}

impl Channel for Radio {
    fn repeat(&self) -> Repeat {
        Repeat::AfterLookup
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        Ok(Payload { extension: "txt", bytes: self.announcer.script(items, cx)?.into_bytes() })
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let path = self.path(job)?;
            match files::read(&path).await.map_err(files::FileError::into_send_error)? {
                Some(there) if there == job.payload.bytes => {}
                Some(_) => return Err(SendError::ambiguous(edited(&path))),
                None => {
                    files::write(&path, &job.payload.bytes).await.map_err(files::FileError::into_send_error)?;
                }
            }
            Ok(Progress::Live(job.receipt(path.display().to_string(), None)))
        })
    }

    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async move {
            let path = self.path(job)?;
            Ok(match files::read(&path).await.map_err(files::FileError::into_send_error)? {
                None => Seen::Absent,
                Some(there) if there == job.payload.bytes => {
                    Seen::Present(job.receipt(path.display().to_string(), None))
                }
                Some(_) => Seen::Unknown(edited(&path)),
            })
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(files::probe(&self.folder))
    }
}

/// Nobody's corrections are overwritten.
fn edited(path: &std::path::Path) -> text::Text {
    let file = path.display();
    text!(
        "tệp {file} đã có và khác với bản loa soạn (có người đã sửa?); loa không ghi đè",
        "the file {file} is there and differs from what loa made (has somebody edited it?); it was not overwritten"
    )
}
