//! When to try again. Pure: randomness comes in as a number.

use std::time::Duration;

/// Each wait is about this much longer than the one before.
const FACTOR: u32 = 3;
/// A far side may ask for more time than we would give, up to this.
pub(super) const LONGEST_ASKED: Duration = Duration::from_hours(24);

/// How often and how soon a channel tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries before it is given up.
    pub attempts: u32,
    /// The first wait.
    pub first: Duration,
    /// No wait of our own is longer.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    /// Twelve tries over about seven hours.
    fn default() -> Self {
        Self { attempts: 12, first: Duration::from_secs(5), longest: Duration::from_hours(1) }
    }
}

impl RetryPolicy {
    /// The wait after `failed` tries failed; `None` when that was one too many. `jitter` in 0..1 spreads
    /// waits between half and the whole, so that what failed together does not come back together; what the
    /// far side `asked` for may lengthen the wait, never shorten it.
    #[must_use]
    pub fn wait(&self, failed: u32, asked: Option<Duration>, jitter: f64) -> Option<Duration> {
        (failed < self.attempts).then(|| self.backoff(failed, jitter).max(asked.unwrap_or_default().min(LONGEST_ASKED)))
    }

    /// The same without an end, for what must be found out and cannot be given up.
    #[must_use]
    pub fn backoff(&self, failed: u32, jitter: f64) -> Duration {
        let factor = FACTOR.saturating_pow(failed.saturating_sub(1).min(20));
        let whole = self.first.saturating_mul(factor).min(self.longest);
        whole.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }
}
