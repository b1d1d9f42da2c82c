//! What an answer says in JSON.

use reqwest::header::CONTENT_TYPE;
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

/// Whether it is a page for people, which no service answers with: a login in front of it, another program.
pub(super) fn is_page(answer: &Answer) -> bool {
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let is_html = kind.is_some_and(|kind| kind.trim().to_ascii_lowercase().starts_with("text/html"));
    (is_html && !answer.body.is_empty()) || begins_as_page(answer)
}

/// The same for a service that may say so of what is none.
pub(super) fn begins_as_page(answer: &Answer) -> bool {
    let start = answer.body.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"].iter().any(|begin| {
        start
            .get(..begin.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(begin))
    })
}

/// A yes by its status whose body is not this service's: a login page of a network, a proxy, another program.
pub(super) fn stranger(service: &str) -> (Retry, String) {
    let reason = format!("What answered is not {service}. Check the address of this channel.");
    (Retry::Briefly, reason)
}
