//! The texts that channels fill in: the office's own in `templates/` beside the channel files, or those built in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tempfile::TempDir;

use super::shown::{Dress, payload_view};
use super::texts::{TextFile, changed_meanwhile};
use crate::app::App;
use crate::article::{Article, ArticleKey, Priority, Revision};
use crate::channel::{Channel, Item, RenderContext, Template, kind, templates};
use crate::config::{ChannelSpec, ConfigError};
use crate::console::{PayloadView, TemplateChange, TemplateView, Templates, Unable};
use crate::delivery::{Action, Live};
use crate::ledger::Filter;
use crate::queue::{By, Record, Versions as _};
use crate::text;
use crate::text::Text;

/// The newest deliveries among which articles for an example are looked for.
const AMONG: u32 = 40;

fn find(name: &str) -> Result<&'static Template, Unable> {
    templates().find(|template| self::name(template) == name).ok_or(Unable::Missing)
}

/// The file's name alone.
fn name(template: &Template) -> &'static str {
    template.file.rsplit('/').next().unwrap_or(template.file)
}

impl App {
    fn template_file(&self, template: &Template) -> TextFile {
        self.text_file(template.file)
    }

    async fn view(&self, template: &Template) -> Result<(TemplateView, Option<String>), Unable> {
        let own = self.template_file(template).read().await?;
        let specs = self.specs();
        let channels = specs.iter().filter(|spec| spec.kind.name == template.kind);
        let view = TemplateView {
            name: name(template).to_owned(),
            about: (template.about)(),
            own: own.is_some(),
            channels: channels.map(|spec| spec.name.clone()).collect(),
        };
        Ok((view, own))
    }

    /// The newest articles, and made-up ones where there are not enough.
    async fn examples(&self, number: usize) -> Result<Vec<Item>, Unable> {
        let filter = Filter { most: Some(AMONG), ..Filter::default() };
        let mut ids = Vec::new();
        for row in self.ledger().deliveries(filter).await? {
            if !ids.contains(&row.delivery.article) {
                ids.push(row.delivery.article);
            }
        }
        let mut articles = Vec::new();
        for id in ids.into_iter().take(number) {
            articles.push(self.ledger().content(id).await?);
        }
        while articles.len() < number {
            articles.push(Arc::new(made_up(articles.len() + 1)));
        }
        let now = self.clock.now();
        let item = |article: Arc<Article>| Item {
            action: Action::Create(Revision::FIRST),
            revision: Revision::FIRST,
            live: Live::Nothing,
            published: article.published_at.unwrap_or(now),
            updated: now,
            link: article.canonical_url.clone(),
            again: None,
            article,
        };
        Ok(articles.into_iter().map(item).collect())
    }

    async fn tried(&self, template: &'static Template, source: String) -> Result<PayloadView, Unable> {
        let items = self.examples(template.articles).await?;
        let app = self.clone();
        let tried = tokio::task::spawn_blocking(move || app.fill_in(template, &source, &items));
        tried.await.map_err(|error| Unable::Refused(Text::same(error.to_string())))?.map_err(Unable::Refused)
    }

    fn fill_in(&self, template: &Template, source: &str, items: &[Item]) -> Result<PayloadView, Text> {
        let spec = self.filler(template)?;
        let folder = self
            .trial_folder(template, source)
            .map_err(|error| text!("không xem thử được: {error}", "it cannot be tried: {error}"))?;
        let channel = self.trial(&spec.in_folder(folder.path())).map_err(|error| error.text)?;
        let now = self.clock.now();
        let edition = (items.len() > 1 && template.articles > 1).then_some(now);
        let cx = RenderContext { office: self.config.office.clone(), at: now, edition };
        let payload = channel.render(items, &cx).map_err(|error| error.0)?;
        Ok(payload_view(&payload, channel.style(), &Dress::default()))
    }

    fn trial(&self, spec: &ChannelSpec) -> Result<Arc<dyn Channel>, ConfigError> {
        spec.open(&self.config.office, &self.config.base, false)
    }

    /// A channel that fills the template in: the office's own, if one can be opened, or the kind's example.
    fn filler(&self, template: &Template) -> Result<ChannelSpec, Text> {
        let specs = self.specs();
        let mut own = specs.iter().filter(|spec| spec.kind.name == template.kind);
        // Whether it opens with templates that are not in question.
        let bare = tempfile::tempdir();
        let opens =
            |spec: &&ChannelSpec| bare.as_ref().is_ok_and(|bare| self.trial(&spec.in_folder(bare.path())).is_ok());
        if let Some(spec) = own.find(opens) {
            return Ok(spec.clone());
        }
        let example = kind(template.kind).map_or("", |kind| kind.example);
        let file = PathBuf::from(template.kind).with_extension("toml");
        ChannelSpec::parse(&file, example, self.config.office.timezone).map_err(|error| error.text)
    }

    /// A folder like that of the channel files, with `source` in the template's place.
    fn trial_folder(&self, template: &Template, source: &str) -> std::io::Result<TempDir> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir_all(folder.path().join("templates"))?;
        let copy = |inside: &Path| match std::fs::copy(self.config.channels.join(inside), folder.path().join(inside)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            copied => copied.map(drop),
        };
        copy(Path::new("lexicon.tsv"))?;
        for other in templates().filter(|other| other.file != template.file) {
            copy(Path::new(other.file))?;
        }
        std::fs::write(folder.path().join(template.file), source)?;
        Ok(folder)
    }

    async fn change_template(&self, name: &str, change: TemplateChange, by: By) -> Result<(), Unable> {
        let template = find(name)?;
        let file = self.template_file(template);
        let _alone = self.texts.lock().await;
        let before = file.read().await?;
        let (after, note) = match change {
            TemplateChange::Write { before: opened, after } => {
                let stands = before.clone().unwrap_or_else(|| template.built_in.to_owned());
                if lines(&stands) != lines(&opened) {
                    return Err(Unable::Refused(changed_meanwhile()));
                }
                // Browsers end lines their own way.
                (Some(lines(&after)), text!("sửa mẫu {name}", "template {name} was changed"))
            }
            TemplateChange::Reset => {
                (None, text!("mẫu {name}: về mẫu có sẵn", "template {name}: the one built in again"))
            }
            TemplateChange::PutBack(id) => {
                let version = self.store.version(id).await?.filter(|version| version.file == file.name);
                let content = version.ok_or(Unable::Missing)?.content;
                (content, text!("mẫu {name}: trở lại bản {id}", "template {name}: back to version {id}"))
            }
        };
        if let Some(after) = &after {
            self.tried(template, after.clone()).await?;
        }
        file.change(self, before, after, Record { by, what: "template", channel: None, note }).await
    }
}

fn lines(words: &str) -> String {
    words.replace("\r\n", "\n")
}

fn made_up(number: usize) -> Article {
    let body = "Ủy ban nhân dân xã thông báo lịch tiếp công dân: 7 giờ 30 thứ Năm, tại trụ sở UBND xã.";
    Article {
        key: ArticleKey { source: "loa".to_owned(), external_id: format!("vi-du-{number}") },
        title: format!("Bài ví dụ số {number}"),
        summary: Some("Tóm tắt của bài ví dụ.".to_owned()),
        body_html: format!("<p>{body}</p>"),
        body_text: body.to_owned(),
        byline: None,
        canonical_url: None,
        published_at: None,
        embargo_until: None,
        expires_at: None,
        language: "vi".to_owned(),
        topics: vec!["thông báo".to_owned()],
        organisation: None,
        priority: Priority::Normal,
        images: Vec::new(),
    }
}

impl Templates for App {
    fn list(&self) -> BoxFuture<'_, Result<Vec<TemplateView>, Unable>> {
        Box::pin(async move {
            let mut list = Vec::new();
            for template in templates() {
                list.push(self.view(template).await?.0);
            }
            Ok(list)
        })
    }

    fn one(&self, name: &str) -> BoxFuture<'_, Result<(TemplateView, String), Unable>> {
        let name = name.to_owned();
        Box::pin(async move {
            let template = find(&name)?;
            let (view, own) = self.view(template).await?;
            Ok((view, own.unwrap_or_else(|| template.built_in.to_owned())))
        })
    }

    fn try_out(&self, name: &str, source: String) -> BoxFuture<'_, Result<PayloadView, Unable>> {
        let template = find(name);
        Box::pin(async move { self.tried(template?, lines(&source)).await })
    }

    fn change(&self, name: &str, change: TemplateChange, by: By) -> BoxFuture<'_, Result<(), Unable>> {
        let name = name.to_owned();
        Box::pin(async move { self.change_template(&name, change, by).await })
    }
}
