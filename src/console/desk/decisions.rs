//! What officers decide about articles and deliveries.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::writing::PayloadView;
use crate::article::{ArticleId, Revision};
use crate::delivery::{Delivery, DeliveryId};
use crate::queue::{By, Refusable};
use crate::text::Text;

/// The exact payload that an approver is shown.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The delivery.
    pub delivery: Delivery,
    /// What is sent by it.
    pub revision: Revision,
    /// The payload, for people.
    pub view: PayloadView,
    /// File ending that fits the bytes.
    pub extension: &'static str,
    /// The payload.
    pub bytes: Vec<u8>,
    /// When it would go out.
    pub due: DateTime<Utc>,
    /// Why it cannot be approved yet.
    pub not_yet: Option<Text>,
    /// Whether somebody else than who wrote the revision has to approve it.
    pub by_another: bool,
}

/// Decisions. Each is a line in the ledger; what is refused is said in words.
pub trait Decisions: Send + Sync {
    /// Takes an article back everywhere.
    fn withdraw(&self, article: ArticleId, by: By) -> BoxFuture<'_, Refusable<()>>;

    /// Lets go on what is held or failed.
    fn retry(&self, delivery: DeliveryId, by: By) -> BoxFuture<'_, Refusable<Delivery>>;

    /// Says whether what is uncertain went out; of these recipients, or of all of it.
    fn resolve(
        &self,
        delivery: DeliveryId,
        went_out: bool,
        recipients: Vec<String>,
        by: By,
    ) -> BoxFuture<'_, Refusable<Delivery>>;

    /// Sends letters to those who missed them; to how many.
    fn resend_missed(&self, delivery: DeliveryId, by: By) -> BoxFuture<'_, Refusable<usize>>;

    /// Makes another copy although there is one.
    fn send_again(&self, delivery: DeliveryId, why: String, by: By) -> BoxFuture<'_, Refusable<Delivery>>;

    /// What a delivery that waits for approval would send, as of the instant `seen`; `dressed`: its pages show their
    /// pictures.
    fn proof(&self, delivery: DeliveryId, seen: DateTime<Utc>, dressed: bool) -> BoxFuture<'_, Refusable<Proof>>;

    /// Approves the payload of this hash, which was shown as of the instant `seen`.
    fn approve(
        &self,
        delivery: DeliveryId,
        hash: String,
        seen: DateTime<Utc>,
        by: By,
    ) -> BoxFuture<'_, Refusable<Delivery>>;

    /// Sends it back to whoever wrote it.
    fn send_back(&self, delivery: DeliveryId, word: String, by: By) -> BoxFuture<'_, Refusable<Delivery>>;
}
