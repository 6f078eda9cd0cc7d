//! The last look before a delivery leaves: is this still the right moment?

use chrono::{DateTime, TimeDelta, Utc};

use super::{Approval, Change, Schedule, Timing};
use crate::delivery::{Action, Event, Hold, Live, Why};
use crate::queue::{Candidate, Gate, LeasedItem};

/// No wait for another channel is longer, whatever its file says: the calendar has an end.
const LONGEST_WAIT: TimeDelta = TimeDelta::days(36_500);

/// A channel's schedule, asked about candidates at the moment they would be sent.
#[derive(Clone, Debug)]
pub struct ChannelGate(pub Schedule);

impl Gate for ChannelGate {
    /// What has to happen instead of sending; `None` lets it go.
    fn objection(&self, candidate: &Candidate, now: DateTime<Utc>) -> Option<Event> {
        let Self(schedule) = self;
        let delivery = &candidate.delivery;
        let action = delivery.needed()?;
        let rehearsed = delivery.live.receipt().is_some_and(|receipt| receipt.rehearsal);
        if rehearsed && !schedule.rehearsal {
            return Some(Event::Unrehearse);
        }
        if schedule.rehearsal && delivery.live != Live::Nothing && !rehearsed {
            return Some(Event::Hold(Hold::RehearsalOfLive));
        }
        let change = Change::of(action);
        if change == Change::Content && self.approval() && delivery.plan.approved.is_none() {
            return Some(Event::Hold(Hold::Approval { note: None }));
        }
        if let Some(objection) = self.hour(candidate, action, change, now) {
            return Some(objection);
        }
        if change == Change::Content { self.after(candidate, now) } else { None }
    }

    fn closes(&self, item: &LeasedItem, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.quiet_start(&item.article, Change::of(item.action), now)
    }

    fn next_slot(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.next_slot(after)
    }

    fn after(&self) -> Option<&str> {
        self.0.after.as_deref()
    }

    fn approval(&self) -> bool {
        self.0.approval != Approval::No
    }

    fn rehearses(&self) -> bool {
        self.0.rehearsal
    }

    fn bundles(&self) -> bool {
        self.0.bundles && matches!(self.0.timing, Timing::Cron(_))
    }
}

impl ChannelGate {
    fn hour(&self, candidate: &Candidate, action: Action, change: Change, now: DateTime<Utc>) -> Option<Event> {
        let Self(schedule) = self;
        let (article, delivery) = (&candidate.article, &candidate.delivery);
        if change == Change::Content
            && let Some(until) = article.embargo_until.filter(|until| *until > now)
        {
            return Some(Event::Postpone { due: until, why: Why::Embargo });
        }
        // A copy that is already public has to be put right however late it is; only new ones go stale.
        if matches!(action, Action::Create(_)) {
            if let Some(at) = article.expires_at.filter(|at| *at <= now) {
                return Some(Event::Hold(Hold::Expired { at }));
            }
            let planned = delivery.expected();
            if schedule.is_late(planned, now) {
                return Some(Event::Hold(Hold::Late { planned }));
            }
        }
        let due = schedule.quiet_end(article, change, now)?;
        Some(Event::Postpone { due, why: Why::Quiet })
    }

    fn after(&self, candidate: &Candidate, now: DateTime<Utc>) -> Option<Event> {
        let Self(schedule) = self;
        let channel = schedule.after.clone()?;
        if candidate.after_ready {
            return None;
        }
        let timeout = TimeDelta::from_std(schedule.after_timeout).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
        let latest = candidate.delivery.plan.planned + timeout;
        Some(if now >= latest {
            Event::Hold(Hold::After { channel })
        } else {
            Event::Postpone { due: latest, why: Why::After { channel } }
        })
    }
}
