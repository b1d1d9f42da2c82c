//! When windows are open, where clocks change as well, and what is in force.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    field::FieldErrors,
    hold::HeldBy,
    id::{MaintenanceId, MonitorId, SilenceId},
    in_force::InForce,
    maintenance::{Exception, Maintenance, MaintenanceConfig, Window, upcoming},
    matcher::Matcher,
    silence::Silence,
    target::Kind,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::refused;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a time")
}

fn now() -> Timestamp {
    at("2026-11-26T12:00:00Z")
}

fn config(when: Value) -> Result<MaintenanceConfig, FieldErrors> {
    let body = json!({"title": "Database", "note": "", "matcher": {"tags": ["db"]}, "when": when});
    MaintenanceConfig::from_json(body, now(), None)
}

fn window(when: Value) -> Maintenance {
    Maintenance {
        id: MaintenanceId(1),
        config: config(when).expect("valid"),
        author: "me@example.org".to_owned(),
        created_at: now(),
        exceptions: Vec::new(),
    }
}

fn exception(from: &str, to: &str) -> Exception {
    Exception {
        starts_at: at(from),
        ends_at: at(to),
        by: "me@example.org".to_owned(),
        at: now(),
    }
}

fn pairs(windows: &[Window]) -> Vec<(String, String)> {
    let text = |t: Timestamp| t.to_utc().format("%m-%d %H:%M").to_string();
    windows.iter().map(|w| (text(w.from), text(w.to))).collect()
}

fn expected(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect()
}

#[test]
fn a_single_window_is_open_from_its_begin_until_its_end() {
    let once = window(json!({"from": "2026-11-27T01:00:00+01:00", "to": "2026-11-27T02:00:00+01:00"}));
    let end = at("2026-11-27T01:00:00Z");
    let table = [
        ("2026-11-26T23:59:59.999Z", None),
        ("2026-11-27T00:00:00Z", Some(end)),
        ("2026-11-27T00:59:59.999Z", Some(end)),
        ("2026-11-27T01:00:00Z", None),
    ];
    for (when, open) in table {
        assert_eq!(once.active(at(when)), open, "{when}");
    }
    assert_eq!(once.next(now()).map(|w| w.to), Some(end));
    assert_eq!(once.next(at("2026-11-27T00:00:00Z")), None);
    assert!(!once.is_over(now()) && once.is_over(end));
}

/// Berlin sets its clocks forward on 2027-03-28 at 2:00 and back on 2026-10-25 at 3:00.
#[test]
fn a_cron_window_keeps_its_length_where_clocks_change() {
    let sundays = json!({"cron": "30 2 * * SUN", "timezone": "Europe/Berlin", "duration": "2h"});
    let weekly = window(sundays);
    let around = weekly.upcoming(at("2027-03-20T00:00:00Z"), 3);
    let spring = [
        ("03-21 01:30", "03-21 03:30"),
        // 2:30 does not exist: it begins at the end of the gap.
        ("03-28 01:00", "03-28 03:00"),
        ("04-04 00:30", "04-04 02:30"),
    ];
    assert_eq!(pairs(&around), expected(&spring));
    assert_eq!(
        weekly.active(at("2027-03-28T01:15:00Z")),
        Some(at("2027-03-28T03:00:00Z"))
    );
    assert_eq!(weekly.active(at("2027-03-28T03:00:00Z")), None);
    let autumn = weekly.upcoming(at("2027-10-30T12:00:00Z"), 1);
    // 2:30 exists twice: the first of the two.
    assert_eq!(pairs(&autumn), expected(&[("10-31 00:30", "10-31 02:30")]));
    assert_eq!(
        weekly.window(at("2027-10-31T02:00:00Z")).map(|w| w.from),
        Some(at("2027-10-31T00:30:00Z"))
    );
}

#[test]
fn hours_of_the_week_are_windows_that_begin_and_end_by_the_wall_clock() {
    let nights = window(json!({"hours": {"zone": "Europe/Berlin", "spans": [
        {"days": ["sat"], "from": "22:00", "to": "04:00"},
        {"days": ["sun"], "from": "04:00", "to": "06:00"},
    ]}}));
    let coming = nights.upcoming(now(), 2);
    let joined = [("11-28 21:00", "11-29 05:00"), ("12-05 21:00", "12-06 05:00")];
    assert_eq!(
        pairs(&coming),
        expected(&joined),
        "spans that touch are one window"
    );
    let inside = nights.window(at("2026-11-29T04:30:00Z"));
    assert_eq!(inside, Some(coming[0]), "known by its real begin");
    // An hour is missing in the night of the change.
    let spring = nights.upcoming(at("2027-03-27T12:00:00Z"), 1);
    assert_eq!(pairs(&spring), expected(&[("03-27 21:00", "03-28 04:00")]));
}

#[test]
fn a_window_ends_early_and_another_is_called_off() {
    let mut daily = window(json!({"cron": "0 2 * * *", "duration": "2h"}));
    daily.exceptions = vec![
        exception("2026-11-27T02:00:00Z", "2026-11-27T02:40:00Z"),
        exception("2026-11-28T02:00:00Z", "2026-11-28T02:00:00Z"),
        exception("2026-11-29T02:00:00Z", "2026-11-26T12:00:00Z"),
    ];
    assert_eq!(
        daily.active(at("2026-11-27T02:39:00Z")),
        Some(at("2026-11-27T02:40:00Z"))
    );
    assert_eq!(daily.active(at("2026-11-27T02:40:00Z")), None);
    assert_eq!(daily.active(at("2026-11-28T03:00:00Z")), None);
    let coming = daily.upcoming(at("2026-11-27T02:00:00Z"), 2);
    assert_eq!(
        pairs(&coming),
        expected(&[("11-30 02:00", "11-30 04:00"), ("12-01 02:00", "12-01 04:00")])
    );
    assert!(!daily.is_over(now()));
    let mut once = window(json!({"from": "2026-11-26T12:00:00Z", "to": "2026-11-26T14:00:00Z"}));
    once.exceptions = vec![exception("2026-11-26T12:00:00Z", "2026-11-26T12:30:00Z")];
    assert!(once.is_over(at("2026-11-26T12:30:00Z")));
}

#[test]
fn what_makes_no_sense_is_refused_by_its_field() {
    let table = [
        (json!({}), "when", "when-one-of"),
        (
            json!({"cron": "0 2 * * *", "from": "2026-11-27T00:00:00Z"}),
            "when",
            "when-one-of",
        ),
        (json!({"from": "2026-11-27T00:00:00Z"}), "when.to", "required"),
        (
            json!({"from": "2026-11-27T00:00:00Z", "to": "2026-11-27T00:00:00Z"}),
            "when.to",
            "end-before-start",
        ),
        (
            json!({"from": "2026-11-25T00:00:00Z", "to": "2026-11-26T12:00:00Z"}),
            "when.to",
            "end-passed",
        ),
        (
            json!({"from": "2026-11-27T00:00:00Z", "to": "2027-03-27T00:00:00Z"}),
            "when.to",
            "maintenance-too-long",
        ),
        (
            json!({"cron": "0 2 * *", "duration": "1h"}),
            "when.cron",
            "cron-parts",
        ),
        (json!({"cron": "0 2 * * *"}), "when.duration", "required"),
        (
            json!({"cron": "0 2 * * *", "duration": "8d"}),
            "when.duration",
            "duration-range",
        ),
        (
            json!({"cron": "0 * * * *", "duration": "61m"}),
            "when.duration",
            "windows-overlap",
        ),
        (
            json!({"cron": "0 2 * * *", "duration": "1h", "zone": "UTC"}),
            "when.zone",
            "unknown-field",
        ),
        (
            json!({"hours": {"zone": "UTC", "spans": []}}),
            "when.hours.spans",
            "hours-empty",
        ),
    ];
    for (when, field, code) in table {
        let found = refused(config(when.clone()));
        assert_eq!(found.len(), 1, "{when}: {found:?}");
        assert_eq!(found[0], (field.to_owned(), code), "{when}");
    }
    let rest = MaintenanceConfig::from_json(json!({"note": "\u{7}", "when": 1}), now(), None);
    let fields: Vec<String> = refused(rest).into_iter().map(|(f, _)| f).collect();
    assert_eq!(fields, ["title", "note", "matcher", "when"]);
    assert!(config(json!({"cron": "0 * * * *", "duration": "60m"})).is_ok());
}

#[test]
fn what_has_begun_can_be_edited_and_what_should_have_begun_begins_now() {
    let begun = config(json!({"from": "2026-11-26T11:00:00Z", "to": "2026-11-26T14:00:00Z"})).expect("valid");
    assert_eq!(begun.when.window(now()).map(|w| w.from), Some(now()));
    let later = at("2026-11-26T15:00:00Z");
    let mut body = begun.to_json();
    body["title"] = json!("Other");
    let renamed =
        MaintenanceConfig::from_json(body.clone(), later, Some(&begun)).expect("its time is as it was");
    assert_eq!(renamed.when, begun.when);
    assert_eq!(
        refused(MaintenanceConfig::from_json(body, later, None)),
        [("when.to".to_owned(), "end-passed")]
    );
}

#[test]
fn the_next_windows_of_all_are_in_order() {
    let mut other = window(json!({"from": "2026-11-27T05:00:00Z", "to": "2026-11-27T06:00:00Z"}));
    other.id = MaintenanceId(2);
    let all = [window(json!({"cron": "0 2 * * *", "duration": "2h"})), other];
    let coming: Vec<_> = upcoming(&all, now(), 3)
        .into_iter()
        .map(|(m, w)| (m.id.0, pairs(&[w])))
        .collect();
    assert_eq!(coming[0], (1, expected(&[("11-27 02:00", "11-27 04:00")])));
    assert_eq!(coming[1], (2, expected(&[("11-27 05:00", "11-27 06:00")])));
    assert_eq!(coming[2], (1, expected(&[("11-28 02:00", "11-28 04:00")])));
}

fn silence(id: i64, from: &str, to: &str) -> Silence {
    Silence {
        id: SilenceId(id),
        matcher: Matcher::EVERYTHING,
        author: "me@example.org".to_owned(),
        reason: "Test".to_owned(),
        created_at: now(),
        starts_at: at(from),
        ends_at: at(to),
        ended_by: None,
    }
}

#[test]
fn of_several_the_one_that_ends_last_holds_and_a_window_before_a_silence() {
    let tags = ["db".to_owned()];
    let hold = |silences: &[Silence], windows: &[Maintenance], time: &str, tags: &[String]| {
        let force = InForce::at(at(time), silences, windows);
        force.hold_of(MonitorId(1), tags, Kind::Tcp).map(|h| h.by)
    };
    let one = window(json!({"from": "2026-11-26T13:00:00Z", "to": "2026-11-26T15:00:00Z"}));
    let windows = [one];
    let (short, equal, long) = (
        silence(1, "2026-11-26T13:00:00Z", "2026-11-26T14:00:00Z"),
        silence(2, "2026-11-26T13:00:00Z", "2026-11-26T15:00:00Z"),
        silence(3, "2026-11-26T13:30:00Z", "2026-11-26T16:00:00Z"),
    );
    let by_window = Some(HeldBy::Maintenance(MaintenanceId(1)));
    let by = |n| Some(HeldBy::Silence(SilenceId(n)));
    let noon = "2026-11-26T13:00:00Z";
    assert_eq!(hold(&[], &windows, "2026-11-26T12:59:59Z", &tags), None);
    assert_eq!(
        hold(std::slice::from_ref(&short), &windows, noon, &tags),
        by_window
    );
    assert_eq!(hold(&[equal], &windows, noon, &tags), by_window);
    assert_eq!(
        hold(std::slice::from_ref(&short), &windows, noon, &[]),
        by(1),
        "the window is about another tag"
    );
    assert_eq!(
        hold(std::slice::from_ref(&long), &windows, noon, &tags),
        by_window
    );
    assert_eq!(
        hold(
            std::slice::from_ref(&long),
            &windows,
            "2026-11-26T13:30:00Z",
            &tags
        ),
        by(3)
    );
    let force = InForce::at(at("2026-11-26T13:30:00Z"), &[short, long], &windows);
    let under = force.maintenance_of(MonitorId(1), &tags, Kind::Tcp);
    assert_eq!(
        under.map(|s| (s.from, s.until)),
        Some((at(noon), at("2026-11-26T15:00:00Z")))
    );
    assert!(force.holds_at(at("2026-11-26T13:59:59Z")) && !force.holds_at(at("2026-11-26T14:00:00Z")));
    assert!(
        !force.holds_at(at("2026-11-26T13:29:59Z")),
        "what was before is not known"
    );
}

proptest! {
    /// What is in force is what asking each rule at that moment says, for as long as it claims to be.
    #[test]
    fn what_is_in_force_holds_until_something_changes(
        minutes in proptest::collection::vec((0..300_i64, 1..200_i64), 1..6),
        looked in 0..400_i64, later in 0..200_u64,
    ) {
        let time = |m: i64| now().plus(Duration::from_secs(u64::try_from(m).unwrap_or(0) * 60));
        let silences: Vec<Silence> = minutes.iter().enumerate().map(|(i, (start, length))| Silence {
            starts_at: time(*start), ends_at: time(start + length),
            ..silence(i as i64, "2026-11-26T12:00:00Z", "2026-11-26T13:00:00Z")
        }).collect();
        let windows = [window(json!({"cron": "*/50 * * * *", "duration": "7m"}))];
        let force = InForce::at(time(looked), &silences, &windows);
        let then = time(looked).plus(Duration::from_secs(later * 30));
        if force.holds_at(then) {
            let fresh = InForce::at(then, &silences, &windows);
            let tags = ["db".to_owned()];
            prop_assert_eq!(force.hold_of(MonitorId(1), &tags, Kind::Tcp), fresh.hold_of(MonitorId(1), &tags, Kind::Tcp));
            prop_assert_eq!(force.hold_of(MonitorId(1), &[], Kind::Tcp), fresh.hold_of(MonitorId(1), &[], Kind::Tcp));
        }
    }

    /// Windows that are told to come are those that are open when their time has come, and nothing is open between.
    #[test]
    fn the_next_windows_are_the_ones_that_open(start in 0..20_000_i64, zone in 0..3_usize, rule in 0..4_usize) {
        let zone = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"][zone];
        let when = match rule {
            0 => json!({"cron": "30 2 * * *", "timezone": zone, "duration": "3h"}),
            1 => json!({"cron": "15 */6 * * 1-5", "timezone": zone, "duration": "6h"}),
            2 => json!({"hours": {"zone": zone, "spans": [{"days": ["sat", "sun"], "from": "22:00", "to": "06:00"}]}}),
            _ => json!({"hours": {"zone": zone, "spans": [{"days": ["mon"], "from": "02:15", "to": "02:45"}]}}),
        };
        let m = window(when);
        let mut after = now().plus(Duration::from_secs(u64::try_from(start).unwrap_or(0) * 1800));
        let mut last_end = m.active(after);
        for w in m.upcoming(after, 4) {
            prop_assert!(w.from > after && w.from < w.to);
            prop_assert_eq!(m.window(w.from), Some(w));
            prop_assert_eq!(m.window(Timestamp::from_millis(w.to.as_millis() - 1)), Some(w));
            let before = Timestamp::from_millis(w.from.as_millis() - 1);
            prop_assert_eq!(m.active(before), last_end.filter(|e| *e > before));
            last_end = Some(w.to);
            after = w.from;
        }
    }
}
