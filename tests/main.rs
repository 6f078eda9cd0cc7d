//! The specification, in journey order.

mod support;
mod doubles;
mod sample;
mod delivery;
mod schedule;
mod route;
mod config;
mod intake;
mod store;
mod hostile;
mod crash;
