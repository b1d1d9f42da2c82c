//! Is it us? Zones and references as they are set, what a self-check proves, and what a zone makes of its outcomes.

use std::{collections::BTreeSet, time::Duration};

use domain::{
    clock::Timestamp,
    id::MonitorId,
    monitor::MonitorConfig,
    outcome::{Evidence, Fault, FaultKind, Outcome, Phases, Reason, ReasonKind, Verdict},
    reach::{Answer, Change, Reach, Ruling, Seen, Sign, Watch, ZoneName, Zones, offline_fault, weigh},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::refused;

fn zones(body: Value) -> Zones {
    Zones::from_json(body).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn wan_and_lan_are_always_there_and_the_others_follow_by_name() {
    let names = |z: &Zones| z.iter().map(|z| z.name.to_string()).collect::<Vec<_>>();
    let usual = Zones::default();
    assert_eq!(zones(json!({})), usual);
    assert_eq!(names(&usual), ["wan", "lan"]);
    let wan = usual.get(&ZoneName::wan()).expect("wan");
    assert_eq!(wan.references.len(), 3);
    assert_eq!(usual.get(&ZoneName::lan()).expect("lan").references, []);

    let mine = zones(json!({ "zones": [
        { "name": " VPN-2 ", "references": ["[fd00::1]:22", "Gate.example:443", "gate.example:443"] },
        { "name": "attic" },
        { "name": "wan", "references": [] },
    ] }));
    assert_eq!(names(&mine), ["wan", "lan", "attic", "vpn-2"]);
    assert_eq!(mine.get(&ZoneName::wan()).expect("wan").references, []);
    let vpn = mine.iter().last().expect("vpn-2");
    let texts: Vec<String> = vpn.references.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["[fd00::1]:22", "gate.example:443"]);
    assert_eq!(zones(mine.to_json()), mine);
}

#[test]
fn every_mistake_is_named() {
    let reference = |text: &str| json!({ "zones": [{ "name": "vpn", "references": [text] }] });
    let many: Vec<Value> = (0..21).map(|i| json!({ "name": format!("z{i}") })).collect();
    let references: Vec<String> = (0..9).map(|i| format!("10.0.0.{i}:22")).collect();
    for (body, field, code) in [
        (json!({ "zones": {} }), "zones", "type-list"),
        (json!({ "zone": [] }), "zone", "unknown-field"),
        (json!({ "zones": many }), "zones", "zones-too-many"),
        (json!({ "zones": ["wan"] }), "zones.0", "type-object"),
        (json!({ "zones": [{}] }), "zones.0.name", "required"),
        (
            json!({ "zones": [{ "name": "my zone" }] }),
            "zones.0.name",
            "zone-name",
        ),
        (
            json!({ "zones": [{ "name": "-x" }] }),
            "zones.0.name",
            "zone-name",
        ),
        (
            json!({ "zones": [{ "name": "x".repeat(31) }] }),
            "zones.0.name",
            "too-long",
        ),
        (
            json!({ "zones": [{ "name": "a" }, { "name": "A" }] }),
            "zones.1.name",
            "zone-twice",
        ),
        (
            json!({ "zones": [{ "name": "a", "port": 1 }] }),
            "zones.0.port",
            "unknown-field",
        ),
        (
            json!({ "zones": [{ "name": "a", "references": references }] }),
            "zones.0.references",
            "references-too-many",
        ),
        (reference("1.1.1.1"), "zones.0.references", "reference-invalid"),
        (reference("1.1.1.1:"), "zones.0.references", "reference-invalid"),
        (reference("1.1.1.1:0"), "zones.0.references", "reference-invalid"),
        (
            reference("1.1.1.1:65536"),
            "zones.0.references",
            "reference-invalid",
        ),
        (
            reference("2606:4700::1111:443"),
            "zones.0.references",
            "reference-invalid",
        ),
        (
            reference("https://one.one:443"),
            "zones.0.references",
            "reference-invalid",
        ),
        (reference(" "), "zones.0.references", "required"),
    ] {
        assert_eq!(
            refused(Zones::from_json(body.clone())),
            [(field.to_owned(), code)],
            "{body}"
        );
    }
}

#[test]
fn a_monitor_without_a_zone_gets_it_from_what_was_typed() {
    let config = |kind: &str, target: Value, zone: Value| {
        let body = json!({ "name": "x", "kind": kind, "target": target, "schedule": { "every": "1m" }, "zone": zone });
        MonitorConfig::from_json(body, None).unwrap_or_else(|e| panic!("{e}"))
    };
    for (host, zone) in [
        ("example.org", "wan"),
        ("192.0.2.1", "wan"),
        ("2606:4700::1111", "wan"),
        ("100.128.0.1", "wan"),
        ("192.168.1.5", "lan"),
        ("10.8.0.1", "lan"),
        ("100.64.0.1", "lan"),
        ("127.0.0.1", "lan"),
        ("::1", "lan"),
        ("fd00::5", "lan"),
        ("fe80::5", "lan"),
        ("::ffff:10.0.0.1", "lan"),
        ("nas", "lan"),
        ("nas.local", "lan"),
        ("nas.home.arpa", "lan"),
        ("db.corp.internal", "lan"),
        ("local.example.org", "wan"),
    ] {
        let made = config("tcp", json!({ "host": host, "port": 1 }), Value::Null);
        assert_eq!(made.zone.as_str(), zone, "{host}");
    }
    let url = |url: &str| config("http", json!({ "url": url }), Value::Null).zone;
    assert_eq!(url("http://[fd00::1]:8080/"), ZoneName::lan());
    assert_eq!(url("https://shop.example/"), ZoneName::wan());
    let named = config("ping", json!({ "host": "10.0.0.1" }), json!("office-vpn"));
    assert_eq!(named.zone.as_str(), "office-vpn");
    let again = MonitorConfig::from_json(named.to_json(), None).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(again.zone, named.zone);
}

#[test]
fn what_proves_a_zone() {
    use Answer::{Accepted, NotAsked, Refused, Silence};
    let (wan, lan) = (ZoneName::wan(), ZoneName::lan());
    let vpn = ZoneName::parse("zone", "vpn").unwrap_or_else(|e| panic!("{e}"));
    for (zone, references, gateway, expected) in [
        (&wan, &[][..], Some(Accepted), Reach::NoReferences),
        (&wan, &[Silence, Silence, Accepted], None, Reach::Answered),
        (&wan, &[Silence, Silence, Silence], Some(Silence), Reach::Silent),
        // The router is there, and what is behind it is not.
        (&wan, &[Silence, Silence, Silence], Some(Accepted), Reach::Silent),
        (&wan, &[Refused, Refused], Some(Refused), Reach::Silent),
        (&wan, &[Silence, NotAsked], Some(Accepted), Reach::Unclear),
        (&wan, &[Accepted, NotAsked], None, Reach::Answered),
        (&lan, &[Silence], Some(Refused), Reach::Answered),
        (&lan, &[Silence], Some(Silence), Reach::Silent),
        (&lan, &[Silence], None, Reach::Silent),
        (&lan, &[], Some(Accepted), Reach::NoReferences),
        (&vpn, &[Silence], Some(Accepted), Reach::Silent),
        (&vpn, &[Accepted], None, Reach::Answered),
    ] {
        assert_eq!(
            weigh(zone, references, gateway),
            expected,
            "{zone} {references:?} {gateway:?}"
        );
    }
}

fn outcome(verdict: Verdict, remote: Option<&str>) -> Outcome {
    Outcome {
        at: Timestamp::from_millis(0),
        verdict,
        phases: Phases::default(),
        evidence: Box::new(Evidence {
            remote: remote.map(|r| r.parse().unwrap_or_else(|e| panic!("{e}"))),
            ..Evidence::default()
        }),
    }
}

#[test]
fn what_a_check_says_about_its_network() {
    let (wan, lan) = (ZoneName::wan(), ZoneName::lan());
    let up = |zone, remote| Sign::of(zone, &outcome(Verdict::Up, remote));
    assert_eq!(up(&wan, Some("192.0.2.1:443")), Sign::Up { proof: true });
    // At home, whatever zone it was put into.
    assert_eq!(up(&wan, Some("192.168.1.5:443")), Sign::Up { proof: false });
    assert_eq!(up(&wan, None), Sign::Up { proof: false });
    assert_eq!(up(&lan, None), Sign::Up { proof: true });
    let down = Verdict::Down(Reason::new(ReasonKind::Status, "503"));
    assert_eq!(Sign::of(&wan, &outcome(down, None)), Sign::Failure);
    for kind in FaultKind::ALL {
        let sign = Sign::of(&wan, &outcome(Verdict::Internal(Fault::new(*kind, "x")), None));
        let networks = matches!(
            kind,
            FaultKind::Resolver | FaultKind::Resources | FaultKind::SelfOffline
        );
        let expected = if networks { Sign::Failure } else { Sign::Nothing };
        assert_eq!(sign, expected, "{kind}");
    }
    let fault = offline_fault(&wan, Timestamp::from_millis(1_795_443_600_000));
    assert!(fault.detail.contains("2026-11-23 14:20 UTC") || fault.detail.contains("UTC (zone wan)"));
}

const ALL: usize = 10;

/// A trusted zone of ten monitors; times are seconds.
struct Scene(Watch);

impl Scene {
    fn new() -> Self {
        let mut scene = Self(Watch::new(false, None, s(0)));
        scene.ask(0, Reach::Answered, 0);
        scene
    }

    fn see(
        &mut self,
        monitor: i64,
        sign: Sign,
        begun: u64,
        now: u64,
        opens: Option<u64>,
    ) -> (Ruling, Change) {
        self.0.see(Seen {
            monitor: MonitorId(monitor),
            sign,
            at: at(begun),
            begun: s(begun),
            now: s(now),
            turns_bad: opens.is_none(),
            opens: opens.map(at),
            members: ALL,
        })
    }

    /// A first failure.
    fn fails(&mut self, monitor: i64, now: u64) -> Ruling {
        self.see(monitor, Sign::Failure, now, now, None).0
    }

    /// A failure that would open an incident.
    fn opens(&mut self, monitor: i64, first: u64, now: u64) -> Ruling {
        self.see(monitor, Sign::Failure, now, now, Some(first)).0
    }

    fn answers(&mut self, monitor: i64, now: u64) -> Change {
        self.see(monitor, Sign::Up { proof: true }, now, now, None).1
    }

    fn wants(&self, now: u64) -> bool {
        self.0.wants_check(s(now), ALL)
    }

    fn ask(&mut self, begun: u64, reach: Reach, now: u64) -> Change {
        assert!(self.wants(begun), "nothing calls for a self-check");
        self.0.ask(s(begun));
        assert!(!self.wants(begun), "one at a time");
        self.0.answer(reach, s(now), at(now))
    }

    fn cut(now: u64) -> Self {
        let mut scene = Self::new();
        scene.fails(1, now - 6);
        assert_eq!(scene.opens(1, now - 6, now - 1), Ruling::Wait);
        assert_eq!(
            scene.ask(now - 1, Reach::Silent, now),
            Change::Began { since: at(now - 6) }
        );
        scene
    }
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_795_443_600_000).plus(s(seconds))
}

#[test]
fn an_incident_waits_for_the_verdict_and_then_stands_or_not() {
    let mut scene = Scene::new();
    assert_eq!(scene.fails(1, 100), Ruling::Stands);
    assert!(!scene.wants(100), "one failure calls for nothing");
    assert_eq!(scene.opens(1, 100, 105), Ruling::Wait);
    assert_eq!(scene.ask(105, Reach::Answered, 106), Change::None);
    assert_eq!(scene.0.offline_since(), None);

    let mut scene = Scene::cut(200);
    assert_eq!(scene.0.offline_since(), Some(at(194)));
    for monitor in 2..9 {
        assert_eq!(scene.opens(monitor, 195, 201), Ruling::Offline { since: at(194) });
    }
    assert!(!scene.wants(209), "failures while offline cost nothing");
    assert!(scene.wants(210), "it is looked for the end");
}

#[test]
fn a_storm_costs_one_self_check_and_a_later_cut_another() {
    let mut scene = Scene::new();
    for monitor in 1..=9 {
        scene.fails(monitor, 100);
    }
    assert!(scene.wants(100), "three and 30 % turned bad");
    assert_eq!(scene.ask(100, Reach::Answered, 101), Change::None);
    for monitor in 1..=9 {
        assert_eq!(scene.opens(monitor, 100, 103), Ruling::Stands);
    }
    assert!(!scene.wants(103));
    // What began to fail after the verdict may be the network's.
    assert_eq!(scene.opens(10, 102, 104), Ruling::Wait);
    assert!(scene.wants(104));
}

#[test]
fn few_or_old_failures_are_no_storm() {
    let mut scene = Scene::new();
    scene.fails(1, 100);
    scene.fails(2, 110);
    scene.fails(1, 120);
    assert!(!scene.wants(120), "two monitors");
    scene.fails(3, 161);
    assert!(scene.wants(161), "2, 1 again and 3 within a minute");
    let mut scene = Scene::new();
    scene.fails(1, 100);
    scene.fails(2, 110);
    scene.answers(2, 115);
    scene.fails(3, 120);
    scene.fails(4, 165);
    assert!(!scene.wants(165), "one is too old, and one is up again");
}

#[test]
fn a_success_that_began_later_proves_the_network() {
    let mut scene = Scene::new();
    scene.fails(1, 100);
    scene.see(2, Sign::Up { proof: true }, 106, 107, None);
    assert_eq!(scene.see(1, Sign::Failure, 105, 108, Some(100)).0, Ruling::Stands);
    assert!(!scene.wants(108));
    // Not one that began before, not one that is long ago, and not for a first failure.
    assert_eq!(scene.see(3, Sign::Failure, 110, 111, Some(100)).0, Ruling::Wait);
    let mut scene = Scene::new();
    scene.see(2, Sign::Up { proof: true }, 106, 107, None);
    assert_eq!(scene.see(1, Sign::Failure, 105, 138, Some(100)).0, Ruling::Wait);
    let mut scene = Scene::new();
    scene.see(2, Sign::Up { proof: true }, 106, 107, None);
    assert_eq!(scene.see(1, Sign::Failure, 105, 108, Some(105)).0, Ruling::Wait);
    let mut scene = Scene::new();
    scene.see(2, Sign::Up { proof: false }, 106, 107, None);
    assert_eq!(scene.see(1, Sign::Failure, 105, 108, Some(100)).0, Ruling::Wait);
}

#[test]
fn it_ends_by_an_answer_or_by_two_monitors_and_what_began_before_does_not_count() {
    let mut scene = Scene::cut(200);
    assert_eq!(scene.ask(210, Reach::Silent, 213), Change::None);
    assert_eq!(
        scene.ask(223, Reach::Answered, 224),
        Change::Ended { since: at(194) }
    );
    assert_eq!(
        scene.see(5, Sign::Failure, 223, 233, Some(223)).0,
        Ruling::Offline { since: at(194) },
        "its check began while we were offline"
    );
    assert_eq!(scene.fails(5, 240), Ruling::Stands);

    let mut scene = Scene::cut(200);
    assert_eq!(
        scene.see(3, Sign::Up { proof: true }, 199, 201, None).1,
        Change::None
    );
    assert_eq!(scene.answers(3, 202), Change::None);
    assert_eq!(scene.answers(3, 203), Change::None, "one monitor is not two");
    assert_eq!(scene.answers(4, 204), Change::Ended { since: at(194) });
    assert!(scene.wants(204), "are the references back as well?");
}

#[test]
fn references_that_are_contradicted_lose_their_say() {
    // They never answered.
    let mut scene = Scene(Watch::new(false, None, s(0)));
    assert_eq!(scene.opens(1, 0, 5), Ruling::Wait);
    assert_eq!(scene.ask(5, Reach::Silent, 8), Change::None);
    assert_eq!(
        scene.opens(2, 9, 12),
        Ruling::Stands,
        "nobody waits for them again"
    );
    // A monitor answers while they are asked in vain.
    let mut scene = Scene::new();
    scene.fails(1, 100);
    scene.opens(1, 100, 105);
    scene.0.ask(s(105));
    scene.answers(2, 106);
    assert_eq!(scene.0.answer(Reach::Silent, s(108), at(108)), Change::None);
    assert!(!scene.0.is_trusted());
    // Monitors end it twice while they stay silent.
    let mut scene = Scene::cut(200);
    for (now, expected) in [(210, true), (220, false)] {
        scene.answers(2, now);
        assert_eq!(scene.answers(3, now), Change::Ended { since: began(now) });
        let change = scene.ask(now + 1, Reach::Silent, now + 3);
        assert_eq!(matches!(change, Change::Began { .. }), expected, "{change:?}");
    }
    assert!(!scene.0.is_trusted());
    assert_eq!(scene.opens(1, 230, 235), Ruling::Stands);
    // They answer again.
    assert_eq!(scene.ask(4000, Reach::Answered, 4001), Change::None);
    assert!(scene.0.is_trusted());
}

/// Since when the time offline lasted that ends then, in the test above.
fn began(now: u64) -> Timestamp {
    if now > 210 { at(213) } else { at(194) }
}

#[test]
fn what_cannot_be_asked_holds_nothing_back() {
    for reach in [Reach::Unclear, Reach::NoReferences] {
        let mut scene = Scene::new();
        assert_eq!(scene.opens(1, 100, 105), Ruling::Wait);
        assert_eq!(scene.ask(105, reach, 106), Change::None);
        assert_eq!(scene.opens(2, 107, 108), Ruling::Stands, "{reach:?}");
    }
    let mut scene = Scene::cut(200);
    assert_eq!(scene.ask(210, Reach::Unclear, 211), Change::None);
    assert_eq!(
        scene.ask(221, Reach::NoReferences, 222),
        Change::Ended { since: at(194) },
        "they were taken away"
    );
}

#[test]
fn a_gap_that_a_restart_finds_lasts_until_an_answer() {
    let mut scene = Scene(Watch::new(false, Some(at(0)), s(50)));
    assert_eq!(scene.fails(1, 51), Ruling::Offline { since: at(0) });
    assert_eq!(scene.ask(51, Reach::Silent, 54), Change::None);
    assert_eq!(scene.ask(64, Reach::Answered, 65), Change::Ended { since: at(0) });
}

#[derive(Clone, Debug)]
enum Step {
    Up { monitor: i64, proof: bool },
    Fails { monitor: i64, opens: bool },
    Check { reach: Reach },
}

fn step() -> impl Strategy<Value = (u64, Step)> {
    let monitor = 0..6i64;
    let step = prop_oneof![
        (monitor.clone(), any::<bool>()).prop_map(|(monitor, proof)| Step::Up { monitor, proof }),
        (monitor, any::<bool>()).prop_map(|(monitor, opens)| Step::Fails { monitor, opens }),
        prop_oneof![
            Just(Reach::Answered),
            Just(Reach::Silent),
            Just(Reach::Unclear),
            Just(Reach::NoReferences)
        ]
        .prop_map(|reach| Step::Check { reach }),
    ];
    (0..20u64, step)
}

proptest! {
    /// Whatever happens: offline begins only by silence of references that answered before, every beginning has one
    /// end, who waits always gets a self-check, and nothing but a time offline turns a failure into something else.
    #[test]
    fn a_zone_is_offline_only_for_a_reason(steps in proptest::collection::vec(step(), 1..200)) {
        let mut watch = Watch::new(false, None, s(0));
        let (mut now, mut offline, mut answered) = (0, false, false);
        let mut waiting = BTreeSet::new();
        for (pause, step) in steps {
            now += pause;
            let change = match step {
                Step::Up { monitor, proof } => {
                    let (ruling, change) = watch.see(seen(monitor, Sign::Up { proof }, now, None));
                    prop_assert_eq!(ruling, Ruling::Stands);
                    prop_assert!(proof || change == Change::None);
                    change
                }
                Step::Fails { monitor, opens } => {
                    let opens = opens.then(|| at(now.saturating_sub(5)));
                    let (ruling, change) = watch.see(seen(monitor, Sign::Failure, now, opens));
                    match ruling {
                        Ruling::Offline { since } => prop_assert!(since <= at(now)),
                        Ruling::Stands => prop_assert!(!offline),
                        Ruling::Wait => {
                            prop_assert!(!offline && opens.is_some());
                            waiting.insert(monitor);
                        }
                    }
                    change
                }
                Step::Check { reach } => {
                    if !watch.wants_check(s(now), 6) {
                        continue;
                    }
                    watch.ask(s(now));
                    now += 1;
                    let change = watch.answer(reach, s(now), at(now));
                    waiting.clear();
                    if let Change::Began { since } = change {
                        prop_assert!(answered && reach == Reach::Silent && since <= at(now));
                    }
                    answered |= reach == Reach::Answered;
                    change
                }
            };
            prop_assert!(waiting.is_empty() || offline || watch.wants_check(s(now), 6));
            match change {
                Change::None => {}
                Change::Began { .. } => {
                    prop_assert!(!offline);
                    offline = true;
                }
                Change::Ended { .. } => {
                    prop_assert!(offline);
                    offline = false;
                }
            }
            prop_assert_eq!(watch.offline_since().is_some(), offline);
        }
    }
}

fn seen(monitor: i64, sign: Sign, now: u64, opens: Option<Timestamp>) -> Seen {
    Seen {
        monitor: MonitorId(monitor),
        sign,
        at: at(now),
        begun: s(now),
        now: s(now),
        turns_bad: opens.is_none(),
        opens,
        members: 6,
    }
}
