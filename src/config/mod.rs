//! The files that people edit: `config.toml` and one file per channel.

mod broker;
mod channel_file;
mod error;
mod feeds;
mod folder;
mod mail;
mod office;
mod secrets;
mod store;
mod targets;
mod values;

pub use broker::{BrokerConfig, BrokerLogin};
pub use channel_file::ChannelSpec;
pub use error::ConfigError;
pub use folder::{load_channels, load_good_channels, stamp};
pub use mail::{MailConfig, Maildir};
pub use office::{Config, HttpConfig, LogConfig};
pub use values::{duration, rate, size};
