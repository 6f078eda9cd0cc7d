//! The settings of the Graph transport.

use std::sync::Mutex;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::super::mistake;
use super::super::render::Shape;
use super::api::Graph;
use crate::channel::{Keys, OpenContext, Secret, Settings, SettingsError, client};
use crate::text;
use crate::text::{Language, Text};

/// The keys that only this transport has.
pub(in super::super) const KEYS: &[&str] =
    &["page_id", "access_token", "app_id", "app_secret", "graph_version", "base_url", "most_photos"];

const VERSION: &str = "v26.0";
const HOST: &str = "https://graph.facebook.com";
const TEXT_LIMIT: usize = 2_000;
/// What is said everywhere to be Facebook's own limit.
const LONGEST_TEXT: usize = 63_206;
/// Four pictures were never refused.
const PHOTOS: usize = 4;
const MOST_PHOTOS: usize = 10;

/// All its keys.
pub(in super::super) fn keys() -> Keys {
    Keys::of::<Table>()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "transport")]
    _transport: IgnoredAny,
    page_id: Spanned<String>,
    access_token: Secret,
    app_id: Option<Spanned<String>>,
    app_secret: Option<Secret>,
    graph_version: Option<Spanned<String>>,
    base_url: Option<Spanned<String>>,
    text_limit: Option<Spanned<usize>>,
    most_photos: Option<Spanned<usize>>,
    #[serde(default = "yes")]
    hashtags: bool,
    #[serde(default = "yes")]
    images: bool,
}

fn yes() -> bool {
    true
}

/// Reads the value if it is there; it has to please `right`.
fn checked<T: Clone>(
    written: Option<&Spanned<T>>,
    default: T,
    right: impl Fn(&T) -> bool,
    rule: impl Fn() -> Text,
) -> Result<T, SettingsError> {
    match written {
        Some(written) if !right(written.get_ref()) => Err(mistake(written.span(), rule())),
        Some(written) => Ok(written.get_ref().clone()),
        None => Ok(default),
    }
}

pub(super) fn read(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<(Graph, Shape, usize), SettingsError> {
    let table: Table = settings.parse()?;
    let digits = |id: &String| !id.is_empty() && id.chars().all(|c| c.is_ascii_digit());
    let page = checked(Some(&table.page_id), String::new(), digits, || {
        text!(
            "page_id là dãy số của Trang (Trang → Giới thiệu → Tính minh bạch của Trang → ID trang)",
            "page_id is the page's number (page → About → Page transparency → Page ID)"
        )
    })?;
    let version = checked(
        table.graph_version.as_ref(),
        VERSION.to_owned(),
        |version| is_version(version),
        || text!("graph_version có dạng \"{VERSION}\"", "graph_version looks like \"{VERSION}\""),
    )?;
    let host = checked(
        table.base_url.as_ref(),
        HOST.to_owned(),
        |url| is_web(url),
        || text!("base_url phải là địa chỉ http(s)://…", "base_url has to be an http(s):// address"),
    )?;
    if let Some(id) = &table.app_id {
        checked(Some(id), String::new(), digits, || {
            text!("app_id là dãy số của ứng dụng", "app_id is the app's number")
        })?;
        if table.app_secret.is_none() {
            let text = text!(
                "có app_id thì phải có cả app_secret = {{ env = \"…\" }} hoặc {{ file = \"…\" }}",
                "app_id needs app_secret = {{ env = \"…\" }} or {{ file = \"…\" }} beside it"
            );
            return Err(mistake(id.span(), text));
        }
    }
    let text_limit = checked(
        table.text_limit.as_ref(),
        TEXT_LIMIT,
        |limit| (200..=LONGEST_TEXT).contains(limit),
        || text!("text_limit từ 200 đến {LONGEST_TEXT} ký tự", "text_limit is from 200 to {LONGEST_TEXT} characters"),
    )?;
    let most_photos = checked(
        table.most_photos.as_ref(),
        PHOTOS,
        |most| *most <= MOST_PHOTOS,
        || text!("most_photos từ 0 đến {MOST_PHOTOS}", "most_photos is from 0 to {MOST_PHOTOS}"),
    )?;
    if cx.live {
        // Missing now is missing at the first post: better said at once. They are read again for every try.
        for secret in [Some(&table.access_token), table.app_secret.as_ref()].into_iter().flatten() {
            secret.read().map_err(|error| SettingsError::new(error.0))?;
        }
    }
    let graph = Graph {
        client: client::client(cx.timeout)?,
        root: format!("{}/{version}", host.trim_end_matches('/')),
        page,
        token: table.access_token,
        app_id: table.app_id.map(Spanned::into_inner),
        app_secret: table.app_secret,
        locale: match cx.office.language {
            Language::Vi => "vi_VN",
            Language::En => "en_US",
        },
        usage: Mutex::new(None),
    };
    Ok((graph, Shape { text_limit, hashtags: table.hashtags, images: table.images }, most_photos))
}

fn is_version(words: &str) -> bool {
    let number = |digits: &str| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    words
        .strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(big, small)| number(big) && number(small))
}

fn is_web(words: &str) -> bool {
    reqwest::Url::parse(words).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
}
