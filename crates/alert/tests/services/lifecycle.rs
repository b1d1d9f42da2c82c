//! Services that keep an incident of their own for each of ours.
#![expect(
    clippy::unwrap_used,
    reason = "a test whose scene cannot be set fails at once and loudly"
)]

use std::{sync::Arc, time::Duration};

use domain::{clock::Clock, delivery::DeliveryState, monitor::MonitorConfig};
use serde_json::{Value, json};
use testkit::{FakeClock, HttpTarget, Reply, Request};

use crate::{row::fields, rows, scene::Scene};

/// How a request speaks of the incident there.
fn says(kind: &str, request: &Request) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match kind {
        "pagerduty" => text(&request.json()["event_action"]),
        "splunk_on_call" => text(&request.json()["message_type"]),
        "alertmanager" => text(&request.json()[0]["endsAt"]),
        "pushover" => fields(request)
            .get("priority")
            .cloned()
            .unwrap_or_else(|| "silence".to_owned()),
        _ => text(&request.json()["status"]),
    }
}

/// Whoever looks what the opening was and has it sent again does not wake anybody.
#[tokio::test]
async fn an_old_message_about_an_incident_that_is_over_opens_it_nowhere() {
    for kind in [
        "pagerduty",
        "splunk_on_call",
        "alertmanager",
        "pushover",
        "webhook",
    ] {
        let clock = Arc::new(FakeClock::new());
        let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
        let service = HttpTarget::start().await;
        let row = rows::all().into_iter().find(|row| row.kind == kind);
        let config = match &row {
            Some(row) => (row.config)(&service.url("")),
            None => json!({ "url": service.url("/a"), "format": "alertmanager" }),
        };
        service.reply(row.map_or_else(|| Reply::status(204), |row| (row.yes)()));
        let channel = scene
            .channel(json!({ "name": "Ops", "kind": kind, "config": config }))
            .await;
        let monitor = scene.monitor("Shop", &[channel.id]).await;
        let running = scene.start();
        scene.down(&monitor).await;
        let opened = scene.wait_state(1, DeliveryState::Sent).await;
        clock.advance(Duration::from_mins(1));
        let incidents = scene.store.incidents();
        incidents.acknowledge(opened[0].incident, "ana").await.unwrap();
        let taken = scene.wait_state(2, DeliveryState::Sent).await;
        clock.advance(Duration::from_mins(3));
        scene.up(&monitor).await;
        scene.wait_state(3, DeliveryState::Sent).await;
        let before = service.requests();
        let resolved = says(kind, before.last().unwrap());
        assert_ne!(says(kind, &before[0]), resolved, "{kind}");
        for (n, again) in taken.iter().enumerate() {
            clock.advance(Duration::from_hours(5));
            scene
                .store
                .outbox()
                .resend(again.id, "ana")
                .await
                .unwrap()
                .unwrap();
            scene.wait_state(4 + n, DeliveryState::Sent).await;
            let requests = service.requests();
            let last = requests.last().unwrap();
            assert_eq!(says(kind, last), resolved, "{kind}");
            assert!(requests.len() > before.len() + n, "{kind}");
            let body = String::from_utf8_lossy(&last.body).into_owned();
            assert!(!body.contains("is down"), "{kind}: {body}");
        }
        running.stop().await;
    }
}

/// An alert is known by its labels alone: it must be the same one at its end, and no other monitor's.
#[tokio::test]
async fn an_alert_keeps_its_labels_whatever_becomes_of_its_monitor() {
    let clock = Arc::new(FakeClock::new());
    let scene = Scene::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let service = HttpTarget::start().await;
    let row = rows::all().into_iter().find(|row| row.kind == "alertmanager");
    let row = row.unwrap();
    service.reply((row.yes)());
    let config = (row.config)(&service.url(""));
    let channel = scene
        .channel(json!({ "name": "Ops", "kind": row.kind, "config": config }))
        .await;
    let monitor = scene.monitor("Shop", &[channel.id]).await;
    let twin = scene.monitor("Shop", &[channel.id]).await;
    let running = scene.start();
    scene.down(&monitor).await;
    scene.wait_state(1, DeliveryState::Sent).await;
    scene.down(&twin).await;
    scene.wait_state(2, DeliveryState::Sent).await;
    let body = json!({
        "name": "Shop of tomorrow", "kind": "http", "target": {"url": "https://shop.example/health"},
        "schedule": {"every": "30s"}, "confirm_after": 1, "channels": [channel.id.0], "tags": ["new"],
    });
    let renamed = MonitorConfig::from_json(body, None).unwrap();
    let renamed = scene.store.monitors().update(monitor.id, &renamed).await;
    let renamed = renamed.unwrap().unwrap();
    clock.advance(Duration::from_mins(3));
    scene.up(&renamed).await;
    scene.wait_state(3, DeliveryState::Sent).await;
    running.stop().await;
    let requests = service.requests();
    let bodies: Vec<Value> = requests.iter().map(Request::json).collect();
    let labels: Vec<&Value> = bodies.iter().map(|b| &b[0]["labels"]).collect();
    assert_ne!(labels[0], labels[1]);
    assert_eq!(labels[0], labels[2]);
    assert_eq!(labels[2]["monitor"], "Shop");
    let summary = bodies[2][0]["annotations"]["summary"].as_str().unwrap();
    assert!(summary.starts_with("Shop of tomorrow: "), "{summary}");
}
