//! From an article and a schedule to a plan.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{CronLine, Quiet};
use crate::article::{Article, Priority, sha256_hex};
use crate::delivery::{Action, Delivery, Live, Plan, State, Why};

/// When a channel sends.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// At once, or at slots.
    pub timing: Timing,
    /// Where its hours are counted.
    pub zone: Tz,
    /// When nothing may make a noise.
    pub quiet: Option<Quiet>,
    /// How late something may still go out.
    pub grace: Duration,
    /// The channel whose public URL it waits for.
    pub after: Option<String>,
    /// How long it waits for that.
    pub after_timeout: Duration,
    /// Whether a named person has to approve each payload.
    pub approval: Approval,
    /// Whether articles of one slot are sent as one edition.
    pub bundles: bool,
    /// Whether its withdrawals make no noise, so that quiet hours do not delay them.
    pub removes_quietly: bool,
    /// Whether it only rehearses.
    pub rehearsal: bool,
}

/// At once, or at the slots of cron lines.
#[derive(Clone, Debug)]
pub enum Timing {
    /// As soon as it may.
    Immediate,
    /// At the next slot of any of these lines.
    Cron(Vec<CronLine>),
}

/// Whether a named person has to approve what goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Approval {
    /// Nobody has to.
    #[default]
    No,
    /// Somebody has to.
    Asked,
    /// Somebody else than who wrote it has to.
    ByAnother,
}

/// What is being planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A revision, new or corrected.
    Content,
    /// A withdrawal.
    Withdrawal,
}

impl Change {
    /// What an action changes.
    #[must_use]
    pub fn of(action: Action) -> Self {
        if action == Action::Withdraw { Self::Withdrawal } else { Self::Content }
    }
}

impl Schedule {
    /// A name of 64 hexadecimal digits, by which another schedule is told from this one.
    #[must_use]
    pub fn name(&self) -> String {
        sha256_hex(format!("{self:?}").as_bytes())
    }

    /// When `change` to `article`, handed over at `now`, should reach this channel.
    #[must_use]
    pub fn plan(&self, article: &Article, change: Change, now: DateTime<Utc>) -> Plan {
        let embargo = article.embargo_until.filter(|until| change == Change::Content && *until > now);
        let start = embargo.unwrap_or(now);
        let approval = self.approval != Approval::No && change == Change::Content;
        if let Some(slot) = self.next_slot(start) {
            let edition = self.bundles.then_some(slot);
            return Plan { edition, approval, ..Plan::waiting(slot, Why::Slot) };
        }
        let quiet = self.quiet_end(article, change, start);
        let due = quiet.unwrap_or(start);
        let why = match (quiet, embargo) {
            (Some(_), _) => Why::Quiet,
            (None, Some(_)) => Why::Embargo,
            (None, None) => Why::Turn,
        };
        Plan { approval, ..Plan::waiting(due, why) }
    }

    /// The plan of what waits already, now that this is the schedule; `None` where nothing about it changes: what some may
    /// have had is finished, and what is late is not made punctual by a new file. An hour that this schedule gives as well
    /// stays, also where it has come already.
    #[must_use]
    pub fn plan_again(&self, waits: &Delivery, article: &Article, now: DateTime<Utc>) -> Option<Plan> {
        let action = waits.needed()?;
        let is_new = matches!(action, Action::Create(_));
        // What an earlier loa began does not say so itself.
        let is_repeat = matches!(waits.state, State::Waiting { why: Why::Retry { .. }, .. });
        let midway = waits.is_begun() || (matches!(waits.live, Live::Maybe(_)) && is_repeat);
        if midway || (is_new && self.is_late(waits.expected(), now)) {
            return None;
        }
        let plan = self.plan(article, Change::of(action), now);
        let had = &waits.plan;
        let since = if had.planned <= now { had.planned } else { plan.planned };
        Some(match plan.why {
            // What may go at once, or could have, has waited since it was planned first.
            Why::Turn => Plan { planned: since, due: plan.due.min(had.due), ..plan },
            Why::Quiet => Plan { planned: since, ..plan },
            Why::Slot if had.due <= plan.due && self.is_slot(had.due) => {
                let edition = plan.edition.map(|_| had.due);
                Plan { planned: had.due, due: had.due, why: had.why.clone(), edition, ..plan }
            }
            _ => plan,
        })
    }

    fn is_slot(&self, at: DateTime<Utc>) -> bool {
        self.next_slot(at - TimeDelta::milliseconds(1)) == Some(at)
    }

    /// Whether something that was planned for this instant is no longer to be sent by itself.
    #[must_use]
    pub(super) fn is_late(&self, planned: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let grace = TimeDelta::from_std(self.grace).unwrap_or(TimeDelta::MAX);
        planned.checked_add_signed(grace).is_some_and(|latest| now > latest)
    }

    /// The first slot after `after`; `None` for a channel that sends at once.
    #[must_use]
    pub fn next_slot(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match &self.timing {
            Timing::Immediate => None,
            Timing::Cron(lines) => lines.iter().filter_map(|line| line.next(after, self.zone)).min(),
        }
    }

    /// When the quiet hours end that keep `change` back at `at`; `None` when it may go out.
    #[must_use]
    pub fn quiet_end(&self, article: &Article, change: Change, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.quiet_for(article, change).and_then(|quiet| quiet.end(at, self.zone))
    }

    /// When the quiet hours begin in which `change` may not go out any more; `None` when there are none for it.
    #[must_use]
    pub fn quiet_start(&self, article: &Article, change: Change, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.quiet_for(article, change).and_then(|quiet| quiet.next_start(after, self.zone))
    }

    fn quiet_for(&self, article: &Article, change: Change) -> Option<Quiet> {
        let passes = article.priority == Priority::Urgent || (change == Change::Withdrawal && self.removes_quietly);
        self.quiet.filter(|_| !passes)
    }
}
