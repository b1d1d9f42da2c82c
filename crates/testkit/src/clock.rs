//! Time that a test moves by hand.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use domain::clock::{Clock, Timestamp};

/// A wall clock that stands still until it is moved, in either direction.
#[derive(Debug)]
pub struct FakeClock(AtomicI64);

impl FakeClock {
    pub fn at(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.as_millis()))
    }

    /// 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        Self::at(Timestamp::from_millis(1_767_225_600_000))
    }

    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis())
            .expect("a test moves the clock by less than the age of the universe");
        self.0.fetch_add(by, Ordering::SeqCst);
    }

    pub fn set(&self, to: Timestamp) {
        self.0.store(to.as_millis(), Ordering::SeqCst);
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The real wall clock, for tests that run in real time.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("the clock of the test machine is past 1970");
        Timestamp::from_millis(i64::try_from(since.as_millis()).expect("and before the year 292 million"))
    }
}
