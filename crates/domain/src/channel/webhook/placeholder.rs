//! What may stand in a body of one's own, and how its value is written there.

use std::fmt;

use crate::{outcome::named, template::Vocabulary, text::sanitize};

named! {
    /// What an event says of itself.
    WebhookValue {
        /// `incident.opened`, …: the `type` of the standard format.
        Event = "event",
        Monitor = "monitor",
        Target = "target",
        /// `DOWN`, `DEGRADED`, `CERT`, `NO DATA`, `FLAPPING`, `ACK`, `UP`, `OK`, `TROUBLE`, `TEST`;
        /// `ENDED` where the monitor was deleted.
        Status = "status",
        /// RFC 3339.
        Since = "since",
        Reason = "reason",
        /// `1h 5m`.
        Duration = "duration",
        /// Address of the incident's page.
        Link = "link",
        IncidentId = "incident_id",
        /// When it happened, RFC 3339.
        Timestamp = "timestamp",
    }
}

impl WebhookValue {
    /// Of an outage that nobody had.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Event => "incident.opened",
            Self::Monitor => "Web shop",
            Self::Target => "https://shop.example/health",
            Self::Status => "DOWN",
            Self::Since => "2026-11-23T14:02:05.000Z",
            Self::Reason => "The answer was 503 \"Service Unavailable\".",
            Self::Duration => "7m",
            Self::Link => "https://watchbell.example/incidents/42",
            Self::IncidentId => "42",
            Self::Timestamp => "2026-11-23T14:09:05.000Z",
        }
    }
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// `{{reason}}`: as it is, on one line.
    Plain,
    /// `{{json:reason}}`: a JSON text with its quotes.
    Json,
    /// `{{url:reason}}`: percent-encoded, as a part of an address or of a form.
    Url,
}

/// Characters of a value. Longer ones end in an ellipsis.
pub(super) const LONGEST_VALUE: usize = 500;
/// Bytes that one value can take in a body: twelve for a character of four bytes that is percent-encoded.
pub(super) const LARGEST_VALUE: usize = 12 * (LONGEST_VALUE + 1);

impl Written {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Json => "json:",
            Self::Url => "url:",
        }
    }

    /// One line without control characters, and nothing in it ends what it stands in.
    fn write(self, value: &str) -> String {
        let value = sanitize(value, LONGEST_VALUE);
        match self {
            Self::Plain => value,
            Self::Json => serde_json::Value::from(value).to_string(),
            Self::Url => percent_encoded(&value),
        }
    }
}

/// RFC 3986, 2.3: everything but the characters that never mean anything.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(["%".to_owned(), format!("{byte:02X}")]);
        }
    }
    out
}

/// `{{reason}}`, `{{json:reason}}` or `{{url:reason}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookPlaceholder {
    pub value: WebhookValue,
    pub written: Written,
}

impl WebhookPlaceholder {
    pub(super) fn fill(self, values: impl Fn(WebhookValue) -> String) -> String {
        self.written.write(&values(self.value))
    }
}

impl fmt::Display for WebhookPlaceholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.written.prefix(), self.value)
    }
}

impl Vocabulary for WebhookPlaceholder {
    fn read(name: &str) -> Option<Self> {
        let of = |written: Written| {
            let value = WebhookValue::parse(name.strip_prefix(written.prefix())?)?;
            Some(Self { value, written })
        };
        [Written::Json, Written::Url, Written::Plain]
            .into_iter()
            .find_map(of)
    }

    fn known() -> String {
        let names: Vec<&str> = WebhookValue::ALL.iter().map(|v| v.as_str()).collect();
        format!("{}, json:…, url:…", names.join(", "))
    }
}
