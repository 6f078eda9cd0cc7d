//! Proves that the doubles misbehave as they are named.

mod files;
mod http;
mod http_bookkeeping;
mod http_connections;
mod oracle;
mod poster;
mod raw_post;
mod smtp;
mod smtp_sessions;
mod talker;
