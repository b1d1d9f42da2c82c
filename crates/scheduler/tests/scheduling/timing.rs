//! When checks happen.

use std::time::{Duration, Instant};

use domain::state::Status;
use serde_json::json;
use testkit::{HttpTarget, Reply};

use crate::harness::{WITHIN, World, http};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_spread_evenly_and_keep_their_rhythm() {
    const MONITORS: usize = 40;
    let world = World::new().await;
    let target = HttpTarget::start().await;
    for n in 0..MONITORS {
        world
            .add(http(&target.url(&format!("/{n}")), "2s", json!({})))
            .await;
    }
    // The first check of each comes at once; from the restart on only the rhythm counts.
    target.wait_for_requests(MONITORS, WITHIN).await;
    let world = world.restart().await;
    let restart = Instant::now();
    let before = target.count();
    let all = target.wait_for_requests(before + 3 * MONITORS, WITHIN).await;
    let since_restart: Vec<_> = all.iter().filter(|r| r.at > restart).collect();

    let within_first_interval = since_restart
        .iter()
        .filter(|r| r.after(restart) < 2 * SECOND)
        .count();
    assert!(
        (MONITORS - 1..=MONITORS + 1).contains(&within_first_interval),
        "all are checked within one interval after a restart: {within_first_interval}"
    );
    for quarter in 0..4 {
        let begin = SECOND / 2 * quarter;
        let in_it = |d: Duration| d >= begin && d < begin + SECOND / 2;
        let n = since_restart.iter().filter(|r| in_it(r.after(restart))).count();
        assert!((7..=13).contains(&n), "{n} of {MONITORS} in quarter {quarter}");
    }
    for n in 0..MONITORS {
        let path = format!("/{n}");
        let times: Vec<Instant> = since_restart
            .iter()
            .filter(|r| r.path == path)
            .map(|r| r.at)
            .collect();
        for pair in times.windows(2) {
            let distance = pair[1] - pair[0];
            assert!(distance.abs_diff(2 * SECOND) < SECOND / 4, "{path}: {distance:?}");
        }
    }
    assert_eq!(world.scheduler.health().skipped, 0);
    assert_eq!(world.scheduler.health().healed, 0);
}

#[tokio::test]
async fn a_first_failure_is_confirmed_soon_and_counts_from_the_first_check() {
    let world = World::new().await;
    let target = HttpTarget::start().await;
    let monitor = world.add(http(&target.url("/"), "10m", json!({}))).await;
    world.wait_status(monitor.id, Status::Up).await;

    target.respond(503);
    let outcome = world.scheduler.check_now(monitor.id).await.unwrap();
    let requests = target.wait_for_requests(3, WITHIN).await;
    let state = world.wait_status(monitor.id, Status::Down).await;
    assert_eq!(state.since(), Some(outcome.at));
    let waited = requests[2].at - requests[1].at;
    let asked = Duration::from_millis(300);
    assert!(waited >= asked && waited < asked + SECOND / 2, "{waited:?}");

    target.respond(200);
    world.scheduler.check_now(monitor.id).await.unwrap();
    world.wait_status(monitor.id, Status::Up).await;
    assert_eq!(world.incidents().await, 1);
    assert_eq!(world.store.incidents().open_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_slow_monitor_skips_ticks_and_never_overlaps_itself() {
    let world = World::new().await;
    let target = HttpTarget::start().await;
    target.reply(Reply::ok("slow").delay(Duration::from_millis(2500)));
    let begun = Instant::now();
    world.add(http(&target.url("/"), "1s", json!({}))).await;
    let requests = target.wait_for_requests(3, WITHIN).await;
    for pair in requests.windows(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_millis(2500));
    }
    let health = world.scheduler.health();
    assert!(health.skipped >= 3, "{health:?}");
    assert!(
        health.skipped <= u64::from(u32::try_from(begun.elapsed().as_secs()).unwrap()),
        "{health:?}"
    );
    assert_eq!(health.healed, 0);
}
