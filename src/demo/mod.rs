//! `loa demo`: the whole journey on one machine, with receivers of its own on loopback.
//!
//! Everything between the articles and the receivers is the real thing: the same intake, store, dispatcher
//! and adapters as in the daemon. Only the clock is moved, so that the radio's slots come at once.

mod mail;
mod office;
mod receivers;
mod webhook;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::app::{App, AppError, run as run_daemon};
use crate::article::ArticleKey;
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::State;
use crate::intake::{DraftContext, Format, Order, parse};
use crate::ledger::{DeliveryRow, Filter};
use crate::lifecycle::Lifecycle;
use crate::text;
use crate::text::Text;
use receivers::Receivers;

/// Longest real time until everything has to be settled.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the demo did.
pub struct Report {
    /// Where its results are.
    pub folder: PathBuf,
    /// Every delivery.
    pub rows: Vec<DeliveryRow>,
    /// Channels where what was sent stays sent.
    pub letters: Vec<String>,
    /// Whether every one of them is settled.
    pub settled: bool,
}

/// A demo that goes on until it is stopped.
pub struct Demo {
    app: App,
    clock: Clock,
    life: Lifecycle,
    daemon: tokio::task::JoinHandle<Result<(), AppError>>,
    _receivers: Receivers,
    folder: PathBuf,
    address: Option<SocketAddr>,
}

impl Demo {
    /// The office, to be looked at.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Where its console listens.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Sets up a small office in `folder` and starts it. Its clock shows just before 4:30 in the morning.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn start(folder: &Path) -> Result<Self, AppError> {
        std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
        if folder.join("loa.db").exists() {
            let shown = folder.display();
            return Err(AppError::Other(text!(
                "thư mục {shown} đã có một lần chạy thử; hãy chọn thư mục trống khác",
                "the folder {shown} holds an earlier demo; choose an empty one"
            )));
        }
        let clock = Clock::starting_at(morning(Clock::system().now(), Tz::Asia__Ho_Chi_Minh));
        let receivers = Receivers::start(folder, clock.clone()).await.map_err(|error| cannot_write(folder, &error))?;
        office::write(folder, &receivers).map_err(|error| cannot_write(folder, &error))?;
        let config = Config::load(&folder.join("config.toml"))?;
        let app = App::open(config, clock.clone()).await?;
        let life = Lifecycle::default();
        let (heard, address) = tokio::sync::oneshot::channel();
        let listening = Box::new(move |address| {
            // Where nobody listens any more, the demo is over.
            let _ = heard.send(address);
        });
        let daemon = tokio::spawn(run_daemon(app.clone(), life.clone(), listening));
        // A daemon that does not start says why when it is stopped.
        let address = address.await.ok().flatten();
        Ok(Self { address, app, clock, life, daemon, _receivers: receivers, folder: folder.to_owned() })
    }

    /// Publishes three articles, corrects one, withdraws one, and waits for each step to settle.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn perform(&self, say: &(dyn Fn(Text) + Sync)) -> Result<Report, AppError> {
        let now = office::shown_time(self.clock.now());
        say(text!(
            "① Cơ quan đăng ba bài (đồng hồ trình diễn: {now})",
            "① The office publishes three articles (demo clock: {now})"
        ));
        for (name, bytes) in office::ARTICLES {
            self.hand_over(name, bytes, Order::Publish).await?;
            say(text!("   + {name}", "   + {name}"));
        }
        self.settle_until(NaiveTime::from_hms_opt(4, 30, 0), say).await?;
        let now = office::shown_time(self.clock.now());
        say(text!("② Đính chính một bài, thu hồi một bài ({now})", "② One is corrected, one is withdrawn ({now})"));
        let (name, bytes) = office::CORRECTION;
        self.hand_over(name, bytes, Order::Correct).await?;
        let key = ArticleKey { source: office::SOURCE.to_owned(), external_id: office::WITHDRAWN.to_owned() };
        self.app.intake().withdraw(key, office::SOURCE).await.map_err(|error| AppError::Other(error.text()))?;
        let settled = self.settle_until(NaiveTime::from_hms_opt(16, 0, 0), say).await?;
        let mut rows = self.app.ledger().deliveries(Filter::default()).await?;
        rows.reverse();
        Ok(Report { folder: self.folder.clone(), rows, letters: self.app.letters(), settled })
    }

    /// Waits for the stop, then stops in order.
    ///
    /// # Errors
    /// What went wrong in the daemon.
    pub async fn until_stopped(self) -> Result<(), AppError> {
        self.life.listen().map_err(|error| AppError::Other(Text::same(error.to_string())))?;
        self.life.stop.cancelled().await;
        self.stop().await
    }

    /// Stops in order.
    ///
    /// # Errors
    /// What went wrong in the daemon.
    pub async fn stop(self) -> Result<(), AppError> {
        self.life.stop.cancel();
        let ended = self.daemon.await;
        self.app.close().await;
        ended.map_err(|error| AppError::Other(Text::same(error.to_string())))?
    }

    async fn hand_over(&self, name: &str, bytes: &str, order: Order) -> Result<(), AppError> {
        let format = Format::of(Path::new(name)).unwrap_or(Format::Plain);
        let refused = |error: crate::intake::IntakeError| AppError::Other(error.text());
        let draft = parse(bytes.as_bytes(), format).map_err(refused)?;
        let stem = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let cx = DraftContext {
            source: office::SOURCE,
            external_id: stem.as_deref(),
            zone: self.app.config().office.timezone,
        };
        self.app.intake().accept(draft, &cx, order, office::SOURCE, None).await.map_err(refused)?;
        Ok(())
    }

    /// Lets what is due settle, then moves the clock on to the next slot and lets that settle too.
    async fn settle_until(&self, slot: Option<NaiveTime>, say: &(dyn Fn(Text) + Sync)) -> Result<bool, AppError> {
        self.wait(|state| matches!(state, State::Waiting { why: crate::delivery::Why::Slot, .. })).await?;
        let today = self.clock.now().with_timezone(&self.app.config().office.timezone).date_naive();
        if let Some(slot) = slot.and_then(|slot| at(today.and_time(slot), self.app.config().office.timezone)) {
            self.clock.advance_to(slot);
            let now = office::shown_time(self.clock.now());
            say(text!("   ⏩ đến giờ bản tin: {now}", "   ⏩ the clock moves on to the edition: {now}"));
        }
        self.wait(|_| false).await
    }

    /// Waits until every delivery is settled or `rests`; false when that takes too long.
    async fn wait(&self, rests: impl Fn(&State) -> bool) -> Result<bool, AppError> {
        let look = async {
            let mut every = tokio::time::interval(LOOK_EVERY);
            loop {
                every.tick().await;
                let rows = self.app.ledger().deliveries(Filter::default()).await?;
                let at_rest = |row: &DeliveryRow| row.delivery.state == State::Settled || rests(&row.delivery.state);
                if rows.iter().all(at_rest) {
                    return Ok(true);
                }
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap_or(Ok(false))
    }
}

/// Shortly before the morning edition, tomorrow.
fn morning(now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let tomorrow = now.with_timezone(&zone).date_naive() + Days::new(1);
    let time = NaiveTime::from_hms_opt(4, 20, 0).unwrap_or_default();
    at(tomorrow.and_time(time), zone).unwrap_or(now)
}

fn at(wall: chrono::NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&wall).earliest().map(|time| time.to_utc())
}

fn cannot_write(folder: &Path, error: &std::io::Error) -> AppError {
    let folder = folder.display();
    AppError::Other(text!("không ghi được vào {folder}: {error}", "cannot write into {folder}: {error}"))
}
