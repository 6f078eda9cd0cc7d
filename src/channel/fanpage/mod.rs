//! The Fanpage, by one of two transports: a signed webhook whose receiver posts for the office, or Facebook's
//! Graph API itself.

mod form;
mod graph;
mod render;
mod webhook;

use std::sync::Arc;

use super::{Channel, Kind, OpenContext, Settings, SettingsError};
use crate::text;
use crate::text::Text;

pub(super) const KIND: Kind = Kind {
    name: "fanpage",
    about: || {
        text!(
            "Fanpage, qua webhook có chữ ký hoặc thẳng qua Graph API",
            "Fanpage, over a signed webhook or the Graph API itself"
        )
    },
    example: include_str!("example.toml"),
    fields: form::FIELDS,
    keys: || webhook::keys().and(graph::keys()),
    bundles: false,
    letters: false,
    removes_quietly: true,
    audience: false,
    spoken: false,
    open,
};

/// How posts get onto the page.
#[derive(Clone, Copy)]
enum Transport {
    Webhook,
    Graph,
}

impl Transport {
    fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Graph => "graph",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Webhook => Self::Graph,
            Self::Graph => Self::Webhook,
        }
    }

    /// The keys that have a meaning with this transport only.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Webhook => webhook::KEYS,
            Self::Graph => graph::KEYS,
        }
    }
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let transport = chosen(&settings)?;
    refuse_foreign_keys(&settings, transport)?;
    match transport {
        Transport::Webhook => webhook::open(settings, cx),
        Transport::Graph => graph::open(settings, cx),
    }
}

fn chosen(settings: &Settings<'_>) -> Result<Transport, SettingsError> {
    let Some(written) = settings.0.get_ref().get("transport") else { return Ok(Transport::Webhook) };
    match written.get_ref().as_str() {
        Some("webhook") => Ok(Transport::Webhook),
        Some("graph") => Ok(Transport::Graph),
        _ => {
            let text = text!(
                "transport là \"webhook\" (nơi nhận đăng giúp) hoặc \"graph\" (đăng thẳng lên Facebook)",
                "transport is \"webhook\" (a receiver posts for you) or \"graph\" (straight to Facebook)"
            );
            Err(mistake(written.span(), text))
        }
    }
}

/// A key of the other transport is a half-finished change of transport: say so, where it stands.
fn refuse_foreign_keys(settings: &Settings<'_>, transport: Transport) -> Result<(), SettingsError> {
    let (own, other) = (transport.name(), transport.other().name());
    let is_foreign = |key: &&toml::Spanned<_>| transport.other().keys().contains(&name_of(key));
    let Some(key) = settings.0.get_ref().keys().filter(is_foreign).min_by_key(|key| key.span().start) else {
        return Ok(());
    };
    let name = key.get_ref();
    let text = text!(
        "\"{name}\" chỉ dùng với transport = \"{other}\", còn kênh này dùng \"{own}\". Bỏ dòng này, hoặc ghi transport = \"{other}\"",
        "\"{name}\" belongs to transport = \"{other}\", but this channel uses \"{own}\". Remove it, or set transport = \"{other}\""
    );
    Err(mistake(key.span(), text))
}

fn name_of<'a>(key: &'a toml::Spanned<std::borrow::Cow<'_, str>>) -> &'a str {
    key.get_ref()
}

fn mistake(span: std::ops::Range<usize>, text: Text) -> SettingsError {
    SettingsError::at(span, text)
}
