//! Logs: readable lines or JSON, on standard error.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogConfig;

/// Starts logging. A second call, as in tests, changes nothing.
pub fn start(log: &LogConfig) {
    let filter = log.level.parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let base = tracing_subscriber::registry().with(filter);
    // Fails only when logging has been started already.
    let started = if log.json { base.with(lines.json()).try_init() } else { base.with(lines).try_init() };
    drop(started);
}
