//! The engine with checks that crash, hang and answer as told, over a real database.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize},
    time::UNIX_EPOCH,
};

use domain::{
    clock::Timestamp,
    monitor::{Monitor, MonitorConfig},
    outcome::{Evidence, Phases, Reason, ReasonKind, Verdict},
    reach::{Answer, Reach, Zone, weigh},
    state::Status,
};
use parking_lot::Mutex;
use probe::Asked;
use serde_json::json;
use store::{MasterKey, Options};

use super::*;

mod reach;

const WITHIN: Duration = Duration::from_secs(15);

/// The real time plus what a test adds.
#[derive(Default)]
struct ShiftedClock(std::sync::atomic::AtomicI64);

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock of these tests")]
        let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap() + self.0.load(Relaxed))
    }
}

#[derive(Default)]
struct Behaviour {
    crash: AtomicBool,
    hang: AtomicBool,
    down: AtomicBool,
    crash_the_engine: AtomicBool,
    /// These answer also when it is `down`.
    well: Mutex<Vec<MonitorId>>,
    /// The references do not answer.
    silent: AtomicBool,
    /// A self-check does not end.
    endless: AtomicBool,
    asked: AtomicUsize,
    begun: AtomicUsize,
    clock: Arc<ShiftedClock>,
}

struct Scripted(Arc<Behaviour>);

impl Clone for Scripted {
    fn clone(&self) -> Self {
        assert!(!self.0.crash_the_engine.load(Relaxed), "on purpose");
        Self(Arc::clone(&self.0))
    }
}

impl Check for Scripted {
    async fn check(&self, monitor: Arc<Monitor>) -> Outcome {
        self.0.begun.fetch_add(1, Relaxed);
        assert!(!self.0.crash.load(Relaxed), "on purpose");
        if self.0.hang.load(Relaxed) {
            std::future::pending::<()>().await;
        }
        let at = self.0.clock.now();
        let verdict = if self.0.down.load(Relaxed) && !self.0.well.lock().contains(&monitor.id) {
            Verdict::Down(Reason::new(ReasonKind::Connect, "refused"))
        } else {
            Verdict::Up
        };
        Outcome {
            at,
            verdict,
            phases: Phases::default(),
            evidence: Box::new(Evidence::default()),
        }
    }

    async fn ask(&self, zone: Zone, _thorough: bool) -> Asked {
        self.0.asked.fetch_add(1, Relaxed);
        if self.0.endless.load(Relaxed) {
            std::future::pending::<()>().await;
        }
        let answer = if self.0.silent.load(Relaxed) {
            Answer::Silence
        } else {
            Answer::Accepted
        };
        let answers = vec![answer; zone.references.len()];
        let reach = weigh(&zone.name, &answers, None);
        let answered = match reach {
            Reach::Answered => zone.references,
            Reach::Silent | Reach::Unclear | Reach::NoReferences => Vec::new(),
        };
        Asked { reach, answered }
    }
}

struct Scene {
    behaviour: Arc<Behaviour>,
    store: Store,
    handle: Handle,
    stop: CancellationToken,
    tracker: TaskTracker,
    _dir: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let behaviour = Arc::new(Behaviour::default());
        let clock: Arc<dyn Clock> = behaviour.clock.clone();
        let store = Store::open(Options {
            url: format!("sqlite://{}", dir.path().join("watchbell.db").display()),
            data_dir: dir.path().to_owned(),
            key: MasterKey::generate().unwrap(),
            clock: Arc::clone(&clock),
            message_domain: "watchbell.test".to_owned(),
        });
        let store = store.await.unwrap();
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let config = Config {
            workers: 8,
            per_host: 8,
        };
        let check = Scripted(Arc::clone(&behaviour));
        let handle = start(config, store.clone(), check, clock, &tracker, stop.clone());
        Self {
            handle: handle.await.unwrap(),
            behaviour,
            store,
            stop,
            tracker,
            _dir: dir,
        }
    }

    /// The next start on the same database.
    async fn again(self) -> Self {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let config = Config {
            workers: 8,
            per_host: 8,
        };
        let check = Scripted(Arc::clone(&self.behaviour));
        let clock: Arc<dyn Clock> = self.behaviour.clock.clone();
        let handle = start(config, self.store.clone(), check, clock, &tracker, stop.clone());
        Self {
            handle: handle.await.unwrap(),
            stop,
            tracker,
            ..self
        }
    }

    async fn add(&self, every: &str, timeout: &str) -> MonitorId {
        let config = json!({
            "name": "Target", "kind": "tcp", "target": { "host": "127.0.0.1", "port": 9 },
            "schedule": { "every": every }, "timeout": timeout, "recheck_every": "100ms",
        });
        let config = MonitorConfig::from_json(config, None).unwrap();
        let id = self.store.monitors().create(&config).await.unwrap().id;
        self.handle.changed(id);
        id
    }

    fn begun(&self) -> usize {
        self.behaviour.begun.load(Relaxed)
    }

    async fn status(&self, id: MonitorId) -> Status {
        self.store
            .monitors()
            .state(id)
            .await
            .unwrap()
            .unwrap_or_default()
            .status()
    }

    async fn wait(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let waited = timeout(WITHIN, async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(
            waited.await.is_ok(),
            "in vain: {what}; {:?}",
            self.handle.health()
        );
    }

    async fn wait_status(&self, id: MonitorId, status: Status) {
        self.wait(status.as_str(), async || self.status(id).await == status)
            .await;
    }
}

#[tokio::test]
async fn a_crashing_check_is_unknown_and_the_next_one_comes() {
    let scene = Scene::new().await;
    scene.behaviour.crash.store(true, Relaxed);
    let id = scene.add("1s", "1s").await;
    scene.wait_status(id, Status::Unknown).await;
    scene.wait("more checks", async || scene.begun() >= 3).await;
    scene.behaviour.crash.store(false, Relaxed);
    scene.wait_status(id, Status::Up).await;
    assert_eq!(scene.store.incidents().open_count().await.unwrap(), 0);
    assert!(!scene.stop.is_cancelled());
}

/// Of a monitor that we cannot check people hear in the end, and not that it is down; once, and that it is over.
#[tokio::test]
async fn what_we_cannot_check_is_an_incident_of_its_own_after_a_while() {
    let scene = Scene::new().await;
    scene.behaviour.crash.store(true, Relaxed);
    let id = scene.add("1s", "1s").await;
    scene.wait_status(id, Status::Unknown).await;
    assert_eq!(scene.store.incidents().open_count().await.unwrap(), 0);
    let later = domain::condition::NO_DATA_AFTER.as_millis();
    let later = i64::try_from(later).unwrap();
    scene.behaviour.clock.0.fetch_add(later, Relaxed);
    let open = async || scene.store.incidents().open_of(&[id]).await.unwrap().remove(&id);
    scene.wait("an incident", async || open().await.is_some()).await;
    let incident = open().await.unwrap();
    assert_eq!(incident.kind, domain::incident::IncidentKind::NoData);
    assert_eq!(scene.status(id).await, Status::Unknown);
    scene.behaviour.crash.store(false, Relaxed);
    scene.wait_status(id, Status::Up).await;
    assert_eq!(scene.store.incidents().open_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_check_that_never_ends_is_ended_and_its_place_is_free_again() {
    let scene = Scene::new().await;
    scene.behaviour.hang.store(true, Relaxed);
    let id = scene.add("1s", "100ms").await;
    scene.wait_status(id, Status::Unknown).await;
    assert_eq!(scene.handle.health().healed, 1);
    scene.behaviour.hang.store(false, Relaxed);
    scene.wait_status(id, Status::Up).await;
    scene
        .wait("nothing runs", async || scene.handle.health().running == 0)
        .await;
}

#[tokio::test]
async fn a_dead_engine_stops_the_process() {
    let scene = Scene::new().await;
    scene.behaviour.crash_the_engine.store(true, Relaxed);
    scene.add("1s", "1s").await;
    timeout(WITHIN, scene.stop.cancelled())
        .await
        .expect("stop is cancelled");
    assert_eq!(
        scene.handle.check_now(MonitorId(1)).await,
        None,
        "nobody waits for a dead engine"
    );
}

#[tokio::test]
async fn a_clock_that_jumps_makes_no_burst_and_no_pause() {
    let scene = Scene::new().await;
    for _ in 0..10 {
        scene.add("1s", "1s").await;
    }
    scene.wait("first checks", async || scene.begun() >= 10).await;
    for jump_hours in [1, -2, 3] {
        let (before, begun) = (scene.begun(), Instant::now());
        scene.behaviour.clock.0.fetch_add(jump_hours * 3_600_000, Relaxed);
        scene
            .wait("four rounds", async || scene.begun() >= before + 40)
            .await;
        let took = begun.elapsed();
        // Four rounds of ten, and at most one extra each because the plan moved.
        assert!(
            took > Duration::from_millis(2500) && took < Duration::from_secs(8),
            "{jump_hours} h: {took:?}"
        );
    }
    assert_eq!(scene.handle.health().healed, 0);
}

#[tokio::test]
async fn a_database_that_is_away_means_no_verdict_and_stops_nothing_else() {
    let scene = Scene::new().await;
    let id = scene.add("1s", "1s").await;
    scene.wait_status(id, Status::Up).await;
    scene.store.close().await;
    // As long as nothing changes, checks go on without the database.
    let before = scene.begun();
    scene
        .wait("more checks", async || scene.begun() >= before + 2)
        .await;
    scene.behaviour.down.store(true, Relaxed);
    scene
        .wait("a change waits", async || scene.handle.health().unrecorded == 1)
        .await;
    let waiting = scene.begun();
    scene
        .wait("ticks are skipped", async || scene.handle.health().skipped >= 2)
        .await;
    assert_eq!(
        scene.begun(),
        waiting,
        "one change waits, and no second check piles up behind it"
    );
    scene.stop.cancel();
    scene.tracker.close();
    timeout(WITHIN, scene.tracker.wait())
        .await
        .expect("the end does not wait for the database for ever");
}

#[tokio::test]
async fn stopping_drops_checks_under_way() {
    let scene = Scene::new().await;
    scene.behaviour.hang.store(true, Relaxed);
    let id = scene.add("1s", "60s").await;
    scene
        .wait("it runs", async || scene.handle.health().running == 1)
        .await;
    scene.stop.cancel();
    scene.tracker.close();
    let begun = Instant::now();
    timeout(WITHIN, scene.tracker.wait())
        .await
        .expect("the tasks end");
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(
        scene.status(id).await,
        Status::Pending,
        "what a dropped check would have found does not count"
    );
}
