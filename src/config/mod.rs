//! The files that people edit: `config.toml` and one file per channel.

mod broker;
mod channel_file;
mod edit;
mod error;
mod feeds;
mod folder;
mod form;
mod mail;
mod office;
mod secrets;
mod store;
mod targets;
mod values;
mod words;

pub use broker::{BrokerConfig, BrokerLogin};
pub use channel_file::ChannelSpec;
pub use edit::{ChannelFile, NotTaken};
pub use error::ConfigError;
pub use folder::{Instead, load_as_if, load_channels, load_good_channels, stamp};
pub use form::{GROUPS, Group, keys};
pub use mail::{MailConfig, Maildir};
pub use office::{Config, HttpConfig, LogConfig};
pub use values::{duration, rate, size};
