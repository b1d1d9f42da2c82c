//! How many messages may go by one way: a token bucket. Pure; time comes in.

use std::time::Duration;

use crate::clock::Timestamp;

/// Of a mail profile: holds a tenth of a minute's messages, so that no minute has more than 110 % of the limit. Of a
/// recipient ([`Bucket::hourly`]): holds half of an hour's messages and gets the other half in an hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    per_minute: u32,
    /// Messages that it gets in a minute, and that it holds.
    refill: f64,
    capacity: f64,
    /// In messages.
    left: f64,
    at: Timestamp,
}

impl Bucket {
    /// A full one.
    pub fn new(per_minute: u32, now: Timestamp) -> Self {
        let per_minute = per_minute.max(1);
        Self {
            per_minute,
            refill: f64::from(per_minute),
            left: capacity(per_minute),
            capacity: capacity(per_minute),
            at: now,
        }
    }

    /// A full one of which no hour has more than `most` messages, and no message waits for longer than the sixtieth part
    /// of two hours and a bit.
    pub fn hourly(most: u32, now: Timestamp) -> Self {
        let half = f64::from(most.max(2)) / 2.0;
        Self {
            per_minute: (most / 60).max(1),
            refill: half / 60.0,
            left: half,
            capacity: half,
            at: now,
        }
    }

    /// Nothing was taken for as long as it takes to fill.
    pub fn is_full(&mut self, now: Timestamp) -> bool {
        self.fill(now);
        self.left >= self.capacity
    }

    /// One that was taken was not used.
    pub fn give_back(&mut self) {
        self.left = (self.left + 1.0).min(self.capacity);
    }

    pub fn per_minute(&self) -> u32 {
        self.per_minute
    }

    /// Messages that may go now.
    pub fn room(&mut self, now: Timestamp) -> u32 {
        self.fill(now);
        self.left as u32
    }

    /// Counts one message, or says when there is room for it.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        self.fill(now);
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        let missing = (1.0 - self.left) * 60.0 / self.refill;
        // A hair later, so that rounding does not make it come in vain.
        Err(now.plus(Duration::from_secs_f64(missing) + Duration::from_millis(1)))
    }

    /// A clock that was set back fills nothing and holds nobody up.
    fn fill(&mut self, now: Timestamp) {
        let passed = now.since(self.at).as_secs_f64();
        self.at = now;
        self.left = (self.left + passed * self.refill / 60.0).min(self.capacity);
    }
}

fn capacity(per_minute: u32) -> f64 {
    f64::from((per_minute / 10).max(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn the_next_one_waits_for_its_turn() {
        let mut bucket = Bucket::new(30, at(0));
        assert_eq!(bucket.room(at(0)), 3);
        for _ in 0..3 {
            assert_eq!(bucket.take(at(0)), Ok(()));
        }
        assert_eq!(bucket.take(at(0)), Err(at(2001)));
        assert_eq!(bucket.take(at(2001)), Ok(()));
        assert_eq!(bucket.room(at(60_000)), 3);
        assert_eq!(Bucket::new(0, at(0)).per_minute(), 1);
    }

    #[test]
    fn no_hour_has_more_than_a_recipient_may_get() {
        let (mut bucket, mut sent) = (Bucket::hourly(60, at(0)), Vec::new());
        for second in 0..7_200 {
            let now = second * 1_000;
            match bucket.take(at(now)) {
                Ok(()) => sent.push(now),
                Err(until) => assert!(until.since(at(now)) <= Duration::from_secs(121), "{until:?}"),
            }
        }
        assert_eq!(sent.iter().filter(|s| **s < 1_000 * 40).count(), 30);
        for from in &sent {
            let within = sent
                .iter()
                .filter(|s| (*from..*from + 3_600_000).contains(*s))
                .count();
            assert!(within <= 60, "{within}");
        }
        bucket.give_back();
        assert!(!bucket.is_full(at(7_200_000)));
        assert!(bucket.is_full(at(11_000_000)));
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_a_tenth_too_many(
            per_minute in 1_u32..600,
            steps in proptest::collection::vec(0_i64..3000, 1..400),
        ) {
            let (mut bucket, mut now, mut sent) = (Bucket::new(per_minute, at(0)), 0, Vec::new());
            for step in steps {
                now += step;
                if bucket.take(at(now)).is_ok() {
                    sent.push(now);
                }
            }
            let most = per_minute as usize + capacity(per_minute) as usize;
            for from in &sent {
                let within = sent.iter().filter(|s| (*from..*from + 60_000).contains(*s)).count();
                prop_assert!(within <= most, "{within} of {most}");
            }
        }
    }
}
