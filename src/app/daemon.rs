//! The daemon: starts every part, watches over them, stops them in order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::lanes::Lanes;
use super::lock::Lock;
use super::{App, AppError, mailroom, upkeep};
use crate::config;
use crate::console::{Console, router};
use crate::dispatch::{Shop, on_lost};
use crate::intake::{ApiIntake, FeedIntake, FolderIntake, HubFace, hub_routes, routes, watch_feeds, watch_folder};
use crate::lifecycle::Lifecycle;
use crate::text;

const SWEEP_EVERY: Duration = Duration::from_secs(10);
const RELOAD_EVERY: Duration = Duration::from_secs(2);
const PROBE_EVERY: Duration = Duration::from_mins(5);

/// Called once everything runs, with the HTTP address if there is one.
pub type Listening = Box<dyn FnOnce(Option<SocketAddr>) + Send>;

/// Runs until `life` says stop. Work in flight is finished within the grace.
///
/// # Errors
/// What kept it from starting, or the part that ended though nobody stopped it.
pub async fn run(app: App, life: Lifecycle, listening: Listening) -> Result<(), AppError> {
    let lock = app.config().store.file().map(Lock::take).transpose()?;
    let listener = listen(&app).await?;
    let address = listener.as_ref().and_then(|listener| listener.local_addr().ok());
    let node = format!("{}-{:x}", std::process::id(), fastrand::u64(..));
    let shop = Shop {
        queue: app.queue(),
        clock: app.clock().clone(),
        office: app.config().office.clone(),
        press: Arc::default(),
        node,
    };
    let mut lanes = Lanes::new(app.clone(), shop.clone(), life.clone());
    let opened = lanes.open_all().await?;
    // Before any worker starts: the lock says that whoever held a lease is gone. On a store that machines share others
    // are alive, and a lease has to run out.
    let all: Vec<_> = opened.iter().map(|(_, lane)| lane.clone()).collect();
    let only = lock.as_ref().map(|_| shop.node.clone());
    let swept = shop.queue.sweep(shop.clock.now(), only, on_lost(&all, &shop.clock)).await?;
    if swept > 0 {
        tracing::warn!(swept, "deliveries that an earlier process left in flight were taken back");
    }
    for (spec, lane) in opened {
        lanes.start(spec, lane, false);
    }
    lanes.probe_paused();

    let mut parts: JoinSet<Result<(), AppError>> = JoinSet::new();
    let (store, clock) = (app.store.clone(), app.clock().clone());
    let stop = life.stop.clone();
    parts.spawn(async move {
        tokio::select! {
            watched = store.watch(&clock) => watched.map_err(AppError::Store),
            () = stop.cancelled() => Ok(()),
        }
    });
    let (store, clock, keep, stop) = (app.store.clone(), app.clock().clone(), app.config().keep, life.stop.clone());
    parts.spawn(async move {
        upkeep::keep_up(store, keep, clock, stop).await;
        Ok(())
    });
    if let Some(folder) = app.config().folder.clone() {
        let settings = FolderIntake { folder, language: app.config().office.language };
        let (intake, clock, stop) = (app.intake(), app.clock().clone(), life.stop.clone());
        parts.spawn(async move {
            watch_folder(settings, intake, clock, stop).await.map_err(|error| {
                AppError::Other(text!(
                    "không mở được thư mục nhận bài: {error}",
                    "cannot open the watched folder: {error}"
                ))
            })
        });
    }
    if !app.config().feeds.is_empty() {
        let settings = FeedIntake {
            feeds: app.config().feeds.clone(),
            standing: app.feeds(),
            intake: app.intake(),
            clock: app.clock().clone(),
            // Hubs can only reach what listens.
            public_url: address.and_then(|_| app.config().office.public_url.clone()),
            alone: lock.is_some(),
        };
        let stop = life.stop.clone();
        parts.spawn(async move {
            watch_feeds(settings, stop).await;
            Ok(())
        });
    }
    #[cfg(feature = "nats")]
    if let Some(broker) = &app.config().broker {
        let (intake, stop) = (super::broker::intake(&app, broker), life.stop.clone());
        parts.spawn(async move {
            crate::intake::watch_broker(intake, stop).await;
            Ok(())
        });
    }
    if let Some(maildir) = app.config().mail.bounces.clone() {
        let (mailroom, stop) = (app.mailroom(), life.stop.clone());
        parts.spawn(async move {
            mailroom::watch(&maildir.folder, &mailroom, &stop).await;
            Ok(())
        });
    }
    if let Some(listener) = listener {
        let (service, stop) = (service(&app, &life)?, life.stop.clone());
        let service = service.into_make_service_with_connect_info::<SocketAddr>();
        parts.spawn(async move {
            let serving = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned());
            serving.await.map_err(|error| AppError::Other(text!("HTTP dừng: {error}", "HTTP ended: {error}")))
        });
    }
    tracing::info!(channels = all.len(), http = ?address, "loa is running");
    listening(address);

    let outcome = oversee(&app, &shop, &mut lanes, &mut parts, &life).await;
    life.stop.cancel();
    finish(&app, lanes, parts, &life).await;
    outcome
}

async fn listen(app: &App) -> Result<Option<TcpListener>, AppError> {
    let Some(address) = &app.config().http.listen else { return Ok(None) };
    let listener = TcpListener::bind(address).await.map_err(|error| {
        AppError::Other(match error.kind() {
            std::io::ErrorKind::AddrInUse => text!(
                "cổng {address} đang có chương trình khác dùng; đổi http.listen trong config.toml hoặc dừng chương trình đó",
                "{address} is in use by another program; change http.listen in config.toml or stop that program"
            ),
            _ => text!("không mở được {address}: {error}", "cannot listen on {address}: {error}"),
        })
    })?;
    Ok(Some(listener))
}

fn service(app: &App, life: &Lifecycle) -> Result<axum::Router, AppError> {
    let config = app.config();
    let console = Console {
        ledger: app.ledger(),
        board: app.board(),
        archive: app.archive(),
        books: app.books(),
        queue: app.queue(),
        requests: app.requests(),
        people: app.people(),
        subscribers: app.subscribers(),
        desk: app.desk(),
        office: config.office.name.clone(),
        zone: config.office.timezone,
        public_url: config.office.public_url.clone(),
        proxy: config.http.proxy,
        tokens: config.http.tokens.clone().into(),
        language: config.office.language,
        clock: app.clock().clone(),
        stop: life.stop.clone(),
    };
    let hubs = hub_routes(HubFace { standing: app.feeds(), clock: app.clock().clone() });
    router(console, routes(ApiIntake { intake: app.intake() }), hubs).map_err(AppError::Other)
}

/// Sweeps, reloads and probes until told to stop, or until a part ends unasked.
async fn oversee(
    app: &App,
    shop: &Shop,
    lanes: &mut Lanes,
    parts: &mut JoinSet<Result<(), AppError>>,
    life: &Lifecycle,
) -> Result<(), AppError> {
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    let mut reload = tokio::time::interval(RELOAD_EVERY);
    let mut probe = tokio::time::interval(PROBE_EVERY);
    let mut check_up = tokio::time::interval(app.config().check_every);
    probe.tick().await;
    check_up.tick().await;
    // Nothing yet: a file that was edited while everything started is taken up at the first look.
    let mut seen = BTreeMap::new();
    loop {
        tokio::select! {
            () = life.stop.cancelled() => return Ok(()),
            Some(ended) = parts.join_next() => {
                let unasked = || AppError::Other(text!("một phần của loa dừng bất thường", "a part of loa ended unasked"));
                return ended.map_err(|error| {
                    tracing::error!(%error, "a part of loa failed");
                    unasked()
                }).and_then(|result| result.and(if life.stop.is_cancelled() { Ok(()) } else { Err(unasked()) }));
            }
            _ = sweep.tick() => {
                let swept = shop.queue.sweep(shop.clock.now(), None, on_lost(&lanes.lanes(), &shop.clock)).await;
                if let Err(error) = swept {
                    tracing::error!(%error, "expired leases could not be swept");
                }
                if let Some(channel) = lanes.broken() {
                    return Err(AppError::Other(text!("kênh {channel} dừng bất thường", "channel {channel} ended unasked")));
                }
            }
            () = time_to_reload(&mut reload, app) => {
                let now = config::stamp(&app.config().channels, &app.specs());
                if now != seen {
                    seen = now;
                    if let Err(error) = lanes.reload().await {
                        tracing::error!(%error, "the channel files could not be taken over");
                        // Looked at again next time.
                        seen.clear();
                    }
                }
            }
            _ = probe.tick() => lanes.probe_paused(),
            _ = check_up.tick() => lanes.check_up(),
        }
    }
}

/// Every so often, and when an officer has changed a file.
async fn time_to_reload(reload: &mut tokio::time::Interval, app: &App) {
    tokio::select! {
        _ = reload.tick() => {}
        () = app.hands.changed.notified() => {}
        () = app.texts_changed.notified() => {}
    }
}

async fn finish(app: &App, lanes: Lanes, mut parts: JoinSet<Result<(), AppError>>, life: &Lifecycle) {
    let grace = app.config().grace;
    tracing::info!(grace_s = grace.as_secs(), "stopping: no new work, what is in flight is finished");
    let done = async {
        lanes.finish().await;
        while parts.join_next().await.is_some() {}
    };
    tokio::pin!(done);
    let in_time = tokio::select! {
        () = &mut done => true,
        _ = tokio::time::timeout(grace, life.kill.cancelled()) => false,
    };
    if !in_time {
        tracing::warn!("the grace is over; what is still in flight is looked up at the next start");
        life.kill.cancel();
        // The workers drop what they hold at once; connections that stay open are not waited for.
        drop(tokio::time::timeout(Duration::from_secs(1), done).await);
    }
}
