//! Articles of a Zalo Official Account. What is handed in is hidden first and processed for a while; once its id is
//! known it is shown, and everything from there on sets the article to what it should be.
//!
//! Broadcasts are not built: they cannot be taken back.

mod api;
mod article;
mod errors;
mod form;
mod pair;
mod render;
mod steps;
mod tokens;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::Url;
use serde::Deserialize;
use toml::Spanned;

use super::failure::{RenderError, SendError};
use super::page::written_time;
use super::{
    Allowance, Channel, Health, Item, Job, Keys, Kind, OpenContext, Payload, Progress, RenderContext, Repeat, Secret,
    Seen, Settings, SettingsError, client,
};
use crate::delivery::{Action, Live};
use crate::text;
use api::Api;
use render::{Shape, Withdrawal};
use tokens::Tokens;

pub(super) const KIND: Kind = Kind {
    name: "zalo",
    about: || text!("Bài viết của Zalo Official Account", "Articles of a Zalo Official Account"),
    example: include_str!("example.toml"),
    fields: form::FIELDS,
    keys: || Keys::of::<Table>(),
    bundles: false,
    letters: false,
    removes_quietly: true,
    audience: false,
    spoken: false,
    open,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    app_id: Spanned<String>,
    app_secret: Secret,
    token_file: PathBuf,
    default_cover: Option<Spanned<String>>,
    author: Option<String>,
    #[serde(default)]
    comments: bool,
    #[serde(default)]
    withdrawal: Withdrawal,
    #[serde(default = "official_api")]
    api_url: Spanned<String>,
    #[serde(default = "official_oauth")]
    oauth_url: Spanned<String>,
}

fn official_api() -> Spanned<String> {
    Spanned::new(0..0, "https://openapi.zalo.me/v2.0".to_owned())
}

fn official_oauth() -> Spanned<String> {
    Spanned::new(0..0, "https://oauth.zaloapp.com/v4/oa/access_token".to_owned())
}

struct Zalo {
    api: Api,
    shape: Shape,
    zone: chrono_tz::Tz,
}

/// The token file is not looked at here: a channel may be checked before its app is authorised.
fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let table: Table = settings.parse()?;
    let app_id = table.app_id.get_ref();
    if app_id.is_empty() || !app_id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SettingsError::at(
            table.app_id.span(),
            text!("app_id là dãy số của ứng dụng Zalo", "app_id is the number of the Zalo app"),
        ));
    }
    if cx.live {
        table.app_secret.read().map_err(|error| SettingsError::new(error.0))?;
    }
    let cover = table.default_cover.as_ref().map(|cover| web(cover, "default_cover")).transpose()?;
    let client = client::client(cx.timeout)?;
    let tokens = Tokens {
        client: client.clone(),
        url: web(&table.oauth_url, "oauth_url")?,
        app_id: app_id.clone(),
        app_secret: cx.live.then_some(table.app_secret),
        file: cx.path(&table.token_file),
    };
    let mut base = web(&table.api_url, "api_url")?;
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    let zone = cx.office.timezone;
    Ok(Arc::new(Zalo {
        api: Api::new(client, base, Arc::new(tokens), zone),
        shape: Shape {
            author: table.author,
            cover: cover.map(String::from),
            comments: table.comments,
            withdrawal: table.withdrawal,
        },
        zone,
    }))
}

fn web(address: &Spanned<String>, name: &str) -> Result<Url, SettingsError> {
    Url::parse(address.get_ref()).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(|| {
        SettingsError::at(
            address.span(),
            text!("{name} phải là địa chỉ http(s)://…", "{name} has to be an http(s):// address"),
        )
    })
}

impl Channel for Zalo {
    fn repeat(&self) -> Repeat {
        Repeat::AfterLookup
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        render::render(items, cx, &self.shape)
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let item = job.first()?;
            match (item.action, &item.live) {
                (Action::Withdraw, _) => self.withdraw(job, item).await,
                (_, Live::Staged { remote_id, .. }) => self.reveal(job, item, remote_id).await,
                (_, Live::Shown { receipt, .. }) => self.correct(job, item, receipt).await,
                _ => self.create(job).await,
            }
        })
    }

    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async move { self.look(job, job.first()?).await })
    }

    fn allowance(&self) -> Option<Allowance> {
        self.api.allowance()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(async {
            let ends = self.api.prove().await?;
            let note = match ends {
                Some(ends) => {
                    let until = written_time(ends, self.zone);
                    text!(
                        "token Zalo còn dùng được; quyền hết hạn lúc {until} nếu từ nay không làm mới được",
                        "Zalo's tokens are good; the grant ends at {until} unless it is renewed before"
                    )
                }
                None => text!("token Zalo còn dùng được", "Zalo's tokens are good"),
            };
            Ok(Health { proven: true, credential_ends: ends, note })
        })
    }
}
