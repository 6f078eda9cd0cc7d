//! From what an adapter reports to what happens to the delivery. The policy is here, not in adapters.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::retry::{LONGEST_ASKED, RetryPolicy};
use crate::channel::{Allowance, Class, Progress, Repeat, Seen, SendError};
use crate::delivery::{Delivery, Errand, Outcome, Sighting, State, Unclear};
use crate::text;
use crate::text::Text;

/// Look-ups that could not tell before a person is asked.
const MOST_LOOKS: u32 = 6;
/// A far side may show a new post late: the first look waits this long.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// From this share of an allowance on, tries are spaced out; from the next on, none is made until it is regained.
const SLOW_AT: u8 = 75;
const STOP_AT: u8 = 95;
/// Between two tries of a channel that slows down, and for a throttle without a time.
const REST: Duration = Duration::from_mins(1);
/// For an allowance that is used up and does not say when it is regained.
const LONG_REST: Duration = Duration::from_hours(1);

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
        let wait = i64::try_from(wait.as_millis()).ok().and_then(TimeDelta::try_milliseconds);
        self.now + wait.unwrap_or(TimeDelta::MAX)
    }

    /// What a failed try means for the delivery.
    pub(super) fn failed(&self, error: &SendError) -> Outcome {
        let note = error.note.clone();
        let failed = self.tries + 1;
        match error.class.clone() {
            Class::Transient { retry_after } => match self.retry.wait(failed, retry_after, self.jitter) {
                Some(wait) => Outcome::NotTaken { retry_at: self.at(wait), note },
                None => Outcome::Refused(given_up(failed, &note)),
            },
            // What some have had is finished for the others, however long that takes; the adapter knows when to give
            // up on whom.
            Class::Partial { retry_after } => {
                let asked = retry_after.map(|asked| asked.min(LONGEST_ASKED));
                let wait = asked.unwrap_or_else(|| self.retry.backoff(failed, self.jitter));
                Outcome::Unclear(Unclear::Repeat { at: self.at(wait), note })
            }
            Class::Interrupted(_) => Outcome::Unclear(Unclear::Repeat { at: self.now, note }),
            Class::Throttled { retry_after } | Class::PutOff { retry_after } => {
                Outcome::Throttled { until: self.at(rest(retry_after)), note }
            }
            Class::Edited { seen } => Outcome::Edited { seen, note },
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

    /// The try that was looked for did not arrive: it counts among the failed ones.
    fn absent(&self) -> Sighting {
        match self.retry.wait(self.tries, None, self.jitter) {
            // The look itself has taken its time: the first repeat need not wait again.
            Some(_) if self.tries <= 1 => Sighting::Absent { again: self.now },
            Some(wait) => Sighting::Absent { again: self.at(wait) },
            None => Sighting::GivenUp(given_up(self.tries, &text!("không lần nào đến nơi", "none of them arrived"))),
        }
    }

    /// What a look-up means for the delivery; `looks` of them could not tell before.
    pub(super) fn seen(&self, looks: u32, seen: Result<Seen, SendError>) -> Sighting {
        let mut asked = Duration::ZERO;
        let note = match seen {
            Ok(Seen::Present(receipt)) => return Sighting::Present(receipt),
            Ok(Seen::Staged(remote_id)) => return Sighting::Staged(remote_id),
            Ok(Seen::Absent) => return self.absent(),
            Ok(Seen::Begun) => return Sighting::Begun { again: self.now },
            Ok(Seen::NotYet) if looks > 0 => return self.absent(),
            Ok(Seen::NotYet) => text!("chưa thấy trên kênh; sẽ xem lại", "not there yet; it will be looked up again"),
            Ok(Seen::Unknown(note)) => return Sighting::Unknown { again: None, note },
            Err(error) => {
                asked = error.retry_after().unwrap_or_default();
                error.note
            }
        };
        let wait = self.retry.backoff(looks + 1, self.jitter).max(asked.min(LONGEST_ASKED));
        let again = (looks + 1 < MOST_LOOKS).then(|| self.at(wait));
        Sighting::Unknown { again, note }
    }
}

/// How long a channel rests that was told to, or that is about to use up its allowance.
fn rest(asked: Option<Duration>) -> Duration {
    asked.unwrap_or(REST).clamp(Duration::from_secs(1), LONGEST_ASKED)
}

/// How long the whole channel has to rest after this try, if at all.
pub(super) fn pace(progress: &Result<Progress, SendError>, allowance: Option<Allowance>) -> Option<Duration> {
    if let Err(SendError { class: Class::Throttled { retry_after }, .. }) = progress {
        return Some(rest(*retry_after));
    }
    match allowance? {
        Allowance { used: STOP_AT.., regained_in } => Some(rest(regained_in.or(Some(LONG_REST)))),
        Allowance { used: SLOW_AT.., .. } => Some(REST),
        _ => None,
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
        Ok(Progress::Live(receipt)) if receipt.rehearsal => "rehearsed",
        Ok(Progress::Live(_)) => "live",
        Ok(Progress::InDoubt { .. }) => "ambiguous",
        Ok(Progress::Gone) => "gone",
        Ok(Progress::Notice) => "notice",
        Err(error) => error.class_name(),
    }
}

/// What to do about a delivery whose process died in the middle of a try. `repeat` is `None` for a channel
/// that is not configured any more.
#[must_use]
pub fn lost(repeat: Option<Repeat>, delivery: &Delivery, now: DateTime<Utc>) -> Unclear {
    let note = text!("tiến trình dừng giữa lúc gửi", "the process ended in the middle of sending");
    unclear(repeat, delivery, now, note)
}

/// What becomes of a delivery that waited when the backup was made which the store was put back from. The memory of
/// copies is as old as the backup: of letters only a person can tell.
#[must_use]
pub fn restored(repeat: Option<Repeat>, delivery: &Delivery, now: DateTime<Utc>) -> Unclear {
    let note = text!(
        "kho dữ liệu được khôi phục từ bản sao lưu; từ lúc sao lưu đến nay bài này có thể đã lên",
        "the store was restored from a backup; since the backup was made this may have gone out"
    );
    unclear(repeat, delivery, now, note)
}

fn unclear(repeat: Option<Repeat>, delivery: &Delivery, now: DateTime<Utc>, note: Text) -> Unclear {
    let edition = match &delivery.state {
        State::Sending { errand: Errand::Send(job), .. } => job.edition,
        State::Waiting { .. } => delivery.plan.edition,
        _ => None,
    };
    match repeat {
        Some(Repeat::Safe) if edition.is_none() => Unclear::Repeat { at: now, note },
        Some(Repeat::Safe | Repeat::AfterLookup) => Unclear::LookUp { at: now, note },
        Some(Repeat::Never) | None => Unclear::Ask(note),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_slows_down_before_its_allowance_is_used_up_and_stops_before_its_end() {
        let gone = Ok(Progress::Gone);
        let at = |used, regained_in| pace(&gone, Some(Allowance { used, regained_in }));
        assert_eq!(pace(&gone, None), None);
        assert_eq!(at(74, None), None);
        assert_eq!(at(75, None), Some(REST));
        assert_eq!(at(94, Some(Duration::from_mins(20))), Some(REST));
        assert_eq!(at(95, Some(Duration::from_mins(20))), Some(Duration::from_mins(20)));
        assert_eq!(at(120, None), Some(LONG_REST));
        let throttled = Err(SendError::throttled(Some(Duration::from_hours(48)), text!("đủ rồi", "enough")));
        assert_eq!(pace(&throttled, None), Some(LONGEST_ASKED), "no longer than a day");
    }
}
