//! Whose letters these are and how they look: the settings that rendering reads.

use lettre::Address;
use lettre::message::Mailbox;
use serde::Deserialize;
use toml::Spanned;

use super::dkim::{Dkim, Key, Signer};
use super::pictures::Images;
use crate::channel::page::ascii;
use crate::channel::{Secret, SettingsError};
use crate::text;
use crate::text::Text;

/// What every letter of a channel has in common.
pub(super) struct Manner {
    pub(super) sender: Mailbox,
    pub(super) reply_to: Option<Mailbox>,
    pub(super) bounces: Option<Address>,
    pub(super) images: Images,
    list: String,
}

impl Manner {
    pub(super) fn new(channel: &str, sender: Mailbox, bounces: Option<Address>, images: Images) -> Self {
        let list = match ascii(channel) {
            name if name.is_empty() => "tin".to_owned(),
            name => name,
        };
        Self { sender, reply_to: None, bounces, images, list }
    }

    /// With an address for answers, if one is set.
    pub(super) fn answered_at(mut self, written: Option<&Spanned<String>>) -> Result<Self, SettingsError> {
        self.reply_to = written.map(reply_to).transpose()?;
        Ok(self)
    }

    /// The sender's domain.
    pub(super) fn domain(&self) -> &str {
        self.sender.email.domain()
    }

    /// The channel's name as part of a domain name.
    pub(super) fn list(&self) -> &str {
        &self.list
    }

    /// Where answers go.
    pub(super) fn answers(&self) -> &Address {
        self.reply_to.as_ref().map_or(&self.sender.email, |reply| &reply.email)
    }
}

fn reply_to(written: &Spanned<String>) -> Result<Mailbox, SettingsError> {
    let words = written.get_ref();
    words.parse().map_err(|_| {
        SettingsError::at(
            written.span(),
            text!(
                "reply_to \"{words}\" không phải địa chỉ thư; viết như \"vanphong@anbinh.example.vn\"",
                "reply_to \"{words}\" is not a mail address; write it like \"vanphong@anbinh.example.vn\""
            ),
        )
    })
}

/// `[settings.dkim]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DkimTable {
    selector: Spanned<String>,
    key: Spanned<Secret>,
    domain: Option<Spanned<String>>,
    ed25519: Option<KeyTable>,
}

/// `[settings.dkim.ed25519]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyTable {
    selector: Spanned<String>,
    key: Spanned<Secret>,
}

/// The keys that sign; what is missing of them in a rehearsal is the second value.
pub(super) fn dkim(table: DkimTable, from: &str, live: bool) -> Result<(Dkim, Vec<Text>), SettingsError> {
    let domain = match &table.domain {
        None => from.to_ascii_lowercase(),
        Some(written) => aligned(written, from)?,
    };
    let mut dkim = Dkim { domain, signers: Vec::new() };
    let mut missing = Vec::new();
    let second = table.ed25519.map(|second| (second.selector, second.key, "ed25519"));
    for (selector, key, kind) in std::iter::once((table.selector, table.key, "rsa")).chain(second) {
        let name = selected(&selector)?;
        if dkim.signers.iter().any(|signer| signer.selector == name) {
            let text =
                text!("hai khóa DKIM phải có hai selector khác nhau", "two DKIM keys need two different selectors");
            return Err(SettingsError::at(selector.span(), text));
        }
        let wrong = |text| SettingsError::at(key.span(), text);
        let pem = match key.get_ref().read() {
            Ok(pem) => pem,
            Err(error) if live => return Err(wrong(error.0)),
            // A rehearsal needs no secrets.
            Err(error) => {
                missing.push(error.0);
                continue;
            }
        };
        let read = Key::from_pem(secrecy::ExposeSecret::expose_secret(&pem)).map_err(wrong)?;
        if read.name() != kind {
            let found = read.name();
            return Err(wrong(text!(
                "ở đây cần khóa {kind}, nhưng đây là khóa {found}",
                "a key of the kind {kind} belongs here; this one is {found}"
            )));
        }
        dkim.signers.push(Signer { selector: name, key: read });
    }
    Ok((dkim, missing))
}

/// The domain that signs has to be the sender's, or one above or below it: otherwise DMARC does not count it.
fn aligned(written: &Spanned<String>, from: &str) -> Result<String, SettingsError> {
    let domain = written.get_ref().trim_end_matches('.').to_ascii_lowercase();
    let from = from.to_ascii_lowercase();
    let under = |low: &str, high: &str| low.strip_suffix(high).is_some_and(|rest| rest.ends_with('.'));
    if domain.contains('.') && (domain == from || under(&from, &domain) || under(&domain, &from)) {
        return Ok(domain);
    }
    Err(SettingsError::at(
        written.span(),
        text!(
            "dkim.domain \"{domain}\" không khớp với tên miền của from ({from}): người nhận sẽ không công nhận chữ ký; bỏ \
             dòng này, hoặc viết \"{from}\"",
            "dkim.domain \"{domain}\" does not go with the domain of from ({from}): receivers would not count the \
             signature; leave this line out, or write \"{from}\""
        ),
    ))
}

fn selected(written: &Spanned<String>) -> Result<String, SettingsError> {
    let name = written.get_ref();
    let label = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if name.split('.').all(label) && name.len() <= 63 {
        return Ok(name.clone());
    }
    Err(SettingsError::at(
        written.span(),
        text!(
            "selector chỉ gồm chữ không dấu, số và gạch nối, như \"loa\"",
            "a selector is made of unaccented letters, digits and hyphens, such as \"loa\""
        ),
    ))
}
