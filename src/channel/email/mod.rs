//! Email over SMTP: one message per recipient, and a durable memory of who has had theirs.

mod post;
mod recipients;
mod render;
mod session;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use secrecy::SecretString;
use serde::Deserialize;
use toml::Spanned;

use super::failure::{RenderError, SendError};
use super::{
    Channel, CopyState, Health, Item, Job, Kind, OpenContext, Payload, Progress, RenderContext, Repeat, Secret, Seen,
    Settings, SettingsError,
};
use crate::text;
use crate::text::Text;
use recipients::Recipients;

pub(super) const KIND: Kind = Kind {
    name: "email",
    about: || text!("Thư điện tử qua SMTP, mỗi người nhận một thư riêng", "Email over SMTP, one message per recipient"),
    example: include_str!("example.toml"),
    bundles: true,
    letters: true,
    removes_quietly: false,
    open,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    from: Spanned<String>,
    recipients: Spanned<PathBuf>,
    #[serde(default)]
    transport: TransportName,
    host: Option<String>,
    port: Option<u16>,
    #[serde(default)]
    security: Security,
    username: Option<String>,
    password: Option<Secret>,
    folder: Option<PathBuf>,
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
    sender: Mailbox,
    recipients: Recipients,
    transport: Transport,
    letter: render::Letter,
}

enum Transport {
    Smtp(session::Server),
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
    let recipients = Recipients::new(cx.path(table.recipients.get_ref()));
    recipients.read().map_err(|text| wrong(table.recipients.span(), text))?;
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
            Transport::Smtp(session::Server::new(
                host,
                table.port.unwrap_or_else(|| table.security.port()),
                table.security,
                login(table.username, password, cx.live)?,
                cx.timeout,
            ))
        }
    };
    let letter = render::Letter::new().map_err(|error| SettingsError::new(error.0))?;
    Ok(Arc::new(Email { sender, recipients, transport, letter }))
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
        Ok(Payload::alone("eml", self.letter.message(items, &self.sender, cx)?))
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(post::post(self, job))
    }

    /// What the memory of copies says: somebody not yet begun means that it is safe to go on; somebody
    /// begun without an answer is for a person to find out.
    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async move {
            let copies = job.copies.all().await?;
            let audience = post::audience(self, job).await?;
            if audience.iter().any(|address| !copies.contains_key(address)) {
                return Ok(Seen::Absent);
            }
            let in_doubt: Vec<&str> = audience
                .iter()
                .filter(|address| copies.get(*address) == Some(&CopyState::Begun))
                .map(String::as_str)
                .collect();
            Ok(if in_doubt.is_empty() {
                Seen::Present(post::receipt(job)?)
            } else {
                Seen::Unknown(post::doubt(&in_doubt))
            })
        })
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
