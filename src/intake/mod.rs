//! Ways in. Whatever the way, an article goes through [`Intake::accept`]: validate, sanitise, revise, route,
//! enqueue, in one call and one transaction. Once it answers, the article is on disk.

mod accept;
mod broker;
mod draft;
mod error;
mod feeds;
mod folder;
mod format;
mod http;
mod inline;
mod markdown;
mod markup;
mod pictures;
mod plain;
mod web;

pub use accept::{Intake, Order, Prepared, Seen, Subscription, Subscriptions};
pub use broker::{Answer, Broker, BrokerError, BrokerIntake, Message, Reach, watch_broker};
#[cfg(feature = "nats")]
pub use broker::{Credentials, Login, Nats};
pub use draft::{Draft, DraftContext, Picture};
pub use error::IntakeError;
pub use feeds::{Feed, FeedIntake, FullText, HubFace, hub_routes, watch_feeds};
pub use folder::{FolderIntake, watch_folder};
pub use format::{Format, parse, read};
pub use http::{ApiIntake, article_routes, routes};
pub use markdown::{as_markdown, pasted};
pub use pictures::{Fetched, Fetcher, PictureRules};
