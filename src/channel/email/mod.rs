//! Email over SMTP: one message per recipient, and a durable memory of who has had theirs.

mod dkim;
mod dns;
mod form;
mod headers;
mod letter;
mod manner;
mod new_key;
mod pictures;
mod post;
mod quoted;
mod rates;
mod recipients;
mod refusal;
mod register;
mod render;
mod rounds;
mod session;
mod templates;
mod trial;
mod wire;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use lettre::Address;
use lettre::message::Mailbox;
use secrecy::SecretString;
use serde::Deserialize;
use toml::Spanned;

use super::failure::{RenderError, SendError};
use super::{
    Addressee, Channel, DnsPlan, Health, Item, Job, Keys, Kind, OpenContext, Payload, Progress, RenderContext, Repeat,
    Secret, Seen, Settings, SettingsError,
};
use crate::text;
use crate::text::Text;
use rates::Rates;
use recipients::Recipients;

pub use new_key::new_signing_key;
pub(super) use templates::TEMPLATES;

pub(super) const KIND: Kind = Kind {
    name: "email",
    about: || text!("Thư điện tử qua SMTP, mỗi người nhận một thư riêng", "Email over SMTP, one message per recipient"),
    example: include_str!("example.toml"),
    fields: form::FIELDS,
    keys: || Keys::of::<Table>().with::<manner::DkimTable>("dkim"),
    bundles: true,
    letters: true,
    removes_quietly: false,
    audience: true,
    spoken: false,
    open,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    from: Spanned<String>,
    recipients: Option<Spanned<PathBuf>>,
    bounces: Option<Spanned<String>>,
    connections: Option<Spanned<usize>>,
    per_hour: Option<NonZeroU32>,
    per_hour_to_domain: Option<NonZeroU32>,
    put_off_minutes: Option<NonZeroU32>,
    patience_days: Option<NonZeroU32>,
    #[serde(default)]
    transport: TransportName,
    host: Option<String>,
    port: Option<u16>,
    #[serde(default)]
    security: Security,
    username: Option<String>,
    password: Option<Secret>,
    folder: Option<PathBuf>,
    reply_to: Option<Spanned<String>>,
    #[serde(default)]
    images: pictures::Images,
    dkim: Option<manner::DkimTable>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum TransportName {
    #[default]
    Smtp,
    File,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Security {
    /// Begins in the clear and turns to TLS; refused if the server cannot.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// None: only for a mail server on this machine or in the office's own network.
    None,
}

impl Security {
    /// The usual submission port (RFC 8314, RFC 6409).
    fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

struct Email {
    recipients: Recipients,
    /// Lines of the list that name nobody, as it was when the channel was opened.
    bad_lines: Option<Text>,
    posting: Arc<Posting>,
    transport: Transport,
    letter: render::Letter,
    dkim: Option<Arc<dkim::Dkim>>,
    /// Keys that could not be read, in a rehearsal.
    missing: Vec<Text>,
    /// Whether a letter says how to get no more of them.
    can_be_left: bool,
}

enum Transport {
    Smtp(Arc<session::Server>),
    /// Every message becomes a file.
    File(PathBuf),
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let table: Table = settings.parse()?;
    let wrong = |span, text: Text| SettingsError::at(span, text);
    let written = table.from.get_ref();
    let sender: Mailbox = written.parse().map_err(|_| {
        wrong(
            table.from.span(),
            text!(
                "from \"{written}\" không phải địa chỉ thư; viết như \"UBND xã An Bình <tin@anbinh.example.vn>\"",
                "from \"{written}\" is not a mail address; write it like \"UBND xã An Bình <tin@anbinh.example.vn>\""
            ),
        )
    })?;
    let recipients = match &table.recipients {
        Some(file) => Recipients::File(cx.path(file.get_ref())),
        None => Recipients::Subscribers,
    };
    let named = table.recipients.as_ref().map(Spanned::span);
    let bad_lines = recipients.check().map_err(|text| SettingsError { span: named, text, from_parser: false })?;
    let posting = Arc::new(posting(&table, &sender)?);
    let domain = sender.email.domain().to_owned();
    let (dkim, missing) = match table.dkim {
        Some(table) => {
            let (dkim, missing) = manner::dkim(table, &domain, cx.live)?;
            (Some(Arc::new(dkim)), missing)
        }
        None => (None, Vec::new()),
    };
    let manner = manner::Manner::new(cx.channel, sender, posting.bounces.clone(), table.images)
        .answered_at(table.reply_to.as_ref())?;
    let letter = render::Letter::new(manner, templates::Templates::open(cx)?);
    trial::pass(&letter, cx.office)?;
    let transport = match table.transport {
        TransportName::File => {
            let folder = table.folder.unwrap_or_else(|| PathBuf::from("var/email"));
            Transport::File(cx.path(&folder))
        }
        TransportName::Smtp => {
            let host = table.host.ok_or_else(|| {
                SettingsError::new(text!("thiếu host: máy chủ thư", "host is missing: the mail server"))
            })?;
            let password = match (&table.password, cx.live) {
                (Some(secret), true) => Some(secret.read().map_err(|error| SettingsError::new(error.0))?),
                _ => None,
            };
            super::client::provide_tls();
            Transport::Smtp(Arc::new(session::Server::new(
                host,
                table.port.unwrap_or_else(|| table.security.port()),
                table.security,
                login(table.username, password, cx.live)?,
                cx.timeout,
            )))
        }
    };
    let can_be_left = cx.office.public_url.is_some() || posting.bounces.is_some();
    Ok(Arc::new(Email { recipients, bad_lines, posting, transport, letter, dkim, missing, can_be_left }))
}

/// How letters are sent, whatever they say.
struct Posting {
    sender: Address,
    /// Where bounces go; each recipient's own address is made from it (VERP).
    bounces: Option<Address>,
    connections: usize,
    rates: Rates,
    /// How long we wait for a recipient's server that puts us off.
    put_off: Duration,
    /// For how long in all it may do so.
    patience: Duration,
}

impl Posting {
    /// The envelope's sender: with it, a bounce says whose it is.
    fn return_path(&self, to: &Addressee) -> Result<Address, SendError> {
        let Some(bounces) = &self.bounces else { return Ok(self.sender.clone()) };
        let (user, domain, token) = (bounces.user(), bounces.domain(), &to.token);
        Address::new(format!("{user}+{token}"), domain).map_err(|error| {
            SendError::permanent(text!(
                "không ghép được địa chỉ nhận thư báo lỗi: {error}",
                "cannot make the address for bounces: {error}"
            ))
        })
    }
}

fn posting(table: &Table, sender: &Mailbox) -> Result<Posting, SettingsError> {
    let bounces = table.bounces.as_ref().map(|written| {
        // A token of 26 characters and a plus have to fit into the 64 of a local part (RFC 5321 §4.5.3.1.1).
        written.get_ref().parse::<Address>().ok().filter(|address| address.user().len() <= 37).ok_or_else(|| {
            SettingsError::at(
                written.span(),
                text!(
                    "bounces là địa chỉ hộp thư nhận thư báo lỗi, như \"bounce@anbinh.example.vn\"",
                    "bounces is the address of the mailbox for bounces, such as \"bounce@anbinh.example.vn\""
                ),
            )
        })
    });
    let connections = match &table.connections {
        None => 4,
        Some(number) if (1..=50).contains(number.get_ref()) => *number.get_ref(),
        Some(number) => {
            let text = text!("connections từ 1 đến 50", "connections is from 1 to 50");
            return Err(SettingsError::at(number.span(), text));
        }
    };
    // Greylisting servers want a delay of minutes (RFC 6647 §2.2).
    let minutes = table.put_off_minutes.map_or(5, NonZeroU32::get);
    let days = table.patience_days.map_or(3, NonZeroU32::get);
    Ok(Posting {
        sender: sender.email.clone(),
        bounces: bounces.transpose()?,
        connections,
        rates: Rates {
            in_all: table.per_hour.map(NonZeroU32::get),
            to_domain: table.per_hour_to_domain.map(NonZeroU32::get),
        },
        put_off: Duration::from_mins(u64::from(minutes)),
        patience: Duration::from_hours(24 * u64::from(days)),
    })
}

fn login(
    username: Option<String>,
    password: Option<SecretString>,
    live: bool,
) -> Result<Option<(String, SecretString)>, SettingsError> {
    match (username, password) {
        (Some(username), Some(password)) => Ok(Some((username, password))),
        (None, None) => Ok(None),
        (Some(_), None) if !live => Ok(None),
        _ => Err(SettingsError::new(text!(
            "username và password phải đi cùng nhau",
            "username and password belong together"
        ))),
    }
}

impl Channel for Email {
    fn repeat(&self) -> Repeat {
        Repeat::AfterLookup
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        Ok(Payload::alone("eml", self.letter.message(items, cx)?))
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(post::post(self, job))
    }

    /// What the memory of copies says: whoever was begun is never written to again, so that it is safe to go on, and
    /// going on tells who is in doubt.
    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async move {
            let count = job.copies.count().await?;
            if !job.copies.is_complete().await? || count.open + count.begun > 0 {
                return Ok(if count.sent + count.begun > 0 { Seen::Begun } else { Seen::Absent });
            }
            Ok(Seen::Present(post::receipt(job)?))
        })
    }

    fn dns(&self) -> Option<DnsPlan> {
        Some(dns::plan(self))
    }

    fn advice(&self) -> Vec<Text> {
        let leaving = (!self.can_be_left).then(|| {
            text!(
                "thư không có cách hủy nhận, nơi nhận dễ coi là thư rác: điền public_url trong config.toml, hoặc bounces trong tệp kênh",
                "letters say nowhere how to unsubscribe, and may be taken for unwanted: set public_url in config.toml, or bounces in the channel's file"
            )
        });
        self.bad_lines.clone().into_iter().chain(leaving).collect()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(async move {
            match &self.transport {
                Transport::Smtp(server) => {
                    server.probe().await?;
                    let host = server.name();
                    let note = text!("đăng nhập {host} được", "{host} accepts us");
                    Ok(Health { proven: true, credential_ends: None, note })
                }
                Transport::File(folder) => super::files::probe(folder).await,
            }
        })
    }
}
