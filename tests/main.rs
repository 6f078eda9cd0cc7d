//! The specification, in journey order.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::pedantic,
    reason = "a test fails by panicking, and says what it counted"
)]

mod config;
mod crash;
mod delivery;
mod doubles;
mod hostile;
mod intake;
mod route;
mod sample;
mod schedule;
mod speech;
mod store;
mod support;
