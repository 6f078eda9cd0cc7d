//! loa: publish once, and every channel of the office shows the same thing.
//!
//! The modules stand in the order in which an article travels.

// Words that every part uses; they import nothing but each other.
pub mod article;
pub mod audience;
pub mod clock;
pub mod delivery;
pub mod people;
pub mod text;

// The journey of an article.
pub mod intake;
pub mod queue;
pub mod schedule;
pub mod dispatch;
pub mod channel;
pub mod ledger;
pub mod console;

// Tools.
pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod lifecycle;
pub mod speech;
pub mod store;
pub mod telemetry;
