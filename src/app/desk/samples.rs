//! What a channel would send, rendered as it is when it is sent.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::app::App;
use crate::article::{Article, Revision};
use crate::channel::{Item, Payload, RenderContext};
use crate::console::{Sample, Samples};
use crate::delivery::{Action, Live};
use crate::intake::{DraftContext, Format, parse};
use crate::ledger::{ArticleRow, Filter};
use crate::queue::StoreError;
use crate::schedule::Change;
use crate::text::Text;
use crate::text::nearest::Unknown;

impl App {
    async fn sample_now(&self, channel: &str, bytes: &[u8], source: &str) -> Result<Result<Sample, Text>, StoreError> {
        let cx = DraftContext { source, external_id: None, zone: self.config().office.timezone };
        let draft = parse(bytes, Format::Json).and_then(|draft| draft.into_article(&cx));
        let (article, revision) = match draft {
            Ok(read) => read,
            Err(error) => return Ok(Err(error.text())),
        };
        let (known, live) = self.shown(&article, channel).await?;
        let next = known.map_or(Revision::FIRST, |known| known.revision.next());
        Ok(self.render(channel, article, revision.unwrap_or(next), live).map(sample))
    }

    /// What is known of the article, and what the channel shows of it.
    async fn shown(&self, article: &Article, channel: &str) -> Result<(Option<ArticleRow>, Live), StoreError> {
        let known = self.ledger().find(&article.key.to_string()).await?.into_iter().find(|row| row.key == article.key);
        let Some(known) = known else { return Ok((None, Live::Nothing)) };
        let filter = Filter { article: Some(known.id), channel: Some(channel.to_owned()), ..Filter::default() };
        let live = self.ledger().deliveries(filter).await?.pop().map_or(Live::Nothing, |row| row.delivery.live);
        Ok((Some(known), live))
    }

    fn render(&self, channel: &str, article: Article, revision: Revision, live: Live) -> Result<Payload, Text> {
        let (specs, config, now) = (self.specs(), self.config(), self.clock().now());
        let Some(spec) = specs.iter().find(|spec| spec.channel == channel) else {
            let valid = specs.iter().map(|spec| spec.channel.clone()).collect();
            return Err(Unknown { name: channel.to_owned(), valid, field: false }.text());
        };
        let plan = spec.schedule.plan(&article, Change::Content, now);
        let is_shown = matches!(live, Live::Shown { .. });
        let item = Item {
            published: article.published_at.unwrap_or(now),
            updated: now,
            action: if is_shown { Action::Update(revision) } else { Action::Create(revision) },
            live,
            link: article.canonical_url.clone(),
            again: None,
            article: Arc::new(article),
            revision,
        };
        let opened = spec.open(&config.office, &config.base, false).map_err(|error| error.text)?;
        let cx = RenderContext { office: config.office.clone(), at: plan.planned, edition: plan.edition };
        opened.render(&[item], &cx).map_err(|error| error.0)
    }
}

fn sample(payload: Payload) -> Sample {
    let hash = payload.hash();
    let Payload { extension, bytes, beside, note } = payload;
    Sample { extension, bytes: bytes.into(), hash, beside, note }
}

impl Samples for App {
    fn sample(
        &self,
        channel: String,
        article: Vec<u8>,
        source: String,
    ) -> BoxFuture<'_, Result<Result<Sample, Text>, StoreError>> {
        Box::pin(async move { self.sample_now(&channel, &article, &source).await })
    }
}
