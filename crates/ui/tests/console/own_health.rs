//! Who hears of Watchbell's own troubles, the dead-man's switch, and a trouble among the incidents.

use domain::{
    channel::ChannelDraft,
    incident::Origin,
    outcome::{Reason, ReasonKind},
};
use http::StatusCode;
use serde_json::json;
use store::Trouble;

use crate::visitor::Scene;

const PAGE: &str = "/settings/health";
const KEY: &str = "c4n4ry-of-the-switch";

async fn hook(scene: &Scene, name: &str) -> i64 {
    let body = json!({ "name": name, "kind": "webhook", "config": { "url": "https://hook.example/x" } });
    let draft = ChannelDraft::from_json(body, None).unwrap();
    scene.store.channels().create(&draft).await.unwrap().id.0
}

#[tokio::test]
async fn it_says_who_hears_now_and_takes_a_choice() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    assert!(admin.get(PAGE).await.body.contains("There is no channel yet"));
    hook(&scene, "Alpha").await;
    let two = hook(&scene, "Beta").await;
    assert!(admin.get(PAGE).await.body.contains("<b>Alpha, Beta</b>"));
    let chosen = two.to_string();
    let saved = admin
        .post(
            "/settings/health/listeners",
            &[("channel", &chosen), ("channel", "99")],
        )
        .await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    assert!(admin.get(PAGE).await.body.contains("<b>Beta</b>"));
    admin.post("/settings/health/listeners", &[]).await;
    let general = scene.store.settings().general().await.unwrap();
    assert_eq!(general.operations_channels, None);
}

#[tokio::test]
async fn the_address_of_the_switch_is_kept_and_never_shown() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let url = format!("https://hc.example/ping/{KEY}");
    let bad = [("enabled", "on"), ("url", url.as_str()), ("every", "1s")];
    let refused = admin.post("/settings/health/switch", &bad).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("from 30s to 1h"), "{}", refused.body);
    assert!(!refused.body.contains(KEY));
    let good = [
        ("enabled", "on"),
        ("url", url.as_str()),
        ("every", "2m"),
        ("method", "POST"),
    ];
    let saved = admin.post("/settings/health/switch", &good).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let page = admin.get(PAGE).await.body;
    assert!(
        page.contains("https://hc.example") && !page.contains(KEY),
        "{page}"
    );
    admin.post("/settings/health/switch", &[("every", "5m")]).await;
    let stored = scene.store.dead_man().get().await.unwrap();
    assert!(!stored.settings.enabled);
    assert_eq!(stored.settings.origin().as_deref(), Some("https://hc.example"));
}

#[tokio::test]
async fn a_trouble_of_watchbell_itself_is_an_incident_that_leads_to_its_channel() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let channel = hook(&scene, "Alpha").await;
    let trouble = |origin| Trouble {
        origin,
        since: scene.store.now(),
        reason: Reason::new(ReasonKind::Status, "It is gone (410)."),
    };
    let troubles = scene.store.troubles();
    let origin = Origin::Channel(domain::id::ChannelId(channel));
    let id = troubles.open(&trouble(origin), true).await.unwrap();
    let page = admin.get(&format!("/incidents/{id}")).await.body;
    assert!(page.contains("Watchbell: Alpha") && page.contains(&format!("/channels/{channel}")));
    let zone = troubles
        .open(&trouble(Origin::Zone("wan".to_owned())), false)
        .await
        .unwrap();
    let page = admin.get(&format!("/incidents/{zone}")).await.body;
    assert!(page.contains("Watchbell: wan") && page.contains("Nobody was told of it."));
    for path in [
        format!("/incidents/{id}"),
        format!("/incidents/{zone}"),
        "/incidents".to_owned(),
    ] {
        assert!(!admin.get(&path).await.body.contains("/monitors/0"), "{path}");
    }
}
