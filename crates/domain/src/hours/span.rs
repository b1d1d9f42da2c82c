//! One span of hours on some days of the week.

use std::fmt;

pub use chrono::Weekday;
use chrono::{NaiveTime, Timelike};
use serde_json::{Value, json};

use crate::{
    field::{FieldError, FieldErrors},
    json::Object,
    text::sanitize,
};

const MINUTES_OF_DAY: u16 = 24 * 60;
const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Mon, "mon"),
    (Weekday::Tue, "tue"),
    (Weekday::Wed, "wed"),
    (Weekday::Thu, "thu"),
    (Weekday::Fri, "fri"),
    (Weekday::Sat, "sat"),
    (Weekday::Sun, "sun"),
];

/// The name of a weekday as JSON has it.
pub fn day_name(day: Weekday) -> &'static str {
    WEEK[day.num_days_from_monday() as usize].1
}

/// `mon` … `sun`.
pub fn parse_day(field: &str, text: &str) -> Result<Weekday, FieldError> {
    WEEK.iter()
        .find(|(_, name)| *name == text)
        .map(|(day, _)| *day)
        .ok_or_else(|| {
            let name = sanitize(text, 20);
            let message = format!("There is no day \"{name}\". Use mon, tue, wed, thu, fri, sat or sun.");
            FieldError::new(field, "hours-day", message).with("name", name)
        })
}

/// A time of day as the clock on the wall shows it, in whole minutes: `07:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minute(u16);

impl Minute {
    /// `00:00` to `23:59`; `24:00` is midnight too.
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let minute = (|| {
            let (hour, minute) = text.trim().split_once(':')?;
            let two = |t: &str| match t.len() {
                2 if t.bytes().all(|b| b.is_ascii_digit()) => t.parse::<u16>().ok(),
                _ => None,
            };
            let (hour, minute) = (two(hour)?, two(minute)?);
            let real = (hour < 24 && minute < 60) || (hour == 24 && minute == 0);
            real.then_some((hour * 60 + minute) % MINUTES_OF_DAY)
        })();
        minute.map(Self).ok_or_else(|| {
            FieldError::new(
                field,
                "time-of-day",
                "This is not a time of day. Use hours and minutes like 07:00 or 22:30.",
            )
        })
    }

    /// The minute that this time lies in.
    pub fn of(time: NaiveTime) -> Self {
        Self(u16::try_from(time.num_seconds_from_midnight() / 60).unwrap_or(0))
    }

    /// Minutes since midnight, below 1440.
    pub fn of_day(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// On each of `days` from `from` until `to`. When `to` is not later than `from`, it is the one of the next day, and
/// the span belongs to the day on which it begins; equal times are a whole day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    days: Vec<Weekday>,
    from: Minute,
    to: Minute,
}

impl Span {
    /// `{"days": ["mon", "tue"], "from": "22:00", "to": "07:00"}`.
    pub fn from_json(prefix: &str, value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let days = o.texts("days");
        let given = days.is_some() || !o.errors.is_empty();
        let days = o.parse("days", days, |f, names| {
            let days: Vec<Weekday> = names.iter().map(|n| parse_day(f, n)).collect::<Result<_, _>>()?;
            Ok(WEEK
                .iter()
                .map(|(d, _)| *d)
                .filter(|d| days.contains(d))
                .collect::<Vec<_>>())
        });
        if !given || days.as_ref().is_some_and(Vec::is_empty) {
            let _: Option<()> = o.complain("days", "hours-days", "Choose at least one day.");
        }
        let from = o.required_text("from");
        let from = o.parse("from", from, |f, v| Minute::parse(f, &v));
        let to = o.required_text("to");
        let to = o.parse("to", to, |f, v| Minute::parse(f, &v));
        let errors = o.finish();
        let span = (|| {
            Some(Self {
                days: days?,
                from: from?,
                to: to?,
            })
        })();
        span.filter(|_| errors.is_empty()).ok_or(errors)
    }

    pub fn to_json(&self) -> Value {
        let days: Vec<&str> = self.days.iter().map(|d| day_name(*d)).collect();
        json!({ "days": days, "from": self.from.to_string(), "to": self.to.to_string() })
    }

    /// Monday first, each once.
    pub fn days(&self) -> &[Weekday] {
        &self.days
    }

    pub fn from(&self) -> Minute {
        self.from
    }

    pub fn to(&self) -> Minute {
        self.to
    }

    /// Minutes from the midnight before the span to its end.
    pub(super) fn end(&self) -> u16 {
        let next_day = if self.to <= self.from { MINUTES_OF_DAY } else { 0 };
        self.to.0 + next_day
    }
}

/// Whether no minute of the week lies outside.
pub(super) fn fill_the_week(spans: &[Span]) -> bool {
    const WEEK_MINUTES: u16 = 7 * MINUTES_OF_DAY;
    let mut all: Vec<(u16, u16)> = Vec::new();
    for span in spans {
        for day in &span.days {
            let midnight = u16::try_from(day.num_days_from_monday()).unwrap_or(0) * MINUTES_OF_DAY;
            let (begin, end) = (midnight + span.from.0, midnight + span.end());
            all.push((begin, end));
            // What passes the end of Sunday stands at the beginning of Monday too.
            if end > WEEK_MINUTES {
                all.push((0, end - WEEK_MINUTES));
            }
        }
    }
    all.sort_unstable();
    let mut covered = 0;
    for (begin, end) in all {
        if begin <= covered {
            covered = covered.max(end);
        }
    }
    covered >= WEEK_MINUTES
}
