//! How many mails a profile may send: a token bucket. Pure; time comes in.

use std::time::Duration;

use crate::clock::Timestamp;

/// Holds a tenth of a minute's messages, so that no minute has more than 110 % of the limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    per_minute: u32,
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
            left: capacity(per_minute),
            at: now,
        }
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
        let missing = (1.0 - self.left) * 60.0 / f64::from(self.per_minute);
        // A hair later, so that rounding does not make it come in vain.
        Err(now.plus(Duration::from_secs_f64(missing) + Duration::from_millis(1)))
    }

    /// A clock that was set back fills nothing and holds nobody up.
    fn fill(&mut self, now: Timestamp) {
        let passed = now.since(self.at).as_secs_f64();
        self.at = now;
        self.left = (self.left + passed * f64::from(self.per_minute) / 60.0).min(capacity(self.per_minute));
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
