//! The hostile far sides and the oracle that reads them.
//!
//! * `oracle` compares what should be public with what the public saw; `public` replays that history.
//! * `hostile_http` is a webhook receiver that misbehaves down to the socket; `hostile_smtp` a mail server that does.
//! * `hostile_api` carries the double of any far side with an API of its own, and misbehaves for all of them alike.
//! * `real_postgres` is the real server, for the store and for several daemons on one.
//! * `real_nats` is the real server too, with a stream.
//! * `real_wordpress` is no double: it starts the real thing, with a database of its own.
//! * `ballast` fills a store up.
//! * `browser` is an officer at the console: it keeps cookies and sends the forms that a page shows.
//! * `chromium` is an officer in a real browser; `places` knows where each page of the console can be looked at.
//! * `files` counts what stands in a folder of radio editions or a static site.
//! * `watched`, `script` and `doorway` are what both far sides are made of.
//!
//! A far side lives on a thread of its own, so it works in blocking tests, beside a daemon run as a
//! child process, and on any runtime; it stops when it is dropped.

pub(crate) mod ballast;
pub(crate) mod browser;
pub(crate) mod chromium;
pub(crate) mod doorway;
pub(crate) mod far;
pub(crate) mod files;
pub(crate) mod hostile_api;
pub(crate) mod hostile_http;
pub(crate) mod hostile_smtp;
pub(crate) mod house;
pub(crate) mod http_answer;
pub(crate) mod http_fault;
pub(crate) mod http_request;
pub(crate) mod http_session;
pub(crate) mod letter;
#[cfg(feature = "nats")]
pub(crate) mod nats_accounts;
pub(crate) mod oracle;
pub(crate) mod places;
pub(crate) mod process;
pub(crate) mod public;
#[cfg(feature = "nats")]
pub(crate) mod real_nats;
pub(crate) mod real_postgres;
pub(crate) mod real_postfix;
pub(crate) mod real_wordpress;
pub(crate) mod script;
pub(crate) mod signature;
pub(crate) mod smtp_fault;
pub(crate) mod smtp_session;
pub(crate) mod watched;
pub(crate) mod world;
