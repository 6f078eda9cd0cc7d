//! The specification, in journey order.

mod support;
mod doubles;
mod sample;
mod delivery;
mod schedule;
mod store;
mod hostile;
mod crash;
