//! Tests send real messages, so nobody starts more than five of them in a minute.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{clock::Timestamp, id::UserId};

const WINDOW: Duration = Duration::from_mins(1);
const MOST: usize = 5;

/// When each person started tests lately.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<HashMap<UserId, VecDeque<Timestamp>>>);

impl Pace {
    /// Counts one start; `false` = too many, wait.
    pub(crate) fn take(&self, user: UserId, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = all.entry(user).or_default();
        while recent.front().is_some_and(|at| now.since(*at) >= WINDOW) {
            recent.pop_front();
        }
        if recent.len() >= MOST {
            return false;
        }
        recent.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_in_a_minute_waits() {
        let (pace, user) = (Pace::default(), UserId(1));
        let at = |s: u64| Timestamp::from_millis(0).plus(Duration::from_secs(s));
        assert!((0..5).all(|s| pace.take(user, at(s))));
        assert!(!pace.take(user, at(59)));
        assert!(pace.take(UserId(2), at(59)));
        assert!(pace.take(user, at(60)));
        assert!(!pace.take(user, at(60)));
    }
}
