//! Many at once, and some of them slow.

use std::time::{Duration, Instant};

use domain::state::Status;
use scheduler::Config;
use serde_json::json;
use testkit::{HttpTarget, Reply, wait_until};

use crate::harness::{WITHIN, World, http};

#[tokio::test]
async fn a_slow_host_delays_its_own_monitors_only() {
    let world = World::with(Config {
        workers: 16,
        per_host: 2,
    })
    .await;
    let (slow, quick) = (HttpTarget::start().await, HttpTarget::start().await);
    slow.reply(Reply::hang());
    for n in 0..8 {
        let url = slow.url(&format!("/{n}"));
        world.add(http(&url, "1s", json!({ "timeout": "20s" }))).await;
    }
    slow.wait_for_requests(2, WITHIN).await;
    // By its other name it has a line of its own.
    let url = format!("http://localhost:{}/", quick.addr().port());
    let begun = Instant::now();
    let monitor = world.add(http(&url, "1s", json!({}))).await;
    world.wait_status(monitor.id, Status::Up).await;
    let requests = quick.wait_for_requests(4, WITHIN).await;
    assert!(requests[0].after(begun) < Duration::from_secs(1));
    assert!(
        requests[3].after(begun) < Duration::from_millis(4500),
        "its rhythm holds"
    );
    assert_eq!(slow.count(), 2, "the others wait for their host");
    wait_until(WITHIN, "the wait shows", || {
        world.scheduler.health().behind > Duration::from_secs(1)
    })
    .await;
}

#[tokio::test]
async fn who_cannot_be_checked_in_time_is_unknown_and_never_down() {
    let world = World::with(Config {
        workers: 1,
        per_host: 1,
    })
    .await;
    let target = HttpTarget::start().await;
    target.reply_at("/hang", Reply::hang());
    world
        .add(http(&target.url("/hang"), "1s", json!({ "timeout": "60s" })))
        .await;
    target.wait_for_requests(1, WITHIN).await;
    let starved = world
        .add(http(&target.url("/"), "1s", json!({ "timeout": "1s" })))
        .await;
    let state = world.wait_status(starved.id, Status::Unknown).await;
    assert!(state.detail().unwrap().contains("too many checks"), "{state:?}");
    assert_eq!(world.incidents().await, 0);
    assert_eq!(target.count(), 1);
    assert!(world.scheduler.health().skipped > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_many_opens_one_incident_each() {
    const MONITORS: usize = 60;
    let world = World::new().await;
    let target = HttpTarget::start().await;
    for n in 0..MONITORS {
        world
            .add(http(&target.url(&format!("/{n}")), "1s", json!({})))
            .await;
    }
    target.wait_for_requests(MONITORS, WITHIN).await;
    target.close().await;
    testkit::wait_for(WITHIN, "all are down", || async {
        let open = world.store.incidents().open_count().await.unwrap();
        (usize::try_from(open).unwrap() == MONITORS).then_some(())
    })
    .await;
    target.reopen();
    testkit::wait_for(WITHIN, "all are up", || async {
        (world.store.incidents().open_count().await.unwrap() == 0).then_some(())
    })
    .await;
    assert_eq!(world.incidents().await, MONITORS);
    wait_until(WITHIN, "everything is recorded", || {
        world.scheduler.health().unrecorded == 0
    })
    .await;
    assert_eq!(world.scheduler.health().healed, 0);
}
