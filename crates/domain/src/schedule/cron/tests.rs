//! The schedule against an oracle that walks the zone minute by minute and knows nothing of gaps and folds.

use std::collections::{BTreeSet, HashSet};

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike};
use proptest::prelude::*;

use super::*;

/// Zones with their oddities: half an hour of summer time, two hours, changes at midnight, a day that was skipped,
/// offsets of quarters, changes twice around Ramadan, none at all.
const ZONES: [&str; 18] = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Santiago",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Antarctica/Troll",
];

fn cron(expression: &str, zone: &str) -> CronSchedule {
    CronSchedule::parse("schedule.cron", expression, "schedule.timezone", zone)
        .unwrap_or_else(|e| panic!("{expression} in {zone}: {e}"))
}

fn complaint(expression: &str, zone: &str) -> FieldError {
    match CronSchedule::parse("schedule.cron", expression, "schedule.timezone", zone) {
        Ok(c) => panic!("{expression:?} in {zone:?} was taken as {}", c.rhythm()),
        Err(e) => e,
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap_or_else(|| panic!("{text}"))
}

/// The runs after `from`, as local times with their offset.
fn runs(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
    let schedule = cron(expression, zone);
    let zone = schedule.timezone();
    let mut now = at(from);
    let mut all = Vec::new();
    for _ in 0..count {
        now = schedule.next_after(now).expect("goes on");
        let local = now.to_utc().with_timezone(&zone);
        all.push(local.format("%Y-%m-%d %a %H:%M%:z").to_string());
    }
    all
}

#[test]
fn takes_the_form_that_people_know() {
    let monday = "2026-06-01T00:00:00Z";
    for (expression, expected) in [
        ("*/15 * * * *", "2026-06-01 Mon 00:15+00:00"),
        ("  5   4 * *  * ", "2026-06-01 Mon 04:05+00:00"),
        ("0 22 * * 1-5", "2026-06-01 Mon 22:00+00:00"),
        ("0 9 * * SUN", "2026-06-07 Sun 09:00+00:00"),
        ("0 9 * * 0", "2026-06-07 Sun 09:00+00:00"),
        ("0 9 * * 7", "2026-06-07 Sun 09:00+00:00"),
        ("0 9 * * sunday", "2026-06-07 Sun 09:00+00:00"),
        ("0 9 * * fri-sun", "2026-06-05 Fri 09:00+00:00"),
        ("0 9 * * 6-0", "2026-06-06 Sat 09:00+00:00"),
        ("0 9 * * 7-1", "2026-06-01 Mon 09:00+00:00"),
        ("0 0 1 jan,JUL *", "2026-07-01 Wed 00:00+00:00"),
        ("0 0 1 */6 *", "2026-07-01 Wed 00:00+00:00"),
        ("0 0 ? * mon", "2026-06-08 Mon 00:00+00:00"),
        ("5/20 * * * *", "2026-06-01 Mon 00:05+00:00"),
        ("10-20/5,40 3 * * *", "2026-06-01 Mon 03:10+00:00"),
        ("0 0 29 2 *", "2028-02-29 Tue 00:00+00:00"),
        ("@hourly", "2026-06-01 Mon 01:00+00:00"),
        ("@Daily", "2026-06-02 Tue 00:00+00:00"),
        ("@midnight", "2026-06-02 Tue 00:00+00:00"),
        ("@weekly", "2026-06-07 Sun 00:00+00:00"),
        ("@monthly", "2026-07-01 Wed 00:00+00:00"),
        ("@yearly", "2027-01-01 Fri 00:00+00:00"),
        ("@annually", "2027-01-01 Fri 00:00+00:00"),
    ] {
        assert_eq!(runs(expression, "UTC", monday, 1), [expected], "{expression}");
    }
    assert_eq!(cron("  5   4 * *  * ", "utc").expression(), "5 4 * * *");
}

#[test]
fn either_day_is_enough_when_both_are_restricted() {
    let from = "2026-06-01T00:00:00Z";
    let either = runs("0 0 10 * MON", "UTC", from, 3);
    assert_eq!(
        either,
        [
            "2026-06-08 Mon 00:00+00:00",
            "2026-06-10 Wed 00:00+00:00",
            "2026-06-15 Mon 00:00+00:00"
        ]
    );
    // An open day part restricts the other one, as in crontab(5): Mondays with an odd date.
    let both = runs("0 0 */2 * MON", "UTC", from, 2);
    assert_eq!(both, ["2026-06-15 Mon 00:00+00:00", "2026-06-29 Mon 00:00+00:00"]);
    // A date that never comes leaves the weekday.
    assert_eq!(
        runs("0 0 30 2 MON", "UTC", from, 1),
        ["2027-02-01 Mon 00:00+00:00"]
    );
}

#[test]
fn complains_about_the_field_and_says_what_to_do() {
    for (expression, code, says) in [
        ("", "required", "required"),
        ("* * * *", "cron-parts", "This has 4"),
        ("0 * * * * *", "cron-seconds", "interval"),
        ("* * * * * * *", "cron-parts", "This has 7"),
        ("60 * * * *", "cron-value", "minute: use a number from 0 to 59"),
        ("* 24 * * *", "cron-value", "hour: use a number from 0 to 23"),
        ("* * 0 * *", "cron-value", "day: use a number from 1 to 31"),
        ("* * * 13 *", "cron-value", "or a name from JAN to DEC"),
        ("* * * * 8", "cron-value", "or a name from SUN to SAT"),
        ("* * * * XYZ", "cron-value", "\"XYZ\""),
        ("* * L * *", "cron-value", "\"L\""),
        ("* * * * 5#2", "cron-value", "\"5#2\""),
        ("1,,2 * * * *", "cron-value", "\"\""),
        ("-5 * * * *", "cron-value", "\"-5\""),
        ("+5 * * * *", "cron-value", "\"+5\""),
        ("99999999999 * * * *", "cron-value", "minute"),
        ("? * * * *", "cron-value", "minute"),
        ("*/0 * * * *", "cron-step", "from 1 to 59"),
        ("*/90 * * * *", "cron-step", "from 1 to 59"),
        ("*/x * * * *", "cron-step", "\"*/x\""),
        ("20-10 * * * *", "cron-order", "backwards"),
        ("0 22-2 * * *", "cron-order", "backwards"),
        ("0 0 * * FRI-MON", "cron-order", "two ranges"),
        ("@reboot", "cron-shortcut", "@hourly"),
        ("@every 5m", "cron-shortcut", "@hourly"),
        ("0 0 30 2 *", "cron-never", "no such date"),
        ("0 0 31 4,6,9,11 *", "cron-never", "no such date"),
        ("* * * *\n*", "control-characters", "line breaks"),
    ] {
        let e = complaint(expression, "UTC");
        assert_eq!(
            (e.field.as_str(), e.code),
            ("schedule.cron", code),
            "{expression:?}: {e}"
        );
        assert!(e.message.contains(says), "{expression:?}: {e}");
    }
    assert_eq!(complaint(&"1,".repeat(500_000), "UTC").code, "too-long");
    for (zone, code) in [
        ("Mars/Olympus", "timezone-unknown"),
        ("", "required"),
        ("+02:00", "timezone-unknown"),
        ("Berlin", "timezone-unknown"),
    ] {
        let e = complaint("* * * * *", zone);
        assert_eq!(
            (e.field.as_str(), e.code),
            ("schedule.timezone", code),
            "{zone:?}: {e}"
        );
    }
    assert_eq!(cron("* * * * *", "europe/berlin").timezone(), Tz::Europe__Berlin);
}

#[test]
fn a_fixed_time_in_a_gap_runs_at_the_first_moment_after_it() {
    assert_eq!(
        runs("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3),
        [
            "2026-03-28 Sat 02:30+01:00",
            "2026-03-29 Sun 03:00+02:00",
            "2026-03-30 Mon 02:30+02:00"
        ]
    );
    // Midnight itself did not exist.
    assert_eq!(
        runs("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", 2),
        ["2018-11-04 Sun 01:00-02:00", "2018-11-05 Mon 00:00-02:00"]
    );
    // A whole day did not exist, and two fixed times of it become one.
    assert_eq!(
        runs("0 8,12 * * *", "Pacific/Apia", "2011-12-29T21:00:00Z", 3),
        [
            "2011-12-29 Thu 12:00-10:00",
            "2011-12-31 Sat 00:00+14:00",
            "2011-12-31 Sat 08:00+14:00"
        ]
    );
}

#[test]
fn a_repeating_time_goes_on_through_a_gap() {
    assert_eq!(
        runs("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 3),
        [
            "2026-03-29 Sun 01:30+01:00",
            "2026-03-29 Sun 03:30+02:00",
            "2026-03-29 Sun 04:30+02:00"
        ]
    );
    // Half an hour of summer time: the run of 02:00 comes an hour after the one of 01:00.
    assert_eq!(
        runs("0 * * * *", "Australia/Lord_Howe", "2026-10-03T14:00:00Z", 3),
        [
            "2026-10-04 Sun 01:00+10:30",
            "2026-10-04 Sun 02:30+11:00",
            "2026-10-04 Sun 03:00+11:00"
        ]
    );
}

#[test]
fn a_fold_runs_fixed_times_once_and_repeating_ones_twice() {
    assert_eq!(
        runs("30 2 * * *", "Europe/Berlin", "2026-10-24T23:00:00Z", 2),
        ["2026-10-25 Sun 02:30+02:00", "2026-10-26 Mon 02:30+01:00"]
    );
    assert_eq!(
        runs("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:59:00Z", 5),
        [
            "2026-10-25 Sun 02:00+02:00",
            "2026-10-25 Sun 02:30+02:00",
            "2026-10-25 Sun 02:00+01:00",
            "2026-10-25 Sun 02:30+01:00",
            "2026-10-25 Sun 03:00+01:00"
        ]
    );
    assert_eq!(
        runs("*/15 1 * * *", "Australia/Lord_Howe", "2026-04-04T14:20:00Z", 4),
        [
            "2026-04-05 Sun 01:30+11:00",
            "2026-04-05 Sun 01:45+11:00",
            "2026-04-05 Sun 01:30+10:30",
            "2026-04-05 Sun 01:45+10:30"
        ]
    );
}

#[test]
fn silence_is_measured_from_the_last_run_but_one() {
    let office = cron("*/5 9-17 * * MON-FRI", "Europe/Berlin");
    let minutes = |t: &str| office.since_last_but_one(at(t)).map(|d| d.as_secs() / 60);
    assert_eq!(minutes("2026-06-01T10:02:00+02:00"), Some(7));
    assert_eq!(minutes("2026-06-01T10:05:00+02:00"), Some(5));
    assert_eq!(minutes("2026-06-01T10:04:59.999+02:00"), Some(9));
    // Over night the last two runs were 17:50 and 17:55; over the weekend those of Friday.
    assert_eq!(minutes("2026-06-01T20:00:00+02:00"), Some(130));
    assert_eq!(minutes("2026-06-08T09:01:00+02:00"), Some(63 * 60 + 6));
}

#[test]
fn common_patterns_have_words() {
    for (expression, words) in [
        ("* * * * *", "every minute"),
        ("*/5 * * * *", "every 5 minutes"),
        ("0,30 * * * *", "every 30 minutes"),
        ("*/7 * * * *", "by the pattern */7 * * * *"),
        ("@hourly", "every hour at minute 0"),
        ("30 4 * * *", "every day at 04:30"),
        ("0 9 * * 0,1", "every Monday, Sunday at 09:00"),
        ("0 9 1,15 * *", "on day 1, 15 of every month at 09:00"),
        ("0 9 1 * MON", "by the pattern 0 9 1 * MON"),
        ("0 9 * 6 *", "by the pattern 0 9 * 6 *"),
        ("0 9-17 * * *", "by the pattern 0 9-17 * * *"),
    ] {
        assert_eq!(cron(expression, "UTC").rhythm().to_string(), words);
    }
}

/// One part of a generated expression: what it says, and what it means, found without the parser.
#[derive(Clone, Debug)]
struct Part {
    text: String,
    values: BTreeSet<u32>,
    open: bool,
}

fn part(min: u32, max: u32) -> impl Strategy<Value = Part> {
    let all = Part {
        text: "*".to_owned(),
        values: (min..=max).collect(),
        open: true,
    };
    prop_oneof![
        3 => Just(all),
        2 => (1..=max - min).prop_map(move |step| Part {
            text: format!("*/{step}"),
            values: (min..=max).filter(|n| (n - min).is_multiple_of(step)).collect(),
            open: true,
        }),
        2 => proptest::collection::btree_set(min..=max, 1..4).prop_map(|values| Part {
            text: values.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
            values,
            open: false,
        }),
        1 => (min..=max, min..=max).prop_map(move |(a, b)| Part {
            text: format!("{}-{}", a.min(b), a.max(b)),
            values: (a.min(b)..=a.max(b)).collect(),
            open: a.min(b) == min && a.max(b) == max,
        }),
    ]
}

#[derive(Clone, Debug)]
struct Plan {
    minute: Part,
    hour: Part,
    day: Part,
    weekday: Part,
}

impl Plan {
    fn text(&self) -> String {
        let Self {
            minute,
            hour,
            day,
            weekday,
        } = self;
        format!("{} {} {} * {}", minute.text, hour.text, day.text, weekday.text)
    }

    fn matches(&self, t: NaiveDateTime) -> bool {
        let day = self.day.values.contains(&t.day());
        let weekday = self.weekday.values.contains(&t.weekday().num_days_from_sunday());
        let date = if self.day.open || self.weekday.open {
            day && weekday
        } else {
            day || weekday
        };
        date && self.minute.values.contains(&t.minute()) && self.hour.values.contains(&t.hour())
    }

    /// Walks through the window minute by minute and watches what the clock on the wall shows.
    fn expected(&self, zone: Tz, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let repeating = self.minute.open || self.hour.open;
        let local = |t: Timestamp| t.to_utc().with_timezone(&zone).naive_local();
        let minute = Duration::from_mins(1);
        let mut shown = HashSet::new();
        let mut found = BTreeSet::new();
        // Begins early, so that what the wall showed before the window is known.
        let mut now =
            Timestamp::from_millis(from.as_millis() / 60_000 * 60_000).minus(Duration::from_hours(26));
        let mut next_wall = local(now);
        while now <= until {
            let wall = local(now);
            let mut skipped = next_wall;
            next_wall = wall + TimeDelta::minutes(1);
            let mut late = now;
            while skipped < wall {
                if self.matches(skipped) {
                    found.insert(if repeating { late } else { now });
                }
                skipped += TimeDelta::minutes(1);
                late = late.plus(minute);
            }
            let new = shown.insert(wall);
            if self.matches(wall) && (new || repeating) {
                found.insert(now);
            }
            now = now.plus(minute);
        }
        found.retain(|t| *t > from && *t <= until);
        found.into_iter().collect()
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    (part(0, 59), part(0, 23), part(1, 28), part(0, 6)).prop_map(|(minute, hour, day, weekday)| Plan {
        minute,
        hour,
        // `*` of the generator stops at 28; the day must mean every day.
        day: if day.open && day.text == "*" {
            Part {
                values: (1..=31).collect(),
                ..day
            }
        } else if let Some(step) = day.text.strip_prefix("*/").and_then(|s| s.parse::<u32>().ok()) {
            Part {
                values: (1..=31u32).filter(|n| (n - 1).is_multiple_of(step)).collect(),
                ..day
            }
        } else {
            Part { open: false, ..day }
        },
        weekday,
    })
}

/// The changes of the clocks of a zone from 2010 to 2030, to the minute.
fn changes(zone: Tz) -> Vec<Timestamp> {
    let offset = |t: Timestamp| zone.offset_from_utc_datetime(&t.to_utc().naive_utc()).fix();
    let step = Duration::from_hours(48);
    let mut found = Vec::new();
    let mut now = at("2010-01-01T00:00:00Z");
    while now < at("2030-01-01T00:00:00Z") {
        let next = now.plus(step);
        if offset(now) != offset(next) {
            let (mut before, mut after) = (now, next);
            while after.since(before) > Duration::from_mins(1) {
                let middle = before.plus(Duration::from_secs(after.since(before).as_secs() / 120 * 60));
                if offset(middle) == offset(now) {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            found.push(after);
        }
        now = next;
    }
    found
}

/// A zone and a moment: near a change of its clocks, or anywhere if they never change.
fn zone_and_moment() -> impl Strategy<Value = (Tz, Timestamp)> {
    let near_changes: Vec<(Tz, Vec<Timestamp>)> = ZONES
        .iter()
        .map(|name| {
            let zone = zone::parse("zone", name).expect("known zone");
            let found = changes(zone);
            (
                zone,
                if found.is_empty() {
                    vec![at("2026-06-01T00:00:00Z")]
                } else {
                    found
                },
            )
        })
        .collect();
    (
        proptest::sample::select(near_changes),
        any::<prop::sample::Index>(),
        -30 * 60_000 * 60..30 * 60_000 * 60i64,
    )
        .prop_map(|((zone, moments), index, shift)| {
            let moment = moments[index.index(moments.len())];
            (zone, Timestamp::from_millis(moment.as_millis() + shift))
        })
}

proptest! {
    // The oracle takes four thousand steps a case.
    #![proptest_config(ProptestConfig::with_cases(80))]

    /// Strictly increasing, none lost, none doubled: exactly what the clock on the wall says.
    #[test]
    fn runs_are_those_of_the_clock_on_the_wall(plan in plan(), (zone, from) in zone_and_moment()) {
        let until = from.plus(Duration::from_hours(40));
        let schedule = cron(&plan.text(), zone.name());
        let mut found = Vec::new();
        let mut now = from;
        while let Some(next) = schedule.next_after(now).filter(|t| *t <= until) {
            prop_assert!(next > now, "{next} follows {now}");
            found.push(next);
            now = next;
        }
        prop_assert_eq!(found, plan.expected(zone, from, until), "{} in {}", plan.text(), zone);
    }
}

proptest! {
    /// What comes next does not depend on when one asks.
    #[test]
    fn asking_later_gives_the_same_run(plan in plan(), (zone, from) in zone_and_moment(), part in 0.0..1.0f64) {
        let schedule = cron(&plan.text(), zone.name());
        let next = schedule.next_after(from).expect("goes on");
        let later = from.plus(next.since(from).mul_f64(part));
        prop_assume!(later < next);
        prop_assert_eq!(schedule.next_after(later), Some(next));
    }

    #[test]
    fn silence_reaches_back_over_two_runs(plan in plan(), (zone, from) in zone_and_moment(), late in 0.0..1.0f64) {
        let schedule = cron(&plan.text(), zone.name());
        let next = |t| schedule.next_after(t).expect("goes on");
        let first = next(from);
        let second = next(first);
        let now = second.plus(next(second).since(second).mul_f64(late));
        prop_assume!(now < next(second));
        prop_assert_eq!(schedule.since_last_but_one(now), Some(now.since(first)));
    }

    #[test]
    fn no_text_makes_the_reader_fall_over(text in "\\PC{0,40}", zone in "\\PC{0,20}") {
        let _ = CronSchedule::parse("cron", &text, "timezone", &zone);
    }

    #[test]
    fn nothing_that_looks_like_cron_makes_the_reader_fall_over(text in "[0-9*/,\\-a-zA-Z@#? ]{0,30}") {
        let _ = CronSchedule::parse("cron", &text, "timezone", "UTC");
    }
}
