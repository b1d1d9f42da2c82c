//! The part of the form of a webhook that says what is sent: its format, a body of one's own with an example of it, and
//! the events.
//!
//! The example is filled in by the function that fills in real messages. With the script it follows what is typed
//! (`web/static/preview.js`).

use askama::Template;
use axum::Form as FormBody;
use domain::{
    channel::{
        ChannelConfig, ChannelKind, USUAL_CONTENT_TYPE, WebhookChannel, WebhookEvent, WebhookFormat,
        WebhookMethod, WebhookValue,
    },
    field::FieldErrors,
};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    Section, Shell, SignedIn, Typed,
    components::{Field, Form},
    error,
    locale::Language,
    pages::form::{ticked, value},
    shell::page_with,
};

pub(super) const FORMAT: &str = "config.format";
pub(super) const METHOD: &str = "config.method";
pub(super) const CONTENT_TYPE: &str = "config.content_type";
pub(super) const BODY: &str = "config.body";
pub(super) const EVENTS: &str = "config.events";

/// Something to begin with.
const FIRST_BODY: &str = r#"{
  "title": {{json:monitor}},
  "status": {{json:status}},
  "message": {{json:reason}},
  "link": {{json:link}}
}"#;

/// The box of one event.
fn event(event: WebhookEvent) -> String {
    format!("{EVENTS}.{event}")
}

/// The form of a new one.
pub(super) fn fresh(form: Form) -> Form {
    let form = form
        .with(FORMAT, WebhookFormat::Standard)
        .with(METHOD, WebhookMethod::Post)
        .with(CONTENT_TYPE, USUAL_CONTENT_TYPE)
        .with(BODY, FIRST_BODY);
    let all = WebhookEvent::ALL.iter();
    all.fold(form, |form, e| form.tick(&event(*e), true))
}

/// The form of one as it is stored.
pub(super) fn stored(form: Form, channel: &WebhookChannel) -> Form {
    let form = form
        .with(FORMAT, channel.shape.format())
        .with(METHOD, WebhookMethod::Post)
        .with(CONTENT_TYPE, USUAL_CONTENT_TYPE)
        .with(BODY, FIRST_BODY);
    let form = channel
        .events
        .iter()
        .fold(form, |form, e| form.tick(&event(*e), true));
    match channel.shape.own() {
        Some(own) => form
            .with(METHOD, own.method)
            .with(CONTENT_TYPE, &own.content_type)
            .with(BODY, own.source().unwrap_or(FIRST_BODY)),
        None => form,
    }
}

/// What was typed, as a part of the `config` of the API. What is not shown for a format or a method does not count.
pub(super) fn body(typed: &[(String, String)]) -> Map<String, Value> {
    let mut all = Map::new();
    let format = value(typed, FORMAT);
    if format.is_empty() {
        return all;
    }
    all.insert("format".to_owned(), format.into());
    let events = WebhookEvent::ALL.iter().filter(|e| ticked(typed, &event(**e)));
    let events: Vec<&str> = events.map(|e| e.as_str()).collect();
    all.insert("events".to_owned(), events.into());
    if format == WebhookFormat::Template.as_str() {
        all.extend(own(typed));
    }
    all
}

fn own(typed: &[(String, String)]) -> Map<String, Value> {
    let mut own = Map::new();
    for (name, path) in [("method", METHOD), ("content_type", CONTENT_TYPE), ("body", BODY)] {
        own.insert(name.to_owned(), value(typed, path).into());
    }
    if value(typed, METHOD) == WebhookMethod::Get.as_str() {
        own.remove("body");
    }
    own
}

/// A body filled in, or what is wrong with it.
pub(crate) struct Example {
    /// `None`: a GET.
    pub(super) body: Option<String>,
    pub(super) complaints: Vec<String>,
}

impl Example {
    fn new(language: Language, own: Map<String, Value>) -> Self {
        match read(own) {
            Ok(channel) => Self {
                body: channel.and_then(|c| c.shape.own()?.body(|value| value.example().to_owned())),
                complaints: Vec::new(),
            },
            Err(errors) => Self {
                body: None,
                complaints: errors.0.iter().map(|e| language.complaint(e)).collect(),
            },
        }
    }

    /// Of the fields as the form shows them.
    pub(super) fn of(language: Language, form: &Form) -> Self {
        let shown = [METHOD, CONTENT_TYPE, BODY].map(|path| (path.to_owned(), form.value(path).to_owned()));
        Self::new(language, own(&shown))
    }
}

/// The request alone: where it goes has no part in the example.
fn read(own: Map<String, Value>) -> Result<Option<WebhookChannel>, FieldErrors> {
    let mut config = json!({ "url": "https://example.org/", "format": WebhookFormat::Template });
    if let Some(all) = config.as_object_mut() {
        all.extend(own);
    }
    match ChannelConfig::from_json("config", ChannelKind::Webhook, config, None)? {
        ChannelConfig::Webhook(channel) => Ok(Some(channel)),
        ChannelConfig::Email(_) | ChannelConfig::Service(_) => Ok(None),
    }
}

/// The part of the page that the script replaces.
#[derive(Template)]
#[template(path = "components/webhook-example.html")]
pub(crate) struct ExamplePart {
    pub(super) shell: Shell,
    pub(super) example: Example,
}

pub(super) async fn preview(signed_in: SignedIn, FormBody(typed): Typed) -> error::Result {
    let shell = signed_in.shell(Section::Channels, "nav-channels");
    let example = Example::new(shell.language, own(&typed));
    let status = if example.complaints.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    page_with(status, &ExamplePart { shell, example })
}

/// Which of the formats.
pub(super) fn format_field(shell: &Shell, form: &Form) -> Field {
    let t = |key: &str| shell.t(key);
    form.radio(FORMAT, t("webhook-format"))
        .choice_with(
            WebhookFormat::Standard,
            t("webhook-standard"),
            t("webhook-standard-hint"),
        )
        .choice_with(
            WebhookFormat::Alertmanager,
            t("webhook-alertmanager"),
            t("webhook-alertmanager-hint"),
        )
        .choice_with(
            WebhookFormat::Template,
            t("webhook-template"),
            t("webhook-template-hint"),
        )
}

pub(super) fn method_field(shell: &Shell, form: &Form) -> Field {
    let field = form.select(METHOD, shell.t("webhook-method"));
    let methods = WebhookMethod::ALL.iter();
    methods.fold(field, |field, m| field.choice(m, m))
}

/// A box for each event.
pub(super) fn event_fields(shell: &Shell, form: &Form) -> Vec<Field> {
    let words = |e: WebhookEvent| match e {
        WebhookEvent::Opened => shell.t("webhook-opened"),
        WebhookEvent::Acknowledged => shell.t("webhook-acknowledged"),
        WebhookEvent::Resolved => shell.t("webhook-resolved"),
    };
    WebhookEvent::ALL
        .iter()
        .map(|e| form.checkbox(&event(*e), words(*e)))
        .collect()
}

/// The placeholders and what they mean.
pub(super) fn placeholders(shell: &Shell) -> Vec<(String, String)> {
    let key = |value: WebhookValue| match value {
        WebhookValue::Event => "webhook-value-event",
        WebhookValue::Monitor => "placeholder-monitor",
        WebhookValue::Target => "placeholder-target",
        WebhookValue::Status => "webhook-value-status",
        WebhookValue::Since => "webhook-value-since",
        WebhookValue::Reason => "placeholder-reason",
        WebhookValue::Duration => "webhook-value-duration",
        WebhookValue::Link => "placeholder-link",
        WebhookValue::IncidentId => "placeholder-incident",
        WebhookValue::Timestamp => "webhook-value-timestamp",
    };
    let all = WebhookValue::ALL.iter();
    all.map(|v| (format!("{{{{{v}}}}}"), shell.t(key(*v)).to_string()))
        .collect()
}
