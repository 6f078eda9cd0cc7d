//! The specification, in journey order.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    clippy::pedantic,
    reason = "a test fails by panicking, and says what it counted"
)]

mod support;
mod doubles;
mod sample;
mod speech;
mod delivery;
mod schedule;
mod route;
mod config;
mod forms;
mod intake;
mod pictures;
mod people;
mod store;
mod full;
mod keep;
mod seals;
mod accounts;
mod manuscripts;
mod line;
mod board;
mod archive;
mod arrange;
mod books;
mod adapters;
mod channels;
mod hostile;
mod matrix;
mod crash;
mod nodes;
mod edition;
mod reload;
mod detours;
mod ways_in;
mod feeds;
#[cfg(feature = "nats")]
mod broker;
mod console;
mod bad_input;
mod cli;
mod demo;
mod shipped;
mod architecture;
