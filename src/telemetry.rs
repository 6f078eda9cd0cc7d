//! Logs: readable lines or JSON, on standard error.

use tracing_subscriber::EnvFilter;

use crate::config::LogConfig;

/// Starts logging. A second call, as in tests, changes nothing.
pub fn start(log: &LogConfig) {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Fails only when logging has been started already.
    let started = if log.json { lines.json().try_init() } else { lines.try_init() };
    drop(started);
}
