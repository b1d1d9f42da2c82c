//! Cron expressions as people know them, in a time zone.
//!
//! Three steps, one place each: [`expression`] reads the five parts, [`pattern`] finds the next matching local time
//! with the `cron` crate, [`zone`] says which moments a local time stands for where the clocks change.
//! [`rhythm`] puts the common patterns in words.

use std::time::Duration;

use chrono::{NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::{
    clock::Timestamp,
    field::FieldError,
    text::parse_line,
    zone::{self, Placing, place},
};

mod expression;
mod pattern;
mod rhythm;
#[cfg(test)]
mod tests;

use expression::Expression;
use pattern::Pattern;
pub use rhythm::{Rhythm, Weekday};

const LONGEST_EXPRESSION: usize = 200;
/// Clocks move by an hour as a rule, by a whole day at most (Samoa skipped 30 December 2011).
const AROUND: TimeDelta = TimeDelta::hours(25);

/// A cron expression that comes true, in a known zone.
///
/// Where clocks change, no run is lost and none is doubled. A time that does not exist runs at the first moment after
/// the gap; a time that exists twice runs at the first of the two. A *repeating* expression, one whose minute or hour
/// is `*` or `*/n`, goes on with the clock that was valid before the gap, and runs in both of two equal hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronSchedule {
    text: String,
    timezone: Tz,
    expression: Expression,
    pattern: Pattern,
}

impl CronSchedule {
    /// Reads five parts (minute, hour, day of the month, month, weekday) or a word like `@hourly`, and the name of a
    /// zone. Complaints name `field` or `zone_field`.
    ///
    /// Parts are `*`, numbers, names (`MON`, `january`), ranges `1-5`, lists `1,15` and steps `*/10`. 0 and 7 are
    /// Sunday. When both the day of the month and the weekday are restricted, either is enough, as in crontab(5).
    pub fn parse(field: &str, expression: &str, zone_field: &str, zone: &str) -> Result<Self, FieldError> {
        let line = parse_line(field, expression, LONGEST_EXPRESSION)?;
        let text = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let expression = Expression::parse(field, &text)?;
        let pattern = Pattern::new(&expression).ok_or_else(|| {
            FieldError::new(
                field,
                "cron-never",
                "This never comes true: there is no such date. Change the day or the month.",
            )
        })?;
        Ok(Self {
            text,
            timezone: zone::parse(zone_field, zone)?,
            expression,
            pattern,
        })
    }

    /// As it was typed, with single spaces.
    pub fn expression(&self) -> &str {
        &self.text
    }

    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// The pattern in words, for the common ones.
    pub fn rhythm(&self) -> Rhythm {
        Rhythm::of(&self.expression, &self.text)
    }

    /// The first run strictly after `after`. `None` after the year 2100, where the engine ends.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let (local, moved) = self.wall(after);
        let mut best: Option<Timestamp> = None;
        for local in self.pattern.after(local - moved) {
            let placing = place(self.timezone, local);
            let runs = placing.runs(self.expression.repeating()).into_iter().flatten();
            best = runs.filter(|t| *t > after).chain(best).min();
            // Everything that follows an unambiguous local time happens after it, so the search ends there.
            if let (Placing::Once(t), Some(b)) = (placing, best)
                && t >= b
            {
                break;
            }
        }
        best
    }

    /// The last run at or before `at`.
    pub fn last_until(&self, at: Timestamp) -> Option<Timestamp> {
        self.last_runs::<1>(at).first().copied()
    }

    /// From the last run but one until `now`: a monitor that was silent for longer has missed two runs.
    pub fn since_last_but_one(&self, now: Timestamp) -> Option<Duration> {
        self.last_runs::<2>(now).get(1).map(|t| now.since(*t))
    }

    /// At most `N` runs at or before `at`, latest first.
    fn last_runs<const N: usize>(&self, at: Timestamp) -> Vec<Timestamp> {
        let (local, moved) = self.wall(at);
        let mut last: Vec<Timestamp> = Vec::new();
        // One second later, so that a run that is due right now counts.
        for local in self.pattern.before(local + moved + TimeDelta::seconds(1)) {
            let placing = place(self.timezone, local);
            let runs = placing.runs(self.expression.repeating()).into_iter().flatten();
            last.extend(runs.filter(|t| *t <= at));
            last.sort_unstable_by(|a, b| b.cmp(a));
            last.dedup();
            last.truncate(N);
            if let (Placing::Once(t), Some(oldest)) = (placing, last.last())
                && last.len() == N
                && t <= *oldest
            {
                break;
            }
        }
        last
    }

    /// What the clock on the wall shows, in whole seconds, and by how much it was or will be moved around then: a run
    /// at another local time than this one's can be due only that far away, and that is nothing at all except near a
    /// change of the clocks.
    fn wall(&self, t: Timestamp) -> (NaiveDateTime, TimeDelta) {
        let utc = Timestamp::from_millis(t.as_seconds().saturating_mul(1000))
            .to_utc()
            .naive_utc();
        let offset = |utc: NaiveDateTime| {
            let offset = self.timezone.offset_from_utc_datetime(&utc).fix();
            TimeDelta::seconds(i64::from(offset.local_minus_utc()))
        };
        let here = offset(utc);
        let [before, after] = [utc - AROUND, utc + AROUND].map(|t| (offset(t) - here).abs());
        (utc + here, before.max(after))
    }
}
