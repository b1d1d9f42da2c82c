//! Intervals: no drift, no bunching. (Cron expressions are tested beside their code.)

use std::time::Duration;

use domain::{
    clock::Timestamp,
    id::MonitorId,
    schedule::{LONGEST, SHORTEST, Schedule},
};
use proptest::prelude::*;
use serde_json::json;

use crate::refused;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_123);

fn interval() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (1..=86_400u64).prop_map(Duration::from_secs),
        (1_000..=120_000u64).prop_map(Duration::from_millis),
    ]
}

fn next(schedule: &Schedule, id: i64, after: Timestamp) -> Timestamp {
    schedule
        .next_after(MonitorId(id), after)
        .expect("an interval goes on")
}

proptest! {
    #[test]
    fn an_interval_never_drifts(every in interval(), id in any::<i64>(), after in 0..4_000_000_000_000i64, late in 0.0..0.999f64) {
        let schedule = Schedule::Every(every);
        let after = Timestamp::from_millis(after);
        let first = next(&schedule, id, after);
        prop_assert!(first > after && first.since(after) <= every);
        let mut now = first;
        for _ in 0..50 {
            // However late the check ends within the interval, the next one stays where it was.
            let following = next(&schedule, id, now.plus(every.mul_f64(late)));
            prop_assert_eq!(following, now.plus(every));
            now = following;
        }
        // Ticks that were missed are skipped, not replayed: the grid stays.
        let much_later = next(&schedule, id, now.plus(every * 1000).plus(every.mul_f64(late)));
        prop_assert_eq!(much_later, now.plus(every * 1001));
    }

    #[test]
    fn an_interval_survives_being_written_down(every in interval()) {
        let schedule = Schedule::Every(every);
        prop_assert_eq!(Schedule::from_json("schedule", schedule.to_json()), Ok(schedule));
    }
}

/// A thousand monitors every ten seconds, in hundredths of the interval: ten in each on average.
#[test]
fn phases_spread_evenly() {
    let schedule = Schedule::Every(Duration::from_secs(10));
    let spread = |stride: i64| {
        let mut buckets = [0u32; 100];
        for id in 0..1000 {
            let due = next(&schedule, 1 + id * stride, NOW)
                .as_millis()
                .rem_euclid(10_000);
            buckets[usize::try_from(due / 100).expect("within the interval")] += 1;
        }
        (buckets.iter().min().copied(), buckets.iter().max().copied())
    };
    let (emptiest, busiest) = spread(1);
    assert!(
        busiest <= Some(12) && emptiest >= Some(8),
        "{emptiest:?} to {busiest:?}"
    );
    // Every n-th id, because the others have another interval: not as even, but never bunched.
    for stride in 2..=12 {
        let (_, busiest) = spread(stride);
        assert!(
            busiest <= Some(20),
            "every {stride}th id: {busiest:?} in one bucket"
        );
    }
}

#[test]
fn a_monitor_keeps_its_phase() {
    let schedule = Schedule::Every(Duration::from_secs(30));
    let due = |id| next(&schedule, id, NOW).as_millis() % 30_000;
    let later = |id| next(&schedule, id, NOW.plus(Duration::from_hours(5))).as_millis() % 30_000;
    assert!((1..50).all(|id| due(id) == later(id)));
}

#[test]
fn bad_schedules_are_named() {
    for (body, expected) in [
        (json!({}), ("schedule.every", "schedule-one-of")),
        (
            json!({"every": "30s", "cron": "* * * * *"}),
            ("schedule.every", "schedule-one-of"),
        ),
        (json!({"every": "0s"}), ("schedule.every", "duration-range")),
        (json!({"every": "999ms"}), ("schedule.every", "duration-range")),
        (json!({"every": "25h"}), ("schedule.every", "duration-range")),
        (json!({"every": "30"}), ("schedule.every", "duration-invalid")),
        (json!({"every": "-1s"}), ("schedule.every", "duration-invalid")),
        (json!({"every": 30}), ("schedule.every", "type-text")),
        (json!({"cron": "* * *"}), ("schedule.cron", "cron-parts")),
        (
            json!({"cron": "* * * * *", "timezone": "Nowhere"}),
            ("schedule.timezone", "timezone-unknown"),
        ),
        (
            json!({"every": "30s", "evry": "1s"}),
            ("schedule.evry", "unknown-field"),
        ),
        (json!([]), ("schedule", "type-object")),
    ] {
        let found = refused(Schedule::from_json("schedule", body.clone()));
        assert_eq!(found, [(expected.0.to_owned(), expected.1)], "{body}");
    }
    for edge in [SHORTEST, LONGEST] {
        let body = Schedule::Every(edge).to_json();
        assert_eq!(Schedule::from_json("schedule", body), Ok(Schedule::Every(edge)));
    }
}

#[test]
fn a_cron_schedule_survives_being_written_down() {
    let body = json!({"cron": "*/5 9-17 * * MON-FRI", "timezone": "Asia/Shanghai"});
    let schedule = Schedule::from_json("schedule", body.clone()).expect("valid");
    assert_eq!(schedule.to_json(), body);
    assert_eq!(schedule.nominal_interval(NOW), Duration::from_mins(5));
    let unnamed = Schedule::from_json("schedule", json!({"cron": "@hourly"})).expect("valid");
    assert_eq!(unnamed.to_json(), json!({"cron": "@hourly", "timezone": "UTC"}));
}
