//! The console, over HTTP, with the real daemon: in the order in which an officer meets it.

mod approvals;
mod articles;
mod browser;
mod decisions;
mod channels;
mod entry;
mod gates;
mod officers;
mod schedule;
mod today;
mod wording;
mod writing;
