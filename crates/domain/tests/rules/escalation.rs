use std::time::Duration;

use domain::{
    clock::Timestamp,
    escalation::{Act, Escalation, Situation, flaps},
    hold::{HeldBy, Hold},
    id::{ChannelId, MaintenanceId, MonitorId, SilenceId},
    policy::{Reminders, Step},
};
use proptest::prelude::*;

const MIN: Duration = Duration::from_mins(1);

fn at(minutes: u32) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000).plus(MIN * minutes)
}

fn steps(delays: &[u32]) -> Vec<Step> {
    let step = |minutes: &u32| Step {
        after: MIN * *minutes,
        ..Step::at_once(vec![ChannelId(1)])
    };
    delays.iter().map(step).collect()
}

fn situation(now: Timestamp, steps: &[Step]) -> Situation<'_> {
    Situation {
        worse: false,
        now,
        acknowledged: false,
        hold: None,
        grace: MIN,
        steps,
        reminders: None,
    }
}

fn silence(until: u32) -> Option<Hold> {
    Some(Hold {
        by: HeldBy::Silence(SilenceId(1)),
        until: Some(at(until)),
    })
}

#[test]
fn it_says_what_is_due_and_when_to_look_again() {
    let steps = steps(&[0, 10, 30]);
    let mut e = Escalation::default();
    assert_eq!(e.advance(&situation(at(0), &steps)), [Act::Tell(0)]);
    assert_eq!(e.next_at, Some(at(10)));
    assert_eq!(e.advance(&situation(at(5), &steps)), []);
    assert_eq!(
        e.advance(&situation(at(40), &steps)),
        [Act::Tell(1), Act::Tell(2)],
        "what was missed is done once"
    );
    assert_eq!(e.next_at, None);
}

#[test]
fn delays_count_from_the_end_of_what_held_it() {
    let steps = steps(&[0, 10]);
    let mut e = Escalation::default();
    let held = Situation {
        hold: silence(60),
        ..situation(at(0), &steps)
    };
    assert_eq!(e.advance(&held), []);
    assert_eq!(e.next_at, Some(at(60)));
    assert_eq!(e.advance(&situation(at(60), &steps)), [Act::Tell(0)]);
    assert_eq!(e.next_at, Some(at(70)));
    // Silenced again: those who know of it are told that it is still there.
    let held = Situation {
        hold: silence(90),
        ..situation(at(65), &steps)
    };
    assert_eq!(e.advance(&held), []);
    assert_eq!(
        e.advance(&situation(at(90), &steps)),
        [Act::Tell(1), Act::Remind(1)]
    );
}

fn parent() -> Option<Hold> {
    Some(Hold {
        by: HeldBy::Parent(MonitorId(7)),
        until: None,
    })
}

#[test]
fn what_a_parent_held_after_people_were_told_has_its_grace() {
    let steps = steps(&[0, 10]);
    let mut e = Escalation::default();
    e.advance(&situation(at(0), &steps));
    let held = Situation {
        hold: parent(),
        ..situation(at(5), &steps)
    };
    assert_eq!(
        (e.advance(&held), e.next_at),
        (vec![], Some(at(6))),
        "looked at again soon"
    );
    let held = Situation { now: at(6), ..held };
    assert_eq!(
        (e.advance(&held), e.next_at),
        (vec![], Some(at(16))),
        "and then seldom"
    );
    for _ in 0..2 {
        assert_eq!(
            (e.advance(&situation(at(20), &steps)), e.next_at),
            (vec![], Some(at(21)))
        );
    }
    // Down again meanwhile.
    let held = Situation { now: at(20), ..held };
    assert_eq!(e.advance(&held), []);
    assert_eq!(e.advance(&situation(at(22), &steps)), []);
    assert!(e.held.is_some());
    let mut set_back = e;
    let told = [Act::Tell(1), Act::Remind(1)];
    assert_eq!(e.advance(&situation(at(23), &steps)), told);
    assert_eq!(e.held, None);
    assert_eq!(
        set_back.advance(&situation(at(12), &steps)),
        told,
        "the clock was set back"
    );
}

#[test]
fn a_clock_that_was_set_back_keeps_nobody_waiting() {
    let steps = steps(&[0, 10, 30]);
    let mut e = Escalation::default();
    e.advance(&situation(at(1000), &steps));
    e.advance(&situation(at(1012), &steps));
    assert_eq!(e.advance(&situation(at(0), &steps)), []);
    assert_eq!(e.next_at, Some(at(18)), "12 of 30 minutes have passed");
}

#[test]
fn what_is_acknowledged_ends_only_by_its_recovery() {
    let steps = steps(&[0, 10]);
    let mut e = Escalation::default();
    e.advance(&situation(at(0), &steps));
    let known = Situation {
        acknowledged: true,
        ..situation(at(20), &steps)
    };
    assert_eq!((e.advance(&known), e.next_at), (vec![], None));
    e.recovered(at(25), at(25), MIN * 5);
    assert_eq!((e.advance(&known), e.next_at), (vec![], Some(at(30))));
    let later = Situation { now: at(30), ..known };
    assert_eq!(e.advance(&later), [Act::Resolve(at(25))]);
}

#[test]
fn six_changes_in_half_an_hour_are_flapping() {
    let changes = |minutes: &[u32]| minutes.iter().map(|m| at(*m)).collect::<Vec<_>>();
    assert!(flaps(&changes(&[0, 5, 10, 15, 20, 30]), at(30)));
    assert!(
        !flaps(&changes(&[0, 5, 10, 15, 20, 31]), at(31)),
        "the first is too old"
    );
    assert!(!flaps(&changes(&[10, 15, 20, 25, 30]), at(30)));
    assert!(
        !flaps(&changes(&[90, 91, 92, 93, 94, 95]), at(30)),
        "of a clock that was set back"
    );
}

#[test]
fn what_holds_is_kept_as_it_is_read() {
    for by in [
        HeldBy::Silence(SilenceId(3)),
        HeldBy::Maintenance(MaintenanceId(4)),
        HeldBy::Parent(MonitorId(5)),
    ] {
        assert_eq!(by.to_string().parse::<HeldBy>().unwrap(), by);
    }
    for wrong in ["", "silence", "silence:x", "moon:1"] {
        assert!(wrong.parse::<HeldBy>().is_err(), "{wrong}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    Look,
    Silence(u32),
    Snooze(u32),
    Acknowledge,
    Recover,
    Relapse,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        6 => Just(Turn::Look),
        1 => (1_u32..90).prop_map(Turn::Silence),
        1 => (1_u32..90).prop_map(Turn::Snooze),
        1 => Just(Turn::Acknowledge),
        2 => Just(Turn::Recover),
        2 => Just(Turn::Relapse),
    ]
}

proptest! {
    #[test]
    fn steps_run_once_in_order_and_nobody_is_told_against_their_will(
        turns in proptest::collection::vec((turn(), 0_u32..40), 1..40),
        reminders in any::<bool>(),
    ) {
        let steps = steps(&[0, 10, 10, 45, 120]);
        let reminders = reminders.then_some(Reminders { first: MIN * 20, longest: MIN * 60 });
        let (mut e, mut now, mut hold, mut acknowledged) = (Escalation::default(), 0, None, false);
        let (mut run, mut reminded) = (Vec::new(), 0);
        for (turn, minutes) in turns {
            now += minutes;
            match turn {
                Turn::Look => {}
                Turn::Silence(minutes) => hold = Some(now + minutes),
                Turn::Snooze(minutes) => e.snoozed_until = Some(at(now + minutes)),
                Turn::Acknowledge => acknowledged = true,
                Turn::Recover => e.recovered(at(now), at(now), MIN * 3),
                Turn::Relapse => e.relapsed(at(now)),
            }
            hold = hold.filter(|until| now < *until);
            let snoozed = e.snoozed_until.is_some_and(|until| at(now) < until);
            let recovering = e.recovering.is_some();
            let s = Situation {
                acknowledged,
                hold: hold.and_then(silence),
                reminders,
                ..situation(at(now), &steps)
            };
            let acts = e.advance(&s);
            prop_assert!(e.next_at.is_none_or(|next| next > at(now)), "it would be looked at for ever");
            for act in acts {
                match act {
                    Act::Tell(n) => {
                        prop_assert!(!acknowledged && hold.is_none() && !snoozed && !recovering);
                        prop_assert!(run.last().is_none_or(|last| *last < n), "{n} after {run:?}");
                        run.push(n);
                    }
                    Act::Remind(n) => {
                        prop_assert!(!acknowledged && hold.is_none() && !snoozed && !recovering);
                        prop_assert!(!run.is_empty(), "a reminder of what nobody was told");
                        prop_assert_eq!(n, reminded + 1);
                        reminded = n;
                    }
                    Act::Resolve(since) => {
                        prop_assert!(recovering && since <= at(now));
                        return Ok(());
                    }
                }
            }
        }
    }
}
