//! A test of a channel: whoever is on call goes on sleeping, and no incident hears of it.
#![expect(
    clippy::unwrap_used,
    reason = "a test whose scene cannot be set fails at once and loudly"
)]

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::{HttpTarget, Request, WallClock};

use crate::{row::fields, rows, scene::Scene};

async fn asked(kind: &str) -> Request {
    let row = rows::all().into_iter().find(|row| row.kind == kind).unwrap();
    let (scene, service) = (Scene::new(Arc::new(WallClock)).await, HttpTarget::start().await);
    service.reply((row.yes)());
    let config = (row.config)(&service.url(""));
    let channel = json!({ "name": "Ops", "kind": kind, "config": config });
    let channel = scene.channel(channel).await;
    scene.alert.send_test(&channel).await.unwrap();
    service.requests().remove(0)
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
