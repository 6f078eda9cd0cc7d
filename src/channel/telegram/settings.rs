//! The settings of a Telegram channel.

use serde::Deserialize;
use serde_json::json;
use toml::Spanned;

use super::api::Bot;
use super::render::{LONGEST_TEXT, Shape};
use crate::channel::{Keys, OpenContext, Secret, Settings, SettingsError, client};
use crate::text;
use crate::text::Text;

const HOST: &str = "https://api.telegram.org";
/// An album's most.
const MOST_PHOTOS: usize = 10;
const SHORTEST_TEXT: usize = 200;

/// Its keys.
pub(super) fn keys() -> Keys {
    Keys::of::<Table>()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// A number or a name.
    chat_id: Spanned<toml::Value>,
    bot_token: Secret,
    base_url: Option<Spanned<String>>,
    text_limit: Option<Spanned<usize>>,
    #[serde(default = "yes")]
    hashtags: bool,
    #[serde(default = "yes")]
    images: bool,
    #[serde(default)]
    silent: bool,
}

fn yes() -> bool {
    true
}

pub(super) fn read(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<(Bot, Shape), SettingsError> {
    let table: Table = settings.parse()?;
    let mistake = |span: std::ops::Range<usize>, text: Text| SettingsError::at(span, text);
    let chat = match table.chat_id.get_ref() {
        toml::Value::Integer(number) if *number != 0 => json!(number),
        toml::Value::String(name) if is_name(name) => json!(name),
        _ => {
            let text = text!(
                "chat_id là số của kênh như -1001234567890, hoặc \"@ten_kenh\"",
                "chat_id is the chat's number such as -1001234567890, or \"@its_name\""
            );
            return Err(mistake(table.chat_id.span(), text));
        }
    };
    let host = match &table.base_url {
        None => HOST.to_owned(),
        Some(url) => {
            let parsed = reqwest::Url::parse(url.get_ref());
            if !parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none()) {
                let text = text!("base_url phải là địa chỉ http(s)://…", "base_url has to be an http(s):// address");
                return Err(mistake(url.span(), text));
            }
            url.get_ref().trim_end_matches('/').to_owned()
        }
    };
    let text_limit = match &table.text_limit {
        Some(limit) if !(SHORTEST_TEXT..=LONGEST_TEXT).contains(limit.get_ref()) => {
            let text = text!(
                "text_limit từ {SHORTEST_TEXT} đến {LONGEST_TEXT}",
                "text_limit is from {SHORTEST_TEXT} to {LONGEST_TEXT}"
            );
            return Err(mistake(limit.span(), text));
        }
        Some(limit) => *limit.get_ref(),
        None => LONGEST_TEXT,
    };
    if cx.live {
        // Missing now is missing at the first message: better said at once.
        table.bot_token.read().map_err(|error| SettingsError::new(error.0))?;
    }
    let bot = Bot { client: client::client(cx.timeout)?, host, token: table.bot_token, chat, silent: table.silent };
    let photos = if table.images { MOST_PHOTOS } else { 0 };
    Ok((bot, Shape { text_limit, hashtags: table.hashtags, photos }))
}

fn is_name(words: &str) -> bool {
    words
        .strip_prefix('@')
        .is_some_and(|name| name.len() >= 4 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}
