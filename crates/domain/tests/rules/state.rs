//! The state machine: random outcomes, folded.

use std::{num::NonZeroU32, time::Duration};

use domain::{
    clock::Timestamp,
    incident::IncidentKind,
    monitor::Thresholds,
    outcome::{Evidence, Fault, FaultKind, Outcome, Phases, Reason, ReasonKind, Verdict},
    state::{Known, MonitorState, Status, Transition, advance},
};
use proptest::prelude::*;

fn thresholds(confirm: u32, recover: u32) -> Thresholds {
    Thresholds {
        confirm_after: NonZeroU32::new(confirm).expect("not zero"),
        recover_after: NonZeroU32::new(recover).expect("not zero"),
        recheck_every: Duration::from_secs(5),
    }
}

fn outcome(at: i64, verdict: Verdict) -> Outcome {
    Outcome {
        at: Timestamp::from_millis(at),
        verdict,
        phases: Phases::default(),
        evidence: Box::new(Evidence::default()),
    }
}

fn down(words: &str) -> Verdict {
    Verdict::Down(Reason::new(ReasonKind::Status, words))
}

fn internal(words: &str) -> Verdict {
    Verdict::Internal(Fault::new(FaultKind::Resolver, words))
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        3 => Just(Verdict::Up),
        3 => (0..ReasonKind::ALL.len()).prop_map(|i| Verdict::Down(Reason::new(ReasonKind::ALL[i], format!("failure {i}")))),
        1 => (0..FaultKind::ALL.len()).prop_map(|i| Verdict::Internal(Fault::new(FaultKind::ALL[i], "ours"))),
    ]
}

/// Outcomes of a clock that mostly goes forward, but is set back at times.
fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    proptest::collection::vec((verdict(), -90_000..300_000i64), 1..120).prop_map(|steps| {
        let mut now = 1_700_000_000_000;
        steps
            .into_iter()
            .map(|(verdict, step)| {
                now += step;
                outcome(now, verdict)
            })
            .collect()
    })
}

fn any_thresholds() -> impl Strategy<Value = Thresholds> {
    (1..6u32, 1..4u32).prop_map(|(c, r)| thresholds(c, r))
}

fn fold(outcomes: &[Outcome], t: Thresholds) -> (MonitorState, Vec<Transition>) {
    let mut transitions = Vec::new();
    let mut state = MonitorState::default();
    for o in outcomes {
        let (next, transition) = advance(state, o, t);
        state = next;
        transitions.extend(transition);
    }
    (state, transitions)
}

proptest! {
    #[test]
    fn opening_and_resolving_take_turns(outcomes in outcomes(), t in any_thresholds()) {
        let (state, transitions) = fold(&outcomes, t);
        for (i, transition) in transitions.iter().enumerate() {
            let opened = matches!(transition, Transition::Opened { .. });
            prop_assert_eq!(opened, i % 2 == 0, "transition {} is {:?}", i, transition);
        }
        let open = transitions.len() % 2 == 1;
        prop_assert_eq!(open, matches!(state.known, Known::Down { .. }));
    }

    #[test]
    fn nothing_began_after_it_was_seen(outcomes in outcomes(), t in any_thresholds()) {
        let mut state = MonitorState::default();
        for o in &outcomes {
            let (next, transition) = advance(state, o, t);
            state = next;
            prop_assert!(state.since().is_none_or(|s| s <= o.at), "{:?} at {}", state, o.at);
            match transition {
                Some(Transition::Opened { since, .. }) => prop_assert!(since <= o.at),
                Some(Transition::Resolved { since, at, .. }) => {
                    prop_assert!(since <= at);
                    prop_assert_eq!(at, o.at);
                }
                Some(Transition::Worsened { .. }) => prop_assert!(false, "an outage does not get worse"),
                None => {}
            }
        }
    }

    /// A restart in the middle reads the state back and changes nothing.
    #[test]
    fn replay_over_a_restart_gives_the_same(outcomes in outcomes(), t in any_thresholds(), cut in any::<prop::sample::Index>()) {
        let (whole, all) = fold(&outcomes, t);
        let (before, after) = outcomes.split_at(cut.index(outcomes.len()));
        let (state, mut transitions) = fold(before, t);
        let kept = serde_json::to_string(&state).expect("a state can be written");
        let mut state: MonitorState = serde_json::from_str(&kept).expect("and read back");
        for o in after {
            let (next, transition) = advance(state, o, t);
            state = next;
            transitions.extend(transition);
        }
        prop_assert_eq!(state, whole);
        prop_assert_eq!(transitions, all);
    }

    /// A fault of ours opens nothing, resolves nothing, and is forgotten without a trace.
    #[test]
    fn our_own_faults_change_nothing_that_is_known(outcomes in outcomes(), t in any_thresholds()) {
        let theirs: Vec<Outcome> =
            outcomes.iter().filter(|o| !matches!(o.verdict, Verdict::Internal(_))).cloned().collect();
        let (with, told) = fold(&outcomes, t);
        let (without, expected) = fold(&theirs, t);
        prop_assert_eq!(with.known, without.known);
        prop_assert_eq!(told, expected);
        let last_is_ours = matches!(outcomes.last().map(|o| &o.verdict), Some(Verdict::Internal(_)));
        prop_assert_eq!(with.doubt.is_some(), last_is_ours);
    }

    /// DOWN needs exactly as many failures in a row as were asked for, and dates from the first of them.
    #[test]
    fn an_outage_dates_from_its_first_failure(confirm in 1..6u32, ups in 0..3i64) {
        let t = thresholds(confirm, 1);
        let first = ups * 1000;
        let mut all: Vec<Outcome> = (0..ups).map(|i| outcome(i * 1000, Verdict::Up)).collect();
        all.extend((0..i64::from(confirm)).map(|i| outcome(first + i * 1000, down("no"))));
        let (state, told) = fold(&all[..all.len() - 1], t);
        prop_assert!(told.is_empty());
        prop_assert_eq!(state.wants_recheck(), confirm > 1);
        let (state, told) = fold(&all, t);
        prop_assert_eq!(state.status(), Status::Down);
        prop_assert!(!state.wants_recheck());
        let since = Timestamp::from_millis(first);
        prop_assert_eq!(told, vec![Transition::Opened { kind: IncidentKind::Down, since, reason: Reason::new(ReasonKind::Status, "no") }]);
    }
}

#[test]
fn coming_back_from_unknown_is_silent() {
    let t = thresholds(2, 1);
    let steps = [
        (Verdict::Up, Status::Up),
        (internal("no resolver"), Status::Unknown),
        (internal("no resolver"), Status::Unknown),
        (Verdict::Up, Status::Up),
    ];
    let mut state = MonitorState::default();
    for (i, (verdict, status)) in steps.into_iter().enumerate() {
        let (next, transition) = advance(
            state,
            &outcome(i64::try_from(i).expect("small") * 1000, verdict),
            t,
        );
        assert_eq!((next.status(), transition), (status, None), "step {i}");
        state = next;
    }
    assert_eq!(
        state.since(),
        Some(Timestamp::from_millis(0)),
        "up since before the doubt"
    );
}

#[test]
fn an_open_incident_outlives_our_own_fault() {
    let t = thresholds(1, 1);
    let all = [
        outcome(0, down("503")),
        outcome(1000, internal("no resolver")),
        outcome(2000, down("503")),
        outcome(3000, Verdict::Up),
    ];
    let (state, told) = fold(&all, t);
    assert_eq!(state.status(), Status::Up);
    assert!(matches!(
        told[..],
        [Transition::Opened { .. }, Transition::Resolved { since, .. }] if since == Timestamp::from_millis(0)
    ));
}

#[test]
fn a_success_starts_the_count_of_failures_anew() {
    let t = thresholds(3, 1);
    let all: Vec<Outcome> = [down("a"), down("b"), Verdict::Up, down("c"), down("d")]
        .into_iter()
        .enumerate()
        .map(|(i, v)| outcome(i64::try_from(i).expect("small") * 1000, v))
        .collect();
    let (state, told) = fold(&all, t);
    assert_eq!((state.status(), told.len()), (Status::Up, 0));
}

#[test]
fn failures_count_together_only_while_somebody_looked() {
    let t = thresholds(2, 1);
    let hour = 3_600_000;
    let apart = [
        outcome(0, Verdict::Up),
        outcome(1_000, down("a")),
        outcome(72 * hour, down("b")),
    ];
    let (state, transitions) = fold(&apart, t);
    assert!(
        transitions.is_empty(),
        "a stop of three days lies between the two: {state:?}"
    );
    let (_, transitions) = fold(
        &[apart.as_slice(), &[outcome(72 * hour + 5_000, down("b"))]].concat(),
        t,
    );
    let since = Timestamp::from_millis(72 * hour);
    assert!(
        matches!(&transitions[..], [Transition::Opened { since: s, .. }] if *s == since),
        "{transitions:?}"
    );
}

#[test]
fn a_failure_starts_the_count_of_successes_anew() {
    let t = thresholds(1, 2);
    let all: Vec<Outcome> = [down("a"), Verdict::Up, down("b"), Verdict::Up]
        .into_iter()
        .enumerate()
        .map(|(i, v)| outcome(i64::try_from(i).expect("small") * 1000, v))
        .collect();
    let (state, told) = fold(&all, t);
    assert_eq!((state.status(), told.len()), (Status::Down, 1));
    assert_eq!(
        state.detail(),
        Some("a"),
        "the reason is the one that people were told"
    );
}

#[test]
fn every_status_has_a_name_that_reads_back() {
    for status in Status::ALL {
        assert_eq!(Status::parse(status.as_str()), Some(status));
        assert_eq!(
            serde_json::to_value(status).expect("a word"),
            serde_json::Value::from(status.as_str())
        );
    }
}
