//! Which local times match: the `cron` crate, fed with zone-less time as if it were UTC.
//!
//! The crate is not asked about zones, because it loses runs in gaps and repeats or drops them in folds, nor about
//! days in both parts, because it joins them with "and" (docs/adr/0004).

use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime};

use super::expression::{Expression, Values};

/// One schedule, or two of which either is enough (day of the month, weekday).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<cron::Schedule>);

impl Pattern {
    /// `None` if no date ever matches.
    pub(super) fn new(e: &Expression) -> Option<Self> {
        // The crate counts weekdays from Sunday = 1.
        let (days, weekdays) = (list(e.days, 0), list(e.weekdays, 1));
        let by_days = |days: &str, weekdays: &str| {
            let (minutes, hours, months) = (list(e.minutes, 0), list(e.hours, 0), list(e.months, 0));
            cron::Schedule::from_str(&format!("0 {minutes} {hours} {days} {months} {weekdays}")).ok()
        };
        let schedules = if e.either_day() {
            vec![by_days(&days, "*")?, by_days("*", &weekdays)?]
        } else {
            vec![by_days(&days, &weekdays)?]
        };
        let pattern = Self(schedules);
        // Twenty-eight years hold every combination of date and weekday, leap days included.
        let start = NaiveDate::from_ymd_opt(2000, 1, 1)?.and_hms_opt(0, 0, 0)?;
        pattern.after(start).next()?;
        Some(pattern)
    }

    /// The matching local times after `from`, in order.
    pub(super) fn after(&self, from: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        let next = |t: NaiveDateTime| {
            let each = self.0.iter().filter_map(|s| s.after(&t.and_utc()).next());
            each.min().map(|t| t.naive_utc())
        };
        std::iter::successors(next(from), move |t| next(*t))
    }

    /// The matching local times before `from`, latest first.
    pub(super) fn before(&self, from: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        let previous = |t: NaiveDateTime| {
            let each = self.0.iter().filter_map(|s| s.after(&t.and_utc()).next_back());
            each.max().map(|t| t.naive_utc())
        };
        std::iter::successors(previous(from), move |t| previous(*t))
    }
}

fn list(values: Values, shift: u32) -> String {
    if values.all {
        return "*".to_owned();
    }
    let numbers: Vec<String> = values.iter().map(|n| (n + shift).to_string()).collect();
    numbers.join(",")
}
