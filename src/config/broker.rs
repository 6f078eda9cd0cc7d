//! `[broker]`: a message broker that articles come in by.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use crate::channel::Secret;
use crate::text;
use crate::text::Text;

/// A message broker that articles come in by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerConfig {
    /// Such as `nats://127.0.0.1:4222`.
    pub url: String,
    /// The stream.
    pub stream: String,
    /// Which of its messages.
    pub subject: String,
    /// The consumer's name.
    pub durable: String,
    /// Source of articles that name none.
    pub source: String,
    /// Where messages are parked that can never be taken.
    pub refused: String,
    /// A certificate authority of the office's own.
    pub ca: Option<PathBuf>,
    /// What loa shows to the broker.
    pub login: BrokerLogin,
    file: PathBuf,
    line: Option<usize>,
}

/// What loa shows to a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerLogin {
    /// Nothing.
    None,
    /// A user and a password.
    Password(String, Secret),
    /// A token.
    Token(Secret),
    /// The content of a `.creds` file.
    Creds(Secret),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BrokerTable {
    url: Spanned<String>,
    stream: Spanned<String>,
    subject: Spanned<String>,
    durable: Option<Spanned<String>>,
    source: Option<Spanned<String>>,
    refused: Option<Spanned<String>>,
    ca: Option<PathBuf>,
    user: Option<String>,
    password: Option<Secret>,
    token: Option<Secret>,
    credentials: Option<Secret>,
}

impl BrokerTable {
    /// Checks what is written; paths start at `base`.
    pub(super) fn read(
        table: Spanned<Self>,
        file: &Path,
        source: &str,
        base: &Path,
    ) -> Result<BrokerConfig, ConfigError> {
        let whole = table.span();
        let at = |span: std::ops::Range<usize>, text: Text| ConfigError::at(file, source, Some(span), text);
        if !cfg!(feature = "nats") {
            return Err(at(
                whole,
                text!(
                    "bản loa này không có phần nhận bài qua NATS; dịch lại với: cargo build --release --features nats",
                    "this loa was built without NATS; build it with: cargo build --release --features nats"
                ),
            ));
        }
        let line = at(whole.clone(), Text::default()).line;
        let table = table.into_inner();
        let word =
            |value: &Spanned<String>, name: &str| word(value.get_ref(), name).map_err(|text| at(value.span(), text));
        let login =
            login(table.user, table.password, table.token, table.credentials, base).map_err(|text| at(whole, text))?;
        let subject = table.subject.get_ref();
        if !is_subject(subject, true) {
            return Err(at(table.subject.span(), no_subject("subject", "loa.bai")));
        }
        let refused = match &table.refused {
            Some(refused) if !is_subject(refused.get_ref(), false) => {
                return Err(at(refused.span(), no_subject("refused", "loa.bai.refused")));
            }
            Some(refused) => refused.get_ref().clone(),
            None if subject.contains(['*', '>']) => {
                return Err(at(
                    table.subject.span(),
                    text!(
                        "subject có dấu * hoặc >: hãy ghi refused, subject cho tin bị từ chối, nằm ngoài subject này",
                        "subject has a * or >: give refused, the subject for refused messages, outside of this one"
                    ),
                ));
            }
            None => format!("{subject}.refused"),
        };
        if takes(subject, &refused) {
            let span = table.refused.as_ref().unwrap_or(&table.subject).span();
            return Err(at(
                span,
                text!(
                    "refused nằm trong subject: tin bị từ chối sẽ quay lại mãi; chọn subject khác cho refused",
                    "refused lies within subject: refused messages would come back for ever; choose another subject for refused"
                ),
            ));
        }
        if !table.url.get_ref().starts_with("nats://") && !table.url.get_ref().starts_with("tls://") {
            return Err(at(
                table.url.span(),
                text!(
                    "url là địa chỉ máy chủ NATS, như \"nats://127.0.0.1:4222\" hoặc \"tls://nats.noi-bo:4222\"",
                    "url is the address of a NATS server, such as \"nats://127.0.0.1:4222\" or \"tls://nats.local:4222\""
                ),
            ));
        }
        if table.url.get_ref().contains('@') {
            return Err(at(
                table.url.span(),
                text!(
                    "không viết tài khoản vào url; dùng user và password, token hoặc credentials",
                    "no account in the url; use user and password, token or credentials"
                ),
            ));
        }
        Ok(BrokerConfig {
            url: table.url.get_ref().clone(),
            stream: word(&table.stream, "stream")?,
            durable: table.durable.as_ref().map_or(Ok("loa".to_owned()), |durable| word(durable, "durable"))?,
            source: table.source.as_ref().map_or(Ok("broker".to_owned()), |source| word(source, "source"))?,
            subject: subject.clone(),
            refused,
            ca: table.ca.map(|ca| base.join(ca)),
            login,
            file: file.to_owned(),
            line,
        })
    }
}

impl BrokerConfig {
    /// Whether the secrets and files that it names can be read; touches no network.
    ///
    /// # Errors
    /// With the line of `config.toml`.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |text: Text| ConfigError { file: self.file.clone(), line: self.line, text };
        match &self.login {
            BrokerLogin::None => {}
            BrokerLogin::Password(_, secret) | BrokerLogin::Token(secret) | BrokerLogin::Creds(secret) => {
                secret.read().map(drop).map_err(|error| wrong(error.0))?;
            }
        }
        match &self.ca {
            Some(ca) if !ca.is_file() => {
                let ca = ca.display();
                Err(wrong(text!("không có tệp {ca} (broker.ca)", "there is no file {ca} (broker.ca)")))
            }
            _ => Ok(()),
        }
    }
}

fn login(
    user: Option<String>,
    password: Option<Secret>,
    token: Option<Secret>,
    credentials: Option<Secret>,
    base: &Path,
) -> Result<BrokerLogin, Text> {
    let here = |secret: Secret| match secret {
        Secret::File(path) => Secret::File(base.join(path)),
        Secret::Env(name) => Secret::Env(name),
    };
    match (user, password, token, credentials) {
        (None, None, None, None) => Ok(BrokerLogin::None),
        (Some(user), Some(password), None, None) => Ok(BrokerLogin::Password(user, here(password))),
        (None, None, Some(token), None) => Ok(BrokerLogin::Token(here(token))),
        (None, None, None, Some(creds)) => Ok(BrokerLogin::Creds(here(creds))),
        _ => Err(text!(
            "[broker] dùng một trong: user và password, token, credentials",
            "[broker] takes one of: user and password, token, credentials"
        )),
    }
}

/// Names of streams and consumers stand in subjects, and sources in articles' ids.
fn word(written: &str, field: &str) -> Result<String, Text> {
    let odd = |c: char| c.is_whitespace() || matches!(c, '.' | '*' | '>' | '/' | '\\');
    if written.is_empty() || written.chars().count() > 100 || written.contains(odd) {
        return Err(text!(
            "{field} là một từ, không có dấu chấm, dấu cách, *, >, /",
            "{field} is one word, without dots, spaces, *, >, /"
        ));
    }
    Ok(written.to_owned())
}

fn is_subject(written: &str, wildcards: bool) -> bool {
    let parts: Vec<&str> = written.split('.').collect();
    parts.iter().enumerate().all(|(at, part)| match *part {
        "*" => wildcards,
        ">" => wildcards && at + 1 == parts.len(),
        part => !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || matches!(c, '*' | '>')),
    })
}

fn no_subject(field: &str, example: &str) -> Text {
    text!("{field} là một subject của NATS, như \"{example}\"", "{field} is a subject of NATS, such as \"{example}\"")
}

/// Whether a subject with wildcards takes in another one.
fn takes(subject: &str, other: &str) -> bool {
    let (mut own, mut others) = (subject.split('.'), other.split('.'));
    loop {
        match (own.next(), others.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(own), Some(other)) if own == other => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::takes;

    #[test]
    fn a_subject_takes_in_what_its_wildcards_cover() {
        for (subject, other, expected) in [
            ("loa.bai", "loa.bai.refused", false),
            ("loa.bai", "loa.bai", true),
            ("loa.>", "loa.bai.refused", true),
            ("loa.>", "loa", false),
            ("loa.*", "loa.bai.refused", false),
            ("loa.*", "loa.refused", true),
            (">", "refused", true),
            ("loa.bai.>", "loa.refused", false),
        ] {
            assert_eq!(takes(subject, other), expected, "{subject} {other}");
        }
    }
}
