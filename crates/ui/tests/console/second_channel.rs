//! One way of being called is one too few, until there are two or somebody says that it is enough.

use domain::{channel::ChannelDraft, monitor::MonitorConfig};
use http::StatusCode;
use serde_json::json;

use crate::visitor::Scene;

const REMINDER: &str = "One way of being called is one too few";

async fn channel(scene: &Scene, body: serde_json::Value) {
    let draft = ChannelDraft::from_json(body, None).unwrap();
    scene.store.channels().create(&draft).await.unwrap();
}

fn mail(name: &str) -> serde_json::Value {
    json!({ "name": name, "kind": "email", "config": { "to": ["me@example.org"] } })
}

/// A console with a monitor, so that the first steps are over once there is a channel.
async fn scene() -> Scene {
    let scene = Scene::new().await;
    let monitor = json!({
        "name": "Shop", "kind": "tcp", "target": { "host": "127.0.0.1", "port": 9 },
        "schedule": { "every": "1h" }, "enabled": false,
    });
    let config = MonitorConfig::from_json(monitor, None).unwrap();
    scene.store.monitors().create(&config).await.unwrap();
    scene
}

#[tokio::test]
async fn a_second_kind_ends_the_reminder_and_a_second_of_the_same_does_not() {
    let scene = scene().await;
    let mut admin = scene.admin().await;
    assert!(
        !admin.get("/").await.body.contains(REMINDER),
        "first that it rings at all"
    );
    channel(&scene, mail("Ops")).await;
    channel(&scene, mail("Boss")).await;
    assert!(admin.get("/").await.body.contains(REMINDER));
    let hook = json!({ "name": "Hook", "kind": "webhook", "config": { "url": "https://hooks.example/x" }, "enabled": false });
    channel(&scene, hook.clone()).await;
    assert!(
        admin.get("/").await.body.contains(REMINDER),
        "one that is off calls nobody"
    );
    let mut on = hook;
    on["name"] = json!("Other hook");
    on["enabled"] = json!(true);
    channel(&scene, on).await;
    assert!(!admin.get("/").await.body.contains(REMINDER));
}

#[tokio::test]
async fn it_can_be_dismissed_for_good_and_other_settings_keep_that() {
    let scene = scene().await;
    let mut admin = scene.admin().await;
    channel(&scene, mail("Ops")).await;
    assert!(admin.get("/").await.body.contains(REMINDER));
    let answer = admin.post("/one-kind-is-enough", &[]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"));
    let page = admin.get("/").await.body;
    assert!(
        page.contains("will not be asked again") && !page.contains(REMINDER),
        "{page}"
    );
    admin.get("/settings/general").await;
    admin.post("/settings/general", &[("metrics_open", "on")]).await;
    assert!(!admin.get("/").await.body.contains(REMINDER));
    let general = scene.store.settings().general().await.unwrap();
    assert!(general.metrics_open && general.one_kind_is_enough);
}
