//! Starting, stopping, starting again.

use testkit::{HttpTarget, Watchbell, WebhookSink};

use crate::scene::{Db, PATIENCE, Scene, options};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_prints_the_address_and_the_last_stop_is_clean() {
    let mut bell = Watchbell::start(options()).await;
    let address = bell.setup_url().await;
    assert!(address.contains("/setup?token="), "{address}");
    let token = std::fs::read_to_string(bell.data_dir().join("setup-token")).expect("the token's file");
    assert!(address.ends_with(token.trim()));
    assert_eq!(bell.run(&["healthcheck"], "").await.code(), Some(0));
    assert!(bell.stop().await.success());
    assert_eq!(bell.run(&["healthcheck"], "").await.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_an_outage_opens_no_second_incident_and_invents_no_recovery() {
    let (target, sink) = (HttpTarget::start().await, WebhookSink::start().await);
    let mut scene = Scene::start(Db::Sqlite, &[]).await;
    let channel = scene.webhook(&sink).await;
    let monitor = scene.watch(&target, &[channel]).await;
    target.close().await;
    scene.until_status(monitor, "down").await;
    // Killed while it is being sent, the alert would rightly be repeated; that is another test.
    scene.until_settled(1).await;
    for _ in 0..3 {
        scene.kill_and_restart().await;
        scene.until_status(monitor, "down").await;
    }
    target.reopen();
    scene.until_status(monitor, "up").await;
    scene.until_settled(2).await;
    assert_eq!(sink.requests().len(), 2, "one alert, one recovery");
    assert_eq!(scene.incidents().await.len(), 1);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_is_finished_before_the_process_ends() {
    let (target, sink) = (HttpTarget::start().await, WebhookSink::start().await);
    sink.target()
        .reply(testkit::Reply::status(204).delay(std::time::Duration::from_secs(2)));
    let mut scene = Scene::start(Db::Sqlite, &[]).await;
    let channel = scene.webhook(&sink).await;
    let monitor = scene.watch(&target, &[channel]).await;
    target.close().await;
    scene.until_status(monitor, "down").await;
    sink.wait_for(1, PATIENCE).await;
    // SIGTERM; the exit code is checked.
    scene.bell.restart().await;
    scene.until_settled(1).await;
    assert_eq!(sink.requests().len(), 1, "the answer was waited for and stored");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_readiness_and_metrics_answer() {
    let scene = Scene::start(Db::Sqlite, &[]).await;
    let get = async |path: &str, token: &str| {
        let request = scene.bell.client().get(scene.bell.url(path)).bearer_auth(token);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    assert_eq!(get("/healthz", "").await, (200, "ok\n".to_owned()));
    assert_eq!(get("/readyz", "").await.0, 200);
    assert_eq!(get("/metrics", "").await.0, 401, "metrics need a token");
    let (code, text) = get("/metrics", scene.api.bearer()).await;
    assert_eq!(code, 200, "{text}");
    assert!(
        text.contains("watchbell_monitors") && text.ends_with("# EOF\n"),
        "{text}"
    );
    scene.end().await;
}
