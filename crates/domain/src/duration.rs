//! Durations as people write them: `500ms`, `30s`, `5m`, `2h`, `1d`.

use std::time::Duration;

use crate::field::FieldError;

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

pub fn parse(field: &str, text: &str) -> Result<Duration, FieldError> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = UNITS.iter().find(|(u, _)| *u == unit.trim()).map(|(_, f)| *f);
    match (number.parse::<u64>().ok(), factor) {
        (Some(n), Some(f)) if n.checked_mul(f).is_some() => Ok(Duration::from_millis(n * f)),
        _ => Err(FieldError::new(
            field,
            "duration-invalid",
            "Write a number and a unit, like 30s, 5m or 1h.",
        )),
    }
}

/// Parses and checks the bounds, both included.
pub fn parse_between(field: &str, text: &str, min: Duration, max: Duration) -> Result<Duration, FieldError> {
    let d = parse(field, text)?;
    if d < min || d > max {
        return Err(FieldError::new(
            field,
            "duration-range",
            format!("Use a duration from {} to {}.", format(min), format(max)),
        )
        .with("min", format(min))
        .with("max", format(max)));
    }
    Ok(d)
}

/// The shortest exact form: `90s`, `5m`, `1h`.
pub fn format(d: Duration) -> String {
    let ms = u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
    let (unit, factor) = UNITS
        .into_iter()
        .rev()
        .find(|(_, f)| ms >= *f && ms.is_multiple_of(*f))
        .unwrap_or(("s", 1_000));
    if ms == 0 {
        "0s".to_owned()
    } else {
        format!("{}{unit}", ms / factor)
    }
}
