//! A delivery: the promise that one channel shows what one article says *now*.
//!
//! Level-triggered: publishing, correcting and withdrawing only move `wanted`; sending moves `live`
//! towards it; [`needed`] says what is left to do. [`apply`] is the only place where a state changes.

mod apply;
mod event;
mod person;
mod state;
mod told;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::article::{ArticleId, ArticleKey, Revision, sha256_hex};

pub use apply::{Refused, apply};
pub use event::{Event, Outcome, Sighting, Unclear};
pub use state::{Errand, Hold, Job, Lease, State, Why};

/// Identity of a delivery in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(pub i64);

impl std::fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What the channel should show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// This revision.
    Revision(Revision),
    /// Nothing: the article is withdrawn.
    Withdrawn,
}

/// What an attempt brought back: where the copy is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Receipt {
    /// The far side's name for the copy.
    pub remote_id: String,
    /// Where the public finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// SHA-256 of the payload that was sent, in hexadecimal.
    pub payload_hash: String,
    /// True when it was only rehearsed and nobody saw it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rehearsal: bool,
    /// Fingerprint of what the far side showed when loa last wrote there, for channels that can tell whether a
    /// person has edited the copy since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
}

/// What the channel shows, as far as loa knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Live {
    /// Nothing of ours.
    Nothing,
    /// Perhaps this revision: its create was sent without an answer, and the far side makes a repeat
    /// harmless. Until that is known no other revision is sent as new.
    Maybe(Revision),
    /// A hidden copy that the public cannot see yet.
    Staged {
        /// The revision it was made from.
        revision: Revision,
        /// The far side's name for it.
        remote_id: String,
    },
    /// This revision, here.
    Shown {
        /// The revision the public sees.
        revision: Revision,
        /// Where.
        receipt: Receipt,
    },
}

impl Live {
    /// The revision that is there, perhaps there, or hidden there.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        match self {
            Self::Nothing => None,
            Self::Maybe(revision) | Self::Staged { revision, .. } | Self::Shown { revision, .. } => Some(*revision),
        }
    }

    /// The receipt of the public copy, if there is one.
    #[must_use]
    pub fn receipt(&self) -> Option<&Receipt> {
        match self {
            Self::Shown { receipt, .. } => Some(receipt),
            _ => None,
        }
    }
}

/// What one try does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Make the first public copy, from this revision.
    Create(Revision),
    /// Make the public copy show this revision.
    Update(Revision),
    /// Take the copy back.
    Withdraw,
}

impl Action {
    /// The revision it sends; `None` for a withdrawal.
    #[must_use]
    pub fn revision(self) -> Option<Revision> {
        match self {
            Self::Create(revision) | Self::Update(revision) => Some(revision),
            Self::Withdraw => None,
        }
    }

    /// The word used in the ledger and the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Update(_) => "update",
            Self::Withdraw => "withdraw",
        }
    }
}

/// What is left to do to make `live` what is `wanted`; `None` when they agree.
#[must_use]
pub fn needed(wanted: Wanted, live: &Live) -> Option<Action> {
    match (wanted, live) {
        (Wanted::Revision(n), Live::Nothing | Live::Staged { .. }) => Some(Action::Create(n)),
        (Wanted::Revision(_), Live::Maybe(sent)) => Some(Action::Create(*sent)),
        (Wanted::Revision(n), Live::Shown { revision, .. }) => (*revision < n).then_some(Action::Update(n)),
        (Wanted::Withdrawn, Live::Nothing) => None,
        (Wanted::Withdrawn, _) => Some(Action::Withdraw),
    }
}

/// When a delivery may go out, as planned from the channel's schedule.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// When it should go out if nothing delays it; lateness is counted from here.
    pub planned: DateTime<Utc>,
    /// When to try first.
    pub due: DateTime<Utc>,
    /// What it waits for until then.
    pub why: Why,
    /// The edition it goes out in, for channels that collect articles into bulletins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<Slot>,
    /// True while a named person has to approve it first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approval: bool,
    /// What a named person has approved; nothing else goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approved>,
    /// True while some may have it already: it is finished in the form in which it was begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begun: bool,
    /// When a person last asked for another copy although there was one: such a job is not the same as the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<DateTime<Utc>>,
}

/// What a named person has seen and approved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Approved {
    /// SHA-256 of the payload.
    pub hash: String,
    /// The hour as of which it was made.
    pub at: DateTime<Utc>,
    /// The edition as part of which it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<Slot>,
}

impl Plan {
    /// At once.
    #[must_use]
    pub fn at_once(now: DateTime<Utc>) -> Self {
        Self::waiting(now, Why::Turn)
    }

    /// At that hour, for which it waits.
    #[must_use]
    pub fn waiting(due: DateTime<Utc>, why: Why) -> Self {
        Self { planned: due, due, why, edition: None, approval: false, approved: None, begun: false, again: None }
    }

    /// The state that the plan begins with.
    #[must_use]
    pub fn opening_state(&self) -> State {
        if self.approval {
            State::Held { why: Hold::Approval { note: None } }
        } else {
            State::Waiting { due: self.due, why: self.why.clone() }
        }
    }
}

/// A slot of a channel's cron schedule: the instant that names an edition.
pub type Slot = DateTime<Utc>;

/// One article on one channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// Identity.
    pub id: DeliveryId,
    /// Whose delivery.
    pub article: ArticleId,
    /// The channel's file name without `.toml`.
    pub channel: String,
    /// What the channel should show.
    pub wanted: Wanted,
    /// What it shows.
    pub live: Live,
    /// Where the work stands.
    pub state: State,
    /// When the present `wanted` may go out.
    pub plan: Plan,
    /// Failed tries since the last success or the last change of `wanted`.
    pub tries: u32,
    /// Leases taken so far. Each lease is fenced by this number: an answer that names an older one is
    /// refused.
    pub attempt: u32,
    /// Rises with every change; the store compares and swaps on it.
    pub version: i64,
}

impl Delivery {
    /// A delivery that has not begun: nothing is wanted of it before the first [`Event::Want`].
    #[must_use]
    pub fn new(id: DeliveryId, article: ArticleId, channel: &str, wanted: Wanted, plan: Plan) -> Self {
        let state = plan.opening_state();
        Self {
            id,
            article,
            channel: channel.to_owned(),
            wanted,
            live: Live::Nothing,
            state,
            plan,
            tries: 0,
            attempt: 0,
            version: 0,
        }
    }

    /// What is left to do.
    #[must_use]
    pub fn needed(&self) -> Option<Action> {
        needed(self.wanted, &self.live)
    }

    /// When it should go out, or should have: lateness is counted from here.
    #[must_use]
    pub fn expected(&self) -> DateTime<Utc> {
        let planned = self.plan.planned;
        match (&self.live, &self.state) {
            // What some may have already is finished for the others, however long that takes, unless loa itself was late.
            (Live::Maybe(_), State::Waiting { due, .. }) => planned.max(*due),
            // What was approved says the hour as of which it was made, which the schedule may have left behind.
            _ if self.plan.approved.is_some() && self.plan.why == Why::Slot => planned.max(self.plan.due),
            _ => planned,
        }
    }

    /// Whether some may have had what is being sent, which is then finished in the form in which it was begun: nobody gets
    /// it a second time in another one.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.plan.begun
    }

    /// The same, where that form is an edition.
    #[must_use]
    pub fn is_begun_edition(&self) -> bool {
        self.is_begun() && self.plan.edition.is_some()
    }

    /// The plan by which a person lets go on what was begun: at once, in its own form. `None` for everything else.
    #[must_use]
    pub fn going_on(&self, now: DateTime<Utc>) -> Option<Plan> {
        self.is_begun().then(|| Plan { edition: self.plan.edition, begun: true, ..Plan::at_once(now) })
    }

    /// What was begun keeps its form, whatever the plan says.
    fn in_its_form(&self, plan: Plan) -> Plan {
        if self.is_begun() { Plan { edition: self.plan.edition, begun: true, ..plan } } else { plan }
    }

    /// A later edition that a person chose outlasts what the schedule alone would say.
    fn outlasting(&self, plan: Plan) -> Plan {
        let waits = matches!(self.state, State::Waiting { .. });
        let sooner = plan.why == Why::Slot && plan.edition.is_some() && plan.edition < self.plan.edition;
        if waits && self.plan.why == Why::Chosen && sooner {
            let Plan { planned, due, edition, .. } = self.plan;
            return Plan { planned, due, why: Why::Chosen, edition, ..plan };
        }
        plan
    }
}

/// Stable name of the job that does `action` for one article on one channel: the same after any crash or
/// retry, another one for every revision. Far sides that honour it see a repeat as the same thing.
///
/// A revision is withdrawn twice when its copy came back in between under a lost answer: `ordered`, the
/// instant of the order, tells the two withdrawals apart. `again` tells a copy from the one before, where a person asked
/// for another.
#[must_use]
pub fn job_key(
    channel: &str,
    article: &ArticleKey,
    action: Action,
    live: &Live,
    ordered: DateTime<Utc>,
    again: Option<DateTime<Utc>>,
) -> String {
    let revision = action.revision().or(live.revision()).unwrap_or_default().to_string();
    let mut parts = vec![channel, &article.source, &article.external_id, action.name(), &revision];
    let since = match action {
        Action::Withdraw => Some(ordered),
        Action::Create(_) => again,
        Action::Update(_) => None,
    };
    let since = since.map(|since| since.timestamp_millis().to_string());
    parts.extend(since.as_deref());
    named(&parts)
}

/// Stable name of the job that sends one edition.
#[must_use]
pub fn edition_key(channel: &str, slot: Slot) -> String {
    named(&[channel, "edition", &slot.timestamp_millis().to_string()])
}

fn named(parts: &[&str]) -> String {
    let hash = sha256_hex(parts.join("\n").as_bytes());
    format!("loa_{}", hash.get(..32).unwrap_or(&hash))
}
