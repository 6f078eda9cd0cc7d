//! `config.toml`: the daemon's own settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use serde::Deserialize;
use toml::Spanned;

use super::broker::{BrokerConfig, BrokerTable};
use super::error::ConfigError;
use super::feeds;
use super::feeds::FeedTable;
use super::mail::{MailConfig, MailTable};
use super::store::StoreTable;
use super::values::{duration, size};
use crate::channel::Office;
use crate::console::Token;
use crate::intake::{Feed, PictureRules};
use crate::queue::Keep;
use crate::store::StoreOptions;
use crate::text;
use crate::text::{Language, Text};

/// The daemon's settings, checked. Paths are ready to use.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file they came from.
    pub file: PathBuf,
    /// Folder that relative paths start from: the file's own.
    pub base: PathBuf,
    /// The office.
    pub office: Office,
    /// Where the channel files are.
    pub channels: PathBuf,
    /// Where rehearsals go.
    pub data: PathBuf,
    /// The store.
    pub store: StoreOptions,
    /// How long it keeps things.
    pub keep: Keep,
    /// The watched folder, if there is one.
    pub folder: Option<PathBuf>,
    /// Which pictures are fetched.
    pub pictures: PictureRules,
    /// The feeds that articles come in by.
    pub feeds: Arc<[Feed]>,
    /// The message broker that articles come in by, if there is one.
    pub broker: Option<BrokerConfig>,
    /// The HTTP face.
    pub http: HttpConfig,
    /// Letters that come back.
    pub mail: MailConfig,
    /// How long work in flight may go on when loa is told to stop.
    pub grace: Duration,
    /// How often every channel's credential is looked at.
    pub check_every: Duration,
    /// What is logged.
    pub log: LogConfig,
}

/// The HTTP face.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Address and port; `None`: no HTTP.
    pub listen: Option<String>,
    /// Whether a proxy stands before loa: then the address that a request comes from is the one that it names.
    pub proxy: bool,
    /// Who may call.
    pub tokens: Vec<Token>,
}

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// A level such as `info`, or a `tracing` filter.
    pub level: String,
    /// One JSON object per line instead of text.
    pub json: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<String>,
    language: Option<Language>,
    timezone: Option<Spanned<String>>,
    channels: Option<PathBuf>,
    data: Option<PathBuf>,
    #[serde(default)]
    store: StoreTable,
    #[serde(default)]
    intake: IntakeTable,
    #[serde(default)]
    feeds: Vec<FeedTable>,
    broker: Option<Spanned<BrokerTable>>,
    #[serde(default)]
    http: HttpTable,
    #[serde(default)]
    mail: MailTable,
    #[serde(default)]
    shutdown: ShutdownTable,
    #[serde(default)]
    upkeep: UpkeepTable,
    #[serde(default)]
    log: LogTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpkeepTable {
    check_every: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct IntakeTable {
    folder: Option<PathBuf>,
    #[serde(default)]
    pictures: PicturesTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PicturesTable {
    fetch: Option<bool>,
    max_size: Option<Spanned<String>>,
    #[serde(default)]
    allow: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpTable {
    listen: Option<String>,
    public_url: Option<Spanned<String>>,
    #[serde(default)]
    proxy: bool,
    #[serde(default)]
    tokens: Vec<TokenTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenTable {
    name: String,
    sha256: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShutdownTable {
    grace: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogTable {
    level: Option<String>,
    format: Option<LogFormat>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum LogFormat {
    Text,
    Json,
}

impl Config {
    /// Reads and checks `config.toml`.
    ///
    /// # Errors
    /// The first mistake, with file and line.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let source = std::fs::read_to_string(file).map_err(|error| {
            let text = text!(
                "không đọc được tệp cấu hình: {error}. Chạy loa trong thư mục có config.toml, hoặc chỉ rõ: --config ĐƯỜNG_DẪN",
                "cannot read the configuration: {error}. Run loa in the folder of config.toml, or name it: --config PATH"
            );
            ConfigError { file: file.to_owned(), line: None, text }
        })?;
        Self::parse(file, &source)
    }

    /// Checks the text of a `config.toml` that stands at `file`.
    ///
    /// # Errors
    /// The first mistake, with file and line.
    pub fn parse(file: &Path, source: &str) -> Result<Self, ConfigError> {
        let read: File = toml::from_str(source).map_err(|error| ConfigError::parser(file, source, &error))?;
        let base = file.parent().map(Path::to_owned).unwrap_or_default();
        let span = |value: &Spanned<String>| Some(value.span());
        let time = |value: Option<Spanned<String>>, usual: Duration| {
            value.map_or(Ok(usual), |value| {
                duration(value.get_ref()).map_err(|text| ConfigError::at(file, source, span(&value), text))
            })
        };
        let grace = time(read.shutdown.grace, Duration::from_secs(20))?;
        let check_every = time(read.upkeep.check_every, Duration::from_hours(6))?;
        let bytes = |value: Spanned<String>| {
            size(value.get_ref()).map_err(|text| ConfigError::at(file, source, span(&value), text))
        };
        let pictures = read.intake.pictures;
        let usual = PictureRules::default();
        let pictures = PictureRules {
            fetch: pictures.fetch.unwrap_or(usual.fetch),
            most_bytes: pictures.max_size.map_or(Ok(usual.most_bytes), bytes)?,
            allow: pictures.allow,
        };
        let tokens = read.http.tokens.into_iter().map(|token| {
            let hash = token.sha256.get_ref().to_ascii_lowercase();
            if hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()) {
                return Ok(Token { name: token.name, sha256: hash });
            }
            let text = text!(
                "sha256 phải là 64 chữ số thập lục phân, từ lệnh: printf %s MÃ | sha256sum",
                "sha256 has to be 64 hexadecimal digits, from: printf %s TOKEN | sha256sum"
            );
            Err(ConfigError::at(file, source, span(&token.sha256), text))
        });
        let public_url = read.http.public_url.map(|written| {
            public_url(written.get_ref()).map_err(|text| ConfigError::at(file, source, span(&written), text))
        });
        Ok(Self {
            file: file.to_owned(),
            office: Office {
                name: read.name.unwrap_or_else(|| "loa".to_owned()),
                timezone: zone(file, source, read.timezone)?,
                language: read.language.unwrap_or_default(),
                public_url: public_url.transpose()?,
            },
            channels: base.join(read.channels.unwrap_or_else(|| "channels".into())),
            data: base.join(read.data.unwrap_or_else(|| "var".into())),
            keep: read.store.keep(file, source)?,
            store: read.store.options(file, source, &base)?,
            folder: read.intake.folder.map(|folder| base.join(folder)),
            pictures,
            feeds: feeds::read(read.feeds, file, source)?,
            broker: read.broker.map(|table| BrokerTable::read(table, file, source, &base)).transpose()?,
            http: HttpConfig {
                listen: read.http.listen,
                proxy: read.http.proxy,
                tokens: tokens.collect::<Result<_, _>>()?,
            },
            mail: read.mail.read(file, source, &base),
            grace,
            check_every,
            log: LogConfig {
                level: read.log.level.unwrap_or_else(|| "info".to_owned()),
                json: read.log.format == Some(LogFormat::Json),
            },
            base,
        })
    }
}

/// An address such as `https://tin.anbinh.example.vn`, without a slash at the end.
fn public_url(written: &str) -> Result<String, Text> {
    let url = written.trim_end_matches('/');
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    if host.is_empty() || !url.is_ascii() || url.contains(['?', '#', ' ', '<', '>', '"']) {
        return Err(text!(
            "public_url là địa chỉ mà người dân mở được, như \"https://tin.anbinh.example.vn\"",
            "public_url is the address that the public can open, such as \"https://tin.anbinh.example.vn\""
        ));
    }
    Ok(url.to_owned())
}

fn zone(file: &Path, source: &str, written: Option<Spanned<String>>) -> Result<Tz, ConfigError> {
    let Some(written) = written else { return Ok(Tz::Asia__Ho_Chi_Minh) };
    super::channel_file::zone(written.get_ref())
        .map_err(|text| ConfigError::at(file, source, Some(written.span()), text))
}
