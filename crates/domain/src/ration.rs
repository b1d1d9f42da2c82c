//! How often somebody may do something: a sliding window for each of them. Pure; time comes in.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    time::Duration,
};

use crate::clock::Timestamp;

/// Test messages that one person or token may have sent in [`TEST_WINDOW`]: they reach into other people's servers.
pub const TESTS: usize = 5;
pub const TEST_WINDOW: Duration = Duration::from_mins(1);

/// At most `limit` times in `window` for each key.
#[derive(Debug)]
pub struct Ration<K> {
    limit: usize,
    window: Duration,
    recent: HashMap<K, VecDeque<Timestamp>>,
}

impl<K: Eq + Hash> Ration<K> {
    pub fn new(limit: usize, window: Duration) -> Self {
        Self {
            limit,
            window,
            recent: HashMap::new(),
        }
    }

    /// The ration of test messages.
    pub fn of_tests() -> Self {
        Self::new(TESTS, TEST_WINDOW)
    }

    /// Counts one, or says how long to wait.
    pub fn take(&mut self, who: K, now: Timestamp) -> Result<(), Duration> {
        let horizon = now.minus(self.window);
        // What lies after now was counted before the clock was set back: nobody is locked out until it has caught up.
        self.recent.retain(|_, times| {
            times.retain(|t| *t > horizon && *t <= now);
            !times.is_empty()
        });
        let times = self.recent.entry(who).or_default();
        match times.front() {
            Some(first) if times.len() >= self.limit => Err(first.plus(self.window).since(now)),
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
    fn the_sixth_within_a_minute_waits_and_others_do_not() {
        let mut ration = Ration::of_tests();
        let at = |s: i64| Timestamp::from_millis(s * 1000);
        for s in 0..5 {
            assert!(ration.take("me", at(s)).is_ok());
        }
        assert_eq!(ration.take("me", at(10)), Err(Duration::from_secs(50)));
        assert!(ration.take("you", at(10)).is_ok());
        assert!(ration.take("me", at(61)).is_ok());
        assert!(ration.take("me", at(-5)).is_ok(), "the clock was set back");
    }
}
