//! Demo receivers on loopback: a webhook and a mail server that keep what they get. Not part of the
//! production path.

use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{mail, webhook};
use crate::clock::Clock;

/// The receivers; they stop when this is dropped.
pub(super) struct Receivers {
    hook_port: u16,
    smtp_port: u16,
    secret: String,
    _stop: DropGuard,
}

impl Receivers {
    /// Starts both; what they get goes into `webhook/` and `mail/` under `folder`.
    pub(super) async fn start(folder: &Path, clock: Clock) -> io::Result<Self> {
        let key: [u8; 32] = std::array::from_fn(|_| fastrand::u8(..));
        let secret = format!("whsec_{}", STANDARD.encode(key));
        let stop = CancellationToken::new();
        let hook = TcpListener::bind(("127.0.0.1", 0)).await?;
        let smtp = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (hook_port, smtp_port) = (hook.local_addr()?.port(), smtp.local_addr()?.port());
        let (webhooks, mails) = (folder.join("webhook"), folder.join("mail"));
        std::fs::create_dir_all(&webhooks)?;
        std::fs::create_dir_all(&mails)?;
        tokio::spawn(webhook::serve(hook, webhooks, secret.clone(), clock, stop.clone()));
        tokio::spawn(mail::serve(smtp, mails, stop.clone()));
        Ok(Self { hook_port, smtp_port, secret, _stop: stop.drop_guard() })
    }

    pub(super) fn hook(&self) -> String {
        format!("http://127.0.0.1:{}/fanpage", self.hook_port)
    }

    pub(super) fn smtp_port(&self) -> u16 {
        self.smtp_port
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }
}
