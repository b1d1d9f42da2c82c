//! What is wrong beside being down: slow answers, certificates, and not being able to look.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    incident::IncidentKind,
    monitor::MonitorConfig,
    outcome::{Certificate, Evidence, Fault, FaultKind, Outcome, Phases, Reason, ReasonKind, Verdict},
    state::{MonitorState, Status, Transition, advance},
};
use proptest::prelude::*;
use serde_json::json;

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// A monitor that is checked, with what people would be told.
struct Watched {
    state: MonitorState,
    config: MonitorConfig,
}

impl Watched {
    fn new(slow_above: Option<u64>, certificate_days: &[u16]) -> Self {
        Self {
            state: MonitorState::default(),
            config: config(slow_above, certificate_days),
        }
    }

    /// What is told of conditions, not of outages.
    fn check(&mut self, outcome: &Outcome) -> Vec<Transition> {
        let (state, _) = advance(self.state.clone(), outcome, self.config.thresholds);
        self.state = state;
        self.state.judge(outcome, &self.config)
    }

    fn took(&mut self, minute: i64, millis: u64) -> Vec<Transition> {
        let mut outcome = outcome(minute * MINUTE, Verdict::Up);
        outcome.phases.total = Duration::from_millis(millis);
        self.check(&outcome)
    }

    /// A check of a target whose certificate began on day 0 and ends on day `ends`.
    fn presented(&mut self, day: i64, ends: i64) -> Vec<Transition> {
        let mut outcome = outcome(day * DAY, Verdict::Up);
        outcome.evidence.certificate = Some(certificate(0, ends));
        self.check(&outcome)
    }
}

/// Checked every minute, or whatever the test does.
fn config(slow_above: Option<u64>, certificate_days: &[u16]) -> MonitorConfig {
    let config = json!({
        "name": "Shop", "kind": "http", "target": { "url": "https://shop.example/" },
        "schedule": { "every": "1m" }, "confirm_after": 2, "recover_after": 2,
        "slow_above": slow_above.map(|ms| format!("{ms}ms")), "certificate_days": certificate_days,
    });
    MonitorConfig::from_json(config, None).expect("a monitor")
}

fn outcome(at: i64, verdict: Verdict) -> Outcome {
    Outcome {
        at: Timestamp::from_millis(at),
        verdict,
        phases: Phases::default(),
        evidence: Box::new(Evidence::default()),
    }
}

fn certificate(begins: i64, ends: i64) -> Certificate {
    Certificate {
        subject: "shop.example".to_owned(),
        issuer: "A CA".to_owned(),
        names: vec!["shop.example".to_owned()],
        not_before: Timestamp::from_millis(begins * DAY),
        not_after: Timestamp::from_millis(ends * DAY),
        chain_length: 2,
    }
}

fn down() -> Verdict {
    Verdict::Down(Reason::new(ReasonKind::Status, "The answer was 503."))
}

fn ours(kind: FaultKind) -> Verdict {
    Verdict::Internal(Fault::new(kind, "This needs a privilege."))
}

/// `opened`, `worse`, `over`, with the kind and the words.
fn told(transitions: &[Transition]) -> Vec<(&'static str, IncidentKind, String)> {
    let tell = |t: &Transition| match t {
        Transition::Opened { kind, reason, .. } => ("opened", *kind, reason.detail.clone()),
        Transition::Worsened { kind, reason, .. } => ("worse", *kind, reason.detail.clone()),
        Transition::Resolved { kind, .. } => ("over", *kind, String::new()),
    };
    transitions.iter().map(tell).collect()
}

#[test]
fn several_slow_checks_in_a_row_are_degraded_until_several_were_fast() {
    let mut shop = Watched::new(Some(800), &[]);
    assert!(shop.took(0, 900).is_empty());
    assert!(shop.took(1, 800).is_empty(), "the limit itself is not above it");
    assert!(shop.took(2, 1_240).is_empty());
    assert_eq!(shop.state.status(), Status::Up);
    let opened = shop.took(3, 5_000);
    let words = "The check took 5.00 s, more than 800 ms.".to_owned();
    assert_eq!(told(&opened), [("opened", IncidentKind::Degraded, words.clone())]);
    assert!(
        matches!(&opened[..], [Transition::Opened { since, .. }] if *since == Timestamp::from_millis(2 * MINUTE))
    );
    assert_eq!(shop.state.status(), Status::Degraded);
    assert_eq!(shop.state.since(), Some(Timestamp::from_millis(2 * MINUTE)));
    assert_eq!(shop.state.detail(), Some(words.as_str()));

    let known = shop.state.clone();
    assert!(shop.took(4, 7_000).is_empty());
    assert_eq!(
        shop.state, known,
        "nothing is written for a slow check that changes nothing"
    );
    assert!(shop.took(5, 100).is_empty());
    assert!(shop.took(6, 900).is_empty(), "slow again before it was over");
    assert!(shop.took(7, 100).is_empty());
    assert_eq!(
        told(&shop.took(8, 100)),
        [("over", IncidentKind::Degraded, String::new())]
    );
    assert_eq!(shop.state.status(), Status::Up);
}

#[test]
fn what_is_down_is_not_slow_and_an_unconfirmed_slowness_ends_with_it() {
    let mut shop = Watched::new(Some(800), &[]);
    shop.took(0, 900);
    assert!(shop.check(&outcome(MINUTE, down())).is_empty());
    assert!(shop.took(2, 900).is_empty(), "the first one again");
    assert_eq!(told(&shop.took(3, 900)).len(), 1);
    for minute in 4..8 {
        assert!(shop.check(&outcome(minute * MINUTE, down())).is_empty());
    }
    assert_eq!(shop.state.status(), Status::Down);
    for minute in 8..10 {
        assert!(
            shop.took(minute, 100).is_empty(),
            "it is not up before the second good one"
        );
    }
    assert_eq!(
        told(&shop.took(10, 100)),
        [("over", IncidentKind::Degraded, String::new())]
    );
}

#[test]
fn a_limit_that_is_taken_away_ends_it() {
    let mut shop = Watched::new(Some(800), &[]);
    shop.took(0, 900);
    shop.took(1, 900);
    shop.config.warnings.slow_above = None;
    assert_eq!(
        told(&shop.took(2, 900)),
        [("over", IncidentKind::Degraded, String::new())]
    );
}

#[test]
fn changing_between_slow_and_fast_all_the_time_is_flapping() {
    let mut shop = Watched::new(Some(800), &[]);
    for minute in 0..24 {
        shop.took(minute, if minute / 2 % 2 == 0 { 900 } else { 100 });
    }
    assert!(
        shop.state
            .flaps(IncidentKind::Degraded, Timestamp::from_millis(24 * MINUTE))
    );
}

#[test]
fn a_certificate_is_told_at_each_of_its_days_and_over_when_it_is_renewed() {
    let mut shop = Watched::new(None, &[30, 14, 7, 3, 1]);
    assert!(shop.presented(59, 90).is_empty());
    let (cert, words) = (IncidentKind::Certificate, "The certificate of shop.example");
    let on = "1970-04-01 00:00 UTC";
    assert_eq!(
        told(&shop.presented(60, 90)),
        [("opened", cert, format!("{words} expires on {on}, in 30 days."))]
    );
    let known = shop.state.clone();
    assert!(shop.presented(61, 90).is_empty());
    assert_eq!(shop.state, known);
    assert_eq!(
        shop.state.status(),
        Status::Up,
        "it does not change what the monitor is"
    );
    assert_eq!(
        told(&shop.presented(76, 90)),
        [("worse", cert, format!("{words} expires on {on}, in 14 days."))]
    );
    assert_eq!(
        told(&shop.presented(89, 90)),
        [("worse", cert, format!("{words} expires on {on}, in 1 day."))]
    );
    assert!(shop.presented(91, 90).is_empty(), "the shortest was told");
    assert!(shop.presented(91, 180).is_empty());
    assert!(
        shop.presented(92, 90).is_empty(),
        "another server has the old one"
    );
    for day in 93..95 {
        assert!(shop.presented(day, 180).is_empty());
    }
    assert_eq!(told(&shop.presented(95, 180)), [("over", cert, String::new())]);
}

#[test]
fn a_certificate_that_expired_says_so() {
    let mut shop = Watched::new(None, &[7]);
    let opened = shop.presented(91, 90);
    assert_eq!(
        told(&opened)[0].2,
        "The certificate of shop.example expired on 1970-04-01 00:00 UTC."
    );
}

#[test]
fn short_lived_certificates_are_told_late_in_their_lives_only() {
    let mut shop = Watched::new(None, &[30, 14, 7, 3, 1]);
    for day in 0..5 {
        assert!(shop.presented(day, 6).is_empty(), "day {day}");
    }
    assert_eq!(told(&shop.presented(5, 6)).len(), 1);
}

#[test]
fn a_target_without_a_certificate_has_none_that_expires() {
    let mut shop = Watched::new(None, &[30]);
    shop.presented(80, 90);
    assert!(
        shop.check(&outcome(80 * DAY + 1, down())).is_empty(),
        "it did not get so far"
    );
    for _ in 0..2 {
        assert!(shop.check(&outcome(80 * DAY + 2, Verdict::Up)).is_empty());
    }
    assert_eq!(
        told(&shop.check(&outcome(80 * DAY + 2, Verdict::Up))),
        [("over", IncidentKind::Certificate, String::new())]
    );
}

#[test]
fn not_being_able_to_look_is_told_after_a_while_and_once() {
    let mut shop = Watched::new(None, &[]);
    let late = 10 * MINUTE;
    assert!(shop.check(&outcome(0, ours(FaultKind::Privilege))).is_empty());
    assert!(
        shop.check(&outcome(late - 1, ours(FaultKind::Privilege)))
            .is_empty()
    );
    assert_eq!(
        told(&shop.check(&outcome(late, ours(FaultKind::Privilege)))),
        [(
            "opened",
            IncidentKind::NoData,
            "This needs a privilege.".to_owned()
        )]
    );
    assert_eq!(shop.state.status(), Status::Unknown);
    assert!(
        shop.check(&outcome(2 * late, ours(FaultKind::Privilege)))
            .is_empty()
    );
    for verdict in [Verdict::Up, down()] {
        let mut again = Watched::new(None, &[]);
        again.state = shop.state.clone();
        assert_eq!(
            told(&again.check(&outcome(3 * late, verdict))),
            [("over", IncidentKind::NoData, String::new())]
        );
    }
}

#[test]
fn that_we_are_offline_is_not_told_of_each_monitor() {
    let mut shop = Watched::new(None, &[]);
    for minute in 0..60 {
        assert!(
            shop.check(&outcome(minute * MINUTE, ours(FaultKind::SelfOffline)))
                .is_empty()
        );
    }
}

#[test]
fn the_time_of_being_offline_does_not_count() {
    let mut shop = Watched::new(None, &[]);
    for minute in 0..60 {
        shop.check(&outcome(minute * MINUTE, ours(FaultKind::SelfOffline)));
    }
    for minute in 60..70 {
        let found = outcome(minute * MINUTE, ours(FaultKind::Resolver));
        assert!(shop.check(&found).is_empty(), "{minute}");
    }
    assert_eq!(
        told(&shop.check(&outcome(70 * MINUTE, ours(FaultKind::Resolver)))).len(),
        1
    );
}

#[test]
fn what_was_before_a_long_pause_does_not_count() {
    let mut shop = Watched::new(Some(800), &[]);
    shop.took(0, 900);
    let weeks = 21 * 24 * 60;
    assert!(shop.took(weeks, 900).is_empty());
    assert_eq!(told(&shop.took(weeks + 1, 900)).len(), 1);
    let mut shop = Watched::new(None, &[]);
    shop.check(&outcome(0, ours(FaultKind::Privilege)));
    for minute in 0..10 {
        let found = outcome((weeks + minute) * MINUTE, ours(FaultKind::Privilege));
        assert!(shop.check(&found).is_empty(), "{minute}");
    }
    let told_at = outcome((weeks + 10) * MINUTE, ours(FaultKind::Privilege));
    assert!(matches!(
        &shop.check(&told_at)[..],
        [Transition::Opened { since, .. }] if *since == Timestamp::from_millis(weeks * MINUTE)
    ));
}

#[test]
fn what_is_coming_back_is_not_slow_yet() {
    let mut shop = Watched::new(Some(800), &[]);
    shop.took(0, 100);
    for minute in 1..4 {
        shop.check(&outcome(minute * MINUTE, down()));
    }
    assert!(shop.took(4, 900).is_empty());
    assert_eq!(shop.state.status(), Status::Down);
    assert!(shop.took(5, 900).is_empty(), "the first one since it is up");
    assert_eq!(told(&shop.took(6, 900)).len(), 1);
}

fn any_outcome() -> impl Strategy<Value = (i64, Outcome)> {
    let verdict = prop_oneof![
        4 => Just(Verdict::Up),
        2 => Just(down()),
        2 => (0..FaultKind::ALL.len()).prop_map(|i| ours(FaultKind::ALL[i])),
    ];
    let certificate = proptest::option::of((-40..0_i64, 1..100_i64));
    (verdict, 0..2_000_u64, certificate, -MINUTE..DAY).prop_map(|(verdict, millis, days, step)| {
        let mut found = outcome(0, verdict);
        found.phases.total = Duration::from_millis(millis);
        found.evidence.certificate = days.map(|(begins, ends)| certificate_at(begins, ends));
        (step, found)
    })
}

fn certificate_at(begins: i64, ends: i64) -> Certificate {
    certificate(20_000 + begins, 20_000 + ends)
}

proptest! {
    /// Of each kind an opening and an end take turns, worse comes in between, nothing begins after it was seen, and a
    /// restart in the middle changes nothing.
    #[test]
    fn each_kind_opens_and_ends_in_turns(found in proptest::collection::vec(any_outcome(), 1..120)) {
        let mut shop = Watched::new(Some(1_000), &[30, 7, 1]);
        let mut now = 20_000 * DAY;
        let mut open = std::collections::BTreeSet::new();
        for (step, mut outcome) in found {
            now += step;
            outcome.at = Timestamp::from_millis(now);
            let text = serde_json::to_string(&shop.state)?;
            shop.state = serde_json::from_str(&text)?;
            for transition in shop.check(&outcome) {
                let kind = transition.kind();
                prop_assert_ne!(kind, IncidentKind::Down);
                match transition {
                    Transition::Opened { since, .. } => {
                        prop_assert!(open.insert(kind), "{:?} is open already", kind);
                        prop_assert!(since <= outcome.at);
                    }
                    Transition::Worsened { .. } => prop_assert!(open.contains(&kind)),
                    Transition::Resolved { since, at, .. } => {
                        prop_assert!(open.remove(&kind), "{:?} was not open", kind);
                        prop_assert!(since <= at);
                    }
                }
            }
            let degraded = open.contains(&IncidentKind::Degraded);
            prop_assert!(shop.state.status() != Status::Degraded || degraded);
        }
    }
}
