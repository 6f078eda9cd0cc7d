//! The only place that knows every part: opens them and joins them together.

mod backup;
#[cfg(feature = "nats")]
mod broker;
mod daemon;
mod desk;
mod doctor;
mod lanes;
mod lock;
mod mailroom;
mod upkeep;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};

use crate::article::Article;
use crate::clock::Clock;
use crate::config::{ChannelSpec, Config, ConfigError, load_channels, load_good_channels};
use crate::console::{ChannelSummary, Channels};
use crate::delivery::{Delivery, Plan};
use crate::intake::{Fetcher, Intake, Subscription, Subscriptions};
use crate::ledger::{Archive, Board, Books, Ledger};
use crate::queue::{Feeds, People, Queue, Requests, StoreError, Subscribers};
use crate::schedule::Change;
use crate::store::Store;
use crate::text;
use crate::text::nearest::Unknown;
use crate::text::{Language, Text};

pub use backup::{back_up, restore};
pub use daemon::{Listening, run};
pub use doctor::{Finding, Level, examine};
pub use mailroom::{LONGEST_LETTER, Mailroom, Received};

/// What kept loa from working.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Mistakes in files.
    #[error("{} mistakes in the configuration", .0.len())]
    Config(Vec<ConfigError>),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Anything else, in words for people.
    #[error("{0}")]
    Other(Text),
}

/// loa, opened: its configuration, its channels' files and its store.
#[derive(Clone)]
pub struct App {
    config: Arc<Config>,
    clock: Clock,
    store: Store,
    specs: Arc<RwLock<Arc<[ChannelSpec]>>>,
    subscriptions: Subscriptions,
    fetcher: Fetcher,
    /// When channels' credentials end, as their far sides said at the last check-up.
    credentials: Arc<RwLock<HashMap<String, DateTime<Utc>>>>,
    /// Held by whoever changes a file of the office's in the console.
    texts: Arc<tokio::sync::Mutex<()>>,
    /// Rings when one was changed, so that the channels need not wait for the next look.
    texts_changed: Arc<tokio::sync::Notify>,
    /// What officers have in hand.
    hands: Arc<desk::Hands>,
}

impl App {
    /// Reads the channel files and opens the store. Sends nothing.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn open(config: Config, clock: Clock) -> Result<Self, AppError> {
        let specs = load_channels(&config.channels, config.office.timezone).map_err(AppError::Config)?;
        Self::with(config, clock, specs).await
    }

    /// Opens with the channels whose files are right: a mistake in one of them is no reason not to look, or not
    /// to withdraw. Returns the mistakes too.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn open_anyway(config: Config, clock: Clock) -> Result<(Self, Vec<ConfigError>), AppError> {
        let (specs, errors) = load_good_channels(&config.channels, config.office.timezone);
        Ok((Self::with(config, clock, specs).await?, errors))
    }

    async fn with(config: Config, clock: Clock, specs: Vec<ChannelSpec>) -> Result<Self, AppError> {
        crate::channel::provide_tls();
        let store = Store::open(config.store.clone()).await?;
        store.set_clock(&clock).await?;
        let app = Self {
            fetcher: Fetcher::new(config.pictures.clone()),
            config: Arc::new(config),
            clock,
            store,
            specs: Arc::new(RwLock::new(Arc::from([]))),
            subscriptions: Arc::new(RwLock::new(Arc::from([]))),
            credentials: Arc::default(),
            texts: Arc::default(),
            texts_changed: Arc::default(),
            hands: Arc::default(),
        };
        app.install(specs);
        Ok(app)
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The hour.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Where articles are handed over.
    #[must_use]
    pub fn intake(&self) -> Intake {
        Intake::new(
            self.queue(),
            Arc::clone(&self.subscriptions),
            self.clock.clone(),
            self.config.office.timezone,
            self.fetcher.clone(),
        )
    }

    /// The queue.
    #[must_use]
    pub fn queue(&self) -> Arc<dyn Queue> {
        Arc::new(self.store.clone())
    }

    /// What can be asked.
    #[must_use]
    pub fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::new(self.store.clone())
    }

    /// Who may be written to.
    #[must_use]
    pub fn subscribers(&self) -> Arc<dyn Subscribers> {
        Arc::new(self.store.clone())
    }

    /// What needs a person, and what each channel does.
    #[must_use]
    pub fn board(&self) -> Arc<dyn Board> {
        Arc::new(self.store.clone())
    }

    /// Who decided what, beside what was tried.
    #[must_use]
    pub fn books(&self) -> Arc<dyn Books> {
        Arc::new(self.store.clone())
    }

    /// Requests of machines that may come twice.
    #[must_use]
    pub fn requests(&self) -> Arc<dyn Requests> {
        Arc::new(self.store.clone())
    }

    /// What was published, for people who look for it.
    #[must_use]
    pub fn archive(&self) -> Arc<dyn Archive> {
        Arc::new(self.store.clone())
    }

    /// Officers' accounts.
    #[must_use]
    pub fn people(&self) -> Arc<dyn People> {
        Arc::new(self.store.clone())
    }

    /// How the feeds stand.
    #[must_use]
    pub fn feeds(&self) -> Arc<dyn Feeds> {
        Arc::new(self.store.clone())
    }

    /// Where letters that come back are read.
    #[must_use]
    pub fn mailroom(&self) -> Mailroom {
        Mailroom {
            subscribers: self.subscribers(),
            clock: self.clock.clone(),
            language: self.config.office.language,
            soft_bounces: self.config.mail.soft_bounces,
        }
    }

    /// Whether `channel` is there and writes to people who may join and leave.
    ///
    /// # Errors
    /// In words, with the nearest name or with what kind it is.
    pub fn has_audience(&self, channel: &str) -> Result<(), Text> {
        let specs = self.specs();
        match specs.iter().find(|spec| spec.channel == channel) {
            Some(spec) if spec.kind.audience => Ok(()),
            Some(spec) => {
                let kind = spec.kind.name;
                Err(text!(
                    "kênh {channel} thuộc loại {kind}, không có danh sách người nhận",
                    "channel {channel} is of the kind {kind}, which has no list of people"
                ))
            }
            None => {
                let valid = specs.iter().filter(|spec| spec.kind.audience).map(|spec| spec.channel.clone()).collect();
                Err(Unknown { name: channel.to_owned(), valid, field: false }.text())
            }
        }
    }

    /// The channels as their files are now.
    #[must_use]
    pub fn specs(&self) -> Arc<[ChannelSpec]> {
        Arc::clone(&self.specs.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// One line per channel.
    #[must_use]
    pub fn summaries(&self) -> Vec<ChannelSummary> {
        Channels::summaries(self)
    }

    /// The channels that are switched on.
    #[must_use]
    pub fn switched_on(&self) -> Vec<String> {
        self.specs().iter().filter(|spec| spec.enabled).map(|spec| spec.channel.clone()).collect()
    }

    /// The channels where what was sent stays sent.
    #[must_use]
    pub fn letters(&self) -> Vec<String> {
        self.specs().iter().filter(|spec| spec.kind.letters).map(|spec| spec.channel.clone()).collect()
    }

    /// When a delivery goes on that a person has decided about: by its channel's schedule, or at once if that has no file
    /// any more.
    fn plan(&self, delivery: &Delivery, article: &Article) -> Plan {
        let now = self.clock.now();
        let change = delivery.needed().map_or(Change::Content, Change::of);
        let specs = self.specs();
        let spec = specs.iter().find(|spec| spec.channel == delivery.channel);
        spec.map_or_else(|| Plan::at_once(now), |spec| spec.schedule.plan(article, change, now))
    }

    /// Closes the store; everything acknowledged is on disk.
    pub async fn close(self) {
        self.store.close().await;
    }

    fn install(&self, specs: Vec<ChannelSpec>) {
        let subscription = |spec: &ChannelSpec| Subscription {
            channel: spec.channel.clone(),
            route: spec.route.clone(),
            schedule: spec.schedule.clone(),
        };
        let subscriptions: Arc<[Subscription]> = specs.iter().filter(|spec| spec.enabled).map(subscription).collect();
        *self.subscriptions.write().unwrap_or_else(PoisonError::into_inner) = subscriptions;
        *self.specs.write().unwrap_or_else(PoisonError::into_inner) = specs.into();
    }
}

impl AppError {
    /// For people, a line for each thing that is wrong.
    #[must_use]
    pub fn lines(&self, language: Language) -> Vec<String> {
        match self {
            Self::Config(errors) => errors.iter().map(|error| error.show(language)).collect(),
            Self::Store(error) => vec![error.text().get(language).to_owned()],
            Self::Other(text) => vec![text.get(language).to_owned()],
        }
    }
}

impl From<ConfigError> for AppError {
    fn from(error: ConfigError) -> Self {
        Self::Config(vec![error])
    }
}
