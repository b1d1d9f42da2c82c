//! The dead-man's switch: an address elsewhere that is asked as long as the whole loop works. Whoever keeps it raises the
//! alarm when that stops, for Watchbell cannot tell anybody that it is dead.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::{
    duration,
    field::{FieldError, FieldErrors},
    json::Object,
    outcome::named,
    target::parse_url,
};

const SHORTEST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_hours(1);
const USUAL: Duration = Duration::from_mins(1);
/// A message that is due for this long shows that nobody sends.
const PATIENCE: Duration = Duration::from_mins(5);
const SHORTEST_PATIENCE: Duration = Duration::from_mins(1);

named! {
    /// How the address is asked.
    PingMethod {
        Get = "GET",
        Post = "POST",
        Head = "HEAD",
    }
}

/// The settings. The address holds a key as a rule, so it is a secret.
#[derive(Clone, Debug)]
pub struct DeadMan {
    pub enabled: bool,
    /// `None`: nobody entered one, or it was sealed with another key.
    pub url: Option<SecretString>,
    pub method: PingMethod,
    /// 30 s to 1 h.
    pub every: Duration,
    /// No ping when a message has been due for longer. 1 m to 1 h.
    pub patience: Duration,
}

impl Default for DeadMan {
    fn default() -> Self {
        Self {
            enabled: false,
            url: None,
            method: PingMethod::Get,
            every: USUAL,
            patience: PATIENCE,
        }
    }
}

impl DeadMan {
    /// `previous` gives the address where the body has none. What else is left out returns to its default.
    pub fn from_json(body: Value, previous: &Self) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", body)?;
        let enabled = o.boolean("enabled").unwrap_or(true);
        let url = o.text("url");
        let url = match o.parse("url", url, |f, v| parse_url(f, &v)) {
            Some(url) => Some(SecretString::from(url.to_string())),
            None => previous.url.clone(),
        };
        if enabled && url.is_none() && o.errors.is_empty() {
            o.complain::<()>("url", "required", "This field is required.");
        }
        let method = o.text("method");
        let method = o.parse("method", method, |f, text| {
            PingMethod::parse(&text).ok_or_else(|| {
                let known: Vec<&str> = PingMethod::ALL.iter().map(|m| m.as_str()).collect();
                let known = known.join(", ");
                FieldError::new(f, "choice-unknown", format!("Choose one of: {known}.")).with("known", known)
            })
        });
        let every = o.text("every");
        let every = o.parse("every", every, |f, text| {
            duration::parse_between(f, &text, SHORTEST, LONGEST)
        });
        let patience = o.text("patience");
        let patience = o.parse("patience", patience, |f, text| {
            duration::parse_between(f, &text, SHORTEST_PATIENCE, LONGEST)
        });
        let errors = o.finish();
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            enabled,
            url,
            method: method.unwrap_or(PingMethod::Get),
            every: every.unwrap_or(USUAL),
            patience: patience.unwrap_or(PATIENCE),
        })
    }

    /// Without the address.
    pub fn to_json(&self) -> Value {
        json!({
            "enabled": self.enabled,
            "method": self.method,
            "every": duration::format(self.every),
            "patience": duration::format(self.patience),
        })
    }

    /// Scheme and host of the address: as much of it as anybody may see.
    pub fn origin(&self) -> Option<String> {
        let url = Url::parse(self.url.as_ref()?.expose_secret()).ok()?;
        Some(url.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: Value) -> Result<DeadMan, Vec<String>> {
        DeadMan::from_json(body, &DeadMan::default())
            .map_err(|errors| errors.0.iter().map(|e| e.field.clone()).collect())
    }

    #[test]
    fn what_is_left_out_is_as_usual_and_the_address_stays() {
        let first = parse(json!({ "url": "https://hc.example/ping/k3y" })).unwrap();
        assert!(first.enabled && first.method == PingMethod::Get && first.every == USUAL);
        assert_eq!(first.origin().as_deref(), Some("https://hc.example"));
        let body = json!({ "every": "30s", "method": "HEAD", "patience": "10m" });
        let second = DeadMan::from_json(body, &first).unwrap();
        assert_eq!(
            second.url.as_ref().unwrap().expose_secret(),
            "https://hc.example/ping/k3y"
        );
        assert_eq!((second.every, second.method), (SHORTEST, PingMethod::Head));
        let stored = DeadMan::from_json(second.to_json(), &second).unwrap();
        assert_eq!((stored.patience, stored.method), (second.patience, second.method));
        assert!(!format!("{second:?} {}", second.to_json()).contains("k3y"));
    }

    #[test]
    fn every_mistake_is_named_by_its_field() {
        for (body, field) in [
            (json!({}), "url"),
            (json!({ "url": "hc.example" }), "url"),
            (json!({ "url": "ftp://hc.example/" }), "url"),
            (json!({ "url": "https://hc.example/", "every": "29s" }), "every"),
            (json!({ "url": "https://hc.example/", "every": "61m" }), "every"),
            (json!({ "url": "https://hc.example/", "method": "PUT" }), "method"),
            (
                json!({ "url": "https://hc.example/", "patience": "1s" }),
                "patience",
            ),
            (json!({ "url": "https://hc.example/", "fail": true }), "fail"),
        ] {
            assert_eq!(parse(body.clone()).unwrap_err(), [field], "{body}");
        }
        assert!(!parse(json!({ "enabled": false })).unwrap().enabled);
    }
}
