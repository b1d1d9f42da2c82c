//! Text from outside, made safe to keep and to show on one line.

use crate::field::FieldError;

/// Replaces control characters and line breaks by spaces and caps the length (in characters, with an ellipsis).
/// For everything that a *target* or a *server* said: it ends up in pages, mails, logs.
pub fn sanitize(text: &str, max_chars: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max_chars * 4));
    for (i, c) in text.trim().chars().enumerate() {
        if i == max_chars {
            out.push('…');
            break;
        }
        out.push(if is_unsafe(c) { ' ' } else { c });
    }
    out
}

/// Control characters, line separators and the bidirectional overrides that make a line read as another.
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A single line that a person typed: trimmed, not empty, no control characters, at most `max` characters.
pub fn parse_line(field: &str, value: &str, max: usize) -> Result<String, FieldError> {
    let line = value.trim();
    if line.is_empty() {
        return Err(FieldError::new(field, "required", "This field is required."));
    }
    // Length first: a megabyte is refused before it is looked at character by character.
    if value.len() > max * 4 || line.chars().count() > max {
        return Err(
            FieldError::new(field, "too-long", format!("Use at most {max} characters.")).with("max", max),
        );
    }
    // In the whole value: a line break at the end is as much of an attempt at a second line as one in the middle.
    if value.chars().any(is_unsafe) {
        return Err(FieldError::new(
            field,
            "control-characters",
            "Remove line breaks and control characters from this field.",
        ));
    }
    Ok(line.to_owned())
}
