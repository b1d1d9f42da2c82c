//! What the table knows of one service.

use std::collections::BTreeMap;

use alert::channel::Retry;
use domain::attention::Rejection;
use serde_json::Value;
use testkit::{Reply, Request};
use url::form_urlencoded;

pub(crate) struct Row {
    pub(crate) kind: &'static str,
    /// What is filled in, for a copy of the service at this address (without a slash at its end). Secrets come from
    /// [`secret`].
    pub(crate) config: fn(base: &str) -> Value,
    /// Its yes.
    pub(crate) yes: fn() -> Reply,
    /// What it calls the message then.
    pub(crate) reference: Option<&'static str>,
    pub(crate) noes: fn() -> Vec<No>,
    /// Panics when what a target wrote into this request ([`HOSTILE`]) could be more than text.
    pub(crate) harmless: fn(&Request),
}

/// A documented way of saying no.
pub(crate) struct No {
    pub(crate) reply: Reply,
    pub(crate) retry: Retry,
    /// What the reason must say.
    pub(crate) says: &'static str,
    /// What it says about the channel, where its status does not.
    pub(crate) rejects: Option<Rejection>,
}

impl No {
    pub(crate) fn new(reply: Reply, retry: Retry, says: &'static str) -> Self {
        Self {
            reply,
            retry,
            says,
            rejects: None,
        }
    }

    /// The same, and it is the channel that is refused.
    pub(crate) fn rejecting(self, rejection: Rejection) -> Self {
        Self {
            rejects: Some(rejection),
            ..self
        }
    }
}

/// A secret of this name, recognisable wherever it shows.
pub(crate) fn secret(name: &str) -> String {
    format!("c4n4ry{name}0123456789abcdef")
}

/// What targets would like to do with those who read of them.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script> <!channel> <@U123> <https://evil.example|safe> @everyone @here @all \
     [safe](https://evil.example) **bold** _it_ `code` ~~gone~~ # head > quote {{7*7}} ${7*7} {% x %} %s &amp; \u{202e}gnp.exe \r\n\
     Bcc: x@evil.example \u{7} \u{0}";

/// Every text in a JSON body.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// What was filled into the form that this request is.
pub(crate) fn fields(request: &Request) -> BTreeMap<String, String> {
    form_urlencoded::parse(&request.body).into_owned().collect()
}

/// Whether one of these characters stands somewhere without a backslash before it that is none itself.
pub(crate) fn unescaped(text: &str, marks: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|c| {
        let active = !escaped && marks.contains(c);
        escaped = !escaped && c == '\\';
        active
    })
}

/// The character that keeps marks from what follows them.
pub(crate) const JOINER: char = '\u{2060}';

/// Whether one of these characters stands somewhere without the joiner after it.
pub(crate) fn together(text: &str, marks: &str) -> bool {
    let next = text.chars().skip(1).map(Some).chain([None]);
    text.chars()
        .zip(next)
        .any(|(c, next)| marks.contains(c) && next.is_some_and(|n| n != JOINER))
}

/// Without the signatures of links, which are those of a key that this test alone has.
pub(crate) fn unsigned(body: &str) -> String {
    let mut pieces = body.split(ACKNOWLEDGE);
    let first = pieces.next().unwrap_or_default().to_owned();
    let hidden = |piece: &str| format!("{ACKNOWLEDGE}(signature){}", &piece[22..]);
    std::iter::once(first).chain(pieces.map(hidden)).collect()
}

/// Where the channel of a test acknowledges its incident.
pub(crate) const ACKNOWLEDGE: &str = "https://watch.example/ack/1.1..";
