//! Hours by table where clocks change, and by property everywhere.

use chrono::{Datelike, Offset, TimeZone, Timelike};
use proptest::prelude::*;

use super::*;

/// With their oddities: half an hour of summer time, changes at midnight, a day that was skipped, none at all.
const ZONES: [&str; 9] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Antarctica/Troll",
];

fn hours(zone: &str, spans: &Value) -> Hours {
    Hours::from_json("hours", json!({ "zone": zone, "spans": spans })).unwrap_or_else(|e| panic!("{e}"))
}

fn daily(zone: &str, from: &str, to: &str) -> Hours {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    hours(zone, &json!([{ "days": days, "from": from, "to": to }]))
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap_or_else(|| panic!("{text}"))
}

/// As `09:00+02:00` on its day, in the zone of the hours.
fn local(hours: &Hours, t: Option<Timestamp>) -> String {
    t.map_or_else(
        || "outside".to_owned(),
        |t| {
            let local = t.to_utc().with_timezone(&hours.zone());
            local.format("%a %d %H:%M%:z").to_string()
        },
    )
}

fn complaints(value: Value) -> Vec<(String, &'static str)> {
    match Hours::from_json("hours", value) {
        Ok(h) => panic!("taken: {h:?}"),
        Err(e) => e.0.into_iter().map(|e| (e.field, e.code)).collect(),
    }
}

#[test]
fn what_was_read_is_written_as_it_was_read() {
    let value = json!({ "zone": "Europe/Berlin", "spans": [
        { "days": ["mon", "fri"], "from": "22:00", "to": "07:00" },
        { "days": ["sun"], "from": "00:00", "to": "00:00" },
    ]});
    let read = Hours::from_json("", value.clone()).expect("valid");
    assert_eq!(read.to_json(), value);
    let quiet = json!({ "hours": value, "action": "digest" });
    let read = Quiet::from_json("quiet", quiet.clone()).expect("valid");
    assert_eq!(read.to_json(), quiet);
}

#[test]
fn days_are_put_in_the_order_of_the_week_and_midnight_may_be_24_00() {
    let read = hours(
        "utc",
        &json!([{ "days": ["sun", "mon", "sun"], "from": "12:00", "to": "24:00" }]),
    );
    let expected =
        json!({ "zone": "UTC", "spans": [{ "days": ["mon", "sun"], "from": "12:00", "to": "00:00" }] });
    assert_eq!(read.to_json(), expected);
}

#[test]
fn every_mistake_is_named_by_its_field() {
    let table = [
        (
            json!({}),
            vec![("hours.zone", "required"), ("hours.spans", "required")],
        ),
        (
            json!({ "zone": "Mars/Base", "spans": [] }),
            vec![("hours.zone", "timezone-unknown"), ("hours.spans", "hours-empty")],
        ),
        (
            json!({ "zone": "UTC", "spans": [
                { "days": [], "from": "22:00", "to": "07:00" },
                { "days": ["mon", "moon"], "from": "25:00", "to": "7:00", "colour": 1 },
                { "from": "22:00", "to": "24:01" },
                7,
            ]}),
            vec![
                ("hours.spans.0.days", "hours-days"),
                ("hours.spans.1.days", "hours-day"),
                ("hours.spans.1.from", "time-of-day"),
                ("hours.spans.1.to", "time-of-day"),
                ("hours.spans.1.colour", "unknown-field"),
                ("hours.spans.2.days", "hours-days"),
                ("hours.spans.2.to", "time-of-day"),
                ("hours.spans.3", "type-object"),
            ],
        ),
        (
            json!({ "zone": "UTC", "spans": vec![json!({ "days": ["mon"], "from": "01:00", "to": "02:00" }); 21] }),
            vec![("hours.spans", "hours-many")],
        ),
    ];
    for (value, expected) in table {
        let expected: Vec<(String, &str)> = expected.into_iter().map(|(f, c)| (f.to_owned(), c)).collect();
        assert_eq!(complaints(value), expected);
    }
    let quiet = Quiet::from_json("quiet", json!({ "hours": {}, "action": "drop" })).expect_err("refused");
    let fields: Vec<&str> = quiet.0.iter().map(|e| e.field.as_str()).collect();
    assert_eq!(fields, ["quiet.hours.zone", "quiet.hours.spans", "quiet.action"]);
}

#[test]
fn hours_that_never_end_are_refused_and_one_minute_less_is_taken() {
    let days = json!(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);
    let all = |from: &str, to: &str| json!({ "days": days, "from": from, "to": to });
    let endless = [
        vec![all("00:00", "00:00")],
        vec![all("17:30", "17:30")],
        vec![all("08:00", "20:00"), all("20:00", "08:00")],
    ];
    for spans in endless {
        let refused = complaints(json!({ "zone": "UTC", "spans": spans }));
        assert_eq!(refused, [("hours.spans".to_owned(), "hours-endless")]);
    }
    let almost = hours("UTC", &json!([all("17:31", "17:30")]));
    let end = almost.until(at("2026-11-26T17:31:00Z"));
    assert_eq!(local(&almost, end), "Fri 27 17:30+00:00");
}

#[test]
fn a_span_that_passes_midnight_belongs_to_the_day_on_which_it_begins() {
    // Monday 2026-11-23.
    let night = hours(
        "Europe/Berlin",
        &json!([{ "days": ["mon"], "from": "22:00", "to": "07:00" }]),
    );
    let table = [
        ("2026-11-23T05:00:00Z", "outside"),
        ("2026-11-23T20:59:59.999Z", "outside"),
        ("2026-11-23T21:00:00Z", "Tue 24 07:00+01:00"),
        ("2026-11-24T05:59:59.999Z", "Tue 24 07:00+01:00"),
        ("2026-11-24T06:00:00Z", "outside"),
        ("2026-11-24T21:30:00Z", "outside"),
    ];
    for (now, end) in table {
        assert_eq!(local(&night, night.until(at(now))), end, "{now}");
    }
    assert_eq!(
        night.next_begin(at("2026-11-23T21:00:00Z")),
        Some(at("2026-11-30T21:00:00Z")),
        "from within, when they begin again"
    );
}

#[test]
fn spans_that_touch_or_overlap_are_one() {
    let weekend = hours(
        "UTC",
        &json!([
            { "days": ["fri"], "from": "18:00", "to": "00:00" },
            { "days": ["sat", "sun"], "from": "00:00", "to": "00:00" },
            { "days": ["sun"], "from": "20:00", "to": "06:00" },
        ]),
    );
    // Friday 2026-11-27 to Monday 2026-11-30.
    let end = weekend.until(at("2026-11-27T19:00:00Z"));
    assert_eq!(end, Some(at("2026-11-30T06:00:00Z")));
    let next = weekend.next_begin(at("2026-11-28T12:00:00Z"));
    assert_eq!(next, Some(at("2026-12-04T18:00:00Z")));
    assert_eq!(
        weekend.stretches(at("2026-11-29T00:00:00Z"), at("2026-12-05T00:00:00Z")),
        [
            (at("2026-11-29T00:00:00Z"), at("2026-11-30T06:00:00Z")),
            (at("2026-12-04T18:00:00Z"), at("2026-12-05T00:00:00Z")),
        ]
    );
}

#[test]
fn hours_are_those_of_the_clock_on_the_wall_where_it_is_changed() {
    // Berlin goes from 02:00 to 03:00 on 29 March 2026 and from 03:00 back to 02:00 on 25 October 2026.
    let table = [
        // A night with an hour less, and with one more, ends at seven all the same.
        ("22:00", "07:00", "2026-03-28T21:30:00Z", "Sun 29 07:00+02:00"),
        ("22:00", "07:00", "2026-10-24T21:30:00Z", "Sun 25 07:00+01:00"),
        // An end that does not exist is the end of the gap.
        ("01:00", "02:30", "2026-03-29T00:30:00Z", "Sun 29 03:00+02:00"),
        // So is a begin.
        ("02:30", "04:00", "2026-03-29T00:59:00Z", "outside"),
        ("02:30", "04:00", "2026-03-29T01:00:00Z", "Sun 29 04:00+02:00"),
        // What lies within the gap does not happen.
        ("02:10", "02:50", "2026-03-29T01:00:00Z", "outside"),
        // An end that exists twice is the first of the two: nobody is told an hour late.
        ("01:00", "02:30", "2026-10-25T00:15:00Z", "Sun 25 02:30+02:00"),
        ("01:00", "02:30", "2026-10-25T01:15:00Z", "outside"),
        // A begin that exists twice is the first, too.
        ("02:30", "04:00", "2026-10-25T00:30:00Z", "Sun 25 04:00+01:00"),
        // What lies within the hour that happens twice happens once.
        ("02:10", "02:50", "2026-10-25T00:20:00Z", "Sun 25 02:50+02:00"),
        ("02:10", "02:50", "2026-10-25T01:20:00Z", "outside"),
    ];
    for (from, to, now, end) in table {
        let hours = daily("Europe/Berlin", from, to);
        assert_eq!(
            local(&hours, hours.until(at(now))),
            end,
            "{from} to {to} at {now}"
        );
    }
    // Samoa skipped Friday, 30 December 2011: its night is what follows the gap.
    let friday = hours(
        "Pacific/Apia",
        &json!([{ "days": ["fri"], "from": "22:00", "to": "07:00" }]),
    );
    let end = friday.until(at("2011-12-30T10:00:00Z"));
    assert_eq!(local(&friday, end), "Sat 31 07:00+14:00");
}

#[test]
fn a_clock_that_swallows_the_only_free_minutes_gives_a_bounded_answer() {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat"];
    let hours = hours(
        "Europe/Berlin",
        &json!([
            { "days": days, "from": "00:00", "to": "00:00" },
            { "days": ["sun"], "from": "00:00", "to": "02:10" },
            { "days": ["sun"], "from": "02:40", "to": "00:00" },
        ]),
    );
    let now = at("2026-03-22T02:00:00Z");
    assert_eq!(hours.until(now), Some(now.plus(LONGEST_STRETCH)));
}

#[test]
fn moments_at_the_end_of_the_calendar_are_outside() {
    let hours = daily("Europe/Berlin", "22:00", "07:00");
    for t in [i64::MIN, i64::MAX, 8_210_266_876_799_999, -8_334_601_228_800_000] {
        let t = Timestamp::from_millis(t);
        let _ = (hours.until(t), hours.next_begin(t), hours.stretches(t, t));
    }
}

fn any_span() -> impl Strategy<Value = Value> {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let time = (0..24_u32, prop_oneof![Just(0_u32), Just(30), 0..60_u32])
        .prop_map(|(h, m)| format!("{h:02}:{m:02}"));
    let days = prop::sample::subsequence(names.to_vec(), 1..=7);
    (days, time.clone(), time).prop_map(|(days, from, to)| json!({ "days": days, "from": from, "to": to }))
}

fn any_hours() -> impl Strategy<Value = Hours> {
    (
        prop::sample::select(ZONES.to_vec()),
        prop::collection::vec(any_span(), 1..5),
    )
        .prop_filter_map("hours that never end are refused", |(zone, spans)| {
            Hours::from_json("", json!({ "zone": zone, "spans": spans })).ok()
        })
}

/// 2005 to 2030, to the minute or to the millisecond.
fn any_time() -> impl Strategy<Value = Timestamp> {
    let minutes = 18_400_000..31_600_000_i64;
    (minutes, prop_oneof![Just(0_i64), 0..60_000_i64])
        .prop_map(|(m, ms)| Timestamp::from_millis(m * 60_000 + ms))
}

/// Whether the clock on the wall shows a time of these hours; knows nothing of moments.
fn shown(hours: &Hours, t: Timestamp) -> bool {
    let local = t.to_utc().with_timezone(&hours.zone());
    let minute = local.hour() * 60 + local.minute();
    let (today, yesterday) = (local.weekday(), local.weekday().pred());
    hours.spans().iter().any(|s| {
        let (from, to) = (u32::from(s.from().of_day()), u32::from(s.to().of_day()));
        if from < to {
            s.days().contains(&today) && (from..to).contains(&minute)
        } else {
            (s.days().contains(&today) && minute >= from) || (s.days().contains(&yesterday) && minute < to)
        }
    })
}

proptest! {
    #[test]
    fn until_is_the_first_moment_outside(hours in any_hours(), now in any_time(), part in 0.0..1.0_f64) {
        match hours.until(now) {
            None => prop_assert!(hours.next_begin(now).is_none_or(|t| t > now)),
            Some(end) => {
                prop_assert!(end > now && end.since(now) <= LONGEST_STRETCH);
                let between = now.plus(end.since(now).mul_f64(part)).min(end.minus(Duration::from_millis(1)));
                for inside in [between, end.minus(Duration::from_millis(1))] {
                    prop_assert_eq!(hours.until(inside).map(|e| e >= end), Some(true));
                }
                prop_assert!(hours.until(end).is_none() || end.since(now) == LONGEST_STRETCH);
            }
        }
    }

    #[test]
    fn the_next_begin_is_where_outside_ends(hours in any_hours(), now in any_time(), part in 0.0..1.0_f64) {
        if let Some(begin) = hours.next_begin(now) {
            prop_assert!(begin > now);
            prop_assert!(hours.until(begin).is_some());
            prop_assert_eq!(hours.until(begin.minus(Duration::from_millis(1))), None);
            let free = hours.until(now).unwrap_or(now);
            let between = free.plus(begin.since(free).mul_f64(part)).min(begin.minus(Duration::from_millis(1)));
            prop_assert_eq!(hours.until(between), None);
        }
    }

    #[test]
    fn far_from_a_change_of_the_clocks_hours_are_what_the_wall_shows(hours in any_hours(), now in any_time()) {
        let offset = |t: Timestamp| hours.zone().offset_from_utc_datetime(&t.to_utc().naive_utc()).fix();
        let around = Duration::from_hours(48);
        prop_assume!(offset(now.minus(around)) == offset(now) && offset(now) == offset(now.plus(around)));
        prop_assert_eq!(hours.until(now).is_some(), shown(&hours, now));
    }

    #[test]
    fn stretches_are_what_until_says(hours in any_hours(), from in any_time(), days in 1..20_u64, part in 0.0..1.0_f64) {
        let to = from.plus(Duration::from_hours(24 * days));
        let stretches = hours.stretches(from, to);
        prop_assert!(stretches.iter().all(|(b, e)| from <= *b && b < e && *e <= to));
        prop_assert!(stretches.windows(2).all(|pair| pair[0].1 < pair[1].0));
        let t = from.plus(to.since(from).mul_f64(part)).min(to.minus(Duration::from_millis(1)));
        let inside = stretches.iter().any(|(b, e)| *b <= t && t < *e);
        prop_assert_eq!(inside, hours.until(t).is_some());
    }
}
