//! Between the form of a maintenance window and the JSON that the domain reads.

use std::{collections::HashMap, time::Duration};

use domain::{
    clock::Timestamp,
    duration,
    field::FieldErrors,
    hours::{Weekday, day_name},
    id::MonitorId,
    maintenance::{MaintenanceConfig, When},
    zone::{Tz, print_local},
};
use serde_json::{Value, json};

use crate::{
    components::Form,
    pages::{
        alerting::{matcher, silences::local},
        form::{ticked, value},
    },
};

pub(super) const WEEK: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];
/// Rows that are empty are no spans; so many are looked for.
const MOST_ROWS: usize = 20;
const SPANS: &str = "when.hours.spans";

/// The fields that carry their own complaints; those of the spans are in [`rows`].
pub(super) const NAMES: [&str; 10] = [
    "title",
    "note",
    "when",
    "when.from",
    "when.to",
    "when.cron",
    "when.timezone",
    "when.duration",
    "when.hours.zone",
    SPANS,
];

/// The form as it begins.
pub(super) fn fresh(form: Form, zone: Tz, now: Timestamp) -> Form {
    let hour = Duration::from_hours(1);
    form.with("way", "once")
        .with("when.from", print_local(now.plus(hour), zone))
        .with("when.to", print_local(now.plus(hour * 2), zone))
        .with("when.timezone", zone.name())
        .with("when.hours.zone", zone.name())
        .with("when.duration", "2h")
}

/// The form of a window as it is stored.
pub(super) fn stored(
    form: Form,
    config: &MaintenanceConfig,
    names: &HashMap<MonitorId, String>,
    zone: Tz,
) -> Form {
    let form = form
        .with("title", &config.title)
        .with("note", &config.note)
        .with("when.timezone", zone.name())
        .with("when.hours.zone", zone.name())
        .with("when.duration", "2h");
    let form = matcher::fill(form, &config.matcher, names);
    match &config.when {
        When::Once(w) => form
            .with("way", "once")
            .with("when.from", print_local(w.from, zone))
            .with("when.to", print_local(w.to, zone)),
        When::Cron {
            schedule,
            duration: length,
        } => form
            .with("way", "cron")
            .with("when.cron", schedule.expression())
            .with("when.timezone", schedule.timezone().name())
            .with("when.duration", duration::format(*length)),
        When::Weekly(hours) => {
            let form = form
                .with("way", "weekly")
                .with("when.hours.zone", hours.zone().name());
            hours.spans().iter().enumerate().fold(form, |form, (i, span)| {
                let form = form
                    .with(&field(i, "from"), span.from())
                    .with(&field(i, "to"), span.to());
                let days = span.days().iter();
                days.fold(form, |form, day| form.tick(&day_field(i, *day), true))
            })
        }
    }
}

pub(super) fn field(row: usize, name: &str) -> String {
    format!("{SPANS}.{row}.{name}")
}

pub(super) fn day_field(row: usize, day: Weekday) -> String {
    format!("{SPANS}.{row}.days.{}", day_name(day))
}

/// How many rows of hours there are: those that are filled in, and an empty one for the next.
pub(super) fn rows(form: &Form) -> usize {
    let filled = |row: &usize| {
        let text = |name: &str| !form.value(&field(*row, name)).trim().is_empty();
        text("from") || text("to") || WEEK.iter().any(|d| form.ticked(&day_field(*row, *d)))
    };
    let last = (0..MOST_ROWS).rev().find(filled);
    last.map_or(1, |row| (row + 2).min(MOST_ROWS))
}

/// Rows without anything in them are left out, so that complaints stand at the row that they are about.
pub(super) fn compact(typed: &[(String, String)]) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = typed
        .iter()
        .filter(|(name, _)| !name.starts_with(&format!("{SPANS}.")))
        .cloned()
        .collect();
    let mut next = 0;
    for row in 0..MOST_ROWS {
        let prefix = format!("{SPANS}.{row}.");
        let of_row: Vec<_> = typed
            .iter()
            .filter(|(name, value)| name.starts_with(&prefix) && !value.trim().is_empty())
            .collect();
        if of_row.is_empty() {
            continue;
        }
        kept.extend(of_row.into_iter().map(|(name, value)| {
            let name = field(next, &name[prefix.len()..]);
            (name, value.clone())
        }));
        next += 1;
    }
    kept
}

/// What was typed about when, as the body of the API. `previous`: times that were not touched stay as they are, to the
/// millisecond.
pub(super) fn when(
    typed: &[(String, String)],
    zone: Tz,
    now: Timestamp,
    previous: Option<&When>,
    errors: &mut FieldErrors,
) -> Value {
    let text = |name: &str| value(typed, name).trim().to_owned();
    match value(typed, "way") {
        "cron" => {
            json!({ "cron": text("when.cron"), "timezone": text("when.timezone"), "duration": text("when.duration") })
        }
        "weekly" => json!({ "hours": { "zone": text("when.hours.zone"), "spans": spans(typed) } }),
        _ => {
            let before = match previous {
                Some(When::Once(w)) => Some((w.from, w.to)),
                Some(When::Cron { .. } | When::Weekly(_)) | None => None,
            };
            let hour = Duration::from_hours(1);
            let mut read = |name: &str, stored: Option<Timestamp>, any: Timestamp| match stored {
                Some(t) if value(typed, name) == print_local(t, zone) => t.to_rfc3339().into(),
                _ => local(typed, name, zone, errors, any),
            };
            let from = read("when.from", before.map(|b| b.0), now);
            let to = read("when.to", before.map(|b| b.1), now.plus(hour * 24 * 60));
            json!({ "from": from, "to": to })
        }
    }
}

fn spans(typed: &[(String, String)]) -> Vec<Value> {
    let filled = |row: usize| {
        let prefix = format!("{SPANS}.{row}.");
        typed.iter().any(|(name, _)| name.starts_with(&prefix))
    };
    let rows = (0..MOST_ROWS).take_while(|row| filled(*row));
    rows.map(|row| {
        let days: Vec<&str> = WEEK
            .iter()
            .filter(|d| ticked(typed, &day_field(row, **d)))
            .map(|d| day_name(*d))
            .collect();
        json!({ "days": days, "from": value(typed, &field(row, "from")), "to": value(typed, &field(row, "to")) })
    })
    .collect()
}
