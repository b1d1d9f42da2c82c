//! An endpoint of one's own.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    delivery::Event,
    field::FieldError,
    json::Object,
    outcome::named,
    target::{Header, Stored, header_list, parse_url},
};

mod placeholder;
mod request;

pub use placeholder::{WebhookPlaceholder, WebhookValue, Written};
pub use request::{LARGEST_BODY, OwnRequest, USUAL_CONTENT_TYPE, WebhookMethod};

/// An endpoint, signed as Standard Webhooks says, whatever the body is. The URL often carries a token, so it is a secret
/// as well.
#[derive(Clone, Debug)]
pub struct WebhookChannel {
    pub url: SecretString,
    /// `whsec_` + base64 of 24 to 64 bytes. Without one the message goes out unsigned.
    pub secret: Option<SecretString>,
    pub headers: Vec<Header>,
    pub shape: WebhookShape,
    /// In the order of [`WebhookEvent::ALL`], at least one.
    pub events: Vec<WebhookEvent>,
}

named! {
    /// Whose language the body speaks.
    WebhookFormat {
        /// Our own, published in `docs/webhook-schema.json`.
        Standard = "standard",
        /// What Alertmanager sends to its webhook receivers, version 4.
        Alertmanager = "alertmanager",
        /// A body of one's own.
        Template = "template",
    }
}

/// A format with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookShape {
    Standard,
    Alertmanager,
    Template(OwnRequest),
}

impl WebhookShape {
    pub const fn format(&self) -> WebhookFormat {
        match self {
            Self::Standard => WebhookFormat::Standard,
            Self::Alertmanager => WebhookFormat::Alertmanager,
            Self::Template(_) => WebhookFormat::Template,
        }
    }

    pub const fn own(&self) -> Option<&OwnRequest> {
        match self {
            Self::Standard | Self::Alertmanager => None,
            Self::Template(own) => Some(own),
        }
    }

    /// Left out, it is the standard one: that is what there was before there were others.
    fn read(o: &mut Object) -> Option<Self> {
        let format = o.text("format").filter(|t| !t.is_empty());
        let format = format.unwrap_or_else(|| WebhookFormat::Standard.to_string());
        let format = o.parse("format", Some(format), |f, v| {
            let known: Vec<&str> = WebhookFormat::ALL.iter().map(|m| m.as_str()).collect();
            WebhookFormat::parse(&v).ok_or_else(|| FieldError::choice_unknown(f, &known))
        });
        let shape = match format {
            Some(WebhookFormat::Template) => return OwnRequest::read(o).map(Self::Template),
            Some(WebhookFormat::Alertmanager) => Some(Self::Alertmanager),
            Some(WebhookFormat::Standard) => Some(Self::Standard),
            None => None,
        };
        for name in OwnRequest::FIELDS {
            let given = o.value(name).is_some_and(|v| v != "");
            if given && shape.is_some() {
                let _: Option<()> = o.complain(
                    name,
                    "format-not-template",
                    "Only the format \"template\" has this. Choose it, or leave this out.",
                );
            }
        }
        shape
    }
}

named! {
    /// What a webhook can be asked to tell.
    WebhookEvent {
        /// Whatever begins (outages, slow answers, certificates, checks that cannot be made), its reminders.
        Opened = "opened",
        Acknowledged = "acknowledged",
        Resolved = "resolved",
    }
}

impl WebhookEvent {
    /// `None`: a test, which is sent to whoever asks for it.
    const fn of(event: Event) -> Option<Self> {
        match event {
            Event::Opened | Event::Reminder | Event::Flapping => Some(Self::Opened),
            Event::Acknowledged => Some(Self::Acknowledged),
            Event::Resolved => Some(Self::Resolved),
            Event::Test => None,
        }
    }

    /// All of them where nobody says.
    fn read(o: &mut Object) -> Option<Vec<Self>> {
        let chosen = match o.value("events") {
            None => return Some(Self::ALL.to_vec()),
            Some(Value::Array(items)) => items,
            Some(_) => return o.complain("events", "type-list", "This must be a list."),
        };
        o.parse("events", Some(chosen), |f, chosen| {
            let known: Vec<&str> = Self::ALL.iter().map(|e| e.as_str()).collect();
            let event = |v: &Value| v.as_str().and_then(Self::parse);
            let chosen: Option<Vec<Self>> = chosen.iter().map(event).collect();
            let chosen = chosen.ok_or_else(|| FieldError::choice_unknown(f, &known))?;
            if chosen.is_empty() {
                let message = "Choose at least one event. To stop all messages, switch the channel off.";
                return Err(FieldError::new(f, "events-missing", message));
            }
            let all = Self::ALL.iter().copied();
            Ok(all.filter(|e| chosen.contains(e)).collect())
        })
    }
}

impl WebhookChannel {
    pub(super) fn read(o: &mut Object, previous: Option<&Self>) -> Option<Self> {
        let stored_url = previous.and_then(|p| Url::parse(p.url.expose_secret()).ok());
        let url = match o.text("url") {
            Some(url) => o.parse("url", Some(url), |f, v| parse_url(f, &v)),
            None if stored_url.is_some() => stored_url.clone(),
            None => o.complain("url", "required", "This field is required."),
        };
        let secret = match o.text("secret") {
            Some(s) => o.parse("secret", Some(s), parse_secret).map(Some),
            None => Some(previous.and_then(|p| p.secret.clone())),
        };
        let stored = Stored {
            headers: previous.map_or(&[], |p| &p.headers),
            // A url that is itself refused needs no second complaint.
            same_place: stored_url
                .zip(url.as_ref())
                .is_none_or(|(stored, url)| stored.origin() == url.origin()),
        };
        // Left out altogether, the stored ones stay: the same as naming each with `null`.
        let headers = o.value("headers").unwrap_or_else(|| {
            stored
                .headers
                .iter()
                .map(|h| (h.name.clone(), Value::Null))
                .collect::<Map<_, _>>()
                .into()
        });
        let headers = o.parse("headers", Some(headers), |f, v| header_list(f, v, stored));
        let shape = WebhookShape::read(o);
        let events = WebhookEvent::read(o);
        Some(Self {
            url: SecretString::from(url?.to_string()),
            secret: secret?,
            headers: headers?,
            shape: shape?,
            events: events?,
        })
    }

    /// What may be read; secrets are `null`.
    pub(super) fn to_json(&self) -> Value {
        let headers: Map<String, Value> = self
            .headers
            .iter()
            .map(|h| (h.name.clone(), Value::Null))
            .collect();
        let mut all = json!({
            "url": null, "secret": null, "headers": headers,
            "format": self.shape.format(), "events": self.events,
        });
        if let Some(own) = self.shape.own() {
            all["method"] = own.method.as_str().into();
            all["content_type"] = own.content_type.as_str().into();
            all["body"] = own.source().map_or(Value::Null, Value::from);
        }
        all
    }

    pub(super) fn wants(&self, event: Event) -> bool {
        WebhookEvent::of(event).is_none_or(|e| self.events.contains(&e))
    }
}

/// A signing secret for a webhook that came without one.
pub fn signing_secret(random: &[u8; 32]) -> SecretString {
    SecretString::from(format!("whsec_{}", STANDARD.encode(random)))
}

/// Standard Webhooks 1.0.0: `whsec_` and the base64 of 24 to 64 random bytes.
fn parse_secret(field: &str, text: String) -> Result<SecretString, FieldError> {
    let body = text.trim().strip_prefix("whsec_").unwrap_or_default();
    let digits = body.trim_end_matches('=').len();
    let alphabet = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/' || b == b'=';
    // 24 bytes are 32 base64 digits, 64 bytes are 86.
    if !(32..=86).contains(&digits) || !body.len().is_multiple_of(4) || !body.bytes().all(alphabet) {
        return Err(FieldError::new(
            field,
            "webhook-secret",
            "A signing secret is \"whsec_\" and the base64 of 24 to 64 bytes. Leave the field empty to have one made.",
        ));
    }
    Ok(SecretString::from(text.trim().to_owned()))
}
