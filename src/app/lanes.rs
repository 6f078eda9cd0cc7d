//! The channels at work: opened from their files, and opened again when those change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use super::App;
use crate::channel::{Attention, Class, SendError};
use crate::config::{ChannelSpec, ConfigError, load_good_channels};
use crate::dispatch::{Lane, Shop, work};
use crate::lifecycle::Lifecycle;
use crate::queue::{Pause, PauseCause, Planner, StoreError};
use crate::schedule::{ChannelGate, Schedule};

/// Why a channel is paused that could not be opened at all.
const NOT_OPENED: &str = "not_opened";

/// Every channel at work.
pub(super) struct Lanes {
    app: App,
    shop: Shop,
    life: Lifecycle,
    running: BTreeMap<String, Running>,
    /// Workers of channels that were switched off, finishing what they have in flight.
    retired: BTreeMap<String, JoinHandle<()>>,
}

struct Running {
    spec: ChannelSpec,
    lane: Lane,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// Takes no more work; the handle ends when what is in flight is finished.
    fn retire(self) -> JoinHandle<()> {
        self.stop.cancel();
        self.task
    }
}

fn ended(channel: &str, outcome: Result<(), JoinError>) {
    if let Err(error) = outcome {
        tracing::error!(%channel, %error, "the channel's worker failed");
    }
}

/// Between two looks at a store that does not take what is asked of it.
const REST: Duration = Duration::from_secs(1);

/// What waits on a channel is planned by its file, before anything more is sent.
async fn follow(channel: &str, schedule: &Schedule, changed: bool, shop: &Shop) {
    let mut every = tokio::time::interval(REST);
    let mut said = false;
    loop {
        every.tick().await;
        match plan_again(channel, schedule, changed, shop).await {
            Ok(Some(planned)) if changed => return tracing::info!(%channel, planned, "the channel was reloaded"),
            Ok(Some(planned)) => {
                return tracing::info!(%channel, planned, "what waits is planned by the channel's file as it is now");
            }
            Ok(None) => return,
            Err(error) if !std::mem::replace(&mut said, true) => {
                tracing::error!(%channel, %error, "what waits cannot be planned by the new file; nothing is sent before");
            }
            Err(_) => {}
        }
    }
}

/// How many have another plan now; `None` where all of them are known to be planned by this schedule. Its file may have
/// `changed` just now, or while loa was off.
async fn plan_again(
    channel: &str,
    schedule: &Schedule,
    changed: bool,
    shop: &Shop,
) -> Result<Option<usize>, StoreError> {
    let name = schedule.name();
    if !changed && shop.queue.planned_by(channel.to_owned()).await?.as_ref() == Some(&name) {
        return Ok(None);
    }
    let (schedule, clock) = (schedule.clone(), shop.clock.clone());
    let planner: Planner = Arc::new(move |waits| schedule.plan_again(&waits.delivery, &waits.article, clock.now()));
    let planned = shop.queue.replan(channel.to_owned(), name, planner).await?;
    if changed {
        // What needed attention has had it: the one who worked before would have tried once more with the old settings, and
        // paused the channel again.
        let paused = shop.queue.paused(channel.to_owned()).await?;
        if paused.is_some_and(|pause| matches!(pause.cause, PauseCause::Attention(_))) {
            shop.queue.resume(channel.to_owned(), "loa".to_owned(), shop.clock.now()).await?;
        }
    }
    Ok(Some(planned))
}

async fn probe(app: &App, name: &str, lane: &Lane, shop: &Shop) -> Result<(), StoreError> {
    let Some(pause) = shop.queue.paused(name.to_owned()).await? else { return Ok(()) };
    if matches!(pause.cause, PauseCause::Person(_)) {
        return Ok(());
    }
    let found = lane.channel.probe().await;
    app.checked(name, &found);
    match found {
        Ok(health) if health.proven => {
            shop.queue.resume(name.to_owned(), "loa".to_owned(), shop.clock.now()).await?;
            tracing::info!(channel = %name, "the channel is well again and goes on");
        }
        Ok(_) => {}
        Err(error) => tracing::debug!(channel = %name, %error, "the channel still needs attention"),
    }
    Ok(())
}

/// Days before its end at which a credential is spoken of.
const CREDENTIAL_NOTICE_DAYS: i64 = 14;

/// Looks whether a channel's credential still holds, before an article has to find out.
async fn check_up(app: &App, name: &str, lane: &Lane, shop: &Shop) -> Result<(), StoreError> {
    let found = lane.channel.probe().await;
    app.checked(name, &found);
    match found {
        Ok(health) => {
            let days = health.credential_ends.map(|ends| (ends - shop.clock.now()).num_days());
            if let Some(days) = days.filter(|days| *days < CREDENTIAL_NOTICE_DAYS) {
                tracing::warn!(channel = %name, days, "the channel's credential ends soon: renew it");
            }
            Ok(())
        }
        Err(SendError { class: Class::NeedsAttention(Attention::Credential), note }) => {
            tracing::error!(channel = %name, reason = %note, "the channel's credential does not hold; it is paused");
            let cause = PauseCause::Attention(Attention::Credential.name().to_owned());
            shop.queue.pause(name.to_owned(), Pause { cause, since: shop.clock.now(), note }).await
        }
        Err(error) => {
            tracing::debug!(channel = %name, %error, "a check-up could not tell");
            Ok(())
        }
    }
}

/// Why a channel is visited without an article.
#[derive(Clone, Copy)]
enum Visit {
    /// It is paused: does it work again?
    Probe,
    /// It works: does its credential still hold?
    CheckUp,
}

impl Lanes {
    pub(super) fn new(app: App, shop: Shop, life: Lifecycle) -> Self {
        Self { app, shop, life, running: BTreeMap::new(), retired: BTreeMap::new() }
    }

    /// Opens every enabled channel. One that cannot be opened is paused and says why; the others work.
    pub(super) async fn open_all(&self) -> Result<Vec<(ChannelSpec, Lane)>, StoreError> {
        let mut opened = Vec::new();
        for spec in self.app.specs().iter().filter(|spec| spec.enabled) {
            match self.open(spec) {
                Ok(lane) => {
                    self.lift(&spec.channel, NOT_OPENED).await?;
                    // One that was not there when the store was put back from a backup is paused as well.
                    self.shop.queue.show_pause(spec.channel.clone()).await?;
                    opened.push((spec.clone(), lane));
                }
                Err(error) => {
                    tracing::error!(channel = %spec.channel, %error, "the channel cannot be opened and is paused");
                    self.pause(&spec.channel, &error).await?;
                }
            }
        }
        Ok(opened)
    }

    /// Starts a channel's worker; one that worked on the channel before finishes first, without anybody waiting for it
    /// here. Where the channel's file has `changed`, now or while loa was off, what waits follows before anything more is
    /// sent.
    pub(super) fn start(&mut self, spec: ChannelSpec, lane: Lane, changed: bool) {
        let retired = self.retired.remove(&spec.channel);
        let before = self.running.remove(&spec.channel).map(Running::retire).or(retired);
        let stop = self.life.stop.child_token();
        let worker = work(lane.clone(), self.shop.clone(), stop.clone(), self.life.kill.clone());
        let (name, schedule, shop, until) =
            (spec.channel.clone(), spec.schedule.clone(), self.shop.clone(), stop.clone());
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                ended(&name, before.await);
            }
            tokio::select! {
                () = follow(&name, &schedule, changed, &shop) => {}
                () = until.cancelled() => {}
            }
            worker.await;
        });
        self.running.insert(spec.channel.clone(), Running { spec, lane, stop, task });
    }

    fn open(&self, spec: &ChannelSpec) -> Result<Lane, ConfigError> {
        let config = self.app.config();
        let channel = spec.open_for_work(&config.office, &config.base, &config.data)?;
        for advice in channel.advice() {
            tracing::warn!(channel = %spec.channel, %advice, "the channel works, but");
        }
        Ok(Lane {
            name: spec.channel.clone(),
            channel,
            gate: Arc::new(ChannelGate(spec.schedule.clone())),
            limits: spec.limits,
            retry: spec.retry,
        })
    }

    /// Reads the files again. A mistake leaves everything as it was, and is said.
    pub(super) async fn reload(&mut self) -> Result<(), StoreError> {
        let config = self.app.config();
        let (specs, errors) = load_good_channels(&config.channels, config.office.timezone);
        for error in &errors {
            tracing::error!(%error, "a channel file is wrong; that channel stays as it was");
        }
        let (mut installed, mut fresh) = (Vec::new(), Vec::new());
        for spec in specs {
            let (spec, lane) = self.renew(spec).await?;
            fresh.extend(lane.map(|lane| (spec.clone(), lane)));
            installed.push(spec);
        }
        // Also those that could not be opened: they take articles for the time when they can.
        let kept = |spec: &ChannelSpec| errors.iter().any(|error| spec.is_of(&error.file));
        installed.extend(self.app.specs().iter().filter(|spec| kept(spec)).cloned());
        let gone: Vec<String> = self
            .running
            .keys()
            .filter(|name| !installed.iter().any(|spec| spec.channel == **name && spec.enabled))
            .cloned()
            .collect();
        for name in gone {
            if let Some(running) = self.running.remove(&name) {
                self.retired.insert(name.clone(), running.retire());
            }
            tracing::info!(channel = %name, "the channel was switched off");
        }
        self.app.install(installed);
        // What comes in goes by the new files from now on; what was there before follows.
        for (spec, lane) in fresh {
            self.start(spec, lane, true);
        }
        Ok(())
    }

    /// What is in force of one channel, and its lane where its file has changed.
    async fn renew(&self, spec: ChannelSpec) -> Result<(ChannelSpec, Option<Lane>), StoreError> {
        let running = self.running.get(&spec.channel);
        if !spec.enabled || running.is_some_and(|running| running.spec.same_as(&spec)) {
            return Ok((spec, None));
        }
        let lane = match self.open(&spec) {
            Ok(lane) => lane,
            Err(error) => {
                tracing::error!(channel = %spec.channel, %error, "the channel cannot be opened; it stays as it was");
                let kept = running.map(|running| running.spec.clone());
                if kept.is_none() {
                    self.pause(&spec.channel, &error).await?;
                }
                return Ok((kept.unwrap_or(spec), None));
            }
        };
        self.shop.queue.show_pause(spec.channel.clone()).await?;
        Ok((spec, Some(lane)))
    }

    /// Waits for every worker after the stop.
    pub(super) async fn finish(self) {
        let running = self.running.into_iter().map(|(name, running)| (name, running.task));
        for (name, task) in running.chain(self.retired) {
            ended(&name, task.await);
        }
    }

    /// Whether a worker has ended though nobody stopped it.
    pub(super) fn broken(&self) -> Option<&str> {
        let ended = |running: &Running| running.task.is_finished() && !running.stop.is_cancelled();
        self.running.iter().find(|(_, running)| ended(running)).map(|(name, _)| name.as_str())
    }

    /// The lanes at work.
    pub(super) fn lanes(&self) -> Vec<Lane> {
        self.running.values().map(|running| running.lane.clone()).collect()
    }

    /// Probes channels that need attention, and lets those go on that are proved well. A probe may take its
    /// time: nobody waits for the answer of this.
    pub(super) fn probe_paused(&self) {
        self.visit(Visit::Probe);
    }

    /// Looks whether every credential still holds.
    pub(super) fn check_up(&self) {
        self.visit(Visit::CheckUp);
    }

    fn visit(&self, visit: Visit) {
        for (name, running) in &self.running {
            let (app, name, lane, shop, stop) =
                (self.app.clone(), name.clone(), running.lane.clone(), self.shop.clone(), running.stop.clone());
            tokio::spawn(async move {
                let visiting = async {
                    match visit {
                        Visit::Probe => probe(&app, &name, &lane, &shop).await,
                        Visit::CheckUp => check_up(&app, &name, &lane, &shop).await,
                    }
                };
                let visited = tokio::select! {
                    visited = visiting => visited,
                    () = stop.cancelled() => Ok(()),
                };
                if let Err(error) = visited {
                    tracing::error!(channel = %name, %error, "what a visit to the channel found could not be recorded");
                }
            });
        }
    }

    async fn pause(&self, channel: &str, error: &ConfigError) -> Result<(), StoreError> {
        let pause = Pause {
            cause: PauseCause::Attention(NOT_OPENED.to_owned()),
            since: self.shop.clock.now(),
            note: error.text.clone(),
        };
        self.shop.queue.pause(channel.to_owned(), pause).await
    }

    /// Ends a pause with this cause.
    async fn lift(&self, channel: &str, cause: &str) -> Result<(), StoreError> {
        let paused = self.shop.queue.paused(channel.to_owned()).await?;
        if paused.is_some_and(|pause| pause.cause == PauseCause::Attention(cause.to_owned())) {
            self.shop.queue.resume(channel.to_owned(), "loa".to_owned(), self.shop.clock.now()).await?;
        }
        Ok(())
    }
}
