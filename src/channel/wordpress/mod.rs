//! The portal on WordPress, over its REST API with an application password: a hidden draft first, then published.

mod answer;
mod api;
mod copy;
mod find;
mod form;
mod media;
mod render;
mod terms;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::failure::{RenderError, SendError};
use super::{
    Channel, Health, Item, Job, Keys, Kind, OpenContext, Payload, Progress, RenderContext, Repeat, Secret, Seen,
    Settings, SettingsError, client,
};
use crate::delivery::{Action, Live};
use crate::text;
use crate::text::Text;
use api::{Api, Routes};
use media::Hung;
use render::{Name, Post};
use terms::Taxonomy;

pub(super) const KIND: Kind = Kind {
    name: "wordpress",
    about: || text!("Cổng thông tin trên WordPress, qua REST API", "The portal on WordPress, over its REST API"),
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
    user: Spanned<String>,
    password: Secret,
    #[serde(default)]
    routes: Routes,
    #[serde(default)]
    withdraw: Withdraw,
    category: Option<TermName>,
    #[serde(default)]
    categories: BTreeMap<String, TermName>,
    #[serde(default = "yes")]
    tags: bool,
}

/// What becomes of a copy that is taken back. Both can be undone on the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Withdraw {
    #[default]
    Trash,
    Draft,
}

/// A category by its name, or by its number on the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum TermName {
    Number(u64),
    Name(String),
}

fn yes() -> bool {
    true
}

/// What rendering needs of the settings.
struct Shape {
    /// The channel's name: two channels on one site have copies of their own.
    channel: String,
    category: Option<TermName>,
    /// By topic, in lower case.
    categories: BTreeMap<String, TermName>,
    tags: bool,
}

impl Shape {
    /// Categories and tags for these topics: a topic without a category becomes a tag.
    fn sort(&self, topics: &[String]) -> (Vec<TermName>, Vec<String>) {
        let mut categories: Vec<TermName> = self.category.iter().cloned().collect();
        let mut tags = Vec::new();
        for topic in topics {
            match self.categories.get(&topic.to_lowercase()) {
                Some(category) if categories.contains(category) => {}
                Some(category) => categories.push(category.clone()),
                None if self.tags => tags.push(topic.clone()),
                None => {}
            }
        }
        (categories, tags)
    }
}

struct Portal {
    api: Api,
    withdraw: Withdraw,
    shape: Shape,
    /// What the site has told, so that it is not asked again for every article.
    known: Mutex<Known>,
}

/// The site's own numbers.
#[derive(Default)]
struct Known {
    terms: HashMap<(Taxonomy, String), u64>,
    /// By the hash of the picture: its alternative text there, and where it hangs.
    pictures: HashMap<String, (String, Hung)>,
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let table: Table = settings.parse()?;
    let site = address(&table.url)?;
    if table.user.get_ref().is_empty() || table.user.get_ref().contains(':') {
        return Err(wrong(
            &table.user,
            text!("user phải là tên đăng nhập trên WordPress", "user has to be the login name on WordPress"),
        ));
    }
    if cx.live {
        table.password.read().map_err(|error| SettingsError::new(error.0))?;
    }
    let client = client::client(cx.timeout)?;
    let lower = table.categories.into_iter().map(|(topic, category)| (topic.to_lowercase(), category));
    Ok(Arc::new(Portal {
        api: Api::new(client, site, table.routes, table.user.into_inner(), table.password),
        withdraw: table.withdraw,
        shape: Shape {
            channel: cx.channel.to_owned(),
            category: table.category,
            categories: lower.collect(),
            tags: table.tags,
        },
        known: Mutex::new(Known::default()),
    }))
}

fn wrong(at: &Spanned<String>, text: Text) -> SettingsError {
    SettingsError::at(at.span(), text)
}

/// The site's address, with a slash at its end. The password goes over it in the clear, so it has to be https.
fn address(url: &Spanned<String>) -> Result<Url, SettingsError> {
    let bad = || {
        wrong(
            url,
            text!(
                "url phải là địa chỉ trang, ví dụ https://anbinh.example.vn",
                "url has to be the site's address, such as https://anbinh.example.vn"
            ),
        )
    };
    let mut site = Url::parse(url.get_ref()).map_err(|_| bad())?;
    let host = site.host_str().ok_or_else(bad)?.trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if !client::is_web(&site) {
        return Err(bad());
    }
    if site.scheme() != "https" && !here {
        return Err(wrong(
            url,
            text!(
                "url phải bắt đầu bằng https://: qua http mật khẩu đi không mã hóa, WordPress cũng không nhận",
                "url has to begin with https://: over http the password would go unencrypted, and WordPress refuses it"
            ),
        ));
    }
    if !site.username().is_empty() || site.password().is_some() || site.query().is_some() {
        return Err(bad());
    }
    site.set_fragment(None);
    if !site.path().ends_with('/') {
        site.set_path(&format!("{}/", site.path()));
    }
    Ok(site)
}

impl Channel for Portal {
    fn repeat(&self) -> Repeat {
        Repeat::AfterLookup
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        render::render(items, cx, &self.shape)
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let item = job.first()?;
            let name = self.name(item);
            if item.action == Action::Withdraw {
                return self.take_back(job, item, &name).await;
            }
            let post = Post::read(&job.payload)?;
            match &item.live {
                Live::Staged { remote_id, .. } => match remote_id.parse() {
                    Ok(id) => self.reveal(job, &post, &name, id).await,
                    Err(_) => self.stage(job, &post, &name).await,
                },
                Live::Shown { receipt, .. } => self.update(job, &post, &name, receipt).await,
                Live::Nothing | Live::Maybe(_) => self.stage(job, &post, &name).await,
            }
        })
    }

    fn look_up<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async move {
            let item = job.first()?;
            match item.action {
                // Both begin by looking at what stands there, and change nothing when they are repeated.
                Action::Withdraw | Action::Update(_) => Ok(Seen::Absent),
                Action::Create(_) => self.created(job, &Post::read(&job.payload)?, &self.name(item)).await,
            }
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(self.examine())
    }
}

impl Portal {
    fn name(&self, item: &Item) -> Name {
        Name::of(item, &self.shape.channel)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
