//! What each format makes of each event.

use std::{collections::BTreeMap, fmt::Write as _};

use domain::{
    channel::{ChannelConfig, ChannelKind},
    delivery::Event,
    id::DeliveryId,
    incident::Progress,
    outcome::{Reason, ReasonKind},
};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    own::span,
    scene::{ENDED, OPENED, SINCE, notice, samples},
    *,
};

fn site() -> Site {
    let public_url = Url::parse("https://watch.example/w/").unwrap();
    Site {
        links: Links::new(public_url.clone()),
        public_url,
    }
}

fn shape(fields: Value) -> WebhookShape {
    let mut config = json!({ "url": "https://hooks.example/x" });
    let all = config.as_object_mut().unwrap();
    all.extend(fields.as_object().unwrap().clone());
    match ChannelConfig::from_json("", ChannelKind::Webhook, config, None).unwrap() {
        ChannelConfig::Webhook(hook) => hook.shape,
        _ => unreachable!("it was read as a webhook"),
    }
}

fn template(content_type: &str, body: &str) -> WebhookShape {
    shape(json!({ "format": "template", "content_type": content_type, "body": body }))
}

fn content(shape: &WebhookShape, notice: &Notice) -> Content {
    Content::new(shape, notice, &site(), &|incident| format!("proof-{incident}")).unwrap()
}

fn body(shape: &WebhookShape, notice: &Notice) -> String {
    String::from_utf8(content(shape, notice).body.unwrap().1).unwrap()
}

const ALL_VALUES: &str = r#"{
  "event": {{json:event}}, "monitor": {{json:monitor}}, "target": {{json:target}}, "status": {{json:status}},
  "since": {{json:since}}, "reason": {{json:reason}}, "duration": {{json:duration}}, "link": {{json:link}},
  "incident": {{json:incident_id}}, "at": {{json:timestamp}}, "search": "https://logs.example/?q={{url:monitor}}"
}"#;

/// What goes over the wire for every event, to be read by people before it changes.
#[test]
fn every_event_in_every_format_is_as_it_was() {
    let formats = [
        ("standard", shape(json!({}))),
        ("alertmanager", shape(json!({ "format": "alertmanager" }))),
        ("template_json", template("application/json", ALL_VALUES)),
        (
            "template_form",
            template(
                "application/x-www-form-urlencoded",
                "text={{url:status}}%20{{url:monitor}}&reason={{url:reason}}",
            ),
        ),
        (
            "template_text",
            template(
                "text/plain; charset=utf-8",
                "{{status}} {{monitor}}\n{{reason}} ({{duration}})",
            ),
        ),
    ];
    for (name, shape) in formats {
        let mut golden = String::new();
        for notice in samples() {
            let content = content(&shape, &notice);
            let (content_type, bytes) = content.body.unwrap();
            let _ = writeln!(golden, "=== {} {} {content_type}", notice.event, content.method);
            let text = String::from_utf8(bytes).unwrap();
            // The others are shown to the byte.
            let shown = match serde_json::from_str::<Value>(&text) {
                Ok(value) if name == "alertmanager" => serde_json::to_string_pretty(&value).unwrap(),
                Ok(_) | Err(_) => text,
            };
            let _ = writeln!(golden, "{shown}\n");
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("webhook_{name}"), golden);
        });
    }
}

/// `webhook.Message` of Alertmanager 0.34 as somebody else would read it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Message {
    version: String,
    group_key: String,
    truncated_alerts: u64,
    status: String,
    receiver: String,
    group_labels: BTreeMap<String, String>,
    common_labels: BTreeMap<String, String>,
    common_annotations: BTreeMap<String, String>,
    #[serde(rename = "externalURL")]
    external_url: String,
    alerts: Vec<OneAlert>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OneAlert {
    status: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
    fingerprint: String,
}

fn alertmanager(notice: &Notice) -> Message {
    serde_json::from_str(&body(&shape(json!({ "format": "alertmanager" })), notice)).unwrap()
}

fn is_time(text: &str) -> bool {
    domain::clock::Timestamp::parse_rfc3339(text).is_some()
}

#[test]
fn an_alertmanager_receiver_reads_every_event() {
    for notice in samples() {
        let message = alertmanager(&notice);
        let [alert] = &message.alerts[..] else {
            panic!("one alert")
        };
        let resolved = notice.event == Event::Resolved;
        let status = if resolved { "resolved" } else { "firing" };
        assert_eq!((message.version.as_str(), message.truncated_alerts), ("4", 0));
        assert_eq!((message.status.as_str(), alert.status.as_str()), (status, status));
        assert_eq!(message.receiver, "Hook");
        assert_eq!(message.external_url, "https://watch.example/w");
        assert_eq!(message.common_labels, alert.labels);
        assert_eq!(message.common_annotations, alert.annotations);
        for (name, value) in &message.group_labels {
            assert_eq!(alert.labels.get(name), Some(value));
        }
        assert!(
            message.group_key.starts_with("{}:{alertname=\"Watchbell"),
            "{}",
            message.group_key
        );
        assert!(is_time(&alert.starts_at) && (alert.ends_at == "0001-01-01T00:00:00Z") != resolved);
        assert!(!resolved || is_time(&alert.ends_at));
        assert!(alert.generator_url.starts_with("https://watch.example/w/"));
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        assert!(alert.fingerprint.len() == 16 && alert.fingerprint.chars().all(hex));
        // Prometheus drops what is empty, and names of labels are words.
        let all = || alert.labels.iter().chain(&alert.annotations);
        assert!(all().all(|(_, value)| !value.is_empty()));
        assert!(all().all(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }
}

#[test]
fn an_alert_is_one_from_its_opening_to_its_recovery() {
    let of_outage: Vec<Message> = samples()
        .iter()
        .filter(|n| {
            let incident = n.subject.as_ref().map(|s| &s.incident);
            incident.is_some_and(|i| i.kind == domain::incident::IncidentKind::Down)
        })
        .map(alertmanager)
        .collect();
    let (first, rest) = of_outage.split_first().unwrap();
    for other in rest {
        assert_eq!(other.group_key, first.group_key);
        assert_eq!(other.alerts[0].labels, first.alerts[0].labels);
        assert_eq!(other.alerts[0].fingerprint, first.alerts[0].fingerprint);
        assert_eq!(other.alerts[0].starts_at, SINCE.to_rfc3339());
    }
    assert_eq!(first.alerts[0].labels["tags"], "prod");
    assert_eq!(first.alerts[0].labels["severity"], "critical");

    let another = |change: &dyn Fn(&mut domain::delivery::Subject)| {
        let mut notice = notice(Event::Opened, OPENED, Some(Progress::Open));
        change(notice.subject.as_mut().unwrap());
        alertmanager(&notice).alerts[0].fingerprint.clone()
    };
    let own = first.alerts[0].fingerprint.clone();
    assert_eq!(another(&|s| s.monitor.name = "Renamed".to_owned()), own);
    let changed = {
        let mut notice = notice(Event::Opened, OPENED, Some(Progress::Open));
        let monitor = &mut notice.subject.as_mut().unwrap().monitor;
        monitor.name = "Renamed".to_owned();
        monitor.target = "https://elsewhere.example/".to_owned();
        monitor.tags.clear();
        alertmanager(&notice)
    };
    assert_eq!(changed.alerts[0].labels, first.alerts[0].labels);
    assert_eq!(changed.group_key, first.group_key);
    assert!(changed.alerts[0].annotations["summary"].starts_with("Renamed: "));
    assert_eq!(first.alerts[0].labels["monitor_id"], "3");
    assert_ne!(another(&|s| s.incident.id.0 += 1), own);
    assert_ne!(another(&|s| s.monitor.id.0 += 1), own);
}

#[test]
fn an_acknowledgement_still_fires_and_says_who_has_it() {
    let acknowledged = samples()
        .into_iter()
        .find(|n| n.event == Event::Acknowledged)
        .unwrap();
    let message = alertmanager(&acknowledged);
    assert_eq!(message.status, "firing");
    assert_eq!(
        message.alerts[0].annotations["acknowledged_by"],
        "ann@example.org"
    );
    let opened = alertmanager(&notice(Event::Opened, OPENED, Some(Progress::Open)));
    assert!(!opened.alerts[0].annotations.contains_key("acknowledged_by"));
}

#[test]
fn a_test_fires_for_nobody() {
    let mut test = notice(Event::Test, ENDED, None);
    let first = alertmanager(&test);
    assert_eq!(first.status, "firing");
    assert_eq!(first.alerts[0].labels["alertname"], "WatchbellTest");
    assert_eq!(first.alerts[0].labels["severity"], "none");
    test.delivery = DeliveryId(Uuid::max());
    assert_ne!(
        alertmanager(&test).alerts[0].fingerprint,
        first.alerts[0].fingerprint
    );
}

#[test]
fn a_get_asks_without_a_body() {
    let get = shape(json!({ "format": "template", "method": "GET" }));
    let content = content(&get, &samples()[0]);
    assert_eq!(content.method, Method::GET);
    assert!(content.body.is_none());
    let put =
        shape(json!({ "format": "template", "method": "PUT", "content_type": "text/plain", "body": "x" }));
    let content = super::Content::new(&put, &samples()[0], &site(), &|_| String::new()).unwrap();
    assert_eq!(
        (content.method, content.body),
        (Method::PUT, Some(("text/plain".to_owned(), b"x".to_vec())))
    );
}

#[test]
fn spans_name_their_two_largest_units() {
    for (seconds, expected) in [
        (0, "0s"),
        (59, "59s"),
        (65, "1m 5s"),
        (3_605, "1h"),
        (7_500, "2h 5m"),
        (90_061, "1d 1h"),
    ] {
        assert_eq!(span(std::time::Duration::from_secs(seconds)), expected);
    }
}

#[test]
fn the_longest_alert_stays_below_20_kb() {
    let mut longest = notice(Event::Resolved, ENDED, Some(Progress::Open));
    let subject = longest.subject.as_mut().unwrap();
    subject.incident.reason = Reason::new(ReasonKind::Body, "\u{10ffff}".repeat(400));
    subject.incident.progress = Progress::Resolved {
        at: ENDED,
        acknowledged: Some((OPENED, "\"".repeat(254))),
    };
    subject.monitor.name = "\u{10ffff}".repeat(120);
    subject.monitor.target = "\"".repeat(2048);
    subject.monitor.tags = vec!["\u{10ffff}".repeat(50); 20];
    longest.channel_name = "\u{10ffff}".repeat(120);
    let length = body(&shape(json!({ "format": "alertmanager" })), &longest).len();
    assert!(length < 20_000, "{length}");
}

fn hostile(text: &str) -> Notice {
    let mut notice = notice(Event::Opened, OPENED, Some(Progress::Open));
    let subject = notice.subject.as_mut().unwrap();
    subject.monitor.name = text.to_owned();
    subject.monitor.target = text.to_owned();
    subject.monitor.tags = vec![text.to_owned()];
    // As it might be read from a database that somebody else wrote.
    subject.incident.reason.detail = text.to_owned();
    notice.channel_name = text.to_owned();
    notice
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_of_others_leaves_its_place(text in prop_oneof![".{0,80}", "[\\x00-\\x1f\"\\\\{}&=+%\u{2028}\u{202e}a]{0,600}"]) {
        let notice = hostile(&text);
        let clean = domain::text::sanitize(&text, 500);
        let standard: Value = serde_json::from_str(&body(&WebhookShape::Standard, &notice)).unwrap();
        prop_assert_eq!(standard["data"]["monitor"]["name"].as_str(), Some(text.as_str()));

        let message = alertmanager(&notice);
        let all = message.alerts[0].labels.values().chain(message.alerts[0].annotations.values());
        for value in all.chain([&message.receiver, &message.group_key]) {
            prop_assert!(!value.chars().any(domain::text::is_unsafe));
        }

        let own: Value = serde_json::from_str(&body(&template("application/json", ALL_VALUES), &notice)).unwrap();
        prop_assert_eq!(own.as_object().unwrap().len(), 11);
        prop_assert_eq!(own["reason"].as_str(), Some(clean.as_str()));

        let form = template("application/x-www-form-urlencoded", "a={{url:monitor}}&b={{url:reason}}&c=1");
        let form = body(&form, &notice);
        let read: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        let expected = [("a", clean.as_str()), ("b", clean.as_str()), ("c", "1")];
        prop_assert_eq!(read, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));

        let plain = body(&template("text/plain", "{{reason}}|{{monitor}}"), &notice);
        prop_assert_eq!(plain, format!("{clean}|{clean}"));
    }
}
