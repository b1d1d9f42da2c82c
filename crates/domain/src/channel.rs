//! Where messages go: a named channel of some kind with its own configuration.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    field::{FieldError, FieldErrors},
    id::{ChannelId, ProfileId},
    json::Object,
    language::Language,
    mail::Address,
    outcome::named,
    retry::RetryPolicy,
    target::{Header, Stored, header_list, header_values, parse_url},
    text::parse_line,
    zone::{self, Tz},
};

named! {
    ChannelKind { Email = "email", Webhook = "webhook" }
}

/// A stored channel.
#[derive(Clone, Debug)]
pub struct Channel {
    pub id: ChannelId,
    pub name: String,
    pub kind: ChannelKind,
    pub enabled: bool,
    /// Stands in for this one when it cannot deliver.
    pub fallback: Option<ChannelId>,
    /// `None`: its secrets were sealed with a key that we do not have. Nothing is sent until they are entered again.
    pub config: Option<ChannelConfig>,
}

/// The body of `POST /api/v1/channels`, valid.
#[derive(Clone, Debug)]
pub struct ChannelDraft {
    pub name: String,
    pub config: ChannelConfig,
    pub enabled: bool,
    /// Stands in for this one when it cannot deliver.
    pub fallback: Option<ChannelId>,
}

#[derive(Clone, Debug)]
pub enum ChannelConfig {
    Email(EmailChannel),
    Webhook(WebhookChannel),
}

/// Every address gets a message of its own; `cc` and `bcc` are kept apart because people think in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailChannel {
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
    pub bcc: Vec<Address>,
    /// Of the people who read it; `None` = that of the installation.
    pub language: Option<Language>,
    /// In which their times are; `None` = that of the installation.
    pub timezone: Option<Tz>,
    /// The mail profile that is used first; `None`: the first in order.
    pub profile: Option<ProfileId>,
}

/// A Standard Webhooks endpoint. The URL often carries a token, so it is a secret as well.
#[derive(Clone, Debug)]
pub struct WebhookChannel {
    pub url: SecretString,
    /// `whsec_` + base64 of 24 to 64 bytes. Without one the message goes out unsigned.
    pub secret: Option<SecretString>,
    pub headers: Vec<Header>,
}

const MOST_RECIPIENTS: usize = 50;

impl ChannelDraft {
    /// `previous` supplies the secrets that the new body leaves out.
    pub fn from_json(value: Value, previous: Option<&ChannelConfig>) -> Result<Self, FieldErrors> {
        let mut o = Object::new("", value)?;
        let name = o.required_text("name");
        let name = o.parse("name", name, |f, v| {
            parse_line(f, &v, crate::monitor::LONGEST_NAME)
        });
        let kind = o.required_text("kind");
        let kind = o.parse("kind", kind, |f, v| {
            ChannelKind::parse(&v).ok_or_else(|| {
                FieldError::new(f, "kind-unknown", "Choose one of: email, webhook.")
                    .with("known", "email, webhook")
            })
        });
        let enabled = o.boolean("enabled").unwrap_or(true);
        let fallback = o.integer("fallback").map(ChannelId);
        let config = o.value("config");
        let config = match (kind, config) {
            (Some(kind), Some(config)) => match ChannelConfig::from_json("config", kind, config, previous) {
                Ok(c) => Some(c),
                Err(errors) => {
                    o.errors.0.extend(errors.0);
                    None
                }
            },
            (_, None) => o.complain("config", "required", "This field is required."),
            (None, Some(_)) => None,
        };
        let errors = o.finish();
        let draft = (|| {
            Some(Self {
                name: name?,
                config: config?,
                enabled,
                fallback,
            })
        })();
        draft.filter(|_| errors.is_empty()).ok_or(errors)
    }
}

impl ChannelConfig {
    pub fn from_json(
        prefix: &str,
        kind: ChannelKind,
        value: Value,
        previous: Option<&Self>,
    ) -> Result<Self, FieldErrors> {
        let mut o = Object::new(prefix, value)?;
        let config = match kind {
            ChannelKind::Email => EmailChannel::read(&mut o).map(Self::Email),
            ChannelKind::Webhook => {
                let previous = match previous {
                    Some(Self::Webhook(w)) => Some(w),
                    _ => None,
                };
                WebhookChannel::read(&mut o, previous).map(Self::Webhook)
            }
        };
        let errors = o.finish();
        config.filter(|_| errors.is_empty()).ok_or(errors)
    }

    /// The `config` object as it may be read: secrets are `null`.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Email(e) => json!({
                "to": e.to, "cc": e.cc, "bcc": e.bcc,
                "language": e.language.map(Language::as_str), "timezone": e.timezone.map(Tz::name), "profile": e.profile,
            }),
            Self::Webhook(w) => {
                let headers: Map<String, Value> =
                    w.headers.iter().map(|h| (h.name.clone(), Value::Null)).collect();
                json!({ "url": null, "secret": null, "headers": headers })
            }
        }
    }

    /// The secrets alone, in the shape of [`Self::to_json`], for sealing.
    pub fn secrets(&self) -> Option<SecretString> {
        match self {
            Self::Email(_) => None,
            Self::Webhook(w) => {
                let mut all = json!({ "url": w.url.expose_secret() });
                if let Some(s) = &w.secret {
                    all["secret"] = s.expose_secret().into();
                }
                if let Some(values) = header_values(&w.headers) {
                    all["headers"] = values.into();
                }
                Some(SecretString::from(all.to_string()))
            }
        }
    }

    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::Email(_) => ChannelKind::Email,
            Self::Webhook(_) => ChannelKind::Webhook,
        }
    }

    /// One delivery is planned for each of these. A channel without recipients of its own has one, the empty text.
    pub fn recipients(&self) -> Vec<String> {
        match self {
            Self::Email(e) => {
                let mut all: Vec<String> =
                    e.to.iter()
                        .chain(&e.cc)
                        .chain(&e.bcc)
                        .map(ToString::to_string)
                        .collect();
                let mut seen = std::collections::HashSet::new();
                all.retain(|a| seen.insert(a.to_ascii_lowercase()));
                all
            }
            Self::Webhook(_) => vec![String::new()],
        }
    }

    /// What a page may say of where messages go: the addresses, or the origin of the URL without its path.
    pub fn summary(&self) -> String {
        match self {
            Self::Email(_) => self.recipients().join(", "),
            Self::Webhook(w) => Url::parse(w.url.expose_secret())
                .map(|u| format!("{}/…", u.origin().ascii_serialization()))
                .unwrap_or_default(),
        }
    }

    pub fn retry_policy(&self) -> RetryPolicy {
        match self {
            Self::Email(_) => RetryPolicy::MAIL,
            Self::Webhook(_) => RetryPolicy::HTTP,
        }
    }
}

impl EmailChannel {
    fn read(o: &mut Object) -> Option<Self> {
        let mut list = |name: &str, required: bool| {
            let texts = o.texts(name).unwrap_or_default();
            if texts.len() > MOST_RECIPIENTS {
                return o.complain(name, "recipients-too-many", "Use at most 50 addresses.");
            }
            if required && texts.is_empty() && o.errors.of(&o.path(name)).next().is_none() {
                return o.complain(name, "recipients-missing", "Enter at least one mail address.");
            }
            o.parse(name, Some(texts), |f, v| {
                v.iter().map(|t| Address::parse(f, t)).collect()
            })
        };
        let (to, cc, bcc) = (list("to", true), list("cc", false), list("bcc", false));
        let language = o.text("language").filter(|t| !t.trim().is_empty());
        let language = o.parse("language", language, |f, v| Language::read(f, &v));
        let timezone = o.text("timezone").filter(|t| !t.trim().is_empty());
        let timezone = o.parse("timezone", timezone, |f, v| zone::parse(f, &v));
        let profile = o.integer("profile").map(ProfileId);
        Some(Self {
            to: to?,
            cc: cc?,
            bcc: bcc?,
            language,
            timezone,
            profile,
        })
    }
}

impl WebhookChannel {
    fn read(o: &mut Object, previous: Option<&Self>) -> Option<Self> {
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
