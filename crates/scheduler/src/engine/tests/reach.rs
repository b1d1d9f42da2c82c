//! Is it us? The engine with references that answer, or not.

use domain::{outcome::FaultKind, reach::ZoneName, reach::Zones, state::Known};

use super::*;

impl Scene {
    /// The zone of all monitors here has a reference, and it answers.
    async fn with_reference() -> Self {
        let scene = Self::new().await;
        scene.set_reference("192.0.2.1:9").await;
        scene
    }

    async fn set_reference(&self, reference: &str) {
        let zones = json!({ "zones": [{ "name": "lan", "references": [reference] }] });
        let zones = Zones::from_json(zones).unwrap();
        self.store.settings().save_zones(&zones, "me").await.unwrap();
        self.handle.zones_changed();
    }

    async fn up(&self, n: usize, every: &str) -> Vec<MonitorId> {
        let mut ids = Vec::new();
        for _ in 0..n {
            ids.push(self.add(every, "1s").await);
        }
        for id in &ids {
            self.wait_status(*id, Status::Up).await;
        }
        self.wait("the reference answered", async || {
            let zones = self.store.settings().zones().await.unwrap().zones;
            !self.store.gaps().answers(&zones).await.unwrap().is_empty()
        })
        .await;
        ids
    }

    async fn incidents(&self) -> usize {
        let filter = store::IncidentFilter {
            limit: 500,
            ..Default::default()
        };
        let all = self.store.incidents().page(&filter).await.unwrap().items;
        let of_monitors = all.iter().filter(|r| r.incident.origin.monitor().is_some());
        of_monitors.count()
    }

    fn cut(&self) {
        self.behaviour.silent.store(true, Relaxed);
        self.behaviour.down.store(true, Relaxed);
    }

    fn mend(&self) {
        self.behaviour.silent.store(false, Relaxed);
        self.behaviour.down.store(false, Relaxed);
    }

    async fn wait_offline(&self, offline: bool) {
        self.wait("offline or not", async || {
            self.handle.offline().is_empty() != offline
        })
        .await;
    }
}

#[tokio::test]
async fn a_cut_network_opens_nothing_and_leaves_what_is_open() {
    let scene = Scene::with_reference().await;
    let ids = scene.up(12, "1s").await;
    // One is really down before.
    scene.behaviour.well.lock().extend(&ids[1..]);
    scene.behaviour.down.store(true, Relaxed);
    scene.wait_status(ids[0], Status::Down).await;

    scene.cut();
    scene.behaviour.well.lock().clear();
    scene.wait_offline(true).await;
    for id in &ids {
        scene.wait_status(*id, Status::Unknown).await;
    }
    assert_eq!((scene.incidents().await, scene.handle.offline().len()), (1, 1));
    scene
        .wait("its own incident beside the one from before", async || {
            scene.store.incidents().open_count().await.unwrap() == 2
        })
        .await;
    let state = scene.store.monitors().state(ids[1]).await.unwrap().unwrap();
    assert_eq!(state.doubt.as_ref().unwrap().fault.kind, FaultKind::SelfOffline);
    assert!(
        state.detail().unwrap().contains("(zone lan)"),
        "{:?}",
        state.detail()
    );
    let asked = scene.behaviour.asked.load(Relaxed);
    let checks = scene.begun();
    scene
        .wait("many more failures", async || scene.begun() > checks + 30)
        .await;
    assert!(
        scene.behaviour.asked.load(Relaxed) <= asked + 1,
        "failures while offline cost no self-check"
    );

    scene.mend();
    scene.wait_offline(false).await;
    for id in &ids {
        scene.wait_status(*id, Status::Up).await;
    }
    scene
        .wait("the gap is on record", async || {
            let gaps = scene.store.gaps().recent(10).await.unwrap();
            gaps.len() == 1 && gaps[0].until.is_some()
        })
        .await;
    assert_eq!(scene.incidents().await, 1);
    assert_eq!(scene.store.incidents().open_count().await.unwrap(), 0);
    assert_eq!(scene.handle.health().healed, 0);
}

#[tokio::test]
async fn a_target_that_is_down_is_told_when_a_reference_answers() {
    let scene = Scene::with_reference().await;
    let id = scene.up(1, "1s").await[0];
    let asked = scene.behaviour.asked.load(Relaxed);
    scene.behaviour.down.store(true, Relaxed);
    scene.wait_status(id, Status::Down).await;
    assert_eq!(scene.incidents().await, 1);
    assert_eq!(
        scene.behaviour.asked.load(Relaxed),
        asked + 1,
        "it was asked first"
    );
    assert!(scene.handle.offline().is_empty());
}

#[tokio::test]
async fn references_that_never_answered_hold_no_alert_back() {
    let scene = Scene::new().await;
    scene.behaviour.silent.store(true, Relaxed);
    scene.set_reference("192.0.2.1:9").await;
    let id = scene.add("1s", "1s").await;
    scene.wait_status(id, Status::Up).await;
    scene.behaviour.down.store(true, Relaxed);
    scene.wait_status(id, Status::Down).await;
    assert!(scene.behaviour.asked.load(Relaxed) >= 1);
    assert!(scene.handle.offline().is_empty());
}

#[tokio::test]
async fn failures_of_before_and_during_do_not_count_afterwards() {
    let scene = Scene::with_reference().await;
    let ids = scene.up(2, "1s").await;
    scene.cut();
    scene.wait_offline(true).await;
    scene.wait_status(ids[0], Status::Unknown).await;
    // The first one stays down when the network is back.
    scene.behaviour.well.lock().push(ids[1]);
    scene.behaviour.silent.store(false, Relaxed);
    scene.wait_offline(false).await;
    let back = scene.behaviour.clock.now();
    scene.wait_status(ids[0], Status::Down).await;
    let state = scene.store.monitors().state(ids[0]).await.unwrap().unwrap();
    let Known::Down { since, .. } = state.known else {
        panic!("{state:?}");
    };
    assert!(
        since.plus(Duration::from_millis(50)) >= back,
        "down since {since}, back since {back}"
    );
    assert_eq!(scene.incidents().await, 1);
}

#[tokio::test]
async fn a_gap_outlives_a_restart_and_ends_once() {
    let scene = Scene::with_reference().await;
    let ids = scene.up(3, "1s").await;
    scene.cut();
    scene.wait_offline(true).await;
    let since = scene.handle.offline()[0].1;
    scene
        .wait("the gap is on record", async || {
            !scene.store.gaps().open().await.unwrap().is_empty()
        })
        .await;
    scene.stop.cancel();
    scene.tracker.close();
    timeout(WITHIN, scene.tracker.wait())
        .await
        .expect("the tasks end");

    let scene = scene.again().await;
    assert_eq!(scene.handle.offline(), [(ZoneName::lan(), since)]);
    scene.wait_status(ids[0], Status::Unknown).await;
    scene.mend();
    scene.wait_offline(false).await;
    scene.wait_status(ids[0], Status::Up).await;
    scene
        .wait("the gap ended", async || {
            scene.store.gaps().open().await.unwrap().is_empty()
        })
        .await;
    let gaps = scene.store.gaps().recent(10).await.unwrap();
    assert_eq!((gaps.len(), gaps[0].since), (1, since));
    assert_eq!(scene.incidents().await, 0);
}

#[tokio::test]
async fn a_self_check_that_never_ends_holds_no_alert_back_for_ever() {
    let scene = Scene::with_reference().await;
    let id = scene.up(1, "1s").await[0];
    scene.behaviour.endless.store(true, Relaxed);
    scene.behaviour.down.store(true, Relaxed);
    scene.wait_status(id, Status::Down).await;
    assert_eq!(scene.incidents().await, 1);
}

#[tokio::test]
async fn a_monitor_without_results_is_stale_until_the_next_one() {
    let scene = Scene::new().await;
    let id = scene.add("1s", "1s").await;
    scene.wait_status(id, Status::Up).await;
    scene.behaviour.hang.store(true, Relaxed);
    scene.stop.cancel();
    scene.tracker.close();
    timeout(WITHIN, scene.tracker.wait())
        .await
        .expect("the tasks end");
    // Two intervals and the timeout are over when it starts again.
    scene.behaviour.clock.0.fetch_add(60_000, Relaxed);
    let scene = scene.again().await;
    let stale = scene.handle.stale();
    assert_eq!(stale[&id].status, Status::Up);
    scene.behaviour.hang.store(false, Relaxed);
    scene
        .wait("a result ends it", async || scene.handle.stale().is_empty())
        .await;
    assert_eq!(scene.status(id).await, Status::Up);
}
