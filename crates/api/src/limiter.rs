//! How often a caller may have a test sent. A test reaches into other people's servers, so it is rationed.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{clock::Timestamp, id::TokenId};

const WINDOW: Duration = Duration::from_mins(1);

/// A sliding window per token.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    recent: Mutex<HashMap<TokenId, VecDeque<Timestamp>>>,
}

impl Limiter {
    /// Counts one test, or says how long to wait.
    pub(crate) fn take(&self, token: TokenId, now: Timestamp) -> Result<(), Duration> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let horizon = now.minus(WINDOW);
        // A clock that was set back must not lock anybody out until it has caught up.
        recent.retain(|_, times| {
            times.retain(|t| *t > horizon && *t <= now);
            !times.is_empty()
        });
        let times = recent.entry(token).or_default();
        match times.front() {
            Some(first) if times.len() >= crate::TESTS_PER_MINUTE => Err(first.plus(WINDOW).since(now)),
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_within_a_minute_waits_and_other_tokens_do_not() {
        let limiter = Limiter::default();
        let at = |s: i64| Timestamp::from_millis(s * 1000);
        for s in 0..5 {
            assert!(limiter.take(TokenId(1), at(s)).is_ok());
        }
        assert_eq!(limiter.take(TokenId(1), at(10)), Err(Duration::from_secs(50)));
        assert!(limiter.take(TokenId(2), at(10)).is_ok());
        assert!(limiter.take(TokenId(1), at(61)).is_ok());
    }
}
