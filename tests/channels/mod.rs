//! One file per adapter that speaks to an API: the table of faults, and what is particular to its far side.

pub(crate) mod bench;
mod email;
mod feed;
mod ghost;
mod graph;
mod graph_answers;
mod graph_rounds;
mod http;
mod http_settings;
mod mastodon;
mod package;
mod single;
mod single_jobs;
mod stormy;
mod telegram;
mod wordpress;
mod wordpress_real;
mod zalo;

/// Every far side with an API, well-behaved until it is told otherwise.
pub(crate) const FAR_SIDES: [&crate::matrix::Case; 8] = [
    &feed::CASE,
    &ghost::CASE,
    &graph::CASE,
    &http::CASE,
    &mastodon::CASE,
    &telegram::CASE,
    &wordpress::CASE,
    &zalo::SWIFT,
];
