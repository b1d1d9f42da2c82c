//! Channels: what is refused, what is kept, what is never read back.

use domain::{
    channel::{
        ChannelConfig, ChannelDraft, ChannelKind, WebhookChannel, WebhookEvent, WebhookShape, signing_secret,
    },
    delivery::Event,
    sealed,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::refused;

fn webhook() -> Value {
    json!({"name": "Ops", "kind": "webhook", "config": {
        "url": "https://hooks.example.org/T0K3N", "secret": format!("whsec_{}", "QUJD".repeat(8)),
        "headers": {"Authorization": "Bearer canary"},
    }})
}

fn email(to: &[&str]) -> Value {
    json!({"name": "Team", "kind": "email", "config": {"to": to}})
}

fn draft(body: Value, previous: Option<&ChannelConfig>) -> ChannelDraft {
    ChannelDraft::from_json(body, previous).unwrap_or_else(|e| panic!("{e}"))
}

/// The secrets that a configuration would have sealed.
fn secrets(config: &ChannelConfig) -> Value {
    config
        .secrets()
        .and_then(|s| serde_json::from_str(s.expose_secret()).ok())
        .unwrap_or(Value::Null)
}

#[test]
fn every_mistake_is_named() {
    let with = |field: &str, value: Value| {
        let mut body = webhook();
        body["config"][field] = value;
        body
    };
    let many: Vec<String> = (0..51).map(|i| format!("a{i}@example.org")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut nameless = email(&["a@example.org"]);
    nameless["name"] = Value::Null;
    for (body, field, code) in [
        (json!([]), "", "type-object"),
        (
            json!({"name": "x", "kind": "pager", "config": {}}),
            "kind",
            "kind-unknown",
        ),
        (json!({"name": "x", "kind": "email"}), "config", "required"),
        (nameless, "name", "required"),
        (email(&[]), "config.to", "recipients-missing"),
        (email(&many), "config.to", "recipients-too-many"),
        (email(&["a@example.org", "b"]), "config.to", "address-invalid"),
        (
            email(&["a@example.org\r\nBcc: b@example.org"]),
            "config.to",
            "control-characters",
        ),
        (with("url", Value::Null), "config.url", "required"),
        (
            with("url", json!("file:///etc/passwd")),
            "config.url",
            "url-scheme",
        ),
        (
            with("secret", json!("hunter2")),
            "config.secret",
            "webhook-secret",
        ),
        (
            with("secret", json!("whsec_QUJD")),
            "config.secret",
            "webhook-secret",
        ),
        (
            with("headers", json!({"A b": "x"})),
            "config.headers",
            "header-name",
        ),
        (
            with("headers", json!({"Content-Length": "1"})),
            "config.headers",
            "header-reserved",
        ),
        (
            with("headers", json!({"X": "a\r\nY: b"})),
            "config.headers",
            "header-value",
        ),
        (
            with("headers", json!({"X": null})),
            "config.headers",
            "header-value-missing",
        ),
        (with("headers", json!({"X": 1})), "config.headers", "type-text"),
        (with("retries", json!(3)), "config.retries", "unknown-field"),
        (with("format", json!("xml")), "config.format", "choice-unknown"),
        (with("format", json!("template")), "config.body", "required"),
        (with("body", json!("{}")), "config.body", "format-not-template"),
        (
            with("method", json!("PUT")),
            "config.method",
            "format-not-template",
        ),
        (
            with("events", json!(["opened", "closed"])),
            "config.events",
            "choice-unknown",
        ),
        (with("events", json!([])), "config.events", "events-missing"),
        (with("events", json!("opened")), "config.events", "type-list"),
    ] {
        let found = refused(ChannelDraft::from_json(body.clone(), None));
        assert_eq!(found, [(field.to_owned(), code)], "{body:.120}");
    }
}

#[test]
fn nothing_secret_is_read_back() {
    let config = draft(webhook(), None).config;
    let public = config.to_json();
    for shown in [public.to_string(), format!("{config:?}"), config.summary()] {
        for secret in ["T0K3N", "QUJD", "canary"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
    assert_eq!(config.summary(), "https://hooks.example.org/…");
    let mut joined = public;
    sealed::join(&mut joined, secrets(&config));
    let back = ChannelConfig::from_json("config", ChannelKind::Webhook, joined, None).expect("valid");
    assert_eq!(secrets(&back), secrets(&config));
}

fn hook(config: &ChannelConfig) -> &WebhookChannel {
    let ChannelConfig::Webhook(hook) = config else {
        panic!("not a webhook: {config:?}");
    };
    hook
}

/// As the first version stored it.
#[test]
fn a_webhook_of_the_time_before_formats_speaks_the_standard_one_of_everything() {
    let mut stored: Value =
        serde_json::from_str(r#"{"headers":{"Authorization":null},"secret":null,"url":null}"#).unwrap();
    let sealed = json!({
        "url": "https://hooks.example.org/T0K3N", "secret": format!("whsec_{}", "QUJD".repeat(8)),
        "headers": {"Authorization": "Bearer canary"},
    });
    sealed::join(&mut stored, sealed.clone());
    let config = ChannelConfig::from_json("", ChannelKind::Webhook, stored, None).expect("valid");
    assert_eq!(hook(&config).shape, WebhookShape::Standard);
    assert_eq!(hook(&config).events, WebhookEvent::ALL);
    assert_eq!(secrets(&config), sealed);
}

#[test]
fn every_field_of_a_webhook_survives() {
    let own = json!({
        "format": "template", "method": "PUT", "content_type": "text/plain; charset=utf-8",
        "body": "{{status}}\n\t{{url:reason}}", "events": ["opened", "resolved"],
    });
    let get = json!({ "format": "template", "method": "GET", "content_type": "application/json", "body": null,
                      "events": ["acknowledged"] });
    let alertmanager = json!({ "format": "alertmanager", "events": ["opened", "acknowledged", "resolved"] });
    for fields in [own, get, alertmanager] {
        let mut body = webhook();
        let config = body["config"].as_object_mut().unwrap();
        config.extend(fields.as_object().unwrap().clone());
        let config = draft(body, None).config;
        let shown = config.to_json();
        for (name, value) in fields.as_object().unwrap() {
            assert_eq!(&shown[name], value, "{name}");
        }
        let mut joined = shown.clone();
        sealed::join(&mut joined, secrets(&config));
        let back = ChannelConfig::from_json("", ChannelKind::Webhook, joined, None).expect("valid");
        assert_eq!(back.to_json(), shown);
        assert_eq!(hook(&back).shape, hook(&config).shape);
    }
}

#[test]
fn a_webhook_tells_what_it_was_asked_for() {
    let mut body = webhook();
    body["config"]["events"] = json!(["resolved", "opened", "opened"]);
    let config = draft(body, None).config;
    assert_eq!(
        hook(&config).events,
        [WebhookEvent::Opened, WebhookEvent::Resolved]
    );
    let left_out: Vec<Event> = Event::ALL.iter().copied().filter(|e| !config.wants(*e)).collect();
    assert_eq!(left_out, [Event::Acknowledged]);
    let all = draft(webhook(), None).config;
    assert!(Event::ALL.iter().all(|e| all.wants(*e)));
}

#[test]
fn what_is_left_blank_is_kept() {
    let stored = draft(webhook(), None).config;
    let body = json!({"name": "Renamed", "kind": "webhook", "config": stored.to_json()});
    let kept = draft(body, Some(&stored));
    assert_eq!(secrets(&kept.config), secrets(&stored));
    let empty = json!({"name": "Renamed", "kind": "webhook", "config": {}});
    assert_eq!(secrets(&draft(empty, Some(&stored)).config), secrets(&stored));
    // Another kind keeps nothing.
    let found = refused(ChannelDraft::from_json(
        json!({"name": "x", "kind": "webhook", "config": {}}),
        Some(&draft(email(&["a@example.org"]), None).config),
    ));
    assert_eq!(found, [("config.url".to_owned(), "required")]);
}

/// A token in a header was entered for one server; a changed address does not get it.
#[test]
fn a_header_stays_with_the_server_it_was_entered_for() {
    let stored = draft(webhook(), None).config;
    let moved = |url: &str, headers: Value| {
        let body = json!({"name": "x", "kind": "webhook", "config": {"url": url, "headers": headers}});
        ChannelDraft::from_json(body, Some(&stored))
    };
    let same = moved("https://hooks.example.org/other", json!({"authorization": null})).expect("kept");
    assert_eq!(
        secrets(&same.config)["headers"],
        json!({"authorization": "Bearer canary"})
    );
    for url in [
        "https://evil.example.com/",
        "http://hooks.example.org/T0K3N",
        "https://hooks.example.org:8443/T0K3N",
    ] {
        for headers in [Value::Null, json!({"Authorization": null})] {
            let expected = ("config.headers".to_owned(), "header-reenter");
            assert_eq!(refused(moved(url, headers)), [expected], "{url}");
        }
        assert!(moved(url, json!({})).is_ok(), "{url} without headers");
        assert!(
            moved(url, json!({"Authorization": "new"})).is_ok(),
            "{url} with a new one"
        );
    }
}

#[test]
fn everybody_hears_once() {
    let body = json!({"name": "Team", "kind": "email", "config": {
        "to": ["a@example.org", "A@example.org"], "cc": ["b@example.org", "a@EXAMPLE.org"], "bcc": ["c@example.org"],
    }});
    let config = draft(body, None).config;
    assert_eq!(
        config.recipients(),
        ["a@example.org", "b@example.org", "c@example.org"]
    );
    assert_eq!(draft(webhook(), None).config.recipients(), [""]);
}

#[test]
fn a_secret_that_we_make_is_one_that_we_take() {
    let mut body = webhook();
    body["config"]["secret"] = signing_secret(&[7; 32]).expose_secret().into();
    assert!(ChannelDraft::from_json(body, None).is_ok());
}
