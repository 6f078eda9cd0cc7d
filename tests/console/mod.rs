//! The console, over HTTP, with the real daemon: in the order in which an officer meets it.

mod api;
mod approvals;
mod articles;
mod browser;
mod decisions;
mod channels;
mod confused;
mod entry;
mod gates;
mod hostile;
mod ledger;
mod officers;
mod schedule;
mod subscribers;
mod today;
mod wording;
mod writing;
