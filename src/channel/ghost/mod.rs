//! Ghost, through its Admin API: a draft first, then published by setting its status. Only the draft is made, and
//! nobody sees it; everything after that sets a post to what it should be and may be repeated.

mod answer;
mod api;
mod form;
mod key;
mod render;
mod steps;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::Url;
use serde::Deserialize;
use toml::Spanned;

use super::failure::{RenderError, SendError};
use super::{
    Channel, Health, Item, Job, Keys, Kind, OpenContext, Payload, Progress, RenderContext, Repeat, Secret, Seen,
    Settings, SettingsError, client,
};
use crate::delivery::Action;
use crate::text;
use api::Api;
use render::Withdrawal;

pub(super) const KIND: Kind = Kind {
    name: "ghost",
    about: || text!("Trang tin chạy Ghost, qua Admin API", "A site that runs Ghost, over its Admin API"),
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
    url: Spanned<String>,
    admin_api_key: Secret,
    #[serde(default = "oldest_version")]
    api_version: Spanned<String>,
    #[serde(default)]
    withdrawal: Withdrawal,
}

/// The oldest version of Ghost that this adapter was written for.
fn oldest_version() -> Spanned<String> {
    Spanned::new(0..0, "v5.0".to_owned())
}

struct Ghost {
    api: Api,
    withdrawal: Withdrawal,
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let table: Table = settings.parse()?;
    let version = table.api_version.get_ref();
    if !version.strip_prefix('v').is_some_and(|number| number.split('.').all(|part| part.parse::<u16>().is_ok())) {
        return Err(SettingsError::at(
            table.api_version.span(),
            text!("api_version có dạng \"v5.0\"", "api_version looks like \"v5.0\""),
        ));
    }
    if cx.live {
        Api::read_key(&table.admin_api_key).map_err(SettingsError::new)?;
    }
    let api = Api {
        client: client::client(cx.timeout)?,
        base: base(&table.url)?,
        version: version.clone(),
        key: cx.live.then_some(table.admin_api_key),
    };
    Ok(Arc::new(Ghost { api, withdrawal: table.withdrawal }))
}

/// The Admin API's address below the site's; its slashes matter.
fn base(url: &Spanned<String>) -> Result<Url, SettingsError> {
    let site = url.get_ref().trim_end_matches('/');
    let site = site.strip_suffix("/ghost").unwrap_or(site);
    Url::parse(&format!("{site}/ghost/api/admin/"))
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none())
        .ok_or_else(|| {
            SettingsError::at(
                url.span(),
                text!(
                    "url phải là địa chỉ trang Ghost, ví dụ https://tin.anbinh.example.vn",
                    "url has to be the Ghost site's address, such as https://news.example.vn"
                ),
            )
        })
}

impl Channel for Ghost {
    fn repeat(&self) -> Repeat {
        Repeat::AfterLookup
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        render::render(items, cx, self.withdrawal)
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let item = job.first()?;
            match (item.action, &item.live) {
                (Action::Withdraw, _) => self.withdraw(job, item).await,
                (_, crate::delivery::Live::Staged { remote_id, .. }) => self.reveal(job, item, remote_id).await,
                (_, crate::delivery::Live::Shown { receipt, .. }) => self.correct(job, item, receipt).await,
                _ => self.draft(job, item).await,
            }
        })
    }

    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async move { self.look(job, job.first()?).await })
    }

    /// The site tells the hour to everybody; with it the key is proved by reading.
    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(async {
            let Some(now) = self.api.hour().await? else {
                let note = text!(
                    "trang Ghost không cho biết giờ; khóa chỉ kiểm tra được khi gửi",
                    "the Ghost site does not tell the hour; the key can only be proved by sending"
                );
                return Ok(Health { proven: false, credential_ends: None, note });
            };
            let note = match self.api.prove(now).await? {
                Some(version) => {
                    text!("khóa Ghost còn dùng được (Ghost {version})", "the key is good (Ghost {version})")
                }
                None => text!("khóa Ghost còn dùng được", "the key is good"),
            };
            Ok(Health { proven: true, credential_ends: None, note })
        })
    }
}
