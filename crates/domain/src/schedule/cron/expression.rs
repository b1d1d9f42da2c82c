//! The five parts of a cron expression, read into sets of numbers.

use crate::field::FieldError;

/// What one part may hold.
struct Part {
    /// Its name in messages, and for translations.
    name: &'static str,
    min: u32,
    max: u32,
    /// Names of the values from `min` on; the first three letters are enough.
    names: &'static [&'static str],
}

const MINUTE: Part = Part {
    name: "minute",
    min: 0,
    max: 59,
    names: &[],
};
const HOUR: Part = Part {
    name: "hour",
    min: 0,
    max: 23,
    names: &[],
};
const DAY: Part = Part {
    name: "day",
    min: 1,
    max: 31,
    names: &[],
};
const MONTH: Part = Part {
    name: "month",
    min: 1,
    max: 12,
    names: &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
};
/// Sunday is 0 and may be written 7.
const WEEKDAY: Part = Part {
    name: "weekday",
    min: 0,
    max: 6,
    names: &[
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
    ],
};

/// The values of one part, a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Values {
    bits: u64,
    /// Holds `*`, `*/n` or a range over everything: it repeats, rather than naming times.
    pub(super) open: bool,
    pub(super) all: bool,
}

impl Values {
    pub(super) fn iter(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |n| self.bits & (1 << n) != 0)
    }

    /// The value, if there is exactly one.
    pub(super) fn single(self) -> Option<u32> {
        self.bits.is_power_of_two().then(|| self.bits.trailing_zeros())
    }
}

/// A cron expression that was understood. Weekdays count from Sunday = 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expression {
    pub(super) minutes: Values,
    pub(super) hours: Values,
    pub(super) days: Values,
    pub(super) months: Values,
    pub(super) weekdays: Values,
}

impl Expression {
    /// `text` has no white space around it and single spaces inside.
    pub(super) fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let text = if text.starts_with('@') {
            shortcut(field, text)?
        } else {
            text
        };
        let parts: Vec<&str> = text.split(' ').collect();
        let [minute, hour, day, month, weekday] = parts[..] else {
            return Err(wrong_count(field, parts.len()));
        };
        Ok(Self {
            minutes: MINUTE.read(field, minute)?,
            hours: HOUR.read(field, hour)?,
            days: DAY.read(field, or_any(day))?,
            months: MONTH.read(field, month)?,
            weekdays: WEEKDAY.read(field, or_any(weekday))?,
        })
    }

    /// crontab(5): when both day parts are restricted, either is enough; an open one restricts the other.
    pub(super) fn either_day(&self) -> bool {
        !self.days.open && !self.weekdays.open
    }

    /// Runs by the rhythm of the clock rather than at named times.
    pub(super) fn repeating(&self) -> bool {
        self.minutes.open || self.hours.open
    }
}

/// Some write `?` for a day that does not matter.
fn or_any(part: &str) -> &str {
    if part == "?" { "*" } else { part }
}

fn shortcut(field: &str, text: &str) -> Result<&'static str, FieldError> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => {
            return Err(FieldError::new(
                field,
                "cron-shortcut",
                "Use @hourly, @daily, @weekly, @monthly, @yearly, or five parts like */5 * * * *.",
            ));
        }
    })
}

fn wrong_count(field: &str, count: usize) -> FieldError {
    let error = if count == 6 {
        FieldError::new(
            field,
            "cron-seconds",
            "This has six parts. Remove the one for the seconds; to check more often than once a minute, use an interval.",
        )
    } else {
        FieldError::new(
            field,
            "cron-parts",
            format!(
                "Write five parts with spaces between them: minute, hour, day of the month, month, weekday. This has {count}. Example: */5 * * * *."
            ),
        )
    };
    error.with("count", count)
}

impl Part {
    fn read(&self, field: &str, text: &str) -> Result<Values, FieldError> {
        let mut bits = 0;
        let mut open = false;
        for item in text.split(',') {
            let (first, last, step) = self.item(field, item)?;
            open |= first == self.min && last >= self.max;
            // Only a weekday reaches past its largest value: 7 is Sunday.
            for n in (first..=last).step_by(step) {
                bits |= 1u64 << if n > self.max { self.min } else { n };
            }
        }
        let all = (self.min..=self.max).all(|n| bits & (1 << n) != 0);
        Ok(Values {
            bits,
            open: open || all,
            all,
        })
    }

    /// One member of a list: first value, last value, step.
    fn item(&self, field: &str, item: &str) -> Result<(u32, u32, usize), FieldError> {
        let (span, step) = match item.split_once('/') {
            Some((span, step)) => (span, Some(self.step(field, item, step)?)),
            None => (item, None),
        };
        let bad = || self.complain(field, item);
        let (first, last) = if span == "*" {
            (self.min, self.max)
        } else if let Some((first, last)) = span.split_once('-') {
            let (first, last) = (
                self.value(first).ok_or_else(bad)?,
                self.value(last).ok_or_else(bad)?,
            );
            self.range(field, item, first, last)?
        } else {
            let first = self.value(span).ok_or_else(bad)?;
            // `5/15`: from 5 on.
            (
                first,
                if step.is_some() {
                    first.max(self.max)
                } else {
                    first
                },
            )
        };
        Ok((first, last, step.unwrap_or(1)))
    }

    fn value(&self, text: &str) -> Option<u32> {
        if text.bytes().all(|b| b.is_ascii_digit()) {
            let sunday = u32::from(self.is_weekday());
            return text
                .parse()
                .ok()
                .filter(|n| (self.min..=self.max + sunday).contains(n));
        }
        let text = text.to_ascii_lowercase();
        let named = |name: &&str| **name == text || name.get(..3) == Some(text.as_str());
        let index = self.names.iter().position(named)?;
        Some(self.min + u32::try_from(index).ok()?)
    }

    /// `FRI-SUN` and `7-2` mean what they say, although Sunday is 0; other ranges go upwards.
    fn range(&self, field: &str, item: &str, first: u32, last: u32) -> Result<(u32, u32), FieldError> {
        match (first, last) {
            (first, last) if first <= last => Ok((first, last)),
            (first, 0) if self.is_weekday() => Ok((first, 7)),
            (7, last) if self.is_weekday() => Ok((0, last)),
            _ => Err(FieldError::new(
                field,
                "cron-order",
                format!(
                    "The range \"{item}\" ({}) runs backwards. Write the smaller value first, or two ranges with a comma between them.",
                    self.name
                ),
            )
            .with("part", self.name)
            .with("value", item)),
        }
    }

    fn step(&self, field: &str, item: &str, step: &str) -> Result<usize, FieldError> {
        let max = self.max - self.min;
        step.parse::<u32>()
            .ok()
            .filter(|n| (1..=max).contains(n))
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| {
                FieldError::new(
                    field,
                    "cron-step",
                    format!(
                        "The step in \"{item}\" ({}) must be a number from 1 to {max}.",
                        self.name
                    ),
                )
                .with("part", self.name)
                .with("value", item)
                .with("max", max)
            })
    }

    fn complain(&self, field: &str, item: &str) -> FieldError {
        let names = self
            .names
            .first()
            .zip(self.names.last())
            .map(|(a, b)| {
                format!(
                    " or a name from {} to {}",
                    a[..3].to_uppercase(),
                    b[..3].to_uppercase()
                )
            })
            .unwrap_or_default();
        let message = format!(
            "\"{item}\" does not work as {}: use a number from {} to {}{names}, a range like {}-{}, a list with commas, or * with a step like */2.",
            self.name, self.min, self.max, self.min, self.max
        );
        FieldError::new(field, "cron-value", message)
            .with("part", self.name)
            .with("value", item)
            .with("min", self.min)
            .with("max", self.max)
    }

    fn is_weekday(&self) -> bool {
        self.max == WEEKDAY.max
    }
}
