//! An endpoint of one's own.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    field::FieldError,
    json::Object,
    target::{Header, Stored, header_list, parse_url},
};

/// A Standard Webhooks endpoint. The URL often carries a token, so it is a secret as well.
#[derive(Clone, Debug)]
pub struct WebhookChannel {
    pub url: SecretString,
    /// `whsec_` + base64 of 24 to 64 bytes. Without one the message goes out unsigned.
    pub secret: Option<SecretString>,
    pub headers: Vec<Header>,
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
        Some(Self {
            url: SecretString::from(url?.to_string()),
            secret: secret?,
            headers: headers?,
        })
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
