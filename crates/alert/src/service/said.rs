//! What an answer says in JSON.

use serde_json::Value;

use super::{CREDENTIALS, Verdict};
use crate::{channel::Retry, http::Answer};

/// Null when it says nothing of the kind.
pub(super) fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// A text, or a number as one.
pub(super) fn name(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The texts of a list in one line.
pub(super) fn listed(value: &Value) -> String {
    let items = value.as_array().into_iter().flatten();
    let texts: Vec<&str> = items.filter_map(Value::as_str).collect();
    texts.join("; ")
}

/// The verdict of a service that says by a number how it went, whatever the status; 0 is its yes. `known` are its other
/// numbers, each with how the sentence about it goes on behind the service's name.
pub(super) fn by_number(
    service: &str,
    answer: &Answer,
    (code, message): (Option<i64>, &str),
    known: impl Fn(i64) -> Option<(Retry, &'static str)>,
) -> Verdict {
    match code {
        Some(0) if answer.status.is_success() => return Ok(None),
        Some(code) if code != 0 => {
            if let Some((retry, what)) = known(code) {
                return Err((retry, format!("{service} {what} ({code})")));
            }
            if !answer.status.is_server_error() {
                let reason = format!("{service} refuses the message ({code}): {message}.");
                return Err((Retry::Briefly, reason));
            }
        }
        Some(_) | None => {}
    }
    answer.judge(CREDENTIALS)?;
    Err(stranger(service))
}

/// A yes by its status whose body is not this service's: a login page of a network, a proxy, another program.
pub(super) fn stranger(service: &str) -> (Retry, String) {
    let reason = format!("What answered is not {service}. Check the address of this channel.");
    (Retry::Briefly, reason)
}
