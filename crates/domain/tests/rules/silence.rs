//! When a silence holds, and what is refused.

use std::time::Duration;

use domain::{
    clock::Timestamp,
    id::SilenceId,
    silence::{LONGEST, Silence, SilenceDraft, SilenceState},
};
use serde_json::{Value, json};

use crate::refused;

const NOW: Timestamp = Timestamp::from_millis(1_795_443_600_000);

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() + minutes * 60_000)
}

fn body(changes: Value) -> Value {
    let mut body = json!({"matcher": {"tags": ["prod"]}, "reason": "Moving the rack"});
    for (k, v) in changes.as_object().expect("an object") {
        body[k] = v.clone();
    }
    body
}

fn read(changes: Value) -> Result<SilenceDraft, domain::field::FieldErrors> {
    SilenceDraft::from_json(body(changes), NOW)
}

fn stored(changes: Value) -> Silence {
    let draft = read(changes).expect("valid");
    Silence {
        id: SilenceId(1),
        matcher: draft.matcher,
        author: "me@example.org".to_owned(),
        reason: draft.reason,
        created_at: NOW,
        starts_at: draft.starts_at,
        ends_at: draft.ends_at,
        ended_by: None,
    }
}

#[test]
fn it_begins_now_or_later_and_ends_by_time_or_by_length() {
    let hour = read(json!({"duration": "1h"})).expect("valid");
    assert_eq!((hour.starts_at, hour.ends_at), (NOW, at(60)));
    let late = read(json!({"starts_at": at(30).to_rfc3339(), "duration": "1h"})).expect("valid");
    assert_eq!((late.starts_at, late.ends_at), (at(30), at(90)));
    let passed = read(json!({"starts_at": at(-30).to_rfc3339(), "ends_at": at(10).to_rfc3339()}));
    let passed = passed.expect("valid");
    assert_eq!((passed.starts_at, passed.ends_at), (NOW, at(10)));
}

#[test]
fn the_start_belongs_to_it_and_the_end_does_not() {
    let silence = stored(json!({"starts_at": at(10).to_rfc3339(), "duration": "10m"}));
    let table = [
        (at(0), SilenceState::Pending),
        (
            Timestamp::from_millis(at(10).as_millis() - 1),
            SilenceState::Pending,
        ),
        (at(10), SilenceState::Active),
        (
            Timestamp::from_millis(at(20).as_millis() - 1),
            SilenceState::Active,
        ),
        (at(20), SilenceState::Over),
    ];
    for (when, state) in table {
        assert_eq!(silence.state(when), state, "{when}");
    }
    let called_off = Silence {
        ends_at: at(5),
        ..silence
    };
    assert_eq!(called_off.state(at(4)), SilenceState::Pending);
    assert_eq!(called_off.state(at(15)), SilenceState::Over, "it never began");
}

#[test]
fn what_makes_no_sense_is_refused_by_its_field() {
    let one = |field: &str, code| vec![(field.to_owned(), code)];
    let table = [
        (json!({}), one("ends_at", "required")),
        (
            json!({"ends_at": at(0).to_rfc3339()}),
            one("ends_at", "end-passed"),
        ),
        (
            json!({"starts_at": at(60).to_rfc3339(), "ends_at": at(60).to_rfc3339()}),
            one("ends_at", "end-before-start"),
        ),
        (json!({"ends_at": "tomorrow"}), one("ends_at", "time-invalid")),
        (json!({"duration": "91d"}), one("duration", "duration-range")),
        (
            json!({"ends_at": NOW.plus(LONGEST + Duration::from_secs(1)).to_rfc3339()}),
            one("ends_at", "silence-too-long"),
        ),
        (
            json!({"ends_at": at(5).to_rfc3339(), "duration": "5m"}),
            one("ends_at", "silence-end-one-of"),
        ),
        (
            json!({"duration": "5m", "reason": " "}),
            one("reason", "required"),
        ),
        (
            json!({"duration": "5m", "reason": null}),
            one("reason", "required"),
        ),
        (
            json!({"duration": "5m", "matcher": null}),
            one("matcher", "required"),
        ),
        (
            json!({"duration": "5m", "matcher": {}}),
            one("matcher", "matcher-empty"),
        ),
        (
            json!({"duration": "5m", "author": "you"}),
            one("author", "unknown-field"),
        ),
    ];
    for (changes, expected) in table {
        assert_eq!(refused(read(changes.clone())), expected, "{changes}");
    }
    assert!(read(json!({"ends_at": NOW.plus(LONGEST).to_rfc3339()})).is_ok());
}

#[test]
fn a_change_keeps_what_it_does_not_name() {
    let silence = stored(json!({"duration": "1h"}));
    let later = at(30);
    let same = SilenceDraft::changed(&silence, json!({}), later).expect("valid");
    assert_eq!(same, silence.draft());
    let longer = SilenceDraft::changed(&silence, json!({"duration": "2h"}), later).expect("valid");
    assert_eq!(longer.ends_at, at(150), "counted from now");
    assert_eq!(longer.starts_at, NOW);
    let other = json!({"reason": "Power", "matcher": {"all": true}});
    let other = SilenceDraft::changed(&silence, other, later).expect("valid");
    assert_eq!(
        (other.reason.as_str(), other.matcher.is_everything()),
        ("Power", true)
    );
    assert_eq!(other.ends_at, silence.ends_at);
    let refusals = [
        (
            json!({"starts_at": at(40).to_rfc3339()}),
            "starts_at",
            "unknown-field",
        ),
        (json!({"ends_at": at(20).to_rfc3339()}), "ends_at", "end-passed"),
        (json!({"duration": "90d"}), "duration", "silence-too-long"),
    ];
    for (change, field, code) in refusals {
        let errors = refused(SilenceDraft::changed(&silence, change, later));
        assert_eq!(errors, [(field.to_owned(), code)]);
    }
}
