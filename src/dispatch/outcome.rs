//! From what an adapter reports to what happens to the delivery. The policy is here, not in adapters.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::retry::RetryPolicy;
use crate::channel::{Class, Progress, Repeat, Seen, SendError};
use crate::delivery::{Delivery, Errand, Job, Outcome, Sighting, State, Unclear};
use crate::text;
use crate::text::Text;

/// Look-ups that could not tell before a person is asked.
const MOST_LOOKS: u32 = 6;
/// A far side may show a new post late: the first look waits this long.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// What decides about one item's failure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) repeat: Repeat,
    pub(super) retry: RetryPolicy,
    /// Failed tries before this one.
    pub(super) tries: u32,
    pub(super) edition: bool,
    pub(super) now: DateTime<Utc>,
    pub(super) jitter: f64,
}

impl Policy {
    fn at(&self, wait: Duration) -> DateTime<Utc> {
        self.now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)
    }

    /// What a failed try means for the delivery.
    pub(super) fn failed(&self, error: &SendError) -> Outcome {
        let note = error.note.clone();
        let failed = self.tries + 1;
        match error.class {
            Class::Transient { retry_after } => match self.retry.wait(failed, retry_after, self.jitter) {
                Some(wait) => Outcome::NotTaken { retry_at: self.at(wait), note },
                None => Outcome::Refused(given_up(failed, &note)),
            },
            Class::Partial { retry_after } => match self.retry.wait(failed, retry_after, self.jitter) {
                Some(wait) => Outcome::Unclear(Unclear::Repeat { at: self.at(wait), note }),
                None => Outcome::Refused(given_up(failed, &note)),
            },
            Class::Permanent => Outcome::Refused(note),
            Class::Ambiguous { retry_after } => Outcome::Unclear(self.unclear(retry_after, note)),
            Class::NeedsAttention(_) => Outcome::ChannelPaused,
        }
    }

    /// No trustworthy answer came.
    fn unclear(&self, retry_after: Option<Duration>, note: Text) -> Unclear {
        let wait = self.retry.backoff(self.tries + 1, self.jitter).max(retry_after.unwrap_or_default());
        match self.repeat {
            Repeat::Safe if !self.edition => Unclear::Repeat { at: self.at(wait), note },
            Repeat::Safe | Repeat::AfterLookup => Unclear::LookUp { at: self.at(FIRST_LOOK), note },
            Repeat::Never => Unclear::Ask(note),
        }
    }

    /// What a look-up means for the delivery; `looks` of them could not tell before.
    pub(super) fn seen(&self, looks: u32, seen: Result<Seen, SendError>) -> Sighting {
        let note = match seen {
            Ok(Seen::Present(receipt)) => return Sighting::Present(receipt),
            Ok(Seen::Absent) => return Sighting::Absent,
            Ok(Seen::Unknown(note)) => return Sighting::Unknown { again: None, note },
            Err(error) => error.note,
        };
        let wait = self.retry.backoff(looks + 1, self.jitter);
        let again = (looks + 1 < MOST_LOOKS).then(|| self.at(wait));
        Sighting::Unknown { again, note }
    }
}

fn given_up(failed: u32, note: &Text) -> Text {
    Text {
        vi: format!("đã thử {failed} lần không được: {}", note.vi),
        en: format!("given up after {failed} tries: {}", note.en),
    }
}

/// One word for the ledger.
pub(super) fn word(progress: &Result<Progress, SendError>) -> &'static str {
    match progress {
        Ok(Progress::Staged(_)) => "staged",
        Ok(Progress::Live(_)) => "live",
        Ok(Progress::Gone) => "gone",
        Err(error) => error.class_name(),
    }
}

/// What to do about a delivery whose process died in the middle of a try. `repeat` is `None` for a channel
/// that is not configured any more.
#[must_use]
pub fn lost(repeat: Option<Repeat>, delivery: &Delivery, now: DateTime<Utc>) -> Unclear {
    let note = text!("tiến trình dừng giữa lúc gửi", "the process ended in the middle of sending");
    let edition = matches!(&delivery.state, State::Sending { errand: Errand::Send(Job { edition: Some(_), .. }), .. });
    match repeat {
        Some(Repeat::Safe) if !edition => Unclear::Repeat { at: now, note },
        Some(Repeat::Safe | Repeat::AfterLookup) => Unclear::LookUp { at: now, note },
        Some(Repeat::Never) | None => Unclear::Ask(note),
    }
}
