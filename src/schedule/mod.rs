//! When and where: cron slots, quiet hours, embargo, expiry, grace, "after" another channel, routing.
//! Pure functions of an article, a channel's schedule and the hour.

mod cron;
mod gate;
mod plan;
mod quiet;
mod route;

pub use cron::{CronError, CronLine};
pub use gate::ChannelGate;
pub use plan::{Approval, Change, Schedule, Timing};
pub use quiet::{Quiet, QuietError};
pub use route::{Not, Route, RouteError};
