//! A service as a channel: chosen, filled in, tested, changed.

use http::StatusCode;
use testkit::{HttpTarget, Reply};

use crate::visitor::Scene;

#[tokio::test]
async fn a_service_is_chosen_filled_in_tested_and_changed() {
    let scene = Scene::new().await;
    let mut admin = scene.admin().await;
    let kinds = admin.get("/channels/new").await.body;
    for kind in ["email", "webhook", "slack", "ntfy", "pagerduty", "twilio"] {
        assert!(kinds.contains(&format!("/channels/new?kind={kind}\"")), "{kind}");
    }
    let form = admin.get("/channels/new?kind=ntfy").await.body;
    assert!(form.contains("name=\"config.topic\"") && form.contains("placeholder=\"https://ntfy.sh\""));
    assert!(form.contains("https://docs.ntfy.sh/publish/"));

    let service = HttpTarget::start().await;
    service.reply(Reply::ok(r#"{"id":"hwQ2YpKdmg"}"#));
    let server = service.url("");
    let wrong = [
        ("kind", "ntfy"),
        ("name", "Phone"),
        ("config.topic", ""),
        ("config.token", "tk_c4n4ry"),
        ("config.server", "ntfy.sh"),
        ("config.priority", "max"),
    ];
    let refused = admin.post("/channels", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("id=\"config-topic-error\""),
        "{}",
        refused.body
    );
    assert!(refused.body.contains("id=\"config-server-error\""));
    assert!(
        refused.body.contains("<option value=\"max\" selected>"),
        "what was typed stays"
    );
    assert!(!refused.body.contains("c4n4ry"), "secrets are not echoed");

    let mut right = wrong;
    right[2].1 = "alerts-c4n4ry";
    right[4].1 = &server;
    let created = admin.post("/channels", &right).await;
    assert_eq!(created.location(), "/channels/1");
    let page = admin.get("/channels/1").await.body;
    assert!(!page.contains("c4n4ry"), "{page}");
    assert!(
        page.contains(&server) && page.contains("name=\"forget.token\""),
        "{page}"
    );
    let tested = admin.post("/channels/1/test", &[]).await.body;
    assert!(
        tested.contains("The test was accepted") && tested.contains("hwQ2YpKdmg"),
        "{tested}"
    );
    assert_eq!(
        service.requests()[0].header("authorization"),
        Some("Bearer tk_c4n4ry")
    );

    // Empty secrets stay as they are, and a box takes an optional one away.
    let kept = [
        ("name", "Phone"),
        ("config.server", server.as_str()),
        ("config.priority", "low"),
    ];
    assert_eq!(admin.post("/channels/1", &kept).await.location(), "/channels/1");
    let mut forgotten = kept.to_vec();
    forgotten.push(("forget.token", "on"));
    admin.post("/channels/1/test", &[]).await;
    assert_eq!(
        admin.post("/channels/1", &forgotten).await.location(),
        "/channels/1"
    );
    admin.post("/channels/1/test", &[]).await;
    let asked = service.requests();
    assert_eq!(asked[1].header("authorization"), Some("Bearer tk_c4n4ry"));
    assert_eq!(asked[2].header("authorization"), None);
    assert_eq!(asked[2].json()["topic"], "alerts-c4n4ry");

    // To another server they do not go by themselves.
    let moved = [
        ("name", "Phone"),
        ("config.server", "https://evil.example"),
        ("config.priority", "low"),
    ];
    let moved = admin.post("/channels/1", &moved).await;
    assert_eq!(moved.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        moved.body.contains("It was stored for another server"),
        "{}",
        moved.body
    );
}
