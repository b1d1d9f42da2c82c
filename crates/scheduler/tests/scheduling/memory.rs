//! What a restart must not forget, and what a wrong key must not pretend.

use domain::state::{Known, Status};
use serde_json::json;
use store::MasterKey;
use testkit::{HttpTarget, wait_for};

use crate::harness::{WITHIN, World, http};

#[tokio::test]
async fn a_restart_goes_on_counting_and_opens_no_second_incident() {
    let world = World::new().await;
    let target = HttpTarget::start().await;
    target.respond(500);
    let patient = json!({ "confirm_after": 3, "recover_after": 2, "recheck_every": "1h" });
    let monitor = world.add(http(&target.url("/"), "24h", patient)).await;
    let failures = async |world: &World| match world.state(monitor.id).await.known {
        Known::Pending { failing: Some(s) } => (s.failures, Some(s.first_at)),
        Known::Pending { failing: None } => (0, None),
        other => panic!("{other:?}"),
    };
    // The check that the creation brings.
    wait_for(WITHIN, "the first failure", || async {
        (failures(&world).await.0 == 1).then_some(())
    })
    .await;
    let since = failures(&world).await.1;
    world.scheduler.check_now(monitor.id).await.unwrap();
    assert_eq!(failures(&world).await, (2, since));

    let world = world.restart().await;
    assert_eq!(failures(&world).await, (2, since));
    world.scheduler.check_now(monitor.id).await.unwrap();
    let state = world.wait_status(monitor.id, Status::Down).await;
    assert_eq!(
        state.since(),
        since,
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
