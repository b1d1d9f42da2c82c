//! When a layer hands over.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde_json::{Value, json};

use crate::{
    clock::Timestamp,
    field::{FieldError, FieldErrors},
    hours::Minute,
    json::Object,
    outcome::named,
    zone::{Tz, first_moment, local_time},
};

/// A turn takes no longer than this many days.
const LONGEST_TURN: u32 = 366;

named! {
    Period {
        Days = "days",
        Weeks = "weeks",
    }
}

/// Every so many days or weeks at a time of day, counted from a date. With weeks, the weekday is that of the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handover {
    pub every: u32,
    pub unit: Period,
    pub at: Minute,
    /// On this day, at this time, the first turn begins; before it nobody of the layer is on call.
    pub from: NaiveDate,
}

impl Handover {
    /// `{"every": 1, "unit": "weeks", "at": "09:00", "from": "2026-11-30"}`.
    pub fn from_json(prefix: &str, value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let every = o.integer("every");
        let every = match every {
            None if o.errors.is_empty() => o.complain("every", "required", "This field is required."),
            every => every,
        };
        let unit = o.required_text("unit");
        let unit = unit.and_then(|text| match Period::parse(&text) {
            Some(unit) => Some(unit),
            None => o.complain("unit", "handover-unit", "Choose \"days\" or \"weeks\"."),
        });
        let every = o.parse("every", every, |f, n| {
            let most = LONGEST_TURN / unit.map_or(1, Period::days);
            let every = u32::try_from(n).ok().filter(|n| (1..=most).contains(n));
            every.ok_or_else(|| {
                let message = format!("A turn takes at least one day and at most a year: give 1 to {most}.");
                FieldError::new(f, "handover-every", message).with("most", most)
            })
        });
        let at = o.required_text("at");
        let at = o.parse("at", at, |f, v| Minute::parse(f, &v));
        let from = o.required_text("from");
        let from = o.parse("from", from, |f, v| parse_date(f, &v));
        let errors = o.finish();
        let handover = (|| {
            Some(Self {
                every: every?,
                unit: unit?,
                at: at?,
                from: from?,
            })
        })();
        handover.filter(|_| errors.is_empty()).ok_or(errors)
    }

    pub fn to_json(&self) -> Value {
        json!({ "every": self.every, "unit": self.unit.as_str(), "at": self.at.to_string(),
                "from": self.first_day() })
    }

    /// `2026-11-30`.
    pub fn first_day(&self) -> String {
        self.from.format("%Y-%m-%d").to_string()
    }

    /// When turn `n` begins, counted from 0. `None` where the calendar ends.
    pub(super) fn begin(&self, zone: Tz, n: u64) -> Option<Timestamp> {
        let day = self
            .from
            .checked_add_days(Days::new(n.checked_mul(self.days())?))?;
        Some(first_moment(zone, self.time_on(day)?))
    }

    /// The turn that runs at this moment. `None`: the first one has not begun.
    pub(super) fn turn_at(&self, zone: Tz, at: Timestamp) -> Option<u64> {
        let today = local_time(zone, at)?.date();
        let passed = today.signed_duration_since(self.from).num_days();
        // Two turns to either side: the day has its turn before and after the handover, and clocks are changed.
        let about = u64::try_from(passed.max(0)).unwrap_or(0) / self.days();
        (about.saturating_sub(2)..=about + 2)
            .rev()
            .find(|n| self.begin(zone, *n).is_some_and(|begin| begin <= at))
    }

    fn days(&self) -> u64 {
        u64::from(self.every * self.unit.days()).max(1)
    }

    fn time_on(&self, day: NaiveDate) -> Option<NaiveDateTime> {
        let midnight = day.and_time(NaiveTime::MIN);
        midnight.checked_add_signed(TimeDelta::minutes(i64::from(self.at.of_day())))
    }
}

impl Period {
    const fn days(self) -> u32 {
        match self {
            Self::Days => 1,
            Self::Weeks => 7,
        }
    }
}

/// `2026-11-30`, from 2000 to 2099.
fn parse_date(field: &str, text: &str) -> Result<NaiveDate, FieldError> {
    use chrono::Datelike;
    let date = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok();
    let date = date.filter(|d| (2000..2100).contains(&d.year()));
    date.ok_or_else(|| {
        FieldError::new(
            field,
            "date",
            "This is not a date. Use year, month and day like 2026-11-30.",
        )
    })
}
