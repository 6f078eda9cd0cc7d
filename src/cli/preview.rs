//! `preview`: the exact payload, without sending or recording anything.

use std::sync::Arc;

use super::CliError;
use super::args::Preview;
use super::articles::stem;
use super::print::Printer;
use crate::app::{App, AppError};
use crate::article::{ArticleKey, Revision};
use crate::channel::{Item, RenderContext};
use crate::clock::Clock;
use crate::config::{Config, load_channels};
use crate::delivery::{Action, Live};
use crate::intake::{DraftContext, read};
use crate::ledger::Filter;
use crate::schedule::Change;
use crate::text::nearest::Unknown;

pub(super) async fn preview(config: &Config, asked: &Preview, printer: &Printer) -> Result<(), CliError> {
    let specs = load_channels(&config.channels, config.office.timezone).map_err(AppError::Config)?;
    let Some(spec) = specs.iter().find(|spec| spec.channel == asked.channel) else {
        let valid = specs.iter().map(|spec| spec.channel.clone()).collect();
        return Err(CliError::Text(Unknown { name: asked.channel.clone(), valid, field: false }.text()));
    };
    let name = stem(&asked.file);
    let cx = DraftContext { source: "cli", external_id: Some(&name), zone: config.office.timezone };
    let draft = read(&asked.file).map_err(|error| CliError::Text(error.text()))?;
    let (article, revision) = draft.into_article(&cx).map_err(|error| CliError::Text(error.text()))?;
    let now = Clock::system().now();
    let plan = spec.schedule.plan(&article, Change::Content, now);
    let (shown, live) = standing(config, &article.key, &asked.channel).await?;
    let revision = revision.unwrap_or_else(|| shown.map_or(Revision::FIRST, Revision::next));
    let item = Item {
        published: article.published_at.unwrap_or(now),
        updated: now,
        action: if matches!(live, Live::Shown { .. }) { Action::Update(revision) } else { Action::Create(revision) },
        live,
        link: article.canonical_url.clone(),
        again: None,
        article: Arc::new(article),
        revision,
    };
    let channel = spec.open(&config.office, &config.base, false)?;
    let cx = RenderContext { office: config.office.clone(), at: plan.planned, edition: plan.edition };
    let payload = channel.render(&[item], &cx).map_err(|error| CliError::Text(error.0))?;
    printer.bytes(&payload.bytes);
    Ok(())
}

/// The newest revision that is known of the article, and what the channel shows of it. Where there is no store yet,
/// nothing has been published.
async fn standing(config: &Config, key: &ArticleKey, channel: &str) -> Result<(Option<Revision>, Live), CliError> {
    if config.store.file().is_some_and(|file| !file.exists()) {
        return Ok((None, Live::Nothing));
    }
    let (app, _) = App::open_anyway(config.clone(), Clock::system()).await?;
    let known = app.ledger().find(&key.to_string()).await?.into_iter().find(|row| row.key == *key);
    let Some(known) = known else { return Ok((None, Live::Nothing)) };
    let filter = Filter { article: Some(known.id), channel: Some(channel.to_owned()), ..Filter::default() };
    let live = app.ledger().deliveries(filter).await?.pop().map_or(Live::Nothing, |row| row.delivery.live);
    Ok((Some(known.revision), live))
}
