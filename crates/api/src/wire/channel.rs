//! Channels.

use std::collections::BTreeMap;

use alert::channel::{Receipt, Retry, SendError};
use domain::{
    attention::{Attention, Rejection},
    channel::{Channel, ChannelConfig, ChannelKind, OwnRequest, WebhookEvent, WebhookFormat, WebhookMethod},
};
use serde::Serialize;
use store::ChannelHealth;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Ref, RefOr,
        schema::{AnyOfBuilder, Array, ArrayBuilder, Object, Schema},
    },
};

use super::{
    Time,
    hours::QuietHours,
    monitor::headers_set,
    one_of,
    service::{ServiceConfigDraft, ServiceConfigView},
};

fn kinds() -> Object {
    one_of(ChannelKind::ALL.iter().map(|k| k.as_str()))
}

/// What a person sets. An unknown field is refused by its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelDraft {
    #[schema(max_length = 120)]
    pub name: String,
    #[schema(schema_with = kinds)]
    pub kind: &'static str,
    pub config: ChannelConfigDraft,
    /// `false`: nothing is sent and nothing is planned. Default `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The channel that stands in when this one has not delivered within two minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<i64>,
    /// Hours of the week in which it does not ring. Left out: there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum ChannelConfigDraft {
    Email(EmailConfig),
    Webhook(WebhookConfigDraft),
    Service(ServiceConfigDraft),
}

/// By `kind`; several kinds want the same fields, so a body can be one of many.
macro_rules! any_config {
    ($name:ident: $($kind:ident),+) => {
        impl ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                $(
                    schemas.push(($kind::name().into_owned(), $kind::schema()));
                    $kind::schemas(schemas);
                )+
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let any = AnyOfBuilder::new();
                $(let any = any.item(Ref::from_schema_name($kind::name()));)+
                RefOr::T(Schema::AnyOf(any.build()))
            }
        }
    };
}

any_config!(ChannelConfigDraft: EmailConfig, WebhookConfigDraft, ServiceConfigDraft);
any_config!(ChannelConfigView: EmailConfig, WebhookConfigView, ServiceConfigView);

/// `kind` email. Each address gets a message of its own.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    #[schema(min_items = 1, max_items = 50)]
    pub to: Vec<String>,
    #[schema(required = false)]
    pub cc: Vec<String>,
    #[schema(required = false)]
    pub bcc: Vec<String>,
    /// Of its messages: `en` or `zh-CN`. `null`: as set for the installation.
    #[schema(example = "zh-CN")]
    pub language: Option<String>,
    /// Of the times in its messages, by its IANA name. `null`: as set for the installation.
    #[schema(example = "Asia/Shanghai")]
    pub timezone: Option<String>,
    /// The mail profile that is used first. Left out: the first in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<i64>,
}

/// `kind` webhook. The address, the secret and the headers are write-only.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfigDraft {
    pub url: String,
    /// `whsec_` and the base64 of 24 to 64 bytes. Left out of a POST: one is made, and the answer tells it this once. A
    /// PATCH can replace it but not remove it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Sent along. In a PATCH a header that is left out keeps its value and `null` removes it. A value is kept only while
    /// scheme, host and port of `url` stay the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// `standard` (the default): as described in `docs/webhook-schema.json`. `alertmanager`: what Alertmanager sends to its
    /// webhook receivers, version 4. `template`: a body of your own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = formats)]
    pub format: Option<&'static str>,
    /// What is sent; all of it when left out. `opened` is whatever begins (outages, slow answers, certificates, checks
    /// that cannot be made) and its reminders.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = events)]
    pub events: Option<Vec<&'static str>>,
    /// Of format `template`, like the two below; another format must come without them. Default POST.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = methods)]
    pub method: Option<&'static str>,
    /// Default `application/json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 120)]
    pub content_type: Option<String>,
    /// With placeholders: `{{event}}`, `{{monitor}}`, `{{target}}`, `{{status}}`, `{{since}}`, `{{reason}}`,
    /// `{{duration}}`, `{{link}}`, `{{incident_id}}`, `{{timestamp}}`; each also as a JSON text with its quotes,
    /// `{{json:reason}}`, and percent-encoded, `{{url:reason}}`. JSON takes no bare ones, and forms take `url:` alone. A GET
    /// has no body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 8000, example = "{\"text\": {{json:reason}}}")]
    pub body: Option<String>,
}

fn formats() -> Object {
    one_of(WebhookFormat::ALL.iter().map(|f| f.as_str()))
}

fn methods() -> Object {
    one_of(WebhookMethod::ALL.iter().map(|m| m.as_str()))
}

fn events() -> Array {
    ArrayBuilder::new()
        .items(one_of(WebhookEvent::ALL.iter().map(|e| e.as_str())))
        .min_items(Some(1))
        .build()
}

/// A channel as it is read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelView {
    pub id: i64,
    pub name: String,
    #[schema(schema_with = kinds)]
    pub kind: &'static str,
    pub enabled: bool,
    /// The channel that stands in when this one has not delivered within two minutes.
    pub fallback: Option<i64>,
    /// Hours of the week in which it does not ring; `null`: there are none.
    pub quiet: Option<QuietHours>,
    /// Its secrets were sealed with a key that this instance does not have. Nothing is sent until `config` is sent again.
    pub locked: bool,
    /// `null` while locked.
    pub config: Option<ChannelConfigView>,
    pub health: HealthView,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ChannelConfigView {
    Email(EmailConfig),
    Webhook(WebhookConfigView),
    Service(ServiceConfigView),
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookConfigView {
    pub url_set: bool,
    pub secret_set: bool,
    /// Only in the answer to the POST that had it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// `"<name>_set": true` for each header that is sent.
    pub headers: BTreeMap<String, bool>,
    #[schema(schema_with = formats)]
    pub format: &'static str,
    #[schema(schema_with = events)]
    pub events: Vec<&'static str>,
    /// Of format `template`, like the two below; `null` with another one.
    pub method: Option<&'static str>,
    pub content_type: Option<String>,
    /// As it was entered; `null` with a GET as well.
    pub body: Option<String>,
}

/// How sending through it goes.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthView {
    pub last_success_at: Option<Time>,
    pub last_failure_at: Option<Time>,
    pub last_failure: Option<String>,
    /// Messages that are not sent yet.
    pub pending: u64,
    /// Those among them that nothing is tried for before somebody has changed settings.
    pub waiting: u64,
    /// The receiver refuses the channel as such; `null`: it does not.
    pub attention: Option<AttentionView>,
}

/// Why somebody has to look after a channel. Saving it, a test or a message that is accepted end it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttentionView {
    pub since: Time,
    /// `gone` (410), `unauthorised` (401 and what services say instead), `not_found` (404).
    #[schema(schema_with = rejections)]
    pub rejection: &'static str,
    /// What happened and what to do.
    pub reason: String,
    /// The receiver's own words.
    pub said: Option<String>,
    /// When one message is tried again; `null`: none is before somebody saves the channel or tests it.
    pub next_try_at: Option<Time>,
}

/// What became of a test: the receipt, or the classified error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelTest {
    /// The other side gave its final yes.
    pub ok: bool,
    /// The other side's own name for the message, if it said one.
    pub reference: Option<String>,
    /// What went wrong and what to do.
    pub error: Option<String>,
    /// What a delivery that failed like this would do: `never` try again, `briefly` a few times, `backoff` until it
    /// expires, `after` the time that the other side named, `on_settings` when the settings are saved.
    #[schema(schema_with = retries)]
    pub retry: Option<&'static str>,
    /// `host:port` as it was set up.
    pub server: Option<String>,
    /// The address that was dialled.
    pub remote: Option<String>,
    /// The last step that was reached.
    pub step: Option<String>,
    pub reply_code: Option<u16>,
    /// The other side's words.
    pub reply_text: Option<String>,
    /// Of the mail settings that were used.
    pub settings_revision: Option<i64>,
}

impl ChannelTest {
    pub(crate) fn new(result: Result<Receipt, SendError>) -> Self {
        let (ok, reference, failure, trace) = match result {
            Ok(receipt) => (true, receipt.reference, None, receipt.trace),
            Err(e) => (false, None, Some((e.reason, retry_word(e.retry))), e.trace),
        };
        let (error, retry) = failure.unzip();
        Self {
            ok,
            reference,
            error,
            retry,
            server: trace.server,
            remote: trace.remote.map(|r| r.to_string()),
            step: trace.step,
            reply_code: trace.reply_code,
            reply_text: trace.reply_text,
            settings_revision: trace.settings_revision,
        }
    }
}

const RETRY_WORDS: [&str; 5] = ["never", "briefly", "backoff", "after", "on_settings"];

fn retry_word(retry: Retry) -> &'static str {
    match retry {
        Retry::Never => "never",
        Retry::Briefly => "briefly",
        Retry::Backoff | Retry::Within(_) => "backoff",
        Retry::After(_) => "after",
        Retry::OnSettings => "on_settings",
    }
}

fn retries() -> Object {
    use utoipa::openapi::schema::{SchemaType, Type};
    let mut words = one_of(RETRY_WORDS);
    words.schema_type = SchemaType::from_iter([Type::String, Type::Null]);
    if let Some(values) = words.enum_values.as_mut() {
        values.push(serde_json::Value::Null);
    }
    words
}

impl From<&ChannelConfig> for ChannelConfigView {
    fn from(config: &ChannelConfig) -> Self {
        let texts = |list: &[domain::mail::Address]| list.iter().map(ToString::to_string).collect();
        match config {
            ChannelConfig::Email(e) => Self::Email(EmailConfig {
                to: texts(&e.to),
                cc: texts(&e.cc),
                bcc: texts(&e.bcc),
                language: e.language.map(|l| l.to_string()),
                timezone: e.timezone.map(|z| z.name().to_owned()),
                profile: e.profile.map(|id| id.0),
            }),
            ChannelConfig::Webhook(w) => Self::Webhook(WebhookConfigView {
                url_set: true,
                secret_set: w.secret.is_some(),
                secret: None,
                headers: headers_set(&w.headers),
                format: w.shape.format().as_str(),
                events: w.events.iter().map(|e| e.as_str()).collect(),
                method: w.shape.own().map(|own| own.method.as_str()),
                content_type: w.shape.own().map(|own| own.content_type.clone()),
                body: w.shape.own().and_then(OwnRequest::source).map(str::to_owned),
            }),
            ChannelConfig::Service(s) => Self::Service(s.into()),
        }
    }
}

impl AttentionView {
    fn new(kind: ChannelKind, attention: &Attention) -> Self {
        Self {
            since: Time(attention.since),
            rejection: attention.rejection.as_str(),
            reason: attention.reason.clone(),
            said: attention.said.clone(),
            next_try_at: (!attention.disables(kind)).then_some(Time(attention.until)),
        }
    }
}

fn rejections() -> Object {
    one_of(Rejection::ALL.iter().map(|r| r.as_str()))
}

impl ChannelView {
    pub(crate) fn new(channel: &Channel, health: Option<&ChannelHealth>) -> Self {
        let failure = health.and_then(|h| h.last_failure.clone());
        let (last_failure_at, last_failure) = failure.unzip();
        Self {
            id: channel.id.0,
            name: channel.name.clone(),
            kind: channel.kind.as_str(),
            enabled: channel.enabled,
            fallback: channel.fallback.map(|id| id.0),
            quiet: channel.quiet.as_ref().map(Into::into),
            locked: channel.config.is_none(),
            config: channel.config.as_ref().map(Into::into),
            health: HealthView {
                last_success_at: health.and_then(|h| h.last_success).map(Time),
                last_failure_at: last_failure_at.map(Time),
                last_failure,
                pending: health.map_or(0, |h| h.pending),
                waiting: health.map_or(0, |h| h.waiting),
                attention: health
                    .and_then(|h| h.attention.as_ref())
                    .map(|a| AttentionView::new(channel.kind, a)),
            },
        }
    }
}
