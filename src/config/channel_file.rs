//! One channel file: parsed, then checked, then opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::folder::Stamp;
use super::targets::Target;
use super::values::{duration, rate};
use super::words::{ApprovalWords, TimingWords, approval, timing};
use crate::article::Priority;
use crate::channel::{Channel, DEFAULT_TIMEOUT, KINDS, Keys, Kind, Office, OpenContext, Rehearsal, Settings, kind};
use crate::dispatch::{Limits, RetryPolicy};
use crate::schedule::{Approval, Quiet, Route, Schedule, Timing};
use crate::text;
use crate::text::{Text, nearest};

/// One channel, checked.
#[derive(Clone)]
pub struct ChannelSpec {
    /// Its name: the file's name without `.toml`, and the target's id behind a dot where the file has targets.
    pub channel: String,
    /// The name people use.
    pub name: String,
    /// Its kind.
    pub kind: &'static Kind,
    /// Whether it takes articles.
    pub enabled: bool,
    /// Whether it only rehearses.
    pub rehearsal: bool,
    /// Which articles it takes.
    pub route: Route,
    /// When it sends.
    pub schedule: Schedule,
    /// How much at once.
    pub limits: Limits,
    /// When it tries again.
    pub retry: RetryPolicy,
    pub(super) file: PathBuf,
    pub(super) source: Arc<str>,
    /// What its secrets are read from.
    pub(super) secrets: Arc<[PathBuf]>,
    pub(super) after_span: Option<std::ops::Range<usize>>,
    /// Which of the file's targets it is, if the file has any.
    target: Option<usize>,
    /// Templates and lexicon, as they were when the file was read.
    pub(super) beside: Stamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<String>,
    kind: Spanned<String>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    mode: Mode,
    #[serde(rename = "settings")]
    _settings: Option<IgnoredAny>,
    #[serde(default)]
    route: RouteTable,
    #[serde(default)]
    schedule: ScheduleTable,
    #[serde(default)]
    limits: LimitsTable,
    #[serde(default)]
    retry: RetryTable,
    targets: Option<Spanned<Vec<Target>>>,
}

/// All keys of a channel file but those of its `[settings]`.
pub(super) fn keys() -> Keys {
    let keys = Keys::of::<File>().with::<RouteTable>("route").with::<ScheduleTable>("schedule");
    keys.with::<LimitsTable>("limits").with::<RetryTable>("retry")
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Live,
    Rehearsal,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RouteTable {
    topics: Vec<String>,
    except: Vec<String>,
    organisations: Vec<String>,
    priority: Vec<Priority>,
    when: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ScheduleTable {
    timing: Option<Spanned<TimingWords>>,
    timezone: Option<Spanned<String>>,
    quiet: Option<Spanned<String>>,
    grace: Option<Spanned<String>>,
    after: Option<Spanned<String>>,
    after_timeout: Option<Spanned<String>>,
    approval: Option<Spanned<ApprovalWords>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsTable {
    rate: Option<Spanned<String>>,
    concurrency: Option<Spanned<usize>>,
    timeout: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RetryTable {
    attempts: Option<u32>,
    first: Option<Spanned<String>>,
    longest: Option<Spanned<String>>,
}

/// Reads values out of one file and says where a bad one stands.
struct Reader<'a> {
    file: &'a Path,
    source: &'a str,
}

impl Reader<'_> {
    fn value<V, T>(&self, written: &Spanned<V>, read: impl FnOnce(&V) -> Result<T, Text>) -> Result<T, ConfigError> {
        read(written.get_ref()).map_err(|text| ConfigError::at(self.file, self.source, Some(written.span()), text))
    }

    fn or<T>(
        &self,
        written: Option<&Spanned<String>>,
        default: T,
        read: impl FnOnce(&str) -> Result<T, Text>,
    ) -> Result<T, ConfigError> {
        written.map_or(Ok(default), |written| self.value(written, |words| read(words)))
    }
}

impl ChannelSpec {
    /// Whether its file sets this key of the adapter's own table.
    #[must_use]
    pub fn sets(&self, key: &str) -> bool {
        let file: Result<toml::Table, _> = toml::from_str(&self.source);
        file.is_ok_and(|file| file.get("settings").is_some_and(|settings| settings.get(key).is_some()))
    }

    /// The channels of a file: one, or one for each of its `[[targets]]`.
    ///
    /// # Errors
    /// The first mistake, with file and line.
    pub fn parse_all(file: &Path, source: &str, zone_of_office: Tz) -> Result<Vec<Self>, ConfigError> {
        let whole = Self::parse(file, source, zone_of_office)?;
        let read: File = toml::from_str(source).map_err(|error| ConfigError::parser(file, source, &error))?;
        let Some(targets) = read.targets else { return Ok(vec![whole]) };
        let at = |span, text| ConfigError::at(file, source, Some(span), text);
        if targets.get_ref().is_empty() {
            let text = text!(
                "targets để trống; thêm ít nhất một [[targets]] với id",
                "targets is empty; add at least one [[targets]] with an id"
            );
            return Err(at(targets.span(), text));
        }
        super::targets::check(targets.get_ref()).map_err(|(span, text)| at(span, text))?;
        let one = |(position, target): (usize, Target)| Self {
            channel: format!("{}.{}", whole.channel, target.id.get_ref()),
            name: format!("{} – {}", whole.name, target.name.as_deref().unwrap_or(target.id.get_ref())),
            enabled: whole.enabled && target.enabled.unwrap_or(true),
            target: Some(position),
            ..whole.clone()
        };
        Ok(targets.into_inner().into_iter().enumerate().map(one).collect())
    }

    /// Checks the text of a channel file, without its targets. Needs no secrets and no network.
    ///
    /// # Errors
    /// The first mistake, with file and line.
    pub fn parse(file: &Path, source: &str, zone_of_office: Tz) -> Result<Self, ConfigError> {
        let read: File = toml::from_str(source).map_err(|error| ConfigError::parser(file, source, &error))?;
        let reader = Reader { file, source };
        let kind = reader.value(&read.kind, |name| kind(name).ok_or_else(|| unknown_kind(name)))?;
        let channel = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let rehearsal = read.mode == Mode::Rehearsal;
        Ok(Self {
            name: read.name.unwrap_or_else(|| channel.clone()),
            channel,
            kind,
            enabled: read.enabled,
            rehearsal,
            route: route(&reader, read.route)?,
            after_span: read.schedule.after.as_ref().map(Spanned::span),
            schedule: schedule(&reader, &read.schedule, zone_of_office, kind, rehearsal)?,
            limits: limits(&reader, &read.limits)?,
            retry: retry(&reader, &read.retry)?,
            file: file.to_owned(),
            source: source.into(),
            secrets: super::secrets::files(source).into(),
            target: None,
            beside: Stamp::new(),
        })
    }

    /// Builds the channel. Needs its secrets if `live`; touches no network.
    ///
    /// # Errors
    /// What is wrong in `[settings]`, or which secret is missing.
    pub fn open(&self, office: &Office, base: &Path, live: bool) -> Result<Arc<dyn Channel>, ConfigError> {
        let mut table =
            DeTable::parse(&self.source).map_err(|error| ConfigError::parser(&self.file, &self.source, &error))?;
        let own = self.target.and_then(|position| super::targets::settings(table.get_mut(), position));
        let shared = table.get_mut().remove("settings");
        let span = own.as_ref().or(shared.as_ref()).map_or(0..0, Spanned::span);
        let mut settings = Spanned::new(span, DeTable::new());
        for layer in [shared, own].into_iter().flatten() {
            let span = layer.span();
            let DeValue::Table(layer) = layer.into_inner() else {
                let text = text!("[settings] phải là một bảng", "[settings] has to be a table");
                return Err(ConfigError::at(&self.file, &self.source, Some(span), text));
            };
            super::targets::merge(settings.get_mut(), layer);
        }
        let cx = OpenContext {
            channel: &self.channel,
            base,
            folder: self.file.parent().unwrap_or(base),
            office,
            timeout: self.limits.timeout,
            live,
        };
        (self.kind.open)(Settings(settings), &cx)
            .map_err(|error| ConfigError::settings(&self.file, &self.source, error))
    }

    /// Builds what the dispatcher drives: the channel itself, or its rehearsal into a folder under `data`.
    ///
    /// # Errors
    /// As for [`ChannelSpec::open`].
    pub fn open_for_work(&self, office: &Office, base: &Path, data: &Path) -> Result<Arc<dyn Channel>, ConfigError> {
        let channel = self.open(office, base, !self.rehearsal)?;
        if !self.rehearsal {
            return Ok(channel);
        }
        let folder = data.join("rehearsal").join(&self.channel);
        Ok(Arc::new(Rehearsal::new(channel, folder)))
    }

    /// The same channel with what lies beside its file taken from another folder: for trying out templates.
    #[must_use]
    pub fn in_folder(&self, folder: &Path) -> Self {
        Self { file: folder.join(self.file.file_name().unwrap_or_default()), ..self.clone() }
    }

    /// The file it was read from.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether its file said this when it was read.
    #[must_use]
    pub fn says(&self, text: &str) -> bool {
        *self.source == *text
    }

    /// Whether it was read from `file`.
    #[must_use]
    pub fn is_of(&self, file: &Path) -> bool {
        self.file == file
    }

    /// Whether another reading of the same file, and of what lies beside it, says the same.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.source == other.source && self.beside == other.beside
    }
}

fn unknown_kind(name: &str) -> Text {
    let valid = KINDS.iter().map(|kind| kind.name.to_owned()).collect();
    nearest::Unknown { name: name.to_owned(), valid, field: false }.text()
}

/// A time zone by its IANA name.
pub(super) fn zone(words: &str) -> Result<Tz, Text> {
    words.parse::<Tz>().map_err(|_| {
        let valid = nearest::nearest(words, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let near = valid.unwrap_or("Asia/Ho_Chi_Minh");
        text!(
            "không có múi giờ \"{words}\"; có phải \"{near}\"?",
            "there is no time zone \"{words}\"; did you mean \"{near}\"?"
        )
    })
}

fn route(reader: &Reader<'_>, table: RouteTable) -> Result<Route, ConfigError> {
    let when = table.when.as_ref().map(|written| {
        reader.value(written, |when| {
            Route::check(when).map_err(|error| error.0)?;
            Ok(Arc::from(when.as_str()))
        })
    });
    Ok(Route {
        topics: table.topics,
        except: table.except,
        organisations: table.organisations,
        priority: table.priority,
        when: when.transpose()?,
    })
}

fn schedule(
    reader: &Reader<'_>,
    table: &ScheduleTable,
    zone_of_office: Tz,
    kind: &Kind,
    rehearsal: bool,
) -> Result<Schedule, ConfigError> {
    let hours = |hours: u64| Duration::from_secs(hours * 3_600);
    let timing = table.timing.as_ref().map_or(Ok(Timing::Immediate), |written| reader.value(written, timing))?;
    let quiet = table
        .quiet
        .as_ref()
        .map(|written| reader.value(written, |words| words.parse::<Quiet>().map_err(|error| error.0)))
        .transpose()?;
    Ok(Schedule {
        bundles: kind.bundles && matches!(timing, Timing::Cron(_)),
        timing,
        zone: reader.or(table.timezone.as_ref(), zone_of_office, zone)?,
        quiet,
        grace: reader.or(table.grace.as_ref(), hours(24), duration)?,
        after: table.after.as_ref().map(|after| after.get_ref().clone()),
        after_timeout: reader.or(table.after_timeout.as_ref(), hours(2), duration)?,
        approval: table.approval.as_ref().map_or(Ok(Approval::No), |written| reader.value(written, approval))?,
        removes_quietly: kind.removes_quietly,
        rehearsal,
    })
}

fn limits(reader: &Reader<'_>, table: &LimitsTable) -> Result<Limits, ConfigError> {
    let concurrency = table.concurrency.as_ref().map_or(Ok(1), |written| {
        reader.value(written, |number| match *number {
            1..=64 => Ok(*number),
            _ => Err(text!("concurrency từ 1 đến 64", "concurrency is from 1 to 64")),
        })
    })?;
    let rate = table.rate.as_ref().map(|written| reader.value(written, |words| rate(words))).transpose()?;
    Ok(Limits { rate, concurrency, timeout: reader.or(table.timeout.as_ref(), DEFAULT_TIMEOUT, duration)? })
}

fn retry(reader: &Reader<'_>, table: &RetryTable) -> Result<RetryPolicy, ConfigError> {
    let default = RetryPolicy::default();
    Ok(RetryPolicy {
        attempts: table.attempts.unwrap_or(default.attempts).max(1),
        first: reader.or(table.first.as_ref(), default.first, duration)?,
        longest: reader.or(table.longest.as_ref(), default.longest, duration)?,
    })
}
