//! The models of far sides with APIs: their records, their rules, their traps, and what the public sees of them.

pub(crate) mod any_portal;
pub(crate) mod ghost;
pub(crate) mod graph;
pub(crate) mod graph_answers;
pub(crate) mod hub;
pub(crate) mod mastodon;
pub(crate) mod newsroom;
pub(crate) mod telegram;
pub(crate) mod wordpress;
pub(crate) mod zalo;
