//! Headers as a person types them: `Name: value`, one on each line.
//!
//! Values are secrets. A form shows the names alone, and a name that comes back without a value keeps what is stored.

use serde_json::{Map, Value};

pub(crate) fn parse(text: &str) -> Map<String, Value> {
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = Some(value.trim()).filter(|v| !v.is_empty());
            (name.trim().to_owned(), value.map_or(Value::Null, Value::from))
        })
        .collect()
}

/// The lines without their values.
pub(crate) fn names(text: &str) -> String {
    of(parse(text).keys().map(String::as_str))
}

pub(crate) fn of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.flat_map(|name| [name, ":\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_not_echoed() {
        let typed = "Authorization: Bearer a:b\r\n\n  X-A :\nX-B";
        let headers = parse(typed);
        assert_eq!(headers["Authorization"], "Bearer a:b");
        assert!(headers["X-A"].is_null() && headers["X-B"].is_null());
        assert_eq!(names(typed), "Authorization:\nX-A:\nX-B:\n");
    }
}
