//! When a failed delivery is tried again.

use std::time::Duration;

/// A table of waiting times; the last one repeats until the delivery's time to live is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy(&'static [u64]);

impl RetryPolicy {
    /// Mail servers greylist for about five minutes and count logins: 30 s, 1, 2, 5, 10, 15, 30 min, then hourly.
    pub const MAIL: Self = Self(&[30, 60, 120, 300, 600, 900, 1800, 3600]);
    /// Web services come back sooner: 5 s, 30 s, 2, 10, 30 min, then hourly.
    pub const HTTP: Self = Self(&[5, 30, 120, 600, 1800, 3600]);

    /// The wait after attempt number `attempt` (1 = the first), before jitter.
    pub fn base(self, attempt: u32) -> Duration {
        let i = (attempt.max(1) as usize - 1).min(self.0.len() - 1);
        Duration::from_secs(self.0[i])
    }

    /// The wait with jitter of at most 20 % either way; `random` is uniform in `0.0..1.0`.
    pub fn delay(self, attempt: u32, random: f64) -> Duration {
        self.base(attempt).mul_f64(0.8 + 0.4 * random.clamp(0.0, 1.0))
    }
}
