//! Waiting times between tries.

use std::time::Duration;

use domain::{delivery::Event, retry::RetryPolicy};
use proptest::prelude::*;

proptest! {
    #[test]
    fn waiting_grows_and_stays_within_an_hour(attempt in 0..u32::MAX - 1) {
        for policy in [RetryPolicy::MAIL, RetryPolicy::HTTP] {
            prop_assert!(policy.base(attempt) <= policy.base(attempt + 1));
            prop_assert!(policy.base(attempt) >= Duration::from_secs(5));
            prop_assert!(policy.base(attempt) <= Duration::from_hours(1));
        }
    }

    #[test]
    fn jitter_is_a_fifth_at_most(attempt in 0..100u32, random in 0.0..1.0f64, wild in -5.0..5.0f64) {
        for policy in [RetryPolicy::MAIL, RetryPolicy::HTTP] {
            let base = policy.base(attempt);
            for delay in [policy.delay(attempt, random), policy.delay(attempt, wild)] {
                prop_assert!(delay >= base.mul_f64(0.799) && delay <= base.mul_f64(1.201), "{delay:?} around {base:?}");
            }
        }
    }
}

#[test]
fn mail_waits_as_long_as_servers_that_greylist_or_count_expect() {
    let minutes = [0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 60.0, 60.0];
    for (attempt, minutes) in (1..).zip(minutes) {
        let base = Duration::from_secs_f64(minutes * 60.0);
        assert_eq!(RetryPolicy::MAIL.base(attempt), base, "after attempt {attempt}");
        for (random, part) in [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)] {
            let delay = RetryPolicy::MAIL.delay(attempt, random);
            assert!(
                delay.abs_diff(base.mul_f64(part)) < Duration::from_millis(1),
                "{delay:?}"
            );
        }
    }
}

#[test]
fn the_first_wait_is_the_shortest() {
    assert_eq!(RetryPolicy::HTTP.base(1), Duration::from_secs(5));
    assert_eq!(RetryPolicy::HTTP.base(6), RetryPolicy::HTTP.base(600));
}

/// A message about an outage gets many tries before it is given up.
#[test]
fn there_is_time_for_many_tries() {
    for policy in [RetryPolicy::MAIL, RetryPolicy::HTTP] {
        let mut waited = Duration::ZERO;
        let tries = (1..1000)
            .take_while(|n| {
                waited += policy.delay(*n, 1.0);
                waited < Event::Opened.time_to_live()
            })
            .count();
        assert!(tries >= 20, "{tries} tries");
    }
}
