//! Hours of the week in a time zone: when a channel is quiet, when a layer of a rotation applies.
//!
//! Hours are what the clock on the wall shows. A span begins, and ends, at the first moment at which that clock shows
//! the time or a later one. So where clocks are set forward, a time that does not exist is the end of the gap (and a
//! span that lies within the gap does not happen that day); where they are set back, a time that exists twice is the
//! first of the two: quiet hours then end early, and nobody is told an hour late because of a clock.

use std::time::Duration;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta};
use serde_json::{Value, json};

use crate::{
    clock::Timestamp,
    field::{FieldError, FieldErrors},
    json::Object,
    zone::{self, Tz, first_moment, local_time},
};

mod quiet;
mod span;
#[cfg(test)]
mod tests;

pub use quiet::{Quiet, QuietAction};
pub use span::{Minute, Span, Weekday, day_name, parse_day};

pub const MOST_SPANS: usize = 20;
/// No answer of [`Hours::until`] lies further ahead. Hours end within a week, except where a change of the clocks
/// swallows the only minutes outside them.
pub const LONGEST_STRETCH: Duration = Duration::from_hours(8 * 24);

/// Some part of every week, at least a minute less than all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    zone: Tz,
    spans: Vec<Span>,
}

impl Hours {
    /// `{"zone": "Europe/Berlin", "spans": [{"days": ["mon", "tue"], "from": "22:00", "to": "07:00"}]}`.
    pub fn from_json(prefix: &str, value: Value) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let zone = o.required_text("zone");
        let zone = o.parse("zone", zone, |f, v| zone::parse(f, &v));
        let spans = match o.value("spans") {
            Some(Value::Array(items)) => read_spans(&mut o, items),
            Some(_) => o.complain("spans", "type-list", "This must be a list."),
            None => o.complain("spans", "required", "This field is required."),
        };
        let errors = o.finish();
        let hours = (|| {
            Some(Self {
                zone: zone?,
                spans: spans?,
            })
        })();
        hours.filter(|_| errors.is_empty()).ok_or(errors)
    }

    pub fn to_json(&self) -> Value {
        let spans: Vec<Value> = self.spans.iter().map(Span::to_json).collect();
        json!({ "zone": self.zone.name(), "spans": spans })
    }

    pub fn zone(&self) -> Tz {
        self.zone
    }

    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// What the clock on the wall shows then, in the zone of these hours.
    pub fn wall(&self, at: Timestamp) -> Option<(Weekday, Minute)> {
        let local = local_time(self.zone, at)?;
        Some((local.weekday(), Minute::of(local.time())))
    }

    /// When the hours that hold `at` end; spans that touch or overlap are one. `None`: `at` lies outside. At most
    /// [`LONGEST_STRETCH`] after `at`.
    pub fn until(&self, at: Timestamp) -> Option<Timestamp> {
        let horizon = at.plus(LONGEST_STRETCH);
        let (_, end) = self
            .stretches(at, horizon)
            .into_iter()
            .find(|(begin, _)| *begin <= at)?;
        Some(end)
    }

    /// When hours begin next, strictly after `at`; from within, when they begin again.
    pub fn next_begin(&self, at: Timestamp) -> Option<Timestamp> {
        // Twice a week, because a change of the clocks may swallow the only span of one.
        self.blocks(at, at.plus(LONGEST_STRETCH * 2))
            .into_iter()
            .map(|(begin, _)| begin)
            .find(|begin| *begin > at)
    }

    /// All hours in `[from, to)`, in order, joined where they touch and cut off at both ends.
    pub fn stretches(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        self.blocks(from, to)
            .into_iter()
            .map(|(begin, end)| (begin.max(from), end.min(to)))
            .filter(|(begin, end)| begin < end)
            .collect()
    }

    /// The hours that touch `[from, to)`, joined, each with its real begin where that is less than two days before.
    fn blocks(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let (Some(first), Some(last)) = (local_time(self.zone, from), local_time(self.zone, to)) else {
            return Vec::new();
        };
        // Two days to either side: a span reaches into the next day, and a zone once skipped a whole one.
        let (Some(first), Some(last)) = (
            first.date().checked_sub_days(Days::new(2)),
            last.date().checked_add_days(Days::new(2)),
        ) else {
            return Vec::new();
        };
        let mut all: Vec<(Timestamp, Timestamp)> = first
            .iter_days()
            .take_while(|day| *day <= last)
            .flat_map(|day| self.spans_of(day))
            .filter(|(begin, end)| begin < end)
            .collect();
        all.sort_unstable();
        let mut joined: Vec<(Timestamp, Timestamp)> = Vec::new();
        for (begin, end) in all {
            match joined.last_mut() {
                Some(block) if begin <= block.1 => block.1 = block.1.max(end),
                _ => joined.push((begin, end)),
            }
        }
        joined.retain(|(begin, end)| *end > from && *begin < to);
        joined
    }

    fn spans_of(&self, day: NaiveDate) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        let moment = move |local: Option<NaiveDateTime>| local.map(|l| first_moment(self.zone, l));
        self.spans
            .iter()
            .filter(move |s| s.days().contains(&day.weekday()))
            .filter_map(move |s| {
                let begin = midnight.checked_add_signed(TimeDelta::minutes(i64::from(s.from().of_day())));
                let end = midnight.checked_add_signed(TimeDelta::minutes(i64::from(s.end())));
                Some((moment(begin)?, moment(end)?))
            })
    }
}

fn read_spans(o: &mut Object, items: Vec<Value>) -> Option<Vec<Span>> {
    if items.is_empty() {
        return o.complain("spans", "hours-empty", "Give at least one span of hours.");
    }
    if items.len() > MOST_SPANS {
        let error = FieldError::new(
            o.path("spans"),
            "hours-many",
            format!("These are too many. Give at most {MOST_SPANS} spans of hours."),
        );
        o.errors.push(error.with("most", MOST_SPANS));
        return None;
    }
    let count = items.len();
    let mut spans = Vec::new();
    for (i, item) in items.into_iter().enumerate() {
        let span = Span::from_json(&o.path(&format!("spans.{i}")), item);
        spans.extend(o.errors.absorb(span));
    }
    if spans.len() < count {
        return None;
    }
    if span::fill_the_week(&spans) {
        return o.complain(
            "spans",
            "hours-endless",
            "These hours fill the whole week and never end. Leave a part of the week out.",
        );
    }
    Some(spans)
}
