//! What a person changes has effect at once.

use std::time::{Duration, Instant};

use domain::{outcome::Verdict, state::Status};
use serde_json::json;
use testkit::{HttpTarget, Reply, wait_until};
use tokio::time::sleep;

use crate::harness::{WITHIN, World, http};

const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn an_edit_drops_the_check_under_way_and_checks_the_new_target() {
    let world = World::new().await;
    let (old, new) = (HttpTarget::start().await, HttpTarget::start().await);
    old.reply(Reply::hang());
    let monitor = world
        .add(http(&old.url("/"), "10m", json!({ "timeout": "60s" })))
        .await;
    old.wait_for_requests(1, WITHIN).await;
    assert_eq!(world.scheduler.health().running, 1);

    let edited = Instant::now();
    world.edit(&monitor, http(&new.url("/"), "10m", json!({}))).await;
    new.wait_for_requests(1, SOON).await;
    world.wait_status(monitor.id, Status::Up).await;
    assert!(edited.elapsed() < SOON);
    wait_until(WITHIN, "nothing runs", || world.scheduler.health().running == 0).await;
    assert_eq!((old.count(), new.count()), (1, 1));
}

#[tokio::test]
async fn whoever_waits_during_an_edit_hears_of_the_new_target() {
    let world = World::new().await;
    let (old, new) = (HttpTarget::start().await, HttpTarget::start().await);
    old.reply(Reply::hang());
    let monitor = world
        .add(http(&old.url("/"), "10m", json!({ "timeout": "60s" })))
        .await;
    old.wait_for_requests(1, WITHIN).await;
    let edit = async {
        wait_until(WITHIN, "the check runs", || world.scheduler.health().running == 1).await;
        world.edit(&monitor, http(&new.url("/"), "10m", json!({}))).await;
    };
    let (outcome, ()) = tokio::join!(world.scheduler.check_now(monitor.id), edit);
    assert_eq!(outcome.unwrap().verdict, Verdict::Up);
    assert_eq!(new.count(), 1);
}

#[tokio::test]
async fn pausing_and_deleting_stop_checks_at_once_and_resuming_begins_again() {
    let world = World::new().await;
    let target = HttpTarget::start().await;
    let monitor = world.add(http(&target.url("/"), "1s", json!({}))).await;
    target.wait_for_requests(2, WITHIN).await;

    world
        .store
        .monitors()
        .set_enabled(monitor.id, false)
        .await
        .unwrap()
        .unwrap();
    world.scheduler.changed(monitor.id);
    // Commands are obeyed in order: an answer means that the pause has been seen.
    assert_eq!(world.scheduler.check_now(monitor.id).await, None);
    let paused = target.count();
    sleep(Duration::from_millis(2200)).await;
    assert_eq!(target.count(), paused);

    world
        .store
        .monitors()
        .set_enabled(monitor.id, true)
        .await
        .unwrap()
        .unwrap();
    world.scheduler.changed(monitor.id);
    target.wait_for_requests(paused + 2, WITHIN).await;

    assert!(world.store.monitors().delete(monitor.id).await.unwrap());
    world.scheduler.changed(monitor.id);
    assert_eq!(world.scheduler.check_now(monitor.id).await, None);
    let deleted = target.count();
    sleep(Duration::from_millis(2200)).await;
    assert_eq!(target.count(), deleted);
    assert_eq!(world.scheduler.health().healed, 0);
}

#[tokio::test]
async fn a_new_monitor_is_checked_at_once_and_can_be_asked_for() {
    let world = World::new().await;
    let target = HttpTarget::start().await;
    let monitor = world.add(http(&target.url("/"), "24h", json!({}))).await;
    let outcome = world.scheduler.check_now(monitor.id).await.unwrap();
    assert_eq!(outcome.verdict, Verdict::Up);
    assert_eq!(
        world.state(monitor.id).await.status(),
        Status::Up,
        "the outcome is told after it is recorded"
    );
    assert!(world.scheduler.health().checks >= 1);
}
