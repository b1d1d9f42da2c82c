//! Whether a mail profile is used, tried carefully, or left alone for a while.
//!
//! A server that refuses everything is not asked by every message that is due: a refused login counts towards locking
//! the account, and every try says the same. The breaker opens after [`MOST_FAILURES`] failures in a row,
//! [`MOST_REFUSALS`] refused logins, or a login that came to nothing; then one message at a time tries again. A success closes it, and so does a save:
//! what is kept here is about one revision of the settings.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Failures in a row of the connection, the encryption or the server, before it opens.
pub const MOST_FAILURES: u32 = 5;
/// Refused logins before it opens.
pub const MOST_REFUSALS: u32 = 2;
/// A single refused login may be the server's mistake; that is found out after this long.
const SECOND_LOGIN: Duration = Duration::from_mins(1);
/// Between two logins that were refused for good. With the first two, four an hour at most.
const NEXT_LOGIN: Duration = Duration::from_mins(20);
/// Between two tries of a server that does not work, in seconds; the last one repeats.
const NEXT_TRY: [u64; 6] = [30, 60, 120, 300, 600, 900];
/// So long it may fail before another profile stands in for it.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// What went wrong with the profile (not with one message or recipient).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server said no to the login, for good.
    LoginRefused,
    /// It came to no answer, or to one that may change.
    LoginFailed,
    /// The way to the server, its encryption, or the server as a whole.
    Failed,
}

/// Whether a message may be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Any number of them.
    Free,
    /// One, and the others when it is known how that one went.
    One,
    /// None before this time.
    Wait { until: Timestamp },
}

/// What is remembered of a profile's failures since its last success.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Breaker {
    /// In a row.
    failures: u32,
    /// Refused logins among them.
    refusals: u32,
    failing_since: Option<Timestamp>,
    opened_at: Option<Timestamp>,
    /// Tries since it opened.
    tries: u32,
    not_before: Option<Timestamp>,
}

impl Breaker {
    pub fn admit(&self, now: Timestamp) -> Admission {
        match self.not_before {
            // Further ahead than anybody waits: the clock was set back since.
            Some(until) if until > now && until.since(now) <= NEXT_LOGIN => Admission::Wait { until },
            _ if self.failures > 0 => Admission::One,
            _ => Admission::Free,
        }
    }

    /// It failed once more, in a try that began at `began`: it has failed since then, and not only since it was known.
    #[must_use]
    pub fn failed(mut self, fault: Fault, began: Timestamp, now: Timestamp) -> Self {
        self.failures = self.failures.saturating_add(1);
        let since = self.failing_since.filter(|since| *since <= now);
        let since = since.unwrap_or(began.min(now));
        self.failing_since = Some(since);
        let refused = fault == Fault::LoginRefused;
        if refused {
            self.refusals = self.refusals.saturating_add(1);
        }
        if self.opened_at.is_some() {
            self.tries = self.tries.saturating_add(1);
        } else if self.failures >= MOST_FAILURES
            || self.refusals >= MOST_REFUSALS
            || fault == Fault::LoginFailed
        {
            self.opened_at = Some(now);
        }
        self.not_before = match (refused, self.opened_at) {
            (true, None) => Some(now.plus(SECOND_LOGIN)),
            (true, Some(_)) => Some(now.plus(NEXT_LOGIN)),
            // Whoever stands in for it has its turn, also where failures come too slowly to open it.
            (false, None) if now.since(since) >= PATIENCE => Some(now.plus(Duration::from_secs(NEXT_TRY[0]))),
            (false, None) => None,
            (false, Some(_)) => {
                let i = (self.tries as usize).min(NEXT_TRY.len() - 1);
                Some(now.plus(Duration::from_secs(NEXT_TRY[i])))
            }
        };
        self
    }

    /// Somebody asked for a try now: one message goes.
    #[must_use]
    pub fn tried_now(mut self) -> Self {
        self.not_before = None;
        self
    }

    /// Since when it is left alone but for single tries.
    pub fn open_since(&self) -> Option<Timestamp> {
        self.opened_at
    }

    /// Since when nothing has worked.
    pub fn failing_since(&self) -> Option<Timestamp> {
        self.failing_since
    }

    /// When the next single message tries.
    pub fn next_try(&self) -> Option<Timestamp> {
        self.not_before
    }

    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Nothing has failed since the last success.
    pub fn is_clean(&self) -> bool {
        self.failures == 0
    }

    /// From when on another profile stands in for this one; `None` while it works.
    pub fn stands_aside_from(&self) -> Option<Timestamp> {
        self.failing_since.map(|since| since.plus(PATIENCE))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_refused_login_is_tried_four_times_an_hour_at_most() {
        let (mut breaker, mut logins) = (Breaker::default(), Vec::new());
        for second in 0..4 * 3600 {
            match breaker.admit(at(second)) {
                Admission::Free | Admission::One => {
                    logins.push(second);
                    breaker = breaker.failed(Fault::LoginRefused, at(second), at(second));
                }
                Admission::Wait { until } => assert!(until > at(second)),
            }
        }
        assert_eq!(logins[..4], [0, 60, 1260, 2460]);
        for first in 0..4 * 3600 {
            let within = logins.iter().filter(|l| (first..first + 3600).contains(*l));
            assert!(within.count() <= 4, "{logins:?}");
        }
    }

    #[test]
    fn five_failures_open_it_and_tries_grow_rare() {
        let mut breaker = Breaker::default();
        for n in 0..5 {
            assert_eq!(breaker.open_since(), None, "after {n}");
            breaker = breaker.failed(Fault::Failed, at(n), at(n));
        }
        assert_eq!(breaker.open_since(), Some(at(4)));
        let mut waits = Vec::new();
        for _ in 0..8 {
            let next = breaker.next_try().unwrap();
            assert_eq!(
                breaker.admit(next.minus(Duration::from_millis(1))),
                Admission::Wait { until: next }
            );
            assert_eq!(breaker.admit(next), Admission::One);
            breaker = breaker.failed(Fault::Failed, next, next);
            waits.push(breaker.next_try().unwrap().since(next).as_secs());
        }
        assert_eq!(waits, [60, 120, 300, 600, 900, 900, 900, 900]);
    }

    #[test]
    fn after_two_minutes_it_is_left_alone_however_slowly_it_fails() {
        const NO_GREETING: &[(i64, i64)] = &[(0, 30), (60, 90), (120, 150)];
        const TARPIT: &[(i64, i64)] = &[(0, 290)];
        const REFUSED: &[(i64, i64)] = &[(0, 0), (30, 30), (90, 90), (120, 120)];
        for (name, tries) in [
            ("no greeting", NO_GREETING),
            ("tarpit", TARPIT),
            ("refused", REFUSED),
        ] {
            let mut breaker = Breaker::default();
            for (i, (began, ended)) in tries.iter().enumerate() {
                assert_eq!(breaker.next_try(), None, "{name}: nobody waits before try {i}");
                breaker = breaker.failed(Fault::Failed, at(*began), at(*ended));
                assert_eq!(breaker.failing_since(), Some(at(0)), "{name}: from its begin");
                assert_eq!(breaker.stands_aside_from(), Some(at(120)), "{name}");
            }
            assert_eq!(breaker.open_since(), None, "{name}");
            let (_, ended) = tries[tries.len() - 1];
            let until = at(ended + 30);
            assert_eq!(breaker.admit(at(ended)), Admission::Wait { until }, "{name}");
            assert_eq!(breaker.admit(until), Admission::One, "{name}");
        }
        let ahead = Breaker::default().failed(Fault::Failed, at(60), at(0));
        assert_eq!(
            ahead.failing_since(),
            Some(at(0)),
            "the clock was set back meanwhile"
        );
    }

    #[test]
    fn a_clean_one_is_free_and_a_try_can_be_asked_for() {
        assert_eq!(Breaker::default().admit(at(0)), Admission::Free);
        let open = Breaker::default()
            .failed(Fault::LoginRefused, at(0), at(0))
            .failed(Fault::LoginRefused, at(60), at(60));
        assert!(matches!(open.admit(at(61)), Admission::Wait { .. }));
        assert_eq!(open.clone().tried_now().admit(at(61)), Admission::One);
        assert_eq!(open.stands_aside_from(), Some(at(120)));
        assert_eq!(open.admit(at(-3600)), Admission::One, "the clock was set back");
    }

    proptest! {
        /// Whatever fails in whatever order, it opens, and there is always a next try within twenty minutes.
        #[test]
        fn it_never_waits_for_ever(faults in proptest::collection::vec((0..3, 0_i64..4000), 1..60)) {
            let (mut breaker, mut now) = (Breaker::default(), 0);
            let kinds = [Fault::LoginRefused, Fault::LoginFailed, Fault::Failed];
            for (kind, wait) in &faults {
                now += wait;
                let fault = kinds[*kind as usize];
                breaker = breaker.failed(fault, at(now), at(now));
                if let Admission::Wait { until } = breaker.admit(at(now)) {
                    prop_assert!(until.since(at(now)) <= NEXT_LOGIN);
                }
                let stored = serde_json::to_string(&breaker).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Breaker>(&stored).unwrap(), &breaker);
            }
            let failed = faults.iter().any(|(kind, _)| kinds[*kind as usize] == Fault::LoginFailed);
            let open = failed || breaker.failures() >= MOST_FAILURES || breaker.refusals >= MOST_REFUSALS;
            prop_assert_eq!(breaker.open_since().is_some(), open);
        }
    }
}
