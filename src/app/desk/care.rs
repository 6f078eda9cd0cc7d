//! Looking after the channels that there are.

use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::future::{BoxFuture, try_join_all};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::channel::{Channel, Job, NoCopies, NoPictures, Progress, Rehearsal, RenderContext};
use crate::config::ChannelSpec;
use crate::console::{ChannelCare, ChannelSummary, Channels, CheckUp, Routed, Standing, Trial, Used};
use crate::delivery::edition_key;
use crate::ledger::ChannelLedger as _;
use crate::queue::{By, Pause, PauseCause, Record, Refusable, StoreError};
use crate::schedule::{Approval, Change, Timing};
use crate::text;
use crate::text::Text;

/// So many articles are held against a channel's route.
const TRIED: u32 = 50;
/// So much of a payload is shown.
const SHOWN: usize = 20_000;

fn unknown(channel: &str) -> Text {
    text!("không có kênh \"{channel}\"", "there is no channel \"{channel}\"")
}

impl App {
    fn spec(&self, channel: &str) -> Option<ChannelSpec> {
        self.specs().iter().find(|spec| spec.channel == channel).cloned()
    }

    async fn stands(
        &self,
        spec: &ChannelSpec,
        summary: ChannelSummary,
        pauses: &[(String, Pause)],
        rests: &[crate::ledger::Rest],
    ) -> Result<Standing, StoreError> {
        let used = match spec.limits.rate {
            Some(rate) => {
                let since = self.clock.now() - TimeDelta::from_std(rate.per).unwrap_or(TimeDelta::MAX);
                let used = self.store.tries_since(spec.channel.clone(), since, rate.most).await?;
                Some(Used { used, most: rate.most, seconds: rate.per.as_secs() })
            }
            None => None,
        };
        let stem = spec.file().file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let says = std::fs::read_to_string(spec.file()).is_ok_and(|text| spec.says(&text));
        Ok(Standing {
            file: stem.unwrap_or_default(),
            about: (spec.kind.about)(),
            pause: pauses.iter().find(|(name, _)| *name == spec.channel).map(|(_, pause)| pause.clone()),
            rests_until: rests.iter().find(|(name, _)| *name == spec.channel).map(|(_, until)| *until),
            check_up: self.last_check_up(&spec.channel),
            used,
            after: spec.schedule.after.clone(),
            approval: spec.schedule.approval != Approval::No,
            timing: match &spec.schedule.timing {
                Timing::Immediate => Vec::new(),
                Timing::Cron(lines) => lines.iter().map(|line| line.written().to_owned()).collect(),
            },
            grace: spec.schedule.grace.as_secs(),
            behind: !says,
            summary,
        })
    }

    async fn all_standings(&self) -> Result<Vec<Standing>, StoreError> {
        let specs = self.specs();
        let (ledger, now) = (self.ledger(), self.clock.now());
        let (pauses, rests) = (ledger.pauses().await?, ledger.rests(now).await?);
        let summaries = Channels::summaries(self);
        let standing = specs.iter().zip(summaries).map(|(spec, summary)| self.stands(spec, summary, &pauses, &rests));
        try_join_all(standing).await
    }

    /// The channel's route, schedule and template on the sample article, into a file.
    async fn rehearse(&self, channel: &str, by: By) -> Refusable<Trial> {
        let Some(spec) = self.spec(channel) else { return Ok(Err(unknown(channel))) };
        let made = self.rehearsed(&spec).await;
        if made.is_ok() {
            let note = text!("thử bằng bài mẫu, không gửi ra ngoài", "tried out with a sample; nothing was sent");
            let record = Record { by, what: "try_out", channel: Some(channel.to_owned()), note };
            self.people().record(record).await?;
        }
        Ok(made)
    }

    async fn rehearsed(&self, spec: &ChannelSpec) -> Result<Trial, Text> {
        let (config, now) = (&self.config, self.clock.now());
        // Never live: without its secrets it could not even send.
        let channel = spec.open(&config.office, &config.base, false).map_err(|error| error.text)?;
        let item = self.sample(now)?;
        let plan = spec.schedule.plan(&item.article, Change::Content, now);
        let cx = RenderContext { office: config.office.clone(), at: plan.planned, edition: plan.edition };
        let items = vec![item];
        let payload = channel.render(&items, &cx).map_err(|error| error.0)?;
        let rehearsal = Rehearsal::new(channel, config.data.join("rehearsal").join(&spec.channel).join("thu"));
        let (hash, bytes, extension) = (payload.hash(), payload.bytes.len(), payload.extension.to_owned());
        let whole = String::from_utf8_lossy(&payload.bytes);
        let shown: String = whole.chars().take(SHOWN).collect();
        let (cut, note) = (shown.len() < whole.len(), payload.note.clone());
        let job = Job {
            key: edition_key(&spec.channel, now),
            items,
            edition: None,
            payload,
            hash: hash.clone(),
            now,
            copies: Arc::new(NoCopies),
            pictures: Arc::new(NoPictures),
            halt: CancellationToken::new(),
        };
        let place = match rehearsal.advance(&job).await.map_err(|error| error.note)? {
            Progress::Live(receipt) => receipt.remote_id,
            _ => String::new(),
        };
        Ok(Trial { shown, cut, bytes, extension, hash, place, note })
    }
}

impl ChannelCare for App {
    fn standings(&self) -> BoxFuture<'_, Result<Vec<Standing>, StoreError>> {
        Box::pin(self.all_standings())
    }

    fn standing(&self, channel: String) -> BoxFuture<'_, Result<Option<Standing>, StoreError>> {
        Box::pin(async move {
            let Some(spec) = self.spec(&channel) else { return Ok(None) };
            let summary = Channels::summaries(self).into_iter().find(|summary| summary.channel == channel);
            let Some(summary) = summary else { return Ok(None) };
            let (ledger, now) = (self.ledger(), self.clock.now());
            let (pauses, rests) = (ledger.pauses().await?, ledger.rests(now).await?);
            self.stands(&spec, summary, &pauses, &rests).await.map(Some)
        })
    }

    fn pause(&self, channel: String, by: By) -> BoxFuture<'_, Refusable<()>> {
        Box::pin(async move {
            if self.spec(&channel).is_none() {
                return Ok(Err(unknown(&channel)));
            }
            let who = &by.who;
            let note = text!("{who} tạm dừng", "paused by {who}");
            let pause = Pause { note, cause: PauseCause::Person(by.who.clone()), since: by.at };
            self.queue().pause(channel, pause).await.map(Ok)
        })
    }

    fn resume(&self, channel: String, by: By) -> BoxFuture<'_, Refusable<()>> {
        Box::pin(async move {
            let resumed = self.queue().resume(channel, by.who, by.at).await?;
            let idle = || text!("kênh này không bị tạm dừng", "this channel was not paused");
            Ok(if resumed { Ok(()) } else { Err(idle()) })
        })
    }

    fn check(&self, channel: String) -> BoxFuture<'_, Result<CheckUp, Text>> {
        Box::pin(async move {
            let spec = self.spec(&channel).ok_or_else(|| unknown(&channel))?;
            let config = &self.config;
            let opened = spec.open_for_work(&config.office, &config.base, &config.data).map_err(|error| error.text)?;
            let found = opened.probe().await;
            Ok(self.checked(&channel, &found))
        })
    }

    fn try_out(&self, channel: String, by: By) -> BoxFuture<'_, Refusable<Trial>> {
        Box::pin(async move { self.rehearse(&channel, by).await })
    }

    fn routing(&self, channel: String) -> BoxFuture<'_, Refusable<Vec<Routed>>> {
        Box::pin(async move {
            let Some(spec) = self.spec(&channel) else { return Ok(Err(unknown(&channel))) };
            let recent = self.store.recent(TRIED).await?;
            let routed = recent.into_iter().map(|(article, content)| Routed {
                article,
                title: content.title.clone(),
                topics: content.topics.clone(),
                why_not: match spec.route.why_not(&content) {
                    Ok(not) => not.map(|not| not.text()),
                    Err(error) => Some(error.0),
                },
            });
            Ok(Ok(routed.collect()))
        })
    }
}
