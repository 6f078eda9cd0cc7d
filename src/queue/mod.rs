//! The durable list of what still has to be done, as the rest of loa sees it. `store` keeps it.

mod editions;
mod error;
mod keep;
mod feeds;
mod manuscripts;
mod people;
mod requests;
mod subscribers;
mod types;
mod versions;
mod waiting;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::article::Kept;
use crate::channel::{Copies, Pictures};
use crate::clock::Clock;
use crate::delivery::{Delivery, DeliveryId, Event, Plan, Unclear};
use crate::text::Text;

pub use editions::{ComingEdition, EditionItem, Editions, MOST_COUNTED, Move};
pub use error::StoreError;
pub use feeds::{EntryCounts, EntryRow, EntryState, FeedRow, Feeds, HubTie, Polled, Seen, Turn, Validators};
pub use keep::{Keep, Tidied};
pub use manuscripts::{Manuscript, Manuscripts, PictureFile, Written, WrittenPicture};
pub use people::{By, People, Record, Refusable};
pub use requests::{Claim, Requests};
pub use subscribers::{Found, Imported, NewStanding, SoftBounce, Subscribers, WithJobs};
pub use types::{
    About, Accepted, Answer, AttemptReport, Candidate, Change, Considered, Current, Handover, LeaseRequest, Leased,
    LeasedItem, Pause, PauseCause, Rate, Settlement, Verdict, Work,
};
pub use versions::{FileChange, Version, Versions};
pub use waiting::{Ask, Waiting};

/// Decides, inside the transaction that reads what is there, what an article handed over becomes. Asked again when
/// another machine was at the same article.
pub type Decide = Box<dyn Fn(Option<&Current>) -> Result<Change, Text> + Send + Sync>;

/// Plans a delivery again that waits, given the delivery and the content it would send; `None` leaves its plan as it is.
pub type Planner = Arc<dyn Fn(&Candidate) -> Option<Plan> + Send + Sync>;

/// Says what to do about a delivery whose process died in the middle of a try.
pub type OnLost = Arc<dyn Fn(&Delivery) -> Unclear + Send + Sync>;

/// A channel's last word before a delivery leaves.
pub trait Gate: Send + Sync {
    /// What has to happen instead of sending; `None` lets it go.
    fn objection(&self, candidate: &Candidate, now: DateTime<Utc>) -> Option<Event>;

    /// When the channel's hours next end for what was leased; `None`: they do not end.
    fn closes(&self, item: &LeasedItem, now: DateTime<Utc>) -> Option<DateTime<Utc>>;

    /// The channel's first slot after an instant, if it has slots.
    fn next_slot(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>>;

    /// The channel whose public copy has to be there first.
    fn after(&self) -> Option<&str>;

    /// Whether nothing leaves but what a named person has approved.
    fn approval(&self) -> bool {
        false
    }

    /// Whether everything is only rehearsed.
    fn rehearses(&self) -> bool {
        false
    }

    /// Whether deliveries of one slot leave together, as an edition.
    fn bundles(&self) -> bool;
}

/// The queue. Every method returns after its transaction is on disk.
pub trait Queue: Send + Sync {
    /// Takes over an article, or an order to withdraw one, in one transaction.
    fn accept(&self, handover: Handover, decide: Decide) -> BoxFuture<'_, Result<Verdict, StoreError>>;

    /// Leases what is due on one channel: the next deliveries, or the next edition. `ask` says what is asked for when the
    /// transaction begins: a lease begins then, however long it had to wait.
    fn lease(&self, ask: Ask) -> BoxFuture<'_, Result<Leased, StoreError>>;

    /// Waits in the line for what comes in next for this channel: it is leased in the transaction that brings it, and `ask`
    /// says then what is asked for. Whoever waits listens to the bell as well, which rings for what others bring.
    fn wait(&self, channel: &str, ask: Ask) -> Waiting;

    /// Lengthens leases; false when one of them is no longer ours.
    fn renew(&self, held: Vec<(DeliveryId, u32)>, until: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Records what became of leased deliveries. Answers under an older lease are counted, not applied.
    fn settle(&self, settlements: Vec<Settlement>) -> BoxFuture<'_, Result<usize, StoreError>>;

    /// Takes back deliveries whose lease ran out, or whose process is known to be gone (`not_of` names the
    /// only process that is alive). Returns how many.
    fn sweep(
        &self,
        now: DateTime<Utc>,
        not_of: Option<String>,
        on_lost: OnLost,
    ) -> BoxFuture<'_, Result<usize, StoreError>>;

    /// Plans everything that waits on a channel again, because its schedule changed, but for editions that have begun.
    /// `schedule` names what the planner goes by. Returns how many changed; after an error it may have been done in part,
    /// and is to be asked for again.
    fn replan(&self, channel: String, schedule: String, planner: Planner) -> BoxFuture<'_, Result<usize, StoreError>>;

    /// The schedule by which everything that waits on a channel was planned again last, if that came to its end.
    fn planned_by(&self, channel: String) -> BoxFuture<'_, Result<Option<String>, StoreError>>;

    /// A person's decision about one delivery.
    fn decide(
        &self,
        delivery: DeliveryId,
        event: Event,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Result<Delivery, Text>, StoreError>>;

    /// What a delivery would send now if it were leased; `None` where there is no such delivery, or nothing to do about it.
    /// `after` is the channel that its channel follows.
    fn consider(
        &self,
        delivery: DeliveryId,
        after: Option<String>,
    ) -> BoxFuture<'_, Result<Option<Considered>, StoreError>>;

    /// A person's answer about some of an uncertain delivery's copies; with the last of them the delivery goes on.
    fn answer(
        &self,
        delivery: DeliveryId,
        answer: Answer,
        plan: Plan,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Result<Delivery, Text>, StoreError>>;

    /// Sends a delivery's last job to those of its audience who missed it, of an edition with all its articles. Says how
    /// many they are, or why it cannot be done.
    fn resend_missed(
        &self,
        delivery: DeliveryId,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Result<usize, Text>, StoreError>>;

    /// Pauses a channel; a pause that is already there stays.
    fn pause(&self, channel: String, pause: Pause) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Has the pause that a restored store puts on every channel seen on this one, unless somebody has let it go on.
    fn show_pause(&self, channel: String) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Lets a channel go on; false when it was not paused.
    fn resume(&self, channel: String, who: String, now: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Nothing is leased on the channel before `until`; an earlier rest is lengthened, never shortened.
    fn throttle(&self, channel: String, until: DateTime<Utc>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The channel's pause, if it is paused.
    fn paused(&self, channel: String) -> BoxFuture<'_, Result<Option<Pause>, StoreError>>;

    /// The memory of single copies for one job.
    fn copies(&self, channel: &str, job_key: &str, about: About, clock: &Clock) -> Arc<dyn Copies>;

    /// Keeps a picture by its content; keeping it again changes nothing.
    fn keep_picture(&self, kept: Kept, bytes: Vec<u8>, now: DateTime<Utc>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The pictures that were kept.
    fn pictures(&self) -> Arc<dyn Pictures>;

    /// Rings when there may be something new for the channel. A ring that nobody waits for is kept.
    fn bell(&self, channel: &str) -> Arc<Notify>;
}
