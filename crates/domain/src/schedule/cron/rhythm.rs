//! The common patterns in words, so that a person sees whether the expression says what was meant.

use std::fmt;

use super::expression::{Expression, Values};

/// What an expression amounts to. Pages translate it; [`fmt::Display`] says it in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// Every so many minutes, from the full hour on.
    EveryMinutes(u32),
    /// Once an hour, at this minute.
    Hourly {
        minute: u32,
    },
    Daily {
        hour: u32,
        minute: u32,
    },
    Weekly {
        /// In the order of the week, Monday first.
        weekdays: Vec<Weekday>,
        hour: u32,
        minute: u32,
    },
    Monthly {
        days: Vec<u32>,
        hour: u32,
        minute: u32,
    },
    /// Anything else: the expression speaks for itself.
    Pattern(String),
}

pub use chrono::Weekday;

impl Rhythm {
    pub(super) fn of(e: &Expression, text: &str) -> Self {
        let other = || Self::Pattern(text.to_owned());
        if !e.months.all {
            return other();
        }
        let any_day = e.days.all && e.weekdays.all;
        match (e.minutes.single(), e.hours.single()) {
            (None, _) if any_day && e.hours.all => step(e.minutes).map_or_else(other, Self::EveryMinutes),
            (Some(minute), None) if any_day && e.hours.all => Self::Hourly { minute },
            (Some(minute), Some(hour)) if any_day => Self::Daily { hour, minute },
            (Some(minute), Some(hour)) if e.days.all => Self::Weekly {
                weekdays: weekdays(e.weekdays),
                hour,
                minute,
            },
            (Some(minute), Some(hour)) if e.weekdays.all => Self::Monthly {
                days: e.days.iter().collect(),
                hour,
                minute,
            },
            _ => other(),
        }
    }
}

/// The distance of evenly spread minutes that also fit the hour's end.
fn step(minutes: Values) -> Option<u32> {
    let count = u32::try_from(minutes.iter().count()).ok()?;
    let step = 60 / count;
    let even = minutes.iter().eq((0..count).map(|i| i * step));
    (even && count * step == 60).then_some(step)
}

fn weekdays(values: Values) -> Vec<Weekday> {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    [Mon, Tue, Wed, Thu, Fri, Sat, Sun]
        .into_iter()
        .filter(|d| values.iter().any(|n| n == d.num_days_from_sunday()))
        .collect()
}

impl fmt::Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EveryMinutes(1) => f.write_str("every minute"),
            Self::EveryMinutes(n) => write!(f, "every {n} minutes"),
            Self::Hourly { minute } => write!(f, "every hour at minute {minute}"),
            Self::Daily { hour, minute } => write!(f, "every day at {hour:02}:{minute:02}"),
            Self::Weekly {
                weekdays,
                hour,
                minute,
            } => {
                let names: Vec<_> = weekdays.iter().map(|d| english(*d)).collect();
                write!(f, "every {} at {hour:02}:{minute:02}", names.join(", "))
            }
            Self::Monthly { days, hour, minute } => {
                let days: Vec<_> = days.iter().map(u32::to_string).collect();
                write!(
                    f,
                    "on day {} of every month at {hour:02}:{minute:02}",
                    days.join(", ")
                )
            }
            Self::Pattern(text) => write!(f, "by the pattern {text}"),
        }
    }
}

fn english(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}
