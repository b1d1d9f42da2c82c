//! Time zones by their names in the IANA database.

use chrono_tz::TZ_VARIANTS;
pub use chrono_tz::Tz;

use crate::{field::FieldError, text::parse_line};

mod placing;
mod wall;
pub(crate) use placing::{Placing, first_moment, local_time, place};

pub use wall::{Day, Wall, days, parse_local};

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

/// Every name there is, for suggestions.
pub fn names() -> impl Iterator<Item = &'static str> {
    TZ_VARIANTS.iter().map(|z| z.name())
}
