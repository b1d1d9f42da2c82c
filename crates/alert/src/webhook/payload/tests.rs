use domain::{clock::Timestamp, incident::Origin, outcome::ReasonKind};
use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::links::Links;
use crate::webhook::scene::{ENDED, OPENED, SINCE, notice, samples};

fn body(notice: &Notice) -> Vec<u8> {
    let links = Links::new(Url::parse("https://watch.example/w").unwrap());
    let pages = Pages {
        links: &links,
        token: &|incident| format!("proof-{incident}"),
    };
    Payload::new(notice, pages).to_bytes().unwrap()
}

fn value(notice: &Notice) -> Value {
    serde_json::from_slice(&body(notice)).unwrap()
}

#[test]
fn every_event_matches_the_published_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../../../docs/webhook-schema.json")).unwrap();
    for notice in samples() {
        let mut errors = Vec::new();
        check(&schema, &schema, &value(&notice), "", &mut errors);
        assert!(errors.is_empty(), "{}: {errors:#?}", notice.event);
    }
    // The checker does see a difference.
    let mut odd = value(&samples()[0]);
    odd["data"]["incident"]["state"] = json!("maybe");
    odd["data"]["monitor"]["extra"] = json!(1);
    let mut errors = Vec::new();
    check(&schema, &schema, &odd, "", &mut errors);
    assert_eq!(errors.len(), 2, "{errors:#?}");
}

#[test]
fn a_trouble_of_watchbell_itself_is_of_no_monitor_and_is_acknowledged_as_any_other() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../../../docs/webhook-schema.json")).unwrap();
    let mut trouble = notice(Event::Opened, OPENED, Some(Progress::Open));
    let subject = trouble.subject.as_mut().unwrap();
    subject.incident.origin = Origin::Zone("wan".to_owned());
    let body = value(&trouble);
    let mut errors = Vec::new();
    check(&schema, &schema, &body, "", &mut errors);
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(body["data"]["monitor"], Value::Null);
    assert_eq!(body["data"]["check"], Value::Null);
    assert_eq!(body["data"]["incident"]["origin"], "zone:wan");
    assert_eq!(
        body["data"]["incident"]["acknowledge_url"],
        "https://watch.example/w/ack/proof-7"
    );
}

#[test]
fn there_is_no_link_where_there_is_nothing_to_acknowledge() {
    for notice in samples() {
        let waits = matches!(notice.event, Event::Opened | Event::Reminder | Event::Flapping);
        let url = &value(&notice)["data"]["incident"]["acknowledge_url"];
        assert_eq!(url.is_string(), waits, "{}: {url}", notice.event);
    }
}

#[test]
fn an_opening_says_what_is_down_since_when_and_why() {
    assert_eq!(
        value(&samples()[0]),
        json!({
            "type": "incident.opened",
            "timestamp": OPENED.to_rfc3339(),
            "data": {
                "incident": {
                    "id": 7, "origin": null, "kind": "down", "severity": "critical", "state": "open", "since": SINCE.to_rfc3339(), "opened_at": OPENED.to_rfc3339(),
                    "acknowledged_at": null, "acknowledged_by": null, "resolved_at": null, "duration_seconds": 5,
                    "reason": {"kind": "status", "detail": "The answer was 503."},
                    "url": "https://watch.example/w/incidents/7",
                    "acknowledge_url": "https://watch.example/w/ack/proof-7",
                },
                "monitor": {
                    "id": 3, "name": "Shop \"<b>\" 商店", "kind": "http", "target": "https://shop.example/health",
                    "tags": ["prod"], "url": "https://watch.example/w/monitors/3",
                },
                "check": {
                    "status": "down", "at": OPENED.to_rfc3339(),
                    "reason": {"kind": "status", "detail": "The answer was 503."},
                },
            },
        })
    );
}

#[test]
fn a_recovery_carries_the_whole_outage() {
    let v = value(&samples()[4]);
    let incident = &v["data"]["incident"];
    assert_eq!(incident["state"], "resolved");
    assert_eq!(incident["duration_seconds"], 65);
    assert_eq!(incident["resolved_at"], json!(ENDED.to_rfc3339()));
    assert_eq!(incident["acknowledged_by"], "ann@example.org");
    assert_eq!(
        v["data"]["check"],
        json!({"status": "up", "at": ENDED.to_rfc3339(), "reason": null})
    );
}

#[test]
fn the_longest_message_stays_below_20_kb() {
    let mut longest = notice(
        Event::Resolved,
        ENDED,
        Some(Progress::Resolved {
            at: ENDED,
            acknowledged: Some((OPENED, "a".repeat(254))),
        }),
    );
    let subject = longest.subject.as_mut().unwrap();
    subject.incident.reason = Reason::new(ReasonKind::Body, "\u{10ffff}".repeat(400));
    subject.monitor.name = "\u{10ffff}".repeat(120);
    subject.monitor.target = "\"".repeat(2048);
    subject.monitor.tags = vec!["\u{10ffff}".repeat(50); 20];
    let length = body(&longest).len();
    assert!(length < 20_000, "{length}");
}

/// The part of JSON Schema that our schema uses.
fn check(root: &Value, schema: &Value, value: &Value, at: &str, errors: &mut Vec<String>) {
    let mut complain = |what: &str| errors.push(format!("{at}: {what}: {value}"));
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        complain("not in enum");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |name: &&str| match *name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the checker does not know {other}"),
    };
    if !types.is_empty() && !types.iter().any(is) {
        complain("wrong type");
    }
    if schema["format"] == "date-time"
        && value
            .as_str()
            .is_none_or(|t| Timestamp::parse_rfc3339(t).is_none_or(|p| p.to_rfc3339() != t))
    {
        complain("not a time");
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            complain(&format!("{name} is missing"));
        }
    }
    if let Some(one_of) = schema["oneOf"].as_array() {
        let matching = one_of.iter().filter(|s| {
            let mut inner = Vec::new();
            check(root, s, value, at, &mut inner);
            inner.is_empty()
        });
        if matching.count() != 1 {
            complain("matches none or several of oneOf");
        }
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        check(root, target, value, at, errors);
    }
    let properties = schema["properties"].as_object();
    for (name, member) in value.as_object().into_iter().flatten() {
        match properties.and_then(|p| p.get(name)) {
            Some(inner) => check(root, inner, member, &format!("{at}/{name}"), errors),
            None if schema["additionalProperties"] == false => {
                errors.push(format!("{at}/{name}: not in the schema"));
            }
            None => {}
        }
    }
    if schema["items"].is_object() {
        for item in value.as_array().into_iter().flatten() {
            check(root, &schema["items"], item, at, errors);
        }
    }
}
