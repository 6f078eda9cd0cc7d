//! What a channel would send.

use futures_util::future::BoxFuture;

use crate::queue::StoreError;
use crate::text::Text;

/// The exact payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// File ending that fits the bytes, without the dot.
    pub extension: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 over all of it, as the ledger records it.
    pub hash: String,
    /// Companions of the same name with other endings.
    pub beside: Vec<(&'static str, Vec<u8>)>,
    /// What people should know of how it was made.
    pub note: Option<Text>,
}

/// What it takes to show a sample.
pub trait Samples: Send + Sync {
    /// What `channel` would send of an article as the API takes it; or why there is nothing to send. Nothing is kept.
    fn sample(
        &self,
        channel: String,
        article: Vec<u8>,
        source: String,
    ) -> BoxFuture<'_, Result<Result<Sample, Text>, StoreError>>;
}
