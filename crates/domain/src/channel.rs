//! Where messages go: a named channel of some kind with its own configuration.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::{
    delivery::Event,
    field::{FieldError, FieldErrors},
    hours::Quiet,
    id::ChannelId,
    json::Object,
    language::Language,
    outcome::named,
    retry::RetryPolicy,
    target::header_values,
    text::parse_line,
    zone::Tz,
};

pub mod catalogue;
mod email;
mod service;
mod webhook;

pub use email::EmailChannel;
pub use service::{Family, Need, Service, ServiceChannel, ServiceField, Shape};
pub use webhook::{
    LARGEST_BODY, OwnRequest, USUAL_CONTENT_TYPE, WebhookChannel, WebhookEvent, WebhookFormat, WebhookMethod,
    WebhookPlaceholder, WebhookShape, WebhookValue, Written, signing_secret,
};

named! {
    ChannelKind {
        Email = "email",
        Webhook = "webhook",
        Slack = "slack",
        SlackBot = "slack_bot",
        Discord = "discord",
        Teams = "teams",
        GoogleChat = "google_chat",
        Mattermost = "mattermost",
        RocketChat = "rocket_chat",
        Telegram = "telegram",
        Matrix = "matrix",
        Feishu = "feishu",
        DingTalk = "dingtalk",
        WeCom = "wecom",
        PagerDuty = "pagerduty",
        SplunkOnCall = "splunk_on_call",
        Alertmanager = "alertmanager",
        Ntfy = "ntfy",
        Pushover = "pushover",
        Gotify = "gotify",
        Bark = "bark",
        ServerChan = "serverchan",
        Twilio = "twilio",
        Apprise = "apprise",
    }
}

impl ChannelKind {
    /// Whether people read its messages one by one, so that many are better as one. Programs have a key of their own for
    /// each event: they get each by itself.
    pub const fn is_for_people(self) -> bool {
        match self {
            Self::Webhook | Self::PagerDuty | Self::SplunkOnCall | Self::Alertmanager => false,
            Self::Email
            | Self::Slack
            | Self::SlackBot
            | Self::Discord
            | Self::Teams
            | Self::GoogleChat
            | Self::Mattermost
            | Self::RocketChat
            | Self::Telegram
            | Self::Matrix
            | Self::Feishu
            | Self::DingTalk
            | Self::WeCom
            | Self::Ntfy
            | Self::Pushover
            | Self::Gotify
            | Self::Bark
            | Self::ServerChan
            | Self::Twilio
            | Self::Apprise => true,
        }
    }
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
    /// Hours of the week in which it does not ring.
    pub quiet: Option<Quiet>,
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
    /// Hours of the week in which it does not ring.
    pub quiet: Option<Quiet>,
}

#[derive(Clone, Debug)]
pub enum ChannelConfig {
    Email(EmailChannel),
    Webhook(WebhookChannel),
    Service(ServiceChannel),
}

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
                let known: Vec<&str> = ChannelKind::ALL.iter().map(|k| k.as_str()).collect();
                let known = known.join(", ");
                FieldError::new(f, "kind-unknown", format!("Choose one of: {known}.")).with("known", known)
            })
        });
        let enabled = o.boolean("enabled").unwrap_or(true);
        let fallback = o.integer("fallback").map(ChannelId);
        let quiet = o.part("quiet", Quiet::from_json);
        let config = o.value("config");
        let config = match (kind, config) {
            (Some(kind), Some(config)) => {
                let read = ChannelConfig::from_json("config", kind, config, previous);
                o.errors.absorb(read)
            }
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
                quiet,
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
            service => {
                let previous = match previous {
                    Some(Self::Service(s)) => Some(s),
                    _ => None,
                };
                ServiceChannel::read(&mut o, service, previous).map(Self::Service)
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
            Self::Webhook(w) => w.to_json(),
            Self::Service(s) => s.to_json(),
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
            Self::Service(s) => s.secrets(),
        }
    }

    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::Email(_) => ChannelKind::Email,
            Self::Webhook(_) => ChannelKind::Webhook,
            Self::Service(s) => s.kind(),
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
            Self::Webhook(_) | Self::Service(_) => vec![String::new()],
        }
    }

    /// Whether messages about this go through it at all.
    pub fn wants(&self, event: Event) -> bool {
        match self {
            Self::Webhook(w) => w.wants(event),
            Self::Email(_) | Self::Service(_) => true,
        }
    }

    /// What a page may say of where messages go: the addresses, or the origin of the URL without its path.
    pub fn summary(&self) -> String {
        match self {
            Self::Email(_) => self.recipients().join(", "),
            Self::Webhook(w) => Url::parse(w.url.expose_secret())
                .map(|u| format!("{}/…", u.origin().ascii_serialization()))
                .unwrap_or_default(),
            Self::Service(s) => s.origin().unwrap_or_default(),
        }
    }

    pub fn retry_policy(&self) -> RetryPolicy {
        match self {
            Self::Email(_) => RetryPolicy::MAIL,
            Self::Webhook(_) | Self::Service(_) => RetryPolicy::HTTP,
        }
    }
}
