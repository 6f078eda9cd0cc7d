//! One file per adapter that speaks to an API: the table of faults, and what is particular to its far side.

pub(crate) mod bench;
mod feed;
mod http;
mod http_settings;
mod mastodon;
mod package;
mod graph;
mod graph_answers;
mod graph_rounds;
mod single_jobs;
mod telegram;
mod ghost;
mod single;
mod stormy;
mod zalo;
