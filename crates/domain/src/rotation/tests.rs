//! Rotations by table where clocks change, and by property everywhere.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap_or_else(|| panic!("{text}"))
}

fn plan(zone: &str, layers: &Value) -> RotationDraft {
    let body = json!({ "name": "Operations", "zone": zone, "layers": layers });
    RotationDraft::from_json(body).unwrap_or_else(|e| panic!("{e}"))
}

fn rotation(plan: RotationDraft) -> Rotation {
    Rotation {
        id: RotationId(1),
        plan,
        overrides: Vec::new(),
    }
}

fn layer(people: &[i64], every: u32, unit: &str, time: &str, from: &str) -> Value {
    json!({ "name": "Layer", "people": people, "hours": null,
            "handover": { "every": every, "unit": unit, "at": time, "from": from } })
}

fn takes_over(id: i64, contact: i64, from: &str, to: &str) -> Override {
    Override {
        id: OverrideId(id),
        contact: ContactId(contact),
        from: at(from),
        to: at(to),
        note: String::new(),
        by: "me@example.org".to_owned(),
    }
}

/// As `1 Mon 30 09:00+01:00`, with a dash for nobody.
fn told(rotation: &Rotation, from: &str, to: &str) -> Vec<String> {
    shifts(rotation, at(from), at(to))
        .into_iter()
        .map(|s| {
            let who = s.duty.map_or("-".to_owned(), |d| d.contact.to_string());
            let local = s.from.to_utc().with_timezone(&rotation.plan.zone);
            format!("{who} {}", local.format("%a %d %H:%M%:z"))
        })
        .collect()
}

#[test]
fn what_was_read_is_written_as_it_was_read() {
    let mut second = layer(&[3], 2, "days", "18:30", "2026-01-01");
    let night = json!([{ "days": ["fri"], "from": "18:00", "to": "08:00" }]);
    second["hours"] = json!({ "zone": "Europe/Berlin", "spans": night });
    let body = json!({ "name": "Operations", "zone": "Europe/Berlin",
                       "layers": [layer(&[1, 2, 1], 1, "weeks", "09:00", "2026-11-30"), second] });
    let read = RotationDraft::from_json(body.clone()).expect("valid");
    assert_eq!(read.to_json(), body);
    assert_eq!(read.people(), [ContactId(1), ContactId(2), ContactId(3)]);
}

#[test]
fn every_mistake_is_named_by_its_field() {
    let fields = |value: Value| -> Vec<(String, &str)> {
        let errors = RotationDraft::from_json(value).expect_err("refused");
        errors.0.into_iter().map(|e| (e.field, e.code)).collect()
    };
    let expected = |list: &[(&str, &'static str)]| -> Vec<(String, &str)> {
        list.iter().map(|(f, c)| ((*f).to_owned(), *c)).collect()
    };
    assert_eq!(
        fields(json!({ "name": " ", "zone": "Nowhere", "layers": [] })),
        expected(&[
            ("name", "required"),
            ("zone", "timezone-unknown"),
            ("layers", "rotation-empty")
        ])
    );
    let mut wrong = layer(&[], 53, "weeks", "9", "30.11.2026");
    wrong["hours"] = json!({ "zone": "UTC", "spans": [] });
    let body = json!({ "name": "A", "zone": "UTC", "layers": [{ "name": "B", "people": ["x"] }, wrong, 7] });
    assert_eq!(
        fields(body),
        expected(&[
            ("layers.0.people", "type-integer-list"),
            ("layers.0.handover", "required"),
            ("layers.1.people", "layer-empty"),
            ("layers.1.handover.every", "handover-every"),
            ("layers.1.handover.at", "time-of-day"),
            ("layers.1.handover.from", "date"),
            ("layers.1.hours.spans", "hours-empty"),
            ("layers.2", "type-object"),
        ])
    );
    let contact = ContactDraft::from_json(json!({ "name": "Ada" })).expect_err("refused");
    assert_eq!(
        (contact.0[0].field.as_str(), contact.0[0].code),
        ("channels", "contact-unreachable")
    );
    let contact = ContactDraft::from_json(json!({ "name": "Ada", "channels": [2, 1, 2] })).expect("valid");
    assert_eq!(contact.channels.iter().map(|c| c.0).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn an_override_ends_after_it_begins() {
    let read = |from: &str, to: &str| {
        let body = json!({ "contact": 2, "from": from, "to": to, "note": " " });
        OverrideDraft::from_json(body)
            .map_err(|e| e.0.into_iter().map(|e| (e.field, e.code)).collect::<Vec<_>>())
    };
    assert_eq!(
        read("2026-12-24T12:00:00Z", "2026-12-24T12:00:00.001+00:00").map(|o| o.note),
        Ok(String::new())
    );
    let refused = |field: &str, code| Err(vec![(field.to_owned(), code)]);
    assert_eq!(
        read("2026-12-24T12:00:00Z", "2026-12-24T13:00:00+01:00"),
        refused("to", "override-order")
    );
    assert_eq!(
        read("2026-12-24T12:00:00Z", "2028-12-24T12:00:00Z"),
        refused("to", "override-long")
    );
    assert_eq!(
        read("tomorrow", "2028-12-24T12:00:00Z"),
        refused("from", "time-rfc3339")
    );
}

#[test]
fn a_handover_at_nine_stays_at_nine() {
    // Berlin sets its clocks on 29 March and on 25 October 2026.
    let weekly = rotation(plan(
        "Europe/Berlin",
        &json!([layer(&[1, 2, 3], 1, "weeks", "09:00", "2026-03-16")]),
    ));
    assert_eq!(
        told(&weekly, "2026-03-10T00:00:00Z", "2026-04-07T00:00:00Z"),
        [
            "- Tue 10 01:00+01:00",
            "1 Mon 16 09:00+01:00",
            "2 Mon 23 09:00+01:00",
            "3 Mon 30 09:00+02:00",
            "1 Mon 06 09:00+02:00"
        ]
    );
    let daily = rotation(plan(
        "Europe/Berlin",
        &json!([layer(&[1, 2], 1, "days", "02:30", "2026-01-01")]),
    ));
    assert_eq!(
        told(&daily, "2026-03-28T10:00:00Z", "2026-03-30T10:00:00Z"),
        // The time that does not exist is the end of the gap.
        [
            "1 Sat 28 11:00+01:00",
            "2 Sun 29 03:00+02:00",
            "1 Mon 30 02:30+02:00"
        ]
    );
    assert_eq!(
        told(&daily, "2026-10-24T10:00:00Z", "2026-10-25T10:00:00Z"),
        // The time that exists twice is the first of the two.
        ["1 Sat 24 12:00+02:00", "2 Sun 25 02:30+02:00"]
    );
}

#[test]
fn later_layers_and_then_overrides_take_over_where_they_apply() {
    let mut nights = layer(&[9], 1, "weeks", "00:00", "2026-01-05");
    let span = json!([{ "days": ["mon", "tue", "wed", "thu", "fri"], "from": "20:00", "to": "08:00" }]);
    nights["hours"] = json!({ "zone": "Europe/Berlin", "spans": span });
    let mut rotation = rotation(plan(
        "Europe/Berlin",
        &json!([layer(&[1, 2], 1, "weeks", "09:00", "2026-01-05"), nights]),
    ));
    // Monday 23 to Wednesday 25 November 2026.
    let (from, to) = ("2026-11-23T06:00:00Z", "2026-11-25T06:00:00Z");
    assert_eq!(
        told(&rotation, from, to),
        [
            "2 Mon 23 07:00+01:00",
            "1 Mon 23 09:00+01:00",
            "9 Mon 23 20:00+01:00",
            "1 Tue 24 08:00+01:00",
            "9 Tue 24 20:00+01:00"
        ]
    );
    rotation.overrides = vec![
        takes_over(1, 5, "2026-11-23T18:00:00Z", "2026-11-24T12:00:00Z"),
        takes_over(2, 6, "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"),
    ];
    assert_eq!(
        told(&rotation, from, to),
        [
            "2 Mon 23 07:00+01:00",
            "1 Mon 23 09:00+01:00",
            "5 Mon 23 19:00+01:00",
            "6 Tue 24 11:00+01:00",
            "5 Tue 24 12:00+01:00",
            "1 Tue 24 13:00+01:00",
            "9 Tue 24 20:00+01:00"
        ]
    );
}

#[test]
fn one_who_is_alone_has_a_shift_for_each_turn() {
    let alone = rotation(plan(
        "UTC",
        &json!([layer(&[1], 1, "days", "09:00", "2026-01-01")]),
    ));
    assert_eq!(
        told(&alone, "2026-05-01T00:00:00Z", "2026-05-02T12:00:00Z").len(),
        3
    );
    assert_eq!(
        shifts(&alone, at("2026-05-01T00:00:00Z"), at("2026-05-01T00:00:00Z")),
        []
    );
}

#[test]
fn the_ends_of_the_calendar_are_nobodys() {
    let rotation = rotation(plan(
        "Europe/Berlin",
        &json!([layer(&[1], 1, "days", "09:00", "2099-01-01")]),
    ));
    for t in [
        i64::MIN,
        -8_334_601_228_800_000,
        0,
        8_210_266_876_799_999,
        i64::MAX,
    ] {
        let t = Timestamp::from_millis(t);
        let _ = on_call(&rotation, t);
        assert_eq!(
            shifts(&rotation, t, t.plus(Duration::from_millis(5)))
                .first()
                .map(|s| s.from),
            (t.as_millis() < i64::MAX).then_some(t)
        );
    }
}

const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/Havana",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
];

fn any_layer(zone: &'static str) -> impl Strategy<Value = Value> {
    let hours = prop::option::of((
        prop::sample::subsequence(vec!["mon", "wed", "fri", "sat", "sun"], 1..=4),
        0..24_u32,
        0..24_u32,
    ));
    let handover = (
        1..9_u32,
        any::<bool>(),
        0..24_u32,
        0..2_u32,
        2005..2028_i32,
        1..=12_u32,
        1..=28_u32,
    );
    (prop::collection::vec(1..5_i64, 1..4), handover, hours).prop_map(move |(people, h, hours)| {
        let (every, weeks, hour, half, year, month, day) = h;
        let unit = if weeks { "weeks" } else { "days" };
        let mut all = layer(
            &people,
            every,
            unit,
            &format!("{hour:02}:{:02}", half * 30),
            &format!("{year}-{month:02}-{day:02}"),
        );
        if let Some((days, from, to)) = hours {
            let span =
                json!([{ "days": days, "from": format!("{from:02}:00"), "to": format!("{to:02}:30") }]);
            all["hours"] = json!({ "zone": zone, "spans": span });
        }
        all
    })
}

/// With the overrides around `around`.
fn any_rotation(around: Timestamp) -> impl Strategy<Value = Rotation> {
    let plans = prop::sample::select(ZONES.to_vec())
        .prop_flat_map(|zone| (Just(zone), prop::collection::vec(any_layer(zone), 1..4)));
    let overrides = prop::collection::vec((5..9_i64, 0..400_u64, 1..200_u64), 0..4);
    (plans, overrides).prop_map(move |((zone, layers), overrides)| {
        let overrides = overrides
            .into_iter()
            .zip(1..)
            .map(|((contact, begin, lasts), id)| {
                let from = around.plus(Duration::from_hours(begin));
                let (contact, to) = (ContactId(contact), from.plus(Duration::from_hours(lasts)));
                Override {
                    id: OverrideId(id),
                    contact,
                    from,
                    to,
                    note: String::new(),
                    by: String::new(),
                }
            });
        Rotation {
            overrides: overrides.collect(),
            ..rotation(plan(zone, &json!(layers)))
        }
    })
}

fn any_case() -> impl Strategy<Value = (Rotation, Timestamp, Timestamp)> {
    (18_400_000..31_600_000_i64, 1..700_u64).prop_flat_map(|(minutes, hours)| {
        let from = Timestamp::from_millis(minutes * 60_000);
        (
            any_rotation(from),
            Just(from),
            Just(from.plus(Duration::from_hours(hours))),
        )
    })
}

proptest! {
    #[test]
    fn shifts_are_the_whole_time_and_say_who_is_on_call((rotation, from, to) in any_case(), part in 0.0..1.0_f64) {
        let all = shifts(&rotation, from, to);
        prop_assert_eq!((all.first().map(|s| s.from), all.last().map(|s| s.to)), (Some(from), Some(to)));
        prop_assert!(all.iter().all(|s| s.from < s.to));
        for pair in all.windows(2) {
            prop_assert!(pair[0].to == pair[1].from && pair[0].duty != pair[1].duty);
        }
        for shift in &all {
            let last = shift.to.minus(Duration::from_millis(1));
            let between = shift.from.plus(shift.to.since(shift.from).mul_f64(part)).min(last);
            for t in [shift.from, between, last] {
                prop_assert_eq!(on_call(&rotation, t), shift.duty);
            }
        }
    }

    #[test]
    fn the_newest_override_covers_exactly_its_time((mut rotation, from, to) in any_case(), begin in 0..300_u64, lasts in 1..100_u64) {
        let before = shifts(&rotation, from, to);
        let begin = from.plus(Duration::from_hours(begin));
        let own = Override { id: OverrideId(99), contact: ContactId(77), from: begin, to: begin.plus(Duration::from_hours(lasts)), note: String::new(), by: String::new() };
        rotation.overrides.insert(0, own.clone());
        let theirs = |s: &&Shift| s.duty.is_some_and(|d| d.contact == ContactId(77));
        let after = shifts(&rotation, from, to);
        let covered: Vec<(Timestamp, Timestamp)> = after.iter().filter(theirs).map(|s| (s.from, s.to)).collect();
        let expected = (own.from.max(from), own.to.min(to));
        prop_assert_eq!(covered, if expected.0 < expected.1 { vec![expected] } else { vec![] });
        // Nothing else has changed.
        for shift in after.iter().filter(|s| !theirs(s)) {
            let was = before.iter().find(|b| b.from <= shift.from && shift.from < b.to);
            prop_assert_eq!(was.map(|b| b.duty), Some(shift.duty));
        }
    }
}
