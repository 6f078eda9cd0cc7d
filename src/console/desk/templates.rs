//! The texts with gaps that channels fill in.

use futures_util::future::BoxFuture;
use serde::Serialize;

use super::{PayloadView, Unable};
use crate::queue::By;
use crate::text::Text;

/// A template.
#[derive(Clone, Debug, Serialize)]
pub struct TemplateView {
    /// Its file's name.
    pub name: String,
    /// What it is for.
    pub about: Text,
    /// Whether the office has its own.
    pub own: bool,
    /// The channels that fill it in.
    pub channels: Vec<String>,
}

/// A change of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateChange {
    /// This instead of what stands there, which was `before` when the form was opened.
    Write {
        /// What stood there.
        before: String,
        /// What shall stand there.
        after: String,
    },
    /// The one that is built in again.
    Reset,
    /// As it was in a version.
    PutBack(i64),
}

/// Templates.
pub trait Templates: Send + Sync {
    /// All of them.
    fn list(&self) -> BoxFuture<'_, Result<Vec<TemplateView>, Unable>>;

    /// One, and what it says.
    fn one(&self, name: &str) -> BoxFuture<'_, Result<(TemplateView, String), Unable>>;

    /// What would be sent with `source` in its place: an example, of the newest article.
    fn try_out(&self, name: &str, source: String) -> BoxFuture<'_, Result<PayloadView, Unable>>;

    /// Changes it.
    fn change(&self, name: &str, change: TemplateChange, by: By) -> BoxFuture<'_, Result<(), Unable>>;
}
