//! The specification, in journey order.

mod support;
mod doubles;
mod sample;
mod delivery;
mod schedule;
mod route;
mod store;
mod hostile;
mod crash;
