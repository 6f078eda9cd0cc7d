//! What can happen to a delivery.

use chrono::{DateTime, Utc};

use super::{Action, Hold, Job, Plan, Receipt, Wanted, Why};
use crate::text::Text;

/// Something that happens to a delivery; [`super::apply`] says what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The office published, corrected or withdrew.
    Want(Wanted, Plan),
    /// The schedule says something else than before.
    Replan(Plan),
    /// A worker takes it to send.
    Lease {
        /// Who.
        node: String,
        /// Since when.
        since: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
        /// Whether it is only rehearsed.
        rehearsal: bool,
        /// To do what.
        job: Job,
    },
    /// A worker takes it to look the channel up.
    LeaseLook {
        /// Who.
        node: String,
        /// Since when.
        since: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The worker is still at it.
    Renew {
        /// Under which lease.
        attempt: u32,
        /// New end of the lease.
        until: DateTime<Utc>,
    },
    /// The worker's try came to this.
    Settle {
        /// Under which lease.
        attempt: u32,
        /// How it ended.
        outcome: Outcome,
    },
    /// The look-up came to this.
    Sighted {
        /// Under which lease.
        attempt: u32,
        /// What was seen.
        sighting: Sighting,
    },
    /// The lease ended without a word: its process died or was cut off.
    LeaseLost(Unclear),
    /// What waits may have gone out, at least to some: the store was put back from a backup, or its edition is over without it.
    Restored(Unclear),
    /// It cannot go out yet.
    Postpone {
        /// Until when.
        due: DateTime<Utc>,
        /// For what.
        why: Why,
    },
    /// It has to wait for a person.
    Hold(Hold),
    /// The channel has gone from rehearsal to live: what was rehearsed was never public.
    Unrehearse,
    /// A person lets it go on.
    Release(Plan),
    /// Some of a job's audience did not get it, and shall have it now. Only for jobs of many copies, each of which is
    /// on record.
    Missed {
        /// The job that some missed: the last one that was done.
        action: Action,
        /// When to send it to them.
        plan: Plan,
    },
    /// A person looked and saw whether the uncertain job was done.
    Resolve {
        /// Whether it went out.
        went_out: bool,
        /// When to go on, if there is something left to do.
        plan: Plan,
    },
    /// A named person has seen the payload and lets it go out.
    Approve {
        /// When it goes out, and what was approved.
        plan: Plan,
        /// Whether that has to be somebody else than who wrote the revision.
        by_another: bool,
    },
    /// A named person has seen the payload and does not let it go out.
    SendBack {
        /// Who.
        who: String,
        /// What they say about it.
        word: String,
    },
    /// A person wants another copy although there is one; loa no longer looks after that.
    SendAgain {
        /// When, and since when another one is wanted.
        plan: Plan,
        /// Why, as they say it.
        why: String,
    },
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A hidden copy exists; the try goes on.
    Staged(String),
    /// The public sees it.
    Shown(Receipt),
    /// Everybody has been written to, and some may or may not have got it: each copy is on record, only theirs is in
    /// doubt.
    InDoubt {
        /// The copies of all the others.
        receipt: Receipt,
        /// Who is in doubt, for people.
        note: Text,
    },
    /// The copy is gone, or there was none.
    Gone,
    /// They did not take it; later they may.
    NotTaken {
        /// When to try again.
        retry_at: DateTime<Utc>,
        /// Why they did not.
        note: Text,
    },
    /// There was no room for it in its edition: it was not sent and goes out by this plan.
    Moved(Plan),
    /// What would be sent is not what a person has approved, for this reason; nothing was sent.
    Unapproved(Text),
    /// The channel as a whole cannot be used; no try is spent.
    ChannelPaused,
    /// The whole channel has to rest until then; no try is spent.
    Throttled {
        /// When the far side will listen again.
        until: DateTime<Utc>,
        /// What it said.
        note: Text,
    },
    /// A person has edited the copy: it is not overwritten without being asked.
    Edited {
        /// Fingerprint of what the far side shows now.
        seen: String,
        /// The difference, for people.
        note: Text,
    },
    /// They will never take it, or too many tries failed.
    Refused(Text),
    /// No trustworthy answer came.
    Unclear(Unclear),
}

/// No trustworthy answer came: what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// A repeat of the very same job is harmless.
    Repeat {
        /// When.
        at: DateTime<Utc>,
        /// What happened.
        note: Text,
    },
    /// The channel can be looked up.
    LookUp {
        /// When.
        at: DateTime<Utc>,
        /// What happened.
        note: Text,
    },
    /// Only a person can tell.
    Ask(Text),
}

/// What a look-up saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// The job was done: here is the copy, or for a withdrawal what stands in its place.
    Present(Receipt),
    /// The create got as far as a hidden copy under this remote id.
    Staged(String),
    /// The job was provably not done and may be done again, a withdrawal too, but not before then.
    Absent {
        /// When to do it again.
        again: DateTime<Utc>,
    },
    /// Part of the audience has it: the very same job is to be finished for the others, not before then.
    Begun {
        /// When to go on.
        again: DateTime<Utc>,
    },
    /// The job was provably not done, and too many tries failed.
    GivenUp(Text),
    /// It cannot be told now.
    Unknown {
        /// When to look again; `None`: give up and ask a person.
        again: Option<DateTime<Utc>>,
        /// What was seen.
        note: Text,
    },
}
