//! Time zones by their names in the IANA database.

use chrono::{Datelike, Days, NaiveDateTime, NaiveTime};
use chrono_tz::TZ_VARIANTS;
pub use chrono_tz::Tz;

use crate::{clock::Timestamp, field::FieldError, text::parse_line};

mod placing;
mod wall;

pub(crate) use placing::{Placing, first_moment, local_time, place};
pub use wall::{Day, Wall, days};

const LONGEST_NAME: usize = 64;

/// Takes any spelling of the case; the zone's own one is kept.
pub fn parse(field: &str, text: &str) -> Result<Tz, FieldError> {
    let name = parse_line(field, text, LONGEST_NAME)?;
    TZ_VARIANTS
        .iter()
        .find(|z| z.name().eq_ignore_ascii_case(&name))
        .copied()
        .ok_or_else(|| {
            FieldError::new(
                field,
                "timezone-unknown",
                format!("There is no time zone \"{name}\". Use a name like Europe/Berlin, America/New_York or UTC."),
            )
            .with("name", name)
        })
}

/// Reads what the clock on the wall shows, as a form has it: `2026-11-26T20:00`. Of a time that exists twice the first one
/// is meant; one that the clocks skip is refused.
pub fn parse_local(field: &str, text: &str, zone: Tz) -> Result<Timestamp, FieldError> {
    let text = text.trim();
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .filter(|local| (2000..2100).contains(&local.year()))
        .ok_or_else(|| {
            FieldError::new(
                field,
                "local-time-invalid",
                "Write a date and a time, like 2026-01-31T12:00.",
            )
        })?;
    match place(zone, local) {
        Placing::Once(t) | Placing::Twice { first: t, .. } => Ok(t),
        Placing::Never { .. } => Err(FieldError::new(
            field,
            "local-time-skipped",
            "There is no such time: the clocks are set forward over it. Choose a later one.",
        )),
    }
}

/// What the clock on the wall shows, in whole minutes, as [`parse_local`] reads it.
pub fn print_local(at: Timestamp, zone: Tz) -> String {
    let local = local_time(zone, at);
    local.map_or_else(String::new, |l| l.format("%Y-%m-%dT%H:%M").to_string())
}

/// At nine in the morning of the day after.
pub fn next_morning(at: Timestamp, zone: Tz) -> Option<Timestamp> {
    let tomorrow = local_time(zone, at)?.date().checked_add_days(Days::new(1))?;
    let nine = NaiveTime::from_hms_opt(9, 0, 0)?;
    Some(first_moment(zone, tomorrow.and_time(nine)))
}

/// Every name there is, for suggestions.
pub fn names() -> impl Iterator<Item = &'static str> {
    TZ_VARIANTS.iter().map(|z| z.name())
}
