//! What a restart must not forget, and what a wrong key must not pretend.

use domain::state::{Known, Status};
use serde_json::json;
use store::MasterKey;
use testkit::HttpTarget;

use crate::harness::{World, http};

#[tokio::test]
async fn a_restart_goes_on_counting_and_opens_no_second_incident() {
    let world = World::new().await;
    let target = HttpTarget::start().await;
    target.respond(500);
    let patient = json!({ "confirm_after": 3, "recover_after": 2, "recheck_every": "1h" });
    let monitor = world.add(http(&target.url("/"), "24h", patient)).await;
    let first = world.scheduler.check_now(monitor.id).await.unwrap();
    world.scheduler.check_now(monitor.id).await.unwrap();
    // The creation may have brought a check of its own that one of the two joined.
    let failures = |known: &Known| match known {
        Known::Pending { failing: Some(s) } => (s.failures, s.first_at),
        other => panic!("{other:?}"),
    };
    let (counted, since) = failures(&world.state(monitor.id).await.known);
    assert!((2..3).contains(&counted), "{counted}");
    assert!(since <= first.at);

    let world = world.restart().await;
    assert_eq!(failures(&world.state(monitor.id).await.known), (counted, since));
    world.scheduler.check_now(monitor.id).await.unwrap();
    let state = world.wait_status(monitor.id, Status::Down).await;
    assert_eq!(
        state.since(),
        Some(since),
        "down since the first failing check, before the restart"
    );
    assert_eq!(world.incidents().await, 1);

    let world = world.restart().await;
    world.scheduler.check_now(monitor.id).await.unwrap();
    assert_eq!(world.incidents().await, 1, "still the same outage");
    target.respond(200);
    world.scheduler.check_now(monitor.id).await.unwrap();
    assert_eq!(
        world.state(monitor.id).await.status(),
        Status::Down,
        "one success of two"
    );

    let world = world.restart().await;
    world.scheduler.check_now(monitor.id).await.unwrap();
    world.wait_status(monitor.id, Status::Up).await;
    assert_eq!(world.incidents().await, 1);
    assert_eq!(world.store.incidents().open_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_monitor_with_sealed_values_is_unknown_under_another_key() {
    let world = World::new().await;
    let target = HttpTarget::start().await;
    let headers = json!({ "url": target.url("/"), "headers": { "authorization": "Bearer secret" } });
    let monitor = world
        .add(http(&target.url("/"), "24h", json!({ "target": headers })))
        .await;
    world.wait_status(monitor.id, Status::Up).await;
    assert_eq!(
        target.requests()[0].header("authorization"),
        Some("Bearer secret")
    );

    let world = world.restart_with_key(MasterKey::generate().unwrap()).await;
    let before = target.count();
    world.scheduler.check_now(monitor.id).await.unwrap();
    let state = world.wait_status(monitor.id, Status::Unknown).await;
    assert!(state.detail().unwrap().contains("key"), "{state:?}");
    assert_eq!(
        target.count(),
        before,
        "nothing is sent without its secret header"
    );
    assert_eq!(world.incidents().await, 0);
}
