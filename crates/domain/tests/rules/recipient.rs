//! When nothing more is sent to an address.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    recipient::{Bounce, Cause, Standing, key},
};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000;

/// `h` hours into a UTC day.
fn at(h: i64) -> Timestamp {
    Timestamp::from_millis(1_795_392_000_000 + h * HOUR)
}

#[derive(Clone, Copy, Debug)]
enum Seen {
    Refused(i64),
    Accepted(i64),
    /// For good or not.
    Bounced(i64, bool),
    Enabled,
}

fn fold(seen: &[Seen]) -> Standing {
    seen.iter()
        .fold(Standing::default(), |standing, seen| match *seen {
            Seen::Refused(h) => standing.refused(at(h), "550 5.1.1 no such user"),
            Seen::Accepted(h) => standing.accepted(at(h)),
            Seen::Bounced(h, for_good) => {
                let bounce = Bounce {
                    at: at(h),
                    status: "5.1.1".to_owned(),
                    text: "gone".to_owned(),
                };
                standing.bounced(bounce, for_good)
            }
            Seen::Enabled => standing.enabled(),
        })
}

#[test]
fn an_address_is_suspended_by_two_days_of_refusals_or_by_a_bounce() {
    use Seen::{Accepted, Bounced, Enabled, Refused};
    let (refused, bounced) = (Some(Cause::Refused), Some(Cause::Bounced));
    let table: &[(&[Seen], Option<Cause>)] = &[
        (&[], None),
        (&[Refused(1)], None),
        (&[Refused(1), Refused(23)], None),
        (&[Refused(23), Refused(24)], refused),
        (&[Refused(1), Refused(2), Refused(26)], refused),
        (&[Refused(1), Accepted(2), Refused(26)], None),
        (&[Refused(1), Accepted(2), Refused(26), Refused(50)], refused),
        // A clock that ran ahead for a while and was set back.
        (&[Refused(240), Refused(1)], None),
        (&[Refused(240), Refused(1), Refused(2)], None),
        (&[Refused(240), Refused(1), Refused(26)], refused),
        (&[Refused(1), Refused(26), Enabled], None),
        (&[Refused(1), Refused(26), Enabled, Refused(27)], None),
        (
            &[Refused(1), Refused(26), Enabled, Refused(27), Refused(50)],
            refused,
        ),
        // What was under way when it happened.
        (&[Refused(1), Refused(26), Accepted(26)], refused),
        (&[Bounced(1, true)], bounced),
        (&[Bounced(1, false), Bounced(30, false)], None),
        (&[Accepted(1), Bounced(2, true), Accepted(3)], bounced),
        (&[Bounced(1, true), Refused(2), Refused(30)], bounced),
        (&[Bounced(1, true), Enabled], None),
    ];
    for (seen, cause) in table {
        let standing = fold(seen);
        assert_eq!(standing.suspended.map(|s| s.cause), *cause, "{seen:?}");
        assert_eq!(standing.why_suspended().is_some(), cause.is_some());
    }
}

#[test]
fn what_was_seen_last_stays_readable() {
    let standing = fold(&[Seen::Refused(1), Seen::Accepted(2)]);
    assert_eq!(standing.last_accepted, Some(at(2)));
    assert_eq!(
        standing.last_refusal,
        Some((at(1), "550 5.1.1 no such user".to_owned()))
    );
    assert_eq!(standing.run, None);
    let why = fold(&[Seen::Refused(1), Seen::Refused(30)]).why_suspended();
    assert!(why.is_some_and(|w| w.ends_with("550 5.1.1 no such user")));
    assert_eq!(key(" Me@Example.ORG "), "me@example.org");
}

proptest! {
    /// However the refusals of one UTC day are spread, they suspend nobody.
    #[test]
    fn one_day_is_never_enough(minutes in proptest::collection::vec(0u64..1440, 0..20)) {
        let standing = minutes.iter().fold(Standing::default(), |standing, minute| {
            standing.refused(at(0).plus(Duration::from_mins(*minute)), "550 no")
        });
        prop_assert_eq!(standing.suspended, None);
    }
}
