//! The radio script: one text file per edition, for an announcer to read.

mod form;
mod reading;
mod render;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use toml::Spanned;

use super::failure::{RenderError, SendError};
use super::{
    Channel, Health, Item, Job, Keys, Kind, OpenContext, Payload, Progress, RenderContext, Repeat, Seen, Settings,
    SettingsError, Template, files,
};
use crate::delivery::Action;
use crate::speech::breath::Breath;
use crate::speech::timing::Pace;
use crate::speech::{CodeStyle, Lexicon, Normaliser, Region, Voice};
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
    fields: form::FIELDS,
    keys: || Keys::of::<Table>(),
    bundles: true,
    letters: true,
    removes_quietly: false,
    audience: false,
    spoken: true,
    open,
};

pub(super) const TEMPLATES: &[Template] = &[
    Template {
        kind: KIND.name,
        file: "templates/radio.txt",
        about: || text!("Kịch bản cho phát thanh viên", "The announcer's script"),
        built_in: render::SCRIPT,
        articles: 2,
    },
    Template {
        kind: KIND.name,
        file: "templates/radio-may-doc.txt",
        about: || text!("Bản sạch cho máy đọc", "The clean text for a machine"),
        built_in: render::CLEAN,
        articles: 2,
    },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    folder: PathBuf,
    station: Option<String>,
    sign_off: Option<String>,
    syllables_per_minute: Option<Spanned<u32>>,
    slot: Option<Spanned<String>>,
    #[serde(default)]
    voices: Vec<String>,
    #[serde(default)]
    reading: Reading,
    #[serde(default)]
    codes: Codes,
    tu: Option<String>,
    lexicon: Option<PathBuf>,
    script: Option<PathBuf>,
    clean: Option<PathBuf>,
}

/// Number words of the north or of the south.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reading {
    #[default]
    North,
    South,
}

/// How document codes are read.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Codes {
    #[default]
    Full,
    Short,
    Spelled,
}

/// Where the clean text and the metadata of each script go.
const FOR_MACHINES: &str = "may-doc";

struct Radio {
    channel: String,
    folder: PathBuf,
    announcer: render::Announcer,
    zone: chrono_tz::Tz,
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let table: Table = settings.parse()?;
    let region = match table.reading {
        Reading::North => Region::North,
        Reading::South => Region::South,
    };
    let code_style = match table.codes {
        Codes::Full => CodeStyle::Full,
        Codes::Short => CodeStyle::Short,
        Codes::Spelled => CodeStyle::Spelled,
    };
    let lexicon = lexicon(cx.beside(table.lexicon.as_deref(), "lexicon.tsv")?.as_deref())?;
    let voice = Voice { region, code_style, tu: table.tu.clone() };
    let reader = reading::Reader {
        normaliser: Normaliser::new(voice, lexicon),
        pace: Pace { syllables_per_minute: f64::from(pace(table.syllables_per_minute.as_ref())?), ..Pace::default() },
        breath: Breath::default(),
    };
    let manner = render::Manner {
        station: table.station.unwrap_or_else(|| format!("Đài truyền thanh {}", cx.office.name)),
        sign_off: table.sign_off,
        voices: table.voices,
        region,
        slot: table.slot.as_ref().map(slot).transpose()?,
    };
    let script = cx.beside(table.script.as_deref(), "templates/radio.txt")?;
    let clean = cx.beside(table.clean.as_deref(), "templates/radio-may-doc.txt")?;
    let announcer = render::Announcer::new(
        manner,
        reader,
        script.unwrap_or_else(|| render::SCRIPT.to_owned()),
        clean.unwrap_or_else(|| render::CLEAN.to_owned()),
    )
    .map_err(|error| SettingsError::new(error.0))?;
    Ok(Arc::new(Radio {
        channel: cx.channel.to_owned(),
        folder: cx.path(&table.folder),
        announcer,
        zone: cx.office.timezone,
    }))
}

fn lexicon(tsv: Option<&str>) -> Result<Lexicon, SettingsError> {
    let Some(tsv) = tsv else { return Ok(Lexicon::default()) };
    Lexicon::parse(tsv).map_err(|errors| {
        let lines = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        SettingsError::new(text!("lexicon.tsv sai: {lines}", "lexicon.tsv is wrong: {lines}"))
    })
}

fn pace(written: Option<&Spanned<u32>>) -> Result<u32, SettingsError> {
    match written {
        None => Ok(180),
        Some(pace) if (80..=400).contains(pace.get_ref()) => Ok(*pace.get_ref()),
        Some(pace) => Err(SettingsError::at(
            pace.span(),
            text!(
                "syllables_per_minute từ 80 đến 400 (thường 160–200)",
                "syllables_per_minute is from 80 to 400 (usually 160–200)"
            ),
        )),
    }
}

/// A slot length such as "15m", in seconds.
fn slot(written: &Spanned<String>) -> Result<f64, SettingsError> {
    let words = written.get_ref();
    let minutes = words.strip_suffix('m').and_then(|minutes| minutes.trim().parse::<u32>().ok());
    minutes.filter(|minutes| (1..=180).contains(minutes)).map(|minutes| f64::from(minutes) * 60.0).ok_or_else(|| {
        SettingsError::at(
            written.span(),
            text!(
                "slot \"{words}\" không hợp lệ; viết số phút như \"15m\"",
                "slot \"{words}\" is not valid; write minutes like \"15m\""
            ),
        )
    })
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
        self.announcer.edition(items, cx)
    }

    fn overflow(&self, items: &[Item], cx: &RenderContext) -> Vec<usize> {
        self.announcer.overflow(items, cx)
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let path = self.path(job)?;
            match files::read(&path).await.map_err(files::FileError::into_send_error)? {
                Some(there) if there == job.payload.bytes => {}
                Some(_) => return Err(SendError::ambiguous(edited(&path))),
                None => {
                    // The script comes last: where it stands, its companions stand too. They have a folder of
                    // their own: at five in the morning there shall be one file to open.
                    for (ending, bytes) in &job.payload.beside {
                        let name = path.with_extension(ending);
                        let companion = self.folder.join(FOR_MACHINES).join(name.file_name().unwrap_or_default());
                        files::write(&companion, bytes).await.map_err(files::FileError::into_send_error)?;
                    }
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
fn edited(path: &Path) -> text::Text {
    let file = path.display();
    text!(
        "tệp {file} đã có và khác với bản loa soạn (có người đã sửa?); loa không ghi đè",
        "the file {file} is there and differs from what loa made (has somebody edited it?); it was not overwritten"
    )
}
