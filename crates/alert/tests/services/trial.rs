//! A test of a channel: whoever is on call goes on sleeping, and no incident hears of it.
#![expect(
    clippy::unwrap_used,
    reason = "a test whose scene cannot be set fails at once and loudly"
)]

use std::sync::Arc;

use alert::channel::{Receipt, SendError};
use serde_json::{Value, json};
use testkit::{HttpTarget, Reply, Request, WallClock};

use crate::{row::fields, rows, scene::Scene};

async fn asked(kind: &str) -> Request {
    trial(kind, &[]).await.0.remove(0)
}

/// What is asked by a test and how it ends, if the service says this first and then yes.
async fn trial(kind: &str, first: &[Reply]) -> (Vec<Request>, Result<Receipt, SendError>) {
    let row = rows::all().into_iter().find(|row| row.kind == kind).unwrap();
    let (scene, service) = (Scene::new(Arc::new(WallClock)).await, HttpTarget::start().await);
    service.reply((row.yes)());
    for reply in first {
        service.then(reply.clone());
    }
    let config = (row.config)(&service.url(""));
    let channel = json!({ "name": "Ops", "kind": kind, "config": config });
    let channel = scene.channel(channel).await;
    let ended = scene.alert.send_test(&channel).await;
    (service.requests(), ended)
}

fn is_of_a_test(key: &Value) -> bool {
    key.as_str().unwrap().starts_with("watch.example/tests/")
}

#[tokio::test]
async fn nobody_is_paged_by_a_test() {
    let splunk = asked("splunk_on_call").await.json();
    assert_eq!(splunk["message_type"], "INFO");
    assert!(is_of_a_test(&splunk["entity_id"]), "{splunk}");

    let alert = &asked("alertmanager").await.json()[0];
    assert_eq!(alert["labels"]["severity"], "none");
    assert_eq!(alert["labels"]["alertname"], "WatchbellTest");
    assert!(is_of_a_test(&alert["labels"]["instance"]), "{alert}");
    assert!(alert["endsAt"].is_string(), "{alert}");
}

#[tokio::test]
async fn a_test_rings_no_alarm() {
    let pushover = fields(&asked("pushover").await);
    assert_eq!(pushover["priority"], "0");
    assert!(!pushover.contains_key("tags") && !pushover.contains_key("retry"));
    assert_eq!(asked("gotify").await.json()["priority"], 5);
    assert_eq!(asked("bark").await.json()["level"], "active");
    assert_eq!(asked("apprise").await.json()["type"], "info");
}

/// A trigger shows that the key opens an incident, and nobody is rung for longer than it takes.
#[tokio::test]
async fn what_a_test_opens_it_resolves() {
    let (asked, ended) = trial("pagerduty", &[]).await;
    assert_eq!(ended.unwrap().reference.as_deref(), Some("incident-7"));
    let bodies: Vec<Value> = asked.iter().map(Request::json).collect();
    let actions: Vec<&Value> = bodies.iter().map(|b| &b["event_action"]).collect();
    assert_eq!(actions, ["trigger", "resolve"]);
    assert!(is_of_a_test(&bodies[0]["dedup_key"]));
    assert_eq!(bodies[0]["dedup_key"], bodies[1]["dedup_key"]);
    assert_eq!(bodies[0]["payload"]["severity"], "info");
}

#[tokio::test]
async fn a_test_says_which_half_of_it_failed() {
    let opened = json!({ "status": "success", "message": "Event processed", "dedup_key": "k" });
    let opened = Reply::status(202).body(opened.to_string());
    let (asked, ended) = trial("pagerduty", &[opened, Reply::status(503)]).await;
    let error = ended.unwrap_err();
    assert_eq!(asked.len(), 2);
    assert!(
        error.reason.contains("resolve it there by hand"),
        "{}",
        error.reason
    );
    assert!(error.reason.contains("503"), "{}", error.reason);

    let (asked, ended) = trial("pagerduty", &[Reply::status(503)]).await;
    let error = ended.unwrap_err();
    assert_eq!(asked.len(), 1);
    assert!(!error.reason.contains("by hand"), "{}", error.reason);
}
