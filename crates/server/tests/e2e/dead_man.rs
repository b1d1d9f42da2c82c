//! The dead-man's switch of a running Watchbell.

use serde_json::{Value, json};
use testkit::HttpTarget;

use crate::scene::{Db, PATIENCE, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn a_running_watchbell_is_well_and_says_so_elsewhere() {
    let receiver = HttpTarget::start().await;
    let scene = Scene::start(Db::Sqlite, &[]).await;
    let url = receiver.url("/ping/c4n4ry");
    scene
        .put(
            "/settings/dead-man",
            json!({ "url": url, "method": "HEAD", "every": "30s" }),
        )
        .await;
    let pinged = receiver.wait_for_requests(1, PATIENCE).await;
    assert_eq!(
        (pinged[0].method.as_str(), pinged[0].path.as_str()),
        ("HEAD", "/ping/c4n4ry")
    );
    let answered = |body: &Value| body["last_status"] == 200 || body["last_error"].is_string();
    let shown = scene.api.poll("/settings/dead-man", PATIENCE, answered).await;
    assert_eq!(
        (&shown["last_status"], &shown["silent_since"]),
        (&json!(200), &Value::Null)
    );
    assert!(!shown.to_string().contains("c4n4ry"));
    scene.end().await;
}
